/// A subject as the lists write it: `Re: [PATCH RFC v2 3/8 net-next] virt: do this`.
public struct SubjectLine: Sendable, Equatable {
  /// The subject without replies' marks and without the leading brackets.
  public var title = ""
  /// Whether it starts with `Re:` or what mailers of other languages write.
  public var isReply = false
  /// Whether the brackets say `PATCH`, or `RFC` together with a number.
  public var isPatch = false
  /// The version, 1 if none is told.
  public var version = 1
  /// Whether the version was told.
  public var saysVersion = false
  /// The part's number, 0 for a cover letter; nil if none is told.
  public var number: Int?
  /// How many parts there are.
  public var count: Int?
  /// Whether the brackets say `RFC`.
  public var isRFC = false
  /// Whether the brackets say `RESEND`.
  public var isResend = false
  /// Whether it is a pull request, which holds no patch.
  public var isPull = false
  /// Whether it starts something: no answer, and no request to pull.
  var isPosted: Bool { !isReply && !isPull }
  /// What else the brackets hold: trees and branches (`net-next`, `6.12.y`).
  public var prefixes: [String] = []

  /// Reads a decoded subject.
  public init(_ subject: String) {
    var rest = Array(subject.utf8.prefix(4096))[...]
    func skipBlanks() { rest = rest.drop(while: ASCII.isSpace) }
    skipBlanks()
    while let mark = Self.replyMark(rest) {
      isReply = true
      rest = rest.dropFirst(mark)
      skipBlanks()
    }
    while rest.first == UInt8(ascii: "["), let close = rest.firstIndex(of: UInt8(ascii: "]")) {
      read(bracket: rest[(rest.startIndex + 1)..<close])
      rest = rest[(close + 1)...]
      skipBlanks()
      // `[PATCH 1/2] Re: x` is a reply's subject that somebody edited; the brackets of a reply come behind its mark.
      while !isReply, let mark = Self.replyMark(rest), !isPatch {
        isReply = true
        rest = rest.dropFirst(mark)
        skipBlanks()
      }
    }
    title = String(decoding: ASCII.collapsed(ASCII.trimmed(rest)), as: UTF8.self)
    if number != nil, isRFC { isPatch = true }
  }

  private static func replyMark(_ text: ArraySlice<UInt8>) -> Int? {
    for mark in ["re:", "aw:", "antw:", "sv:", "vs:", "odp:", "rép :", "fwd:", "fw:"] as [StaticString]
    where ASCII.starts(text, with: mark) {
      return mark.utf8CodeUnitCount
    }
    return nil
  }

  private mutating func read(bracket: ArraySlice<UInt8>) {
    for word in bracket.split(whereSeparator: { ASCII.isSpace($0) || $0 == UInt8(ascii: ",") }) {
      read(word: String(decoding: word, as: UTF8.self))
    }
  }

  /// One word between brackets; `PATCHv2`, `PATCH1/8` and `RFCv3` are glued by hand.
  private mutating func read(word: String) {
    var rest = word[...]
    let upper = word.uppercased()
    if upper == "PULL" || upper == "GIT-PULL" { isPull = true }
    if upper.hasPrefix("PATCH") {
      isPatch = true
      rest = rest.dropFirst(upper.hasPrefix("PATCHES") ? 7 : 5)
      if upper.hasPrefix("PATCHSET") { rest = word.dropFirst(8) }
    } else if upper.hasPrefix("RFC") {
      isRFC = true
      rest = rest.dropFirst(3)
      if rest.uppercased().hasPrefix("PATCH") {
        isPatch = true
        rest = rest.dropFirst(5)
      }
    } else if upper == "RESEND" || upper == "REPOST" {
      isResend = true
      return
    }
    let wasGlued = rest.count < word.count
    while let mark = rest.first, wasGlued, mark == "-" || mark == "/" || mark == ":" || mark == "#" {
      rest = rest.dropFirst()
    }
    if rest.isEmpty { return }
    if takeNumber(rest) { return }
    if let mark = rest.first, mark == "v" || mark == "V" {
      let digits = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
      let tail = rest.dropFirst(1 + digits.count)
      if let value = Int(digits.prefix(6)), value > 0,
        tail.isEmpty || tail.first == "." || takeNumber(tail.first == "-" ? tail.dropFirst() : tail)
      {
        version = value
        saysVersion = true
        return
      }
    }
    if !prefixes.contains(String(rest)) { prefixes.append(String(rest)) }
  }

  /// `3/8`, also `03/08` and `3/8:`; false if it is something else.
  private mutating func takeNumber(_ word: Substring) -> Bool {
    let parts = word.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let part = Int(parts[0]), let all = Int(parts[1].prefix { $0.isASCII && $0.isNumber }),
      parts[0].allSatisfy({ $0.isASCII && $0.isNumber }), part >= 0, all > 0, all < 100_000, part < 100_000
    else { return false }
    if number == nil {
      number = part
      count = all
    }
    return true
  }
}
