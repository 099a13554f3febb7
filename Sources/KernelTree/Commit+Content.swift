extension Commit {
  /// A commit object's bytes.
  ///
  /// Written here and not by git_commit_create, which reads every parent again and takes a message that ends at its first
  /// NUL.
  ///
  /// - Throws: ``TreeError`` when a name is empty or the message holds a NUL byte.
  public static func content(
    tree: ObjectID, parents: [ObjectID], author: Signature, committer: Signature, message: [UInt8]
  ) throws(TreeError) -> [UInt8] {
    guard !message.contains(0) else {
      throw TreeError(.failed, "make a commit of", tree.hex, reason: "its message holds a NUL byte")
    }
    var text = "tree \(tree.hex)\n"
    for parent in parents { text += "parent \(parent.hex)\n" }
    text += "author \(try author.commitLine())\ncommitter \(try committer.commitLine())\n\n"
    return Array(text.utf8) + message
  }
}

extension Signature {
  /// The signature as it stands in a commit: `Name <address> seconds +hhmm`.
  func commitLine() throws(TreeError) -> String {
    // git drops these from both ends, and refuses or mangles brackets and line breaks anywhere.
    func clean(_ text: String) -> String {
      let kept = text.unicodeScalars.filter { $0 != "<" && $0 != ">" && $0 != "\n" && $0.value != 0 }
      func crud(_ scalar: Unicode.Scalar) -> Bool { scalar.value <= 32 || ".,:;\"\\'".unicodeScalars.contains(scalar) }
      let front = kept.drop(while: crud)
      var end = front.endIndex
      while end > front.startIndex, crud(front[front.index(before: end)]) { end = front.index(before: end) }
      var cleaned = String.UnicodeScalarView()
      cleaned.append(contentsOf: front[front.startIndex..<end])
      return String(cleaned)
    }
    let cleanName = clean(name)
    guard !cleanName.isEmpty else {
      throw TreeError(.invalidName, "sign a commit as", "\(name) <\(email)>", reason: "the name is empty")
    }
    let offset = max(-1439, min(1439, offsetMinutes))
    let digits = String(abs(offset) / 60 * 100 + abs(offset) % 60)
    let padded = String(repeating: "0", count: 4 - digits.count) + digits
    return "\(cleanName) <\(clean(email))> \(max(0, secondsSince1970)) \(offset < 0 ? "-" : "+")\(padded)"
  }
}
