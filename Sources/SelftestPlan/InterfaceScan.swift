import ByteText
import KernelConfig

/// Finds options that decide in C, not in the preprocessor, whether added code does anything: `IS_ENABLED(CONFIG_X)` on
/// added lines and inside the inline functions that they call.
struct InterfaceScan {
  /// An option, and where it decides.
  struct Need: Equatable {
    let symbol: String
    let reason: String
  }

  private let tree: TreeReader

  init(tree: TreeReader) {
    self.tree = tree
  }

  /// The headers that a source file includes from `include/`, as paths in the tree.
  static func headers(of source: [UInt8]) -> [String] {
    let mark = Array("#include <".utf8)
    return source.lineRanges().compactMap { range in
      let line = source[range]
      guard line.starts(with: mark) else { return nil }
      return "include/" + line.dropFirst(mark.count).prefix { $0 != UInt8(ascii: ">") }.text
    }
  }

  /// What the added lines of a file need, without duplicates, in order.
  func needs(of change: ChangedFile) -> [Need] {
    guard let new = change.new else { return [] }
    let ranges = new.lineRanges()
    var needs: [Need] = []
    var called: Set<String> = []
    for number in change.addedLines() where ranges.indices.contains(number - 1) {
      let line = new[ranges[number - 1]]
      for symbol in Self.enabledSymbols(in: line) {
        Self.append(Need(symbol: symbol, reason: "IS_ENABLED at \(change.path):\(number)"), to: &needs)
      }
      called.formUnion(Identifiers.all(in: line + [0x0A]))
    }
    for header in Self.headers(of: new) {
      guard let text = tree.read(header) else { continue }
      for (function, symbol) in Self.deciding(in: text, from: called) {
        Self.append(Need(symbol: symbol, reason: "\(function)() in \(header) does nothing without it"), to: &needs)
      }
    }
    return needs
  }

  /// The inline functions reached from `called` within a header that begin with a test of an option.
  private static func deciding(in header: [UInt8], from called: Set<String>) -> [(String, String)] {
    guard header.text.contains("IS_ENABLED(CONFIG_") else { return [] }
    var bodies: [String: [ArraySlice<UInt8>]] = [:]
    var order: [String] = []
    var open: String?
    var signature: [UInt8] = []
    for range in header.lineRanges() {
      let line = header[range]
      if let name = open {
        if line.first == UInt8(ascii: "}") { open = nil } else { bodies[name, default: []].append(line) }
        continue
      }
      if line.first == UInt8(ascii: "{") {
        let names = signature.prefix { $0 != UInt8(ascii: "(") }.text
          .split { !$0.isLetter && !$0.isNumber && $0 != "_" }
        if let name = names.last.map(String.init), signature.text.contains("inline") {
          open = name
          if bodies[name] == nil { order.append(name) }
        }
        signature = []
      } else if line.isEmpty || line.first == UInt8(ascii: "#") || line.last == UInt8(ascii: ";") {
        signature = []
      } else if line.first != 0x20 {
        signature += line + [0x20]
      }
    }
    var found: [(String, String)] = []
    for entry in order where called.contains(entry) {
      var pending = [entry]
      var seen: Set<String> = [entry]
      while let name = pending.popLast(), seen.count < 30 {
        for line in bodies[name] ?? [] {
          for symbol in enabledSymbols(in: line) where line.text.contains("if (") { found.append((entry, symbol)) }
          for callee in Identifiers.all(in: line + [0x0A]) where bodies[callee] != nil && seen.insert(callee).inserted {
            pending.append(callee)
          }
        }
      }
    }
    return found
  }

  private static func enabledSymbols(in line: ArraySlice<UInt8>) -> [String] {
    let text = line.text
    guard text.contains("IS_ENABLED(CONFIG_") else { return [] }
    return text.split(separator: "IS_ENABLED(CONFIG_").dropFirst(text.hasPrefix("IS_ENABLED(") ? 0 : 1).map { rest in
      String(rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" })
    }
  }

  private static func append(_ need: Need, to needs: inout [Need]) {
    if !needs.contains(where: { $0.symbol == need.symbol }) { needs.append(need) }
  }
}
