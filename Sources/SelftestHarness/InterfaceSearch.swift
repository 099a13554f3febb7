import ByteText
import SelftestPlan

/// Finds the ways into the kernel that lead to what a series touches, within the directories of the changed files.
///
/// Names are all it goes by: a function is on the way to another if it mentions its name, a table of operations if it lists
/// it. What is reached through other directories is not seen.
struct InterfaceSearch {
  private let tree: TreeReader
  private let architecture: String
  private let changes: [ChangedFile]
  private let units: [CodeUnit]
  /// Touched lines of the changed files.
  let addedLines: [String: Set<Int>]
  /// The functions that a change touches, in order.
  let touched: [String]

  init(_ changes: [ChangedFile], in tree: TreeReader, architecture: String) {
    self.tree = tree
    self.architecture = architecture
    self.changes = changes.filter { $0.new != nil && ($0.path.hasSuffix(".c") || $0.path.hasSuffix(".h")) }
    var units: [CodeUnit] = []
    var known: Set<String> = []
    for change in self.changes {
      if let new = change.new, known.insert(change.path).inserted {
        units.append(CodeUnit(path: change.path, bytes: new))
      }
    }
    for directory in Set(self.changes.map { Self.directory(of: $0.path) }).sorted() where directory != "include/linux" {
      for path in tree.files(in: directory) where path.hasSuffix(".c") && known.insert(path).inserted {
        if let bytes = tree.read(path) { units.append(CodeUnit(path: path, bytes: bytes)) }
      }
    }
    self.units = units
    var added: [String: Set<Int>] = [:]
    var touched: [String] = []
    for change in self.changes {
      let lines = Set(change.addedLines())
      added[change.path] = lines
      guard let unit = units.first(where: { $0.path == change.path }) else { continue }
      let names = TouchedFunctions.names(of: change, added: lines, in: unit)
      for name in names where !touched.contains(name) { touched.append(name) }
    }
    addedLines = added
    self.touched = touched
  }

  /// The ways to the given functions, at most 40.
  func interfaces(reaching targets: [String]) -> [KernelInterface] {
    let reach = Reach(to: targets, in: units)
    var found: [KernelInterface] = []
    for unit in units { found += syscalls(in: unit, reach) + ioctls(in: unit, reach) + files(in: unit, reach) }
    for unit in units where addedLines[unit.path] != nil || !reach.isEmpty { found += attributes(in: unit, reach) }
    var seen: Set<String> = []
    return Array(found.filter { seen.insert("\($0.kind) \($0.owner) \($0.name)").inserted }.prefix(40))
  }

  /// The ioctls of each device node in sight, by node.
  func allIoctls(of nodes: Set<String>) -> [String: [String]] {
    var all: [String: [String]] = [:]
    for unit in units {
      for function in unit.functions where function.name.contains("ioctl") {
        for node in nodes where devices(for: unit).contains(node) {
          all[node, default: []] += cases(of: function, in: unit).map(\.name)
        }
      }
    }
    return all.mapValues { names in
      var seen: Set<String> = []
      return names.filter { seen.insert($0).inserted }
    }
  }

  /// The locks that touched functions take.
  var locks: [TouchedLock] {
    let names = Set(touched)
    var found: [TouchedLock] = []
    for unit in units {
      for function in unit.functions where names.contains(function.name) {
        for line in function.lines {
          let text = unit.text[line - 1]
          for call in Self.lockCalls {
            guard let open = text.firstRange(of: call) else { continue }
            if let before = text[..<open.lowerBound].last, before.isLetter || before.isNumber || before == "_" {
              continue
            }
            let argument = String(text[open.upperBound...].prefix { $0 != ")" && $0 != "," && $0 != ";" })
            // `rcu_read_lock()` has no other name.
            let name = argument.isEmpty ? String(call.dropLast()) : argument
            found.append(TouchedLock(expression: name, function: function.name, path: unit.path, line: line))
            break
          }
        }
      }
    }
    return found
  }

  private static let lockCalls = [
    "mutex_lock(", "mutex_trylock(", "mutex_lock_interruptible(", "mutex_lock_killable(", "spin_lock(",
    "spin_lock_irq(",
    "spin_lock_irqsave(", "spin_lock_bh(", "raw_spin_lock(", "raw_spin_lock_irqsave(", "down_read(", "down_write(",
    "down_read_killable(", "down_write_killable(",
    "read_lock(", "write_lock(", "read_lock_irq(", "write_lock_irq(", "mmap_read_lock(", "mmap_write_lock(",
    "filemap_invalidate_lock(", "filemap_invalidate_lock_shared(", "inode_lock(", "inode_lock_shared(", "folio_lock(",
    "rtnl_lock(", "lock_sock(", "srcu_read_lock(", "rcu_read_lock(", "down(", "guard(mutex)(", "guard(spinlock)(",
    "guard(rwsem_read)(", "guard(rwsem_write)(",
  ]

  private func syscalls(in unit: CodeUnit, _ reach: Reach) -> [KernelInterface] {
    unit.functions.compactMap { function in
      guard let macro = function.declaredBy, macro.hasPrefix("SYSCALL_DEFINE"), let way = reach.way(from: function.name)
      else { return nil }
      return KernelInterface(
        kind: .syscall, name: function.name, owner: "", path: unit.path, line: function.lines.lowerBound, reaches: way)
    }
  }

  private func ioctls(in unit: CodeUnit, _ reach: Reach) -> [KernelInterface] {
    var found: [KernelInterface] = []
    for function in unit.functions where function.name.contains("ioctl") {
      for block in cases(of: function, in: unit) {
        let isTouched = addedLines[unit.path].map { lines in block.lines.contains { lines.contains($0) } } ?? false
        let way = block.identifiers.sorted().compactMap { reach.way(from: $0) }.min { $0.count < $1.count }
        guard let way = isTouched ? [function.name] : way else { continue }
        for node in devices(for: unit) {
          found.append(
            KernelInterface(
              kind: .ioctl, name: block.name, owner: node, path: unit.path, line: block.lines.lowerBound, reaches: way))
        }
      }
    }
    return found
  }

  private struct Case {
    let name: String
    let lines: ClosedRange<Int>
    let identifiers: Set<String>
  }

  /// The `case CONSTANT:` blocks of a function; labels that share a block have the same lines after them.
  private func cases(of function: CodeUnit.Function, in unit: CodeUnit) -> [Case] {
    var labels: [(String, Int)] = []
    for line in function.lines {
      let text = unit.text[line - 1].drop { $0 == "\t" || $0 == " " }
      if text.hasPrefix("case "), let name = CodeUnit.words(String(text.dropFirst(5))).first, name.contains("_"),
        !name.contains(where: \.isLowercase)
      {
        labels.append((name, line))
      } else if text.hasPrefix("default:") {
        labels.append(("", line))
      }
    }
    var found: [Case] = []
    for (index, label) in labels.enumerated() where !label.0.isEmpty {
      // Labels that follow each other at once fall through to the same block.
      var next = index + 1
      while next < labels.count, labels[next].1 == labels[next - 1].1 + 1 { next += 1 }
      let end = next < labels.count ? labels[next].1 - 1 : function.lines.upperBound
      let lines = label.1...max(label.1, end)
      found.append(
        Case(
          name: label.0, lines: lines,
          identifiers: CodeUnit.identifiers(unit.text[(lines.lowerBound - 1)..<lines.upperBound])))
    }
    return found
  }

  /// The device nodes that an ioctl function of this file may serve: those that its file registers, else those of files
  /// beside it that call it or are called by it. Neighbours in a directory alone may have nothing to do with each other.
  private func devices(for unit: CodeUnit) -> [String] {
    let own = nodes(in: unit)
    if !own.isEmpty { return own }
    let directory = Self.directory(of: unit.path)
    let near = units.filter { Self.directory(of: $0.path) == directory && ($0.calls(unit) || unit.calls($0)) }
      .flatMap(nodes)
    return near.count <= 2 ? near : []
  }

  private func nodes(in unit: CodeUnit) -> [String] {
    unit.tables.filter { $0.type == "miscdevice" }.compactMap { table in
      let lines = unit.text[(table.lines.lowerBound - 1)..<table.lines.upperBound]
      let named = lines.first { $0.contains(".nodename") } ?? lines.first { $0.contains("\"") }
      return named.flatMap(Self.quoted).map { "/dev/" + $0 }
    }
  }

  /// Operations on files: of descriptors that a device makes, and of file systems that need no disk.
  private func files(in unit: CodeUnit, _ reach: Reach) -> [KernelInterface] {
    var found: [KernelInterface] = []
    for table in unit.tables where table.type == "file_operations" {
      for line in table.lines {
        let words = CodeUnit.words(unit.text[line - 1])
        guard words.count >= 2, Self.fileOperations.contains(words[0]), let way = reach.way(from: words[1]) else {
          continue
        }
        for owner in fileOwners(for: unit) {
          found.append(
            KernelInterface(kind: .file, name: words[0], owner: owner, path: unit.path, line: line, reaches: way))
        }
      }
    }
    return found
  }

  private static let fileOperations: Set<String> = [
    "fallocate", "read", "write", "read_iter", "write_iter", "mmap", "fsync", "llseek",
  ]

  private func fileOwners(for unit: CodeUnit) -> [String] {
    let devices = devices(for: unit)
    if !devices.isEmpty { return devices }
    let directory = Self.directory(of: unit.path)
    let types = units.filter { Self.directory(of: $0.path) == directory && !$0.path.contains("test") }.flatMap { unit in
      unit.tables.filter { $0.type == "file_system_type" }.compactMap { table in
        unit.text[(table.lines.lowerBound - 1)..<table.lines.upperBound].first { $0.contains(".name") }
          .flatMap(Self.quoted)
      }
    }
    if unit.path == "mm/shmem.c" { return ["memfd", "tmpfs"] }
    return directory == "mm" ? [] : Array(types.prefix(1))
  }

  private static func quoted(_ line: String) -> String? {
    let parts = line.split(separator: "\"", omittingEmptySubsequences: false)
    return parts.count >= 3 && !parts[1].isEmpty ? String(parts[1]) : nil
  }

  static func directory(of path: String) -> String {
    String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
  }
}
