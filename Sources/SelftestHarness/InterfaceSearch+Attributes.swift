import SelftestPlan

extension InterfaceSearch {
  /// Files of debugfs, procfs, sysfs and sysctls that lead to touched code or are declared on touched lines.
  func attributes(in unit: CodeUnit, _ reach: Reach) -> [KernelInterface] {
    let added = addedLines[unit.path] ?? []
    var found: [KernelInterface] = []
    func add(_ kind: KernelInterface.Kind, _ name: String, _ line: Int, _ way: [String]) {
      found.append(
        KernelInterface(kind: kind, name: name, owner: kind.rawValue, path: unit.path, line: line, reaches: way))
    }
    for (index, text) in unit.text.enumerated() {
      let line = index + 1
      if let name = Self.argument(of: "debugfs_create_", in: text) ?? Self.argument(of: "proc_create", in: text) {
        let kind: KernelInterface.Kind = text.contains("debugfs_create_") ? .debugfs : .procfs
        if text.contains("debugfs_create_dir") || text.contains("symlink") { continue }
        let call = unit.text[index..<min(index + 3, unit.text.count)]
        if let way = way(from: CodeUnit.identifiers(call), reach, added.contains(line), unit) {
          add(kind, name, line, way)
        }
      } else if text.contains(".procname"), let name = Self.quotedText(text) {
        let block = unit.text[index..<min(index + 8, unit.text.count)].prefix { !$0.contains("}") }
        if let way = way(from: CodeUnit.identifiers(block), reach, added.contains(line), unit) {
          add(.sysctl, name, line, way)
        }
      } else if let name = Self.sysfsAttribute(text) {
        let handlers: Set<String> = ["\(name)_show", "\(name)_store", "show_\(name)", "store_\(name)"]
        if let way = way(from: handlers, reach, added.contains(line), unit) { add(.sysfs, name, line, way) }
      }
    }
    return found
  }

  /// The shortest way from any of the names; a declaration on a touched line needs none.
  private func way(from names: Set<String>, _ reach: Reach, _ isTouched: Bool, _ unit: CodeUnit) -> [String]? {
    // DEFINE_SHOW_ATTRIBUTE(x) makes x_fops from x_show.
    let stems = names.filter { $0.hasSuffix("_fops") }.map { String($0.dropLast(5)) }
    let all = names.union(stems.flatMap { ["\($0)_show", "\($0)_get", "\($0)_set", "\($0)_open"] })
    return all.sorted().compactMap { reach.way(from: $0) }.min { $0.count < $1.count } ?? (isTouched ? [] : nil)
  }

  /// The first string among the arguments of a call whose name begins so.
  private static func argument(of call: String, in text: String) -> String? {
    guard let start = text.firstRange(of: call), !text.hasPrefix("static"), !text.hasPrefix("struct") else {
      return nil
    }
    return quotedText(String(text[start.upperBound...]))
  }

  private static func quotedText(_ text: String) -> String? {
    let parts = text.split(separator: "\"", omittingEmptySubsequences: false)
    guard parts.count >= 3, !parts[1].isEmpty, !parts[1].contains("%") else { return nil }
    return String(parts[1].split(separator: "/").last ?? parts[1])
  }

  /// `DEVICE_ATTR_RW(name)`, `KSM_ATTR(name)` and their like in the first column.
  private static func sysfsAttribute(_ text: String) -> String? {
    let start = text.hasPrefix("static ") ? text.dropFirst(7) : text[...]
    guard let open = start.firstIndex(of: "("), start[..<open].contains("ATTR"),
      start[..<open].allSatisfy({ $0.isUppercase || $0 == "_" })
    else { return nil }
    return CodeUnit.words(String(start[start.index(after: open)...])).first
  }
}

/// Which names lead to a set of functions, and how.
struct Reach {
  private var next: [String: String] = [:]
  private let targets: Set<String>

  /// Follows mentions backwards from `targets` through the functions and tables of `units`, seven steps at most.
  init(to targets: [String], in units: [CodeUnit]) {
    self.targets = Set(targets)
    var frontier = self.targets
    for _ in 0..<7 where !frontier.isEmpty {
      var reached: Set<String> = []
      for unit in units {
        for function in unit.functions where next[function.name] == nil && !self.targets.contains(function.name) {
          guard let step = function.identifiers.intersection(frontier).min() else { continue }
          next[function.name] = step
          // Nobody calls a system call by its name, but many use the same word.
          if function.declaredBy == nil { reached.insert(function.name) }
        }
      }
      frontier = reached
    }
  }

  var isEmpty: Bool { targets.isEmpty }

  /// The functions from `name` to a target, both included; `nil` if it leads to none.
  func way(from name: String) -> [String]? {
    guard targets.contains(name) || next[name] != nil else { return nil }
    var way = [name]
    while let last = way.last, !targets.contains(last), let step = next[last], way.count < 12 { way.append(step) }
    return way
  }
}
