public import Findings
import KernelC
import KernelTree
public import TreeFacts

/// Reads a whole tree with the front end, links what it finds, and says what could not be read.
///
/// Facts of contents that an earlier run read come from the archive. The report does not depend on the number of jobs nor
/// on what is in the archive.
public struct CoverageCounter: Sendable {
  private let jobs: Int
  private let archive: FactArchive?
  private let cache: LintCache?

  /// A counter that reads with `jobs` tasks.
  public init(jobs: Int, archive: FactArchive? = nil, cache: LintCache? = nil) {
    self.jobs = max(1, jobs)
    self.archive = archive
    self.cache = cache
  }

  /// Reads the C files of `tree` under `paths`; no paths stand for the whole tree.
  public func count(_ tree: some SourceTree, paths: [String] = []) async throws(LintError) -> CoverageReport {
    let key = tree.identity.map { "coverage \($0)\n\(paths.joined(separator: "\n"))" }
    if let key, let known = cache?.value(key, as: CoverageReport.self) { return known }
    let files = try await tree.cFiles(under: paths)
    let read = try await facts(of: files, in: tree)
    let linked = LinkedFacts(read.compactMap(\.facts))
    var report = CoverageReport()
    report.files = read.count { $0.facts != nil }
    report.functions = linked.functions
    report.macros = linked.macros
    report.linkedReferences = linked.linked
    report.unknownReferences = linked.unknown
    for (entry, outcome) in zip(files, read) {
      report.bytes += outcome.facts?.size ?? 0
      if let failure = outcome.failure {
        report.notAnalysed.append(
          NotAnalysed(SourcePlace(path: entry.path, line: 0), function: "", reason: failure))
      }
      for item in outcome.facts?.unread ?? [] {
        report.notAnalysed.append(
          NotAnalysed(
            SourcePlace(path: entry.path, line: Int(item.line)), function: item.function, reason: item.reason))
      }
    }
    if let key { cache?.store(report, under: key) }
    return report
  }

  private struct Outcome: Sendable {
    var facts: FileFacts?
    var failure: String?
    var fresh: [UInt8]?
  }

  /// The facts of every file, in the order of `files`.
  private func facts(of files: [SourceEntry], in tree: some SourceTree) async throws(LintError) -> [Outcome] {
    let archive = archive
    let shares = Array(files.indices).shares(jobs)
    let read = await withTaskGroup(of: [(Int, Outcome)].self) { group in
      for share in shares {
        group.addTask {
          // Every task has a repository of its own: one alone would read for all of them in turn.
          let source = (try? tree.independent()) ?? tree
          let symbols = SymbolTable()
          var outcomes: [(Int, Outcome)] = []
          outcomes.reserveCapacity(share.count)
          for index in share {
            outcomes.append((index, await Self.outcome(files[index], source, archive, symbols)))
          }
          return outcomes
        }
      }
      return await group.reduce(into: []) { $0 += $1 }
    }
    var outcomes = [Outcome](repeating: Outcome(), count: files.count)
    var records: [(key: FactArchive.Key, encoded: [UInt8])] = []
    for (index, outcome) in read {
      outcomes[index] = outcome
      if let fresh = outcome.fresh, let key = files[index].blob.flatMap({ FactArchive.Key($0.bytes) }) {
        records.append((key, fresh))
      }
    }
    archive?.store(records)
    return outcomes
  }

  private static func outcome(
    _ entry: SourceEntry, _ source: some SourceTree, _ archive: FactArchive?, _ symbols: SymbolTable
  ) async -> Outcome {
    let key = entry.blob.flatMap { FactArchive.Key($0.bytes) }
    if let key, let known = archive?.facts(of: key) { return Outcome(facts: known) }
    do throws(LintError) {
      let bytes = try await source.bytes(of: entry)
      let facts = FileFacts(
        ParsedFile(path: entry.path, bytes: bytes, symbols: symbols), size: bytes.count, symbols: symbols)
      return Outcome(facts: facts, fresh: archive == nil || key == nil ? nil : facts.encoded)
    } catch {
      return Outcome(failure: error.reason)
    }
  }
}
