import Findings
import KernelTree

/// The facts of every version of every file that a run looks at, each read once.
struct FactStore<Checker: SourceChecker>: Sendable {
  /// By path and blob id.
  private var known: [SourceEntry: Checker.Facts] = [:]
  /// Files that may hold a comment that takes a finding out.
  private(set) var marked: Set<SourceEntry> = []
  /// Files that could not be read.
  private(set) var unreadable: [NotAnalysed] = []

  /// The facts of `entry`, if it was loaded.
  subscript(entry: SourceEntry) -> Checker.Facts? { known[entry] }

  /// Reads the entries that are not known yet, at most `jobs` at a time.
  mutating func load(
    _ entries: [SourceEntry], from tree: some SourceTree, checker: Checker, jobs: Int
  ) async {
    var seen: Set<SourceEntry> = []
    let missing = entries.filter { known[$0] == nil && seen.insert($0).inserted }
    let loaded = await withTaskGroup(
      of: [(SourceEntry, Result<(facts: Checker.Facts, isMarked: Bool), LintError>)].self
    ) { group in
      for share in missing.shares(jobs) {
        group.addTask {
          var facts: [(SourceEntry, Result<(facts: Checker.Facts, isMarked: Bool), LintError>)] = []
          for entry in share {
            do throws(LintError) {
              let bytes = try await tree.bytes(of: entry)
              facts.append(
                (entry, .success((checker.facts(of: bytes, path: entry.path), Suppression.mayHold(bytes)))))
            } catch {
              facts.append((entry, .failure(error)))
            }
          }
          return facts
        }
      }
      return await group.reduce(into: []) { $0 += $1 }
    }
    for (entry, result) in loaded {
      switch result {
      case .success(let read):
        known[entry] = read.facts
        if read.isMarked { marked.insert(entry) }
      case .failure(let error):
        unreadable.append(
          NotAnalysed(SourcePlace(path: entry.path, line: 0), function: "", reason: error.reason))
      }
    }
  }
}

extension Array {
  /// The elements dealt out to at most `count` shares, every share in order.
  func shares(_ count: Int) -> [[Element]] {
    guard !isEmpty else { return [] }
    var shares = [[Element]](repeating: [], count: Swift.min(count, self.count))
    for (index, element) in enumerated() { shares[index % shares.count].append(element) }
    return shares
  }
}
