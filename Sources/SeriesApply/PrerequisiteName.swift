import KernelTree
import PatchMail

/// What to look for in a repository to find a prerequisite.
struct PrerequisiteName {
  /// The patch id, where that is how it is named.
  var patchID: ObjectID?
  /// Whether it says to be a patch id and is none.
  var isMalformedPatchID = false
  /// Names of commits, branches or tags.
  var revisions: [String] = []
  /// What the message of the commit would hold: its subject, or the id of the mail that it was posted as.
  var needles: [String] = []

  init(_ item: Prerequisite) {
    switch item.kind {
    case .patchID:
      patchID = ObjectID(hex: item.value.prefix { $0.isHexDigit })
      isMalformedPatchID = patchID == nil
    case .commit:
      revisions = [item.value]
      if !item.text.isEmpty { needles = [item.text] }
    case .messageID, .changeID:
      needles = [Self.messageID(in: item.text) ?? item.value]
    case .basedOn, .dependsOn:
      readFree(item.text)
    }
  }

  /// `Depends-on:` and `Based-on:` hold what people write: a message id, an archive's address, a commit with its subject,
  /// a branch, the subject of a posting.
  private mutating func readFree(_ text: String) {
    if let id = Self.messageID(in: text) {
      needles = [id]
      return
    }
    let words = text.split(whereSeparator: { $0 == " " || $0 == "\t" }).map(String.init)
    for word in words.prefix(3) where word.count >= 7 && word.count <= 40 && word.allSatisfy(\.isHexDigit) {
      revisions.append(word.lowercased())
    }
    if words.count == 1 { revisions.append(words[0]) }
    if let open = text.firstRange(of: "(\""), let close = text.firstRange(of: "\")"), open.upperBound < close.lowerBound
    {
      needles.append(String(text[open.upperBound..<close.lowerBound]))
    } else if revisions.isEmpty {
      let subject = SubjectLine(text).title
      if subject.count >= 8 { needles.append(subject) }
    }
  }

  /// The id in `<a@b>`, `a@b`, `id:a@b` or `https://archive/list/a@b/`; nil where there is none.
  private static func messageID(in text: String) -> String? {
    for word in text.split(whereSeparator: { $0 == " " || $0 == "\t" || $0 == "<" || $0 == ">" || $0 == "," }) {
      let parts = word.split(separator: "/")
      guard let part = parts.last(where: { $0.contains("@") }) else { continue }
      let id = part.hasPrefix("id:") ? part.dropFirst(3) : part
      if id.count > 3 { return String(id) }
    }
    return nil
  }
}
