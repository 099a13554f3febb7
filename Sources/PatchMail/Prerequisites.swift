import ByteText

/// Reads what a series says about its base out of mail text.
enum Prerequisites {
  /// The `base-commit:` of the texts; the first one counts.
  static func baseCommit(in texts: [[UInt8]]) -> String? {
    for text in texts {
      for range in text.lineRanges() where ASCII.starts(text[range], with: "base-commit:") {
        let value = ASCII.trimmed(text[range].dropFirst(12))
        let hex = value.prefix { isHex($0) }
        if hex.count >= 7, hex.count <= 64 { return hex.text }
      }
    }
    return nil
  }

  /// What the texts name as prerequisites; `prose` is searched for listed commits as well.
  static func read(texts: [[UInt8]], prose: [UInt8]) -> [Prerequisite] {
    var found: [Prerequisite] = []
    var seen: Set<Prerequisite> = []
    func add(_ prerequisite: Prerequisite) {
      if found.count < 10_000, seen.insert(prerequisite).inserted { found.append(prerequisite) }
    }
    for text in texts {
      for range in text.lineRanges() {
        let line = text[range]
        guard let first = line.first, first | 0x20 == 0x70 || first | 0x20 == 0x62 || first | 0x20 == 0x64 else {
          continue
        }
        for kind in [Prerequisite.Kind.patchID, .messageID, .changeID, .basedOn, .dependsOn] {
          let name = kind.rawValue + ":"
          guard line.count > name.utf8.count, line.prefix(name.utf8.count).text.lowercased() == name else { continue }
          let value = ASCII.trimmed(line.dropFirst(name.utf8.count)).text
          if !value.isEmpty { add(Prerequisite(kind: kind, value: Envelope.bareID(value), text: value)) }
        }
      }
    }
    for range in prose.lineRanges() {
      if let commit = listedCommit(prose[range]) { add(commit) }
    }
    return found
  }

  /// `  d55475f23cea KVM: gmem: track preparedness a page at a time`, as `git log --oneline` prints it.
  private static func listedCommit(_ line: ArraySlice<UInt8>) -> Prerequisite? {
    guard let first = line.first,
      ASCII.isSpace(first) || first == UInt8(ascii: "*") || first == UInt8(ascii: "-")
        || isHex(first)
    else { return nil }
    let text = line.drop { ASCII.isSpace($0) || $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "-") }
    let hex = text.prefix { isHex($0) }
    guard hex.count >= 9, hex.count <= 40, hex.contains(where: ASCII.isDigit) else { return nil }
    var rest = text.dropFirst(hex.count)
    guard let blank = rest.first, blank == 0x20 || blank == 0x3A else { return nil }
    rest = rest.drop { $0 == 0x20 || $0 == 0x3A }
    guard rest.contains(0x20) else { return nil }
    var subject = ASCII.trimmed(rest)
    if subject.starts(with: Array("(\"".utf8)), subject.suffix(2).elementsEqual("\")".utf8) {
      subject = Array(subject.dropFirst(2).dropLast(2))
    }
    return Prerequisite(kind: .commit, value: hex.text, text: subject.text)
  }

  private static func isHex(_ byte: UInt8) -> Bool { ASCII.isDigit(byte) || (byte >= 97 && byte <= 102) }
}
