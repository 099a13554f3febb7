import KernelTree
import PatchMail
import UnifiedDiff

/// The commit that a series is put on, and why this one.
public struct SeriesBase: Sendable {
  /// Where the choice comes from.
  public enum Origin: String, Sendable {
    /// The user named it.
    case named
    /// The series names it in a `base-commit:` line.
    case baseCommit = "base-commit"
    /// The repository's HEAD.
    case head
    /// The newest commit of the history that has every file as the index lines want it.
    case history
  }

  /// The commit.
  public let commit: ObjectID
  /// Its subject.
  public let subject: String
  /// Why this one.
  public let origin: Origin
  /// How many files the series was made from, by its index lines.
  public let wanted: Int
  /// How many of them the commit has exactly so.
  public let matched: Int
  /// Files whose blob is not in the repository at all: something that the series stands on is missing.
  public let unknown: [WantedBlob]
  /// Other commits with more matches than the chosen one, the best first.
  public let candidates: [BlobMatch]
  /// What the user should know about the choice.
  public let notes: [String]

  /// Finds the base of `series`: `revision` when it is given, else the series' `base-commit:` (which no branch need
  /// reach), else HEAD when it has all the files as the index lines want them, else the newest commit that has, else HEAD.
  ///
  /// - Throws: ``ApplyError`` when `revision` does not exist, or the repository has no commit.
  public static func find(
    for series: PatchSeries, in repository: KernelRepository, onto revision: String?
  ) async throws(ApplyError) -> SeriesBase {
    do {
      return try await find(series, repository, revision)
    } catch let error as ApplyError {
      throw error
    } catch let error as TreeError {
      throw ApplyError(.baseUnknown, "\(error)", nextStep: "name a commit of the tree with --onto")
    } catch {
      throw ApplyError(.repository, "\(error)")
    }
  }

  private static func find(
    _ series: PatchSeries, _ repository: isolated KernelRepository, _ revision: String?
  ) throws -> SeriesBase {
    let wanted = wantedBlobs(of: series)
    var notes: [String] = []
    var chosen: (commit: ObjectID, origin: Origin)?
    if let revision {
      chosen = (try repository.commit(revision), .named)
    } else if let name = series.baseCommit {
      if let commit = try repository.commit(abbreviated: name) {
        chosen = (commit, .baseCommit)
      } else {
        notes.append("base-commit \(name) is not in this repository")
      }
    }
    let base = try chosen ?? (repository.commit("HEAD"), .head)
    let matched = try repository.matches(wanted, in: repository.tree(of: base.commit))
    var result = (commit: base.commit, origin: base.origin, matched: matched)
    var unknown: [WantedBlob] = []
    var candidates: [BlobMatch] = []
    if matched < wanted.count {
      for file in wanted where try repository.blobIsUnknown(file.prefix) { unknown.append(file) }
      let lost = Set(unknown)
      let known = wanted.filter { !lost.contains($0) }
      if base.origin != .named, !known.isEmpty {
        let search = try repository.bestMatches(for: known, within: .seconds(5))
        candidates = search.found.filter { $0.count > matched }
        if !search.isComplete {
          notes.append(
            "no commit with all files among the newest \(search.visited) of the history; the search ended there")
        }
        if base.origin == .head, unknown.isEmpty, let best = candidates.first, best.count == wanted.count {
          result = (best.commit, .history, best.count)
          candidates.removeFirst()
        }
      }
    }
    return SeriesBase(
      commit: result.commit, subject: try repository.subject(of: result.commit), origin: result.origin,
      wanted: wanted.count, matched: result.matched, unknown: unknown, candidates: candidates, notes: notes)
  }

  /// The files that the series was made from: per path the blob of its first appearance.
  static func wantedBlobs(of series: PatchSeries) -> [WantedBlob] {
    var seen: Set<String> = []
    var wanted: [WantedBlob] = []
    for patch in series.patches {
      // A diff that cannot be read is told when it is applied.
      for file in (try? UnifiedDiff.parse(patch.diff)) ?? [] {
        if let old = file.oldPath, file.change != .create, seen.insert(old).inserted, let blob = file.oldBlob,
          blob.contains(where: { $0 != "0" })
        {
          wanted.append(.init(path: old, prefix: blob))
        }
        seen.insert(file.path)
      }
    }
    return wanted
  }
}

extension KernelRepository {
  fileprivate func blobIsUnknown(_ prefix: String) throws(TreeError) -> Bool {
    do {
      return try blob(abbreviated: prefix) == nil
    } catch  where error.code == .ambiguous {
      return false
    }
  }
}
