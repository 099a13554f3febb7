import ByteText

/// A person as a mail names them.
public struct MailAddress: Sendable, Hashable {
  /// The display name, without quotes; the address itself if there is none, as in git.
  public var name: String
  /// The address.
  public var email: String

  /// Makes an address from its parts.
  public init(name: String, email: String) {
    self.name = name
    self.email = email
  }

  /// `name <email>`.
  public var text: String { name.isEmpty ? "<\(email)>" : "\(name) <\(email)>" }

  /// Reads a decoded `From:` value the way `git mailinfo` does: the word around the `@` is the address, the rest the name.
  init(from value: [UInt8]) {
    var line = AddressText.unquoted(value)
    guard let at = line.firstIndex(of: UInt8(ascii: "@")) else {
      self = Self.bogus(value)
      return
    }
    var start = at
    while start > 0 {
      let byte = line[start - 1]
      if ASCII.isSpace(byte) { break }
      if byte == UInt8(ascii: "<") {
        line[start - 1] = 0x20
        break
      }
      start -= 1
    }
    let end = line[start...].firstIndex { ASCII.isSpace($0) || $0 == UInt8(ascii: ">") } ?? line.count
    let email = Array(line[start..<end])
    line.removeSubrange(start..<min(end + 1, line.count))
    var name = ASCII.trimmed(ASCII.collapsed(line))
    if name.first == UInt8(ascii: "("), name.last == UInt8(ascii: ")"), name.count > 1 {
      name = Array(name[1..<(name.count - 1)])
    }
    self.init(name: Self.sane(name, email), email: UTF8Text.text(email))
  }

  /// `John Doe <johndoe>`: an address without `@`.
  private static func bogus(_ line: [UInt8]) -> MailAddress {
    guard let open = line.firstIndex(of: UInt8(ascii: "<")),
      let close = line[open...].firstIndex(of: UInt8(ascii: ">"))
    else { return MailAddress(name: "", email: "") }
    let email = Array(line[(open + 1)..<close])
    return MailAddress(name: sane(ASCII.trimmed(Array(line[..<open])), email), email: UTF8Text.text(email))
  }

  /// No name, one too long, or one that holds parts of an address is no name: git then takes the address.
  private static func sane(_ name: [UInt8], _ email: [UInt8]) -> String {
    let marks: [UInt8] = [UInt8(ascii: "@"), UInt8(ascii: "<"), UInt8(ascii: ">")]
    let isBad = name.isEmpty || name.count > 60 || name.contains { marks.contains($0) }
    return UTF8Text.text(isBad ? email : name)
  }

  /// The address as a commit records it: git drops punctuation at both ends and angle brackets inside (`ident.c`).
  var asIdentity: MailAddress {
    func clean(_ text: String) -> String {
      let crud: Set<UInt8> = Set(".,:;<>\"\\'".utf8)
      func isCrud(_ byte: UInt8) -> Bool { byte <= 32 || crud.contains(byte) }
      var bytes = Array(text.utf8)[...]
      while let first = bytes.first, isCrud(first) { bytes.removeFirst() }
      while let last = bytes.last, isCrud(last) { bytes.removeLast() }
      return bytes.filter { $0 != 0x0A && $0 != UInt8(ascii: "<") && $0 != UInt8(ascii: ">") }.text
    }
    return MailAddress(name: clean(name), email: clean(email))
  }
}

/// RFC 5322 quoting inside an address header.
enum AddressText {
  /// Takes the quotes off quoted strings and resolves backslashes in them and in comments, which keep their parentheses.
  static func unquoted(_ value: [UInt8]) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(value.count)
    var inString = false
    var depth = 0
    var isLiteral = false
    for byte in value {
      if isLiteral {
        isLiteral = false
        out.append(byte)
        continue
      }
      switch byte {
      case UInt8(ascii: "\\") where inString || depth > 0: isLiteral = true
      case UInt8(ascii: "\"") where depth == 0: inString.toggle()
      case UInt8(ascii: "(") where !inString:
        depth += 1
        out.append(byte)
      case UInt8(ascii: ")") where depth > 0:
        depth -= 1
        out.append(byte)
      default: out.append(byte)
      }
    }
    return out
  }
}
