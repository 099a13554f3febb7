import ByteText

/// Reads one Kbuild makefile: its `obj-`, `lib-` and composite-object lists with the conditions they stand under.
struct KbuildReader {
  private struct Item {
    let text: String
    let condition: ConfigExpression
  }

  private let directory: String
  private var variables: [String: String]
  private var lists: [String: [Item]] = [:]
  private var conditions: [ConfigExpression] = []

  init(directory: String, variables: [String: String]) {
    self.directory = directory
    self.variables = variables
  }

  /// The lists whose members are built or descended into.
  private static let roots: Set<String> = ["obj", "lib", "core", "drivers", "libs", "extra", "always", "subdir", "net"]

  mutating func parse(_ bytes: [UInt8], depth: Int = 0, read: (String) -> [UInt8]?) {
    let lines = bytes.lineRanges()
    var index = 0
    while index < lines.count {
      var line = Array(bytes[lines[index]])
      index += 1
      while line.last == UInt8(ascii: "\\"), index < lines.count {
        line.removeLast()
        line += [0x20] + bytes[lines[index]]
        index += 1
      }
      // A recipe line is not Kbuild's business.
      guard let first = line.first, first != 0x09 || line.contains(UInt8(ascii: "=")) else { continue }
      if let hash = line.firstIndex(of: UInt8(ascii: "#")) { line.removeSubrange(hash...) }
      let text = line.text.split(whereSeparator: { $0 == " " || $0 == "\t" }).joined(separator: " ")
      if text.isEmpty { continue }
      if !directive(text, depth: depth, read: read) { assignment(text) }
    }
  }

  /// The objects with their paths relative to the tree, their conditions and what they are linked into.
  func objects() -> [(String, ConfigExpression, String?)] {
    var found: [(String, ConfigExpression, String?)] = []
    for root in Self.roots {
      for item in resolved(lists[root] ?? []) where item.text.hasSuffix(".o") {
        append(item, part: nil, to: &found, depth: 0)
      }
    }
    return found
  }

  /// The directories to descend into.
  func descents() -> [(String, ConfigExpression)] {
    Self.roots.sorted().flatMap { root in
      resolved(lists[root] ?? []).compactMap { item in
        guard item.text.hasSuffix("/") || (root == "subdir" && !item.text.hasSuffix(".o")) else { return nil }
        return (Self.normalised(directory, item.text), item.condition)
      }
    }
  }

  /// Puts in the members of another list where an item is a reference to it: `obj-y := filemap.o $(mmu-y)`.
  private func resolved(_ items: [Item], depth: Int = 0) -> [Item] {
    items.flatMap { item -> [Item] in
      guard depth < 4, item.text.hasPrefix("$("), item.text.hasSuffix(")"),
        let (stem, _) = Self.list(String(item.text.dropFirst(2).dropLast())), let members = lists[stem]
      else { return [item] }
      return resolved(members, depth: depth + 1).map {
        Item(text: $0.text, condition: item.condition.and($0.condition))
      }
    }
  }

  private func append(
    _ item: Item, part module: String?, to found: inout [(String, ConfigExpression, String?)], depth: Int
  ) {
    let stem = String(item.text.dropLast(2))
    found.append((Self.normalised(directory, item.text), item.condition, module))
    guard depth < 4, let members = lists[stem] else { return }
    for member in resolved(members) where member.text.hasSuffix(".o") && member.text != item.text {
      let part = Item(text: member.text, condition: item.condition.and(member.condition))
      append(part, part: module ?? stem, to: &found, depth: depth + 1)
    }
  }

  private mutating func directive(_ text: String, depth: Int, read: (String) -> [UInt8]?) -> Bool {
    let parts = text.split(separator: " ", maxSplits: 1)
    let rest = parts.count > 1 ? String(parts[1]) : ""
    switch parts[0] {
    case "ifdef": conditions.append(Self.configSymbol(rest) ?? .opaque(rest))
    case "ifndef": conditions.append((Self.configSymbol(rest) ?? .opaque(rest)).negated)
    case "ifeq": conditions.append(Self.comparison(rest))
    case "ifneq": conditions.append(Self.comparison(rest).negated)
    case "else":
      guard let last = conditions.popLast() else { return true }
      conditions.append(last.negated)
      if !rest.isEmpty, let inner = Self.elseCondition(rest) { conditions.append(conditions.removeLast().and(inner)) }
    case "endif": _ = conditions.popLast()
    case "include", "-include":
      let path = Self.normalised("", expanded(rest))
      if depth < 8, let bytes = read(path) { parse(bytes, depth: depth + 1, read: read) }
    default: return false
    }
    return true
  }

  private mutating func assignment(_ text: String) {
    guard let equals = text.firstIndex(of: "=") else { return }
    var left = text[..<equals]
    let appends = left.last == "+"
    let keeps = left.last == "?"
    while let last = left.last, "+:? ".contains(last) { left.removeLast() }
    let right = expanded(String(text[text.index(after: equals)...]))
    guard !left.isEmpty, !left.contains(" ") || left.contains("-$(") else { return }
    let standing = conditions.reduce(ConfigExpression.always) { $0.and($1) }
    if let (stem, condition) = Self.list(String(left)) {
      lists[stem, default: []] += right.split(separator: " ").map {
        Item(text: String($0), condition: standing.and(condition))
      }
    } else if !(keeps && variables[String(left)] != nil) {
      let name = String(left)
      variables[name] = appends ? (variables[name] ?? "") + " " + right : right
    }
  }

  /// `kvm-$(CONFIG_X)` is the list `kvm` under X; `kvm-y` and `kvm-objs` are it without a condition.
  private static func list(_ left: String) -> (String, ConfigExpression)? {
    if let start = left.firstRange(of: "-$("), left.hasSuffix(")") {
      let inner = String(left[start.upperBound..<left.index(before: left.endIndex)])
      let symbol =
        configSymbol(inner)
        ?? inner.firstRange(of: "CONFIG_").flatMap { range in
          configSymbol(String(inner[range.lowerBound...].prefix { $0.isLetter || $0.isNumber || $0 == "_" }))
        }
      return (String(left[..<start.lowerBound]), symbol ?? .opaque(inner))
    }
    for suffix in ["-y", "-m", "-objs"] where left.hasSuffix(suffix) {
      return (String(left.dropLast(suffix.count)), .always)
    }
    return nil
  }

  private static func configSymbol(_ text: String) -> ConfigExpression? {
    guard text.hasPrefix("CONFIG_"), text.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" }) else { return nil }
    return .symbol(String(text.dropFirst(7)))
  }

  /// `($(CONFIG_X),y)`, `($(CONFIG_X),)`, `($(CONFIG_X)$(CONFIG_Y),yy)`; anything else is opaque.
  private static func comparison(_ text: String) -> ConfigExpression {
    let inner = text.trimming("() ")
    let parts =
      text.hasPrefix("\"") ? text.split(separator: " ") : inner.split(separator: ",", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return .opaque(text) }
    let names = parts[0].split(whereSeparator: { "$() \"".contains($0) }).map(String.init)
    let value = parts[1].filter { !" \")".contains($0) }
    let symbols = names.compactMap(configSymbol)
    guard !symbols.isEmpty, symbols.count == names.count else { return .opaque(text) }
    let all = symbols.reduce(ConfigExpression.always) { $0.and($1) }
    if value.isEmpty || value == "n" { return symbols.reduce(ConfigExpression.literal("n")) { $0.or($1) }.negated }
    return value.allSatisfy({ $0 == "y" || $0 == "m" }) ? all : .opaque(text)
  }

  private static func elseCondition(_ text: String) -> ConfigExpression? {
    let parts = text.split(separator: " ", maxSplits: 1)
    guard parts.count == 2 else { return nil }
    switch parts[0] {
    case "ifdef": return configSymbol(String(parts[1])) ?? .opaque(text)
    case "ifndef": return (configSymbol(String(parts[1])) ?? .opaque(text)).negated
    case "ifeq": return comparison(String(parts[1]))
    case "ifneq": return comparison(String(parts[1])).negated
    default: return nil
    }
  }

  /// Puts known variables in; what is unknown stays as it is written.
  private func expanded(_ text: String) -> String {
    guard text.contains("$(") else { return text }
    var result = ""
    var rest = text[...]
    while let open = rest.firstRange(of: "$(") {
      result += rest[..<open.lowerBound]
      guard let close = rest[open.upperBound...].firstIndex(of: ")") else { return result + rest[open.lowerBound...] }
      let name = String(rest[open.upperBound..<close])
      result += variables[name] ?? "$(\(name))"
      rest = rest[rest.index(after: close)...]
    }
    return result + rest
  }

  /// Joins and resolves `.`, `..` and doubled slashes; no trailing slash.
  static func normalised(_ directory: String, _ path: String) -> String {
    var parts: [Substring] = []
    // `$(obj)/x` and `$(srctree)/x` have become `/x`: the first is relative to the directory, as Kbuild has it.
    for part in (directory + "/" + path).split(separator: "/") {
      if part == "." { continue }
      if part == "..", !parts.isEmpty { parts.removeLast() } else { parts.append(part) }
    }
    return parts.joined(separator: "/")
  }
}

extension String {
  fileprivate func trimming(_ characters: String) -> Substring {
    var slice = self[...]
    while let first = slice.first, characters.contains(first) { slice.removeFirst() }
    while let last = slice.last, " )".contains(last) { slice.removeLast() }
    return slice
  }
}
