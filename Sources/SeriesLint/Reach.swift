import KernelTree

/// The files outside of the neighbourhood that define what a change calls or uses.
///
/// Where to look is told by paths alone: the core of the kernel, the folders above the changed ones, what goes by the name
/// of an included header (`fs/configfs` for `linux/configfs.h`), and the headers that headers include. Of these the lines
/// are looked over, and a file that defines a missing name is read in full. What lies elsewhere stays unknown.
struct Reach: Sendable {
  private static let core: [String] = [
    "kernel", "kernel/locking", "kernel/sched", "kernel/time", "kernel/irq", "kernel/rcu", "kernel/power",
    "kernel/cgroup", "mm", "fs", "block", "lib", "net/core", "drivers/base", "drivers/base/power",
    "drivers/base/regmap",
    "security", "ipc",
  ]
  private static let candidateLimit = 2500
  private static let headerLevels = 2
  private static let headerLimit = 800
  /// More files than this are not added because of one series.
  private static let fileLimit = 24
  /// A name that more files define is nobody's in particular.
  private static let definerLimit = 3

  private var functions: [ArraySlice<UInt8>: [Int]] = [:]
  private var structures: [ArraySlice<UInt8>: [Int]] = [:]
  private let entries: [SourceEntry]

  /// Looks over the candidates in `all`, the files of the tree in path order; `known` are read already.
  init(
    changed: Set<String>, includes: [String], all: [SourceEntry], known: Set<String>, tree: some SourceTree, jobs: Int
  ) async {
    let headers = await Self.headers(included: includes, all: all, known: known, tree: tree)
    let stems = Set(includes.map(Self.stem))
    let folders = Set(Self.core).union(changed.flatMap(Self.foldersAbove))
    let sources = all.lazy.filter { entry in
      guard entry.path.hasSuffix(".c"), !known.contains(entry.path) else { return false }
      return Self.isCandidate(entry.path, folders, stems)
    }
    entries = Array(sources.prefix(Self.candidateLimit)) + headers
    let entries = entries
    let scans = await withTaskGroup(of: [(Int, DefinitionScan)].self) { group in
      for share in Array(entries.indices).shares(jobs) {
        group.addTask {
          let source = (try? tree.independent()) ?? tree
          var found: [(Int, DefinitionScan)] = []
          for index in share {
            guard let bytes = try? await source.bytes(of: entries[index]) else { continue }
            found.append((index, DefinitionScan(bytes, isHeader: entries[index].path.hasSuffix(".h"))))
          }
          return found
        }
      }
      return await group.reduce(into: []) { $0 += $1 }
    }
    for (index, scan) in scans.sorted(by: { $0.0 < $1.0 }) {
      for name in scan.functions where functions[name]?.last != index { functions[name, default: []].append(index) }
      for name in scan.structures where structures[name]?.last != index { structures[name, default: []].append(index) }
    }
  }

  /// The files that define what is missing, in path order.
  func definers(functions names: Set<[UInt8]>, structures tags: Set<[UInt8]>) -> [SourceEntry] {
    var wanted: [Int: Int] = [:]
    for (names, index) in [(names, functions), (tags, structures)] {
      for name in names {
        guard let places = index[name[...]], places.count <= Self.definerLimit else { continue }
        for place in places { wanted[place, default: 0] += 1 }
      }
    }
    // The files that define most of it, should there be too many.
    let ordered = wanted.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
    return ordered.prefix(Self.fileLimit).map(\.key).sorted().map { entries[$0] }
  }

  private static func isCandidate(_ path: String, _ folders: Set<String>, _ stems: Set<String>) -> Bool {
    for foreign in ["tools/", "Documentation/", "samples/", "scripts/", "drivers/staging/", "lib/test", "lib/kunit"]
    where path.hasPrefix(foreign) { return false }
    if path.hasPrefix("arch/"), !path.hasPrefix("arch/x86/") { return false }
    let folder = folder(path)
    if folders.contains(folder) { return true }
    return stems.contains(stem(path)) || stems.contains(stem(folder))
  }

  /// The headers that `included` ones include, in a few levels, without those that are known.
  private static func headers(
    included: [String], all: [SourceEntry], known: Set<String>, tree: some SourceTree
  ) async -> [SourceEntry] {
    let byPath = Dictionary(
      all.lazy.filter { $0.path.hasSuffix(".h") }.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })
    var seen = Set(included.filter { byPath[$0] != nil })
    var level = seen.sorted()
    for _ in 0..<headerLevels where seen.count < headerLimit {
      var next: [String] = []
      for path in level {
        guard let entry = byPath[path], let bytes = try? await tree.bytes(of: entry) else { continue }
        for inner in Neighbourhood.includes(in: bytes, of: path)
        where byPath[inner] != nil && seen.count < headerLimit && seen.insert(inner).inserted { next.append(inner) }
      }
      level = next
    }
    return seen.subtracting(known).sorted().compactMap { byPath[$0] }
  }

  /// `a/b` and `a` for `a/b/c/file.c`.
  private static func foldersAbove(_ path: String) -> [String] {
    var folder = folder(folder(path))
    var result: [String] = []
    while folder.contains("/") {
      result.append(folder)
      folder = Self.folder(folder)
    }
    return result
  }

  private static func folder(_ path: String) -> String {
    path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
  }

  /// The last part of a path without what follows its first dot, with `_` for `-`.
  private static func stem(_ path: String) -> String {
    let name = path.split(separator: "/").last?.prefix { $0 != "." } ?? ""
    return String(name.map { $0 == "-" ? "_" : $0 })
  }
}
