extension Parser {
  private static let guardNames = ["DEFINE_GUARD", "DEFINE_LOCK_GUARD_0", "DEFINE_LOCK_GUARD_1"].map { Array($0.utf8) }

  /// Reads `DEFINE_GUARD(name, type, lock, unlock)` and its kin, which need no semicolon; false where something else stands.
  mutating func parseGuard() -> Bool {
    guard kind(at: 1) == .leftParen, kind(at: 2) == .identifier, kind(at: 3) == .comma,
      case let start = Int(tokens[index].start), case let end = start + Int(tokens[index].length), end <= bytes.count,
      let which = Self.guardNames.firstIndex(where: { $0.elementsEqual(bytes[start..<end]) })
    else { return false }
    let name = tokens[index + 2].symbol
    let close = behind(index + 1)
    guard close > index + 2 else { return false }
    let savedLimit = limit
    limit = close - 1
    index += 4
    // The type comes first, where there is an argument.
    if which != 1 {
      while index < limit, kind != .comma { index = kind == .leftParen ? behind(index) : index + 1 }
      _ = take(.comma)
    }
    if index < limit { guards.append(GuardDefinition(name: name, lock: parseAssignment(), isWrapped: which == 2)) }
    limit = savedLimit
    index = close
    _ = take(.semicolon)
    return true
  }
}
