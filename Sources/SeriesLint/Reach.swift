import ByteText
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
    let stems = Set(includes.map { Self.stem($0) })
    let folders = Set(Self.core.map { $0[...] }).union(changed.flatMap(Self.foldersAbove))
    var sources: [SourceEntry] = []
    var isForeign = FolderVerdicts()
    var isNear = FolderVerdicts()
    for entry in all where entry.path.hasSuffix(".c") {
      guard sources.count < Self.candidateLimit else { break }
      let path = entry.path
      guard !isForeign.verdict(of: path, { _ in Self.isForeign(path) }), !Self.tests.contains(where: path.hasPrefix),
        isNear.verdict(of: path, { folders.contains($0) || stems.contains(Self.stem($0)) })
          || stems.contains(Self.stem(path)),
        !known.contains(path)
      else { continue }
      sources.append(entry)
    }
    entries = sources + headers
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

  private static let foreign = ["tools/", "Documentation/", "samples/", "scripts/", "drivers/staging/"]
  private static let tests = ["lib/test", "lib/kunit"]

  private static func isForeign(_ path: String) -> Bool {
    foreign.contains(where: path.hasPrefix) || path.hasPrefix("arch/") && !path.hasPrefix("arch/x86/")
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

  /// `a/b` and `a/b/c` for `a/b/c/d/file.c`; what lies at the top holds too much.
  private static func foldersAbove(_ path: String) -> [Substring] {
    let parts = TreePath.parts(path)
    return (2..<max(2, parts.count - 1)).map { parts.prefix($0).joined(separator: "/")[...] }
  }

  /// The last part of a path without what follows its first dot, with `_` for `-`.
  private static func stem(_ path: some StringProtocol) -> [UInt8] {
    TreePath.name(path).utf8.prefix { $0 != UInt8(ascii: ".") }.map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "_") : $0 }
  }
}
