import ByteText

/// Reads Kconfig files line by line into a ``KconfigTree`` (Documentation/kbuild/kconfig-language.rst).
struct KconfigParser {
  var tree = KconfigTree()
  private var variables: [String: String]
  private var scopes: [Scope] = []
  private var current: Target = .none
  private var sourcing: Set<String> = []

  /// An open `if`, `menu` or `choice`: what it adds to everything inside.
  private struct Scope {
    var keyword: String
    var dependencies: ConfigExpression
    var visibility: ConfigExpression
    var choice: Int?
  }

  /// What an attribute line belongs to.
  private enum Target {
    case none
    case symbol(String)
    case scope
    case comment
  }

  init(variables: [String: String]) {
    self.variables = variables
  }

  mutating func parse(_ bytes: [UInt8], path: String, read: (String) -> [UInt8]?) {
    guard sourcing.insert(path).inserted else { return }
    tree.files.append(path)
    let lines = bytes.lineRanges()
    var index = 0
    while index < lines.count {
      let number = index + 1
      var line = bytes[lines[index]]
      index += 1
      while line.last == UInt8(ascii: "\\"), index < lines.count {
        line = (Array(line.dropLast()) + [0x20] + Array(bytes[lines[index]]))[...]
        index += 1
      }
      var scanner = ExpressionScanner(line, variables: variables)
      guard !scanner.atEnd, let keyword = scanner.word() else { continue }
      if keyword == "help" || keyword == "---help---" {
        index = Self.endOfHelp(bytes, lines, from: index)
        continue
      }
      if keyword == "source" {
        guard let name = scanner.string() else { continue }
        current = .none
        guard let sourced = read(name) else {
          if !name.contains("$") && !name.isEmpty { tree.missing.append(ConfigLocation(path: path, line: number)) }
          continue
        }
        parse(sourced, path: name, read: read)
        current = .none
        continue
      }
      handle(keyword, &scanner, at: ConfigLocation(path: path, line: number))
    }
    // The same file may be sourced again elsewhere, but never by itself.
    sourcing.remove(path)
  }

  private mutating func handle(_ keyword: String, _ scanner: inout ExpressionScanner, at location: ConfigLocation) {
    switch keyword {
    case "config", "menuconfig":
      guard let name = scanner.word() else { return }
      open(symbol: name, at: location)
    case "if":
      scopes.append(Scope(keyword: "if", dependencies: scanner.expression() ?? .always, visibility: .always))
      current = .none
    case "menu":
      scopes.append(Scope(keyword: "menu", dependencies: .always, visibility: .always))
      current = .scope
    case "choice":
      tree.choices.append(ConfigChoice(location: location))
      scopes.append(
        Scope(keyword: "choice", dependencies: .always, visibility: .always, choice: tree.choices.count - 1))
      current = .scope
    case "endif", "endmenu", "endchoice":
      let opener = String(keyword.dropFirst(3))
      if let last = scopes.lastIndex(where: { $0.keyword == opener }) { scopes.removeSubrange(last...) }
      current = .none
    case "comment":
      current = .comment
    case "mainmenu":
      current = .none
    default:
      attribute(keyword, &scanner)
    }
  }

  private mutating func open(symbol name: String, at location: ConfigLocation) {
    let definition = ConfigDefinition(
      location: location, dependencies: scopes.reduce(.always) { $0.and($1.dependencies) },
      visibility: scopes.reduce(.always) { $0.and($1.visibility) }, choice: openChoice)
    tree.symbols[name, default: ConfigSymbol(name: name)].definitions.append(definition)
    if let choice = openChoice, !tree.choices[choice].members.contains(name) {
      tree.choices[choice].members.append(name)
    }
    current = .symbol(name)
  }

  private var openChoice: Int? { scopes.last { $0.choice != nil }?.choice }

  private mutating func attribute(_ keyword: String, _ scanner: inout ExpressionScanner) {
    switch current {
    case .symbol(let name):
      // In and out of the dictionary so that the definition is changed in place, not copied.
      guard var symbol = tree.symbols.removeValue(forKey: name) else { return }
      defer { tree.symbols[name] = symbol }
      guard !symbol.definitions.isEmpty else { return }
      let last = symbol.definitions.count - 1
      if let kind = ConfigSymbol.Kind(rawValue: keyword), kind != .unknown {
        symbol.kind = kind
        prompt(&symbol.definitions[last], &scanner)
      } else if keyword == "def_bool" || keyword == "def_tristate" {
        symbol.kind = keyword == "def_bool" ? .bool : .tristate
        value(&symbol.definitions[last].defaults, &scanner)
      } else {
        symbolAttribute(keyword, &symbol.definitions[last], &scanner)
      }
    case .scope:
      scopeAttribute(keyword, &scanner)
    case .comment, .none:
      break
    }
  }

  private func symbolAttribute(
    _ keyword: String, _ definition: inout ConfigDefinition, _ scanner: inout ExpressionScanner
  ) {
    switch keyword {
    case "prompt": prompt(&definition, &scanner)
    case "default": value(&definition.defaults, &scanner)
    case "select": value(&definition.selects, &scanner)
    case "imply": value(&definition.implies, &scanner)
    case "depends":
      guard scanner.take("on"), let expression = scanner.expression() else { return }
      definition.dependencies = definition.dependencies.and(expression)
    default: break
    }
  }

  private mutating func scopeAttribute(_ keyword: String, _ scanner: inout ExpressionScanner) {
    guard let last = scopes.indices.last else { return }
    switch keyword {
    case "depends":
      guard scanner.take("on"), let expression = scanner.expression() else { return }
      scopes[last].dependencies = scopes[last].dependencies.and(expression)
    case "visible":
      scopes[last].visibility = scopes[last].visibility.and(scanner.condition())
    case "prompt", "bool", "tristate":
      guard let choice = scopes[last].choice, let text = scanner.string() else { return }
      tree.choices[choice].prompt = text
    default: break
    }
  }

  private func prompt(_ definition: inout ConfigDefinition, _ scanner: inout ExpressionScanner) {
    guard !scanner.atEnd, let text = scanner.string(), text != "if" else { return }
    definition.prompt = text
    definition.visibility = definition.visibility.and(scanner.condition())
  }

  private func value(_ list: inout [ConditionalValue], _ scanner: inout ExpressionScanner) {
    guard let value = scanner.expression() else { return }
    list.append(ConditionalValue(value: value, condition: scanner.condition()))
  }

  /// The first line after a help text: the text is what is indented at least as deep as its first line.
  private static func endOfHelp(_ bytes: [UInt8], _ lines: [Range<Int>], from start: Int) -> Int {
    var index = start
    var depth: Int?
    while index < lines.count {
      let line = bytes[lines[index]]
      var column = 0
      var blank = true
      for byte in line {
        if byte == 0x20 {
          column += 1
        } else if byte == 0x09 {
          column = (column | 7) + 1
        } else {
          blank = byte == 0x0D
          break
        }
      }
      if !blank {
        if let depth, column < depth { return index }
        if depth == nil {
          if column == 0 { return index }
          depth = column
        }
      }
      index += 1
    }
    return index
  }
}
