import KernelTree
import SeriesRules

/// The sets of files that the rules look at together: one per tree before and after a commit, equal ones once.
struct Programs: Sendable {
  /// Each a list of files in path order.
  private(set) var programs: [[SourceEntry]] = []
  /// Per commit the index of the program before it.
  private(set) var before: [Int] = []
  /// Per commit the index of the program after it.
  private(set) var after: [Int] = []
  /// The paths of the headers that the changed files include.
  private(set) var includes: [String] = []
  /// Every file of the tree before the first commit, in path order.
  private(set) var all: [SourceEntry] = []

  /// The files that any commit changes, and what they can reach in the tree before the first.
  init(changes: [CommitChanges], base: CommitChanges, repository: KernelRepository) async throws(LintError) {
    var context: [SourceEntry] = []
    let touched = Set(changes.flatMap(\.files).filter(\.isC).flatMap { [$0.oldPath, $0.newPath].compactMap { $0 } })
    if let tree = base.commit.parentTree, !touched.isEmpty {
      all = try await RepositoryTree(repository, tree: tree).entries(under: "")
      let texts = Dictionary(
        changes.flatMap(\.files).map { ($0.path, $0.patched.after ?? $0.patched.before ?? []) },
        uniquingKeysWith: { first, _ in first })
      let included = Dictionary(
        uniqueKeysWithValues: touched.map { ($0, Neighbourhood.includes(in: texts[$0] ?? [], of: $0)) })
      includes = Set(included.values.joined()).sorted()
      let near = Set(Neighbourhood(of: touched, among: all.map(\.path)) { included[$0] ?? [] }.paths)
      context = all.filter { near.contains($0.path) || touched.contains($0.path) }
    }
    var current = Dictionary(context.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    var known: [[SourceEntry]: Int] = [:]
    for change in changes {
      // A commit of a range may sit on another parent than the commit listed before it.
      for file in change.files where file.isC {
        if let new = file.newPath, new != file.oldPath { current[new] = nil }
        if let old = file.old { current[old.path] = old }
      }
      before.append(Self.index(of: current, in: &programs, &known))
      for file in change.files where file.isC {
        if let old = file.oldPath { current[old] = nil }
        if let new = file.new { current[new.path] = new }
      }
      after.append(Self.index(of: current, in: &programs, &known))
    }
  }

  /// Adds files that no commit changes to every program.
  mutating func add(_ entries: [SourceEntry]) {
    for index in programs.indices {
      let known = Set(programs[index].lazy.map(\.path))
      programs[index] = (programs[index] + entries.filter { !known.contains($0.path) }).sorted {
        $0.path.utf8.lexicographicallyPrecedes($1.path.utf8)
      }
    }
  }

  /// Every file of every program.
  var entries: [SourceEntry] {
    Set(programs.joined()).sorted {
      $0.path == $1.path
        ? ($0.blob?.hex ?? "") < ($1.blob?.hex ?? "") : $0.path.utf8.lexicographicallyPrecedes($1.path.utf8)
    }
  }

  private static func index(
    of current: [String: SourceEntry], in programs: inout [[SourceEntry]], _ known: inout [[SourceEntry]: Int]
  ) -> Int {
    let program = current.values.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    if let index = known[program] { return index }
    known[program] = programs.count
    programs.append(program)
    return programs.count - 1
  }
}
