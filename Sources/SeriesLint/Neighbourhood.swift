import ByteText

/// Which other files a changed file can reach through calls: where its callees, callers and types live.
///
/// A kernel subsystem keeps its parts in folders of one name (`virt/kvm`, `arch/x86/kvm`; `mm`, `arch/x86/mm`) and its
/// types in the headers that it includes. That is a heuristic: what lies elsewhere is not followed, and a rule then
/// treats the call as unknown.
struct Neighbourhood {
  /// Where generic lock primitives and their wrappers are declared.
  private static let commonHeaders = [
    "include/linux/mutex.h", "include/linux/spinlock.h", "include/linux/rwsem.h", "include/linux/rwlock.h",
    "include/linux/fs.h", "include/linux/pagemap.h", "include/linux/mm.h", "include/linux/mmap_lock.h",
    "include/linux/mm_types.h", "include/linux/sched.h",
  ]
  private static let largest = 4000

  /// The files to look at besides `changed`, in path order.
  let paths: [String]

  /// Chooses from the paths of the tree, all of them in order.
  init(of changed: Set<String>, among all: [String], includes: (String) -> [String]) {
    let folders = Set(changed.filter { $0.hasSuffix(".c") || !$0.hasPrefix("include/") }.map(TreePath.folder))
    let names = Set(folders.map { TreePath.name($0) }.filter { !$0.isEmpty })
    let architectures = Set(changed.compactMap(Self.architecture))
    let known = Set(all)
    var verdicts = FolderVerdicts()
    var chosen = Set(
      all.filter { path in
        guard path.hasSuffix(".c") || path.hasSuffix(".h") else { return false }
        return verdicts.verdict(of: path) { folder in
          if let architecture = Self.architecture(path), architecture != "x86" || !architectures.isEmpty,
            !architectures.contains(architecture)
          {
            return false
          }
          if folders.contains(folder) { return true }
          // Below or beside: arch/x86/kvm/mmu for arch/x86/kvm, arch/x86/kvm for virt/kvm.
          return TreePath.parts(folder).dropFirst().contains(where: names.contains)
            && !folder.hasPrefix("drivers/") && !folder.hasPrefix("tools/") && !folder.hasPrefix("Documentation/")
        }
      })
    if chosen.count > Self.largest { chosen = chosen.filter { folders.contains(TreePath.folder($0)) } }
    for header in Self.commonHeaders where known.contains(header) { chosen.insert(header) }
    for path in changed.sorted() {
      for header in includes(path) where known.contains(header) { chosen.insert(header) }
    }
    paths = chosen.subtracting(changed).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static func architecture(_ path: String) -> Substring? {
    guard path.hasPrefix("arch/") else { return nil }
    let parts = TreePath.parts(path, limit: 3)
    return parts.count == 3 ? parts[1] : nil
  }

  /// The paths that `#include` lines of `bytes` may mean, seen from `path`.
  static func includes(in bytes: [UInt8], of path: String) -> [String] {
    let folder = TreePath.folder(path)
    let architecture = architecture(path)
    var found: [String] = []
    let directive = Array("include".utf8)
    for range in bytes.lineRanges() where !range.isEmpty && bytes[range.lowerBound] == UInt8(ascii: "#") {
      let rest = bytes[range].dropFirst().drop { $0 == 0x20 || $0 == 0x09 }
      guard rest.starts(with: directive) else { continue }
      let target = rest.dropFirst(directive.count).drop { $0 == 0x20 || $0 == 0x09 }
      guard let opening = target.first, opening == UInt8(ascii: "<") || opening == UInt8(ascii: "\"") else { continue }
      let closing = opening == UInt8(ascii: "<") ? UInt8(ascii: ">") : UInt8(ascii: "\"")
      let name = String(decoding: target.dropFirst().prefix { $0 != closing }, as: UTF8.self)
      if opening == UInt8(ascii: "\"") { found.append(resolved("\(folder)/\(name)")) }
      found.append("include/\(name)")
      found.append("arch/x86/include/\(name)")
      if let architecture { found.append("arch/\(architecture)/include/\(name)") }
    }
    return found
  }

  /// `a/b/../c` as `a/c`.
  private static func resolved(_ path: String) -> String {
    var parts: [Substring] = []
    for part in TreePath.parts(path) where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return parts.joined(separator: "/")
  }
}
