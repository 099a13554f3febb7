extension [UInt8] {
  /// Whether `word` occurs as a whole word.
  ///
  /// - Complexity: O(n) for words of the kind that identifiers are.
  public func holdsWord(_ word: String) -> Bool {
    let wanted = Array(word.utf8)
    guard let first = wanted.first, count >= wanted.count else { return false }
    var position = 0
    while position <= count - wanted.count {
      guard self[position] == first, self[position..<position + wanted.count].elementsEqual(wanted) else {
        position += 1
        continue
      }
      let after = position + wanted.count
      let startsHere = position == 0 || !CodeWords.isWordByte(self[position - 1])
      if startsHere && (after == count || !CodeWords.isWordByte(self[after])) { return true }
      position += wanted.count
    }
    return false
  }
}

extension CodeWords {
  static func isWordByte(_ byte: UInt8) -> Bool { startsWord(byte) || isDigit(byte) }
}
