/// The names of code that a commit message mentions.
struct LogWords {
  /// A name in the message.
  struct Mention: Hashable {
    let word: String
    /// Written with `()` behind it.
    let isCall: Bool
  }

  /// In the order of the message, each once; trailers, quoted mail, links and file names are left out.
  let mentions: [Mention]

  /// Reads a commit message.
  init(_ message: [UInt8]) {
    var seen: Set<Mention> = []
    var mentions: [Mention] = []
    for line in message.split(separator: 0x0A, omittingEmptySubsequences: false) where !Self.isTrailer(line) {
      for mention in Self.mentions(in: line) where seen.insert(mention).inserted { mentions.append(mention) }
    }
    self.mentions = mentions
  }

  /// `Signed-off-by: …`, `Link: …`, `> quoted`.
  private static func isTrailer(_ line: ArraySlice<UInt8>) -> Bool {
    guard let first = line.first else { return false }
    if first == UInt8(ascii: ">") || first == UInt8(ascii: "|") { return true }
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")), first >= UInt8(ascii: "A"), first <= UInt8(ascii: "Z")
    else { return false }
    let key = line[..<colon]
    return key.allSatisfy { CodeWords.isWordByte($0) || $0 == UInt8(ascii: "-") }
      && (key.contains(UInt8(ascii: "-"))
        || ["Link", "Fixes", "Closes", "Cc", "Message"].contains(String(decoding: key, as: UTF8.self)))
  }

  private static func mentions(in line: ArraySlice<UInt8>) -> [Mention] {
    var found: [Mention] = []
    var position = line.startIndex
    while position < line.endIndex {
      // A token between white space: a link, a path or an address is no name of code.
      while position < line.endIndex, line[position] <= 0x20 { position += 1 }
      let start = position
      while position < line.endIndex, line[position] > 0x20 { position += 1 }
      let token = line[start..<position]
      guard !token.contains(where: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "@") || $0 == UInt8(ascii: "$") })
      else { continue }
      var inside = token.startIndex
      while inside < token.endIndex {
        guard CodeWords.startsWord(token[inside]) else {
          inside += 1
          continue
        }
        let wordStart = inside
        while inside < token.endIndex, CodeWords.isWordByte(token[inside]) { inside += 1 }
        let afterWord = token[inside...].prefix(2)
        let isCall = afterWord.elementsEqual("()".utf8)
        // 'foo*' and 'foo_{a,b}' stand for families of names, 'foo.c' for a file, '-Wfoo' for an option.
        let next = afterWord.first ?? 0x20
        let previous = wordStart > token.startIndex ? token[wordStart - 1] : 0x20
        let isPart = [UInt8(ascii: "*"), UInt8(ascii: "{"), UInt8(ascii: "%"), UInt8(ascii: "-"), UInt8(ascii: "=")]
        let isFile = next == UInt8(ascii: ".") && afterWord.count == 2 && CodeWords.isWordByte(afterWord.last ?? 0)
        guard !isPart.contains(next), !isPart.contains(previous), previous != UInt8(ascii: "."), !isFile,
          previous != UInt8(ascii: "}"), previous != UInt8(ascii: "?"), next != UInt8(ascii: "?")
        else { continue }
        found.append(Mention(word: String(decoding: token[wordStart..<inside], as: UTF8.self), isCall: isCall))
      }
    }
    return found
  }
}
