import Findings
import KernelC
import LintRules
import TreeFacts

/// What must hold for any bytes that are read as C, besides that nothing traps.
struct Invariants {
  private let symbols = SymbolTable()
  private let names: FlowNames
  private let lint = KernelLint()

  init() { names = FlowNames(symbols) }

  /// What is broken; nil when all is well. With `judges`, the rules run over the file too.
  func broken(_ input: [UInt8], judges: Bool) -> String? {
    let file = ParsedFile(path: "fuzz.c", bytes: input, symbols: symbols)
    for token in file.tokens where Int(token.start) + Int(token.length) > input.count { return "a token past the end" }
    for function in file.functions {
      guard function.nodes.lowerBound >= 0, Int(function.nodes.upperBound) <= file.nodes.count,
        function.body >= 0, Int(function.body) < file.nodes.count
      else { return "a function with nodes that are not there" }
      let flow = ControlFlow(of: function, in: file, names: names)
      for block in flow.blocks {
        for target in block.exit.targets where !flow.blocks.indices.contains(target) { return "a way to nowhere" }
      }
    }
    let facts = FileFacts(file, size: input.count, symbols: symbols)
    if facts.encoded.withUnsafeBytes({ FileFacts(encoded: $0) }) != facts { return "facts that do not come back" }
    if !input.contains(UInt8(ascii: "#")), !isCovered(input, by: file) { return "bytes that no token covers" }
    if judges {
      _ = lint.check([lint.facts(of: input, path: "fuzz.c")], focus: ["fuzz.c"], rules: Set(lint.rules.map(\.id)))
    }
    return nil
  }

  /// Without directives, tokens come in order and leave out nothing but blanks, comments and backslashes.
  private func isCovered(_ input: [UInt8], by file: ParsedFile) -> Bool {
    var position = 0
    for token in file.tokens where token.kind != .end {
      let start = Int(token.start)
      guard start >= position, Gap.isEmpty(input[position..<start]) else { return false }
      position = start + Int(token.length)
    }
    return Gap.isEmpty(input[position...])
  }
}

/// What may stand between two tokens.
private enum Gap {
  static func isEmpty(_ bytes: ArraySlice<UInt8>) -> Bool {
    var rest = bytes
    // A line comment that ends in a backslash goes on; what it hides is not told apart here.
    let mayJoin = bytes.contains(0x5C)
    while let first = rest.first {
      switch first {
      case 0x20, 0x09...0x0D, 0x5C: rest = rest.dropFirst()
      case 0x2F where rest.dropFirst().first == 0x2F: rest = rest.drop { $0 != 0x0A || mayJoin }
      case 0x2F where rest.dropFirst().first == 0x2A:
        rest = rest.dropFirst(2)
        while rest.count > 1, !(rest.first == 0x2A && rest.dropFirst().first == 0x2F) { rest = rest.dropFirst() }
        rest = rest.dropFirst(2)
      default: return false
      }
    }
    return true
  }
}

extension FlowExit {
  fileprivate var targets: [Int] {
    switch self {
    case .jump(let next): [next]
    case .branch(_, let then, let otherwise), .preprocessor(_, _, let then, let otherwise): [then, otherwise]
    case .either(let first, let second): [first, second]
    case .select(_, let cases, let otherwise): cases.map(\.block) + [otherwise]
    case .leave, .stop: []
    }
  }
}
