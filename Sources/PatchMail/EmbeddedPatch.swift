import ByteText
import UnifiedDiff

/// A patch that stands in the text of a reply, with whatever `git show` header precedes it.
struct EmbeddedPatch: Equatable {
  var subject: String?
  var author: MailAddress?
  var date: PostedDate?
  var body: [UInt8] = []
  var diff: [UInt8] = []
  var warnings: [String] = []

  /// The patches in a message's text, in order. Diffs with nothing but empty lines between them are one patch.
  static func find(in info: MailInfo) throws(DiffError) -> [EmbeddedPatch] {
    let text = info.log + info.patch
    let parsed = try UnifiedDiff(parsing: text)
    let lines = text.lineRanges()
    var patches: [EmbeddedPatch] = []
    var behind = 0
    for file in parsed.files {
      let start = file.lineNumber - 1
      let end = min(file.endLineNumber - 1, lines.count)
      guard start >= behind, start < end else { continue }
      let between = lines[behind..<start].map { text[$0] }
      let isNew = patches.isEmpty || between.contains { !$0.allSatisfy(ASCII.isSpace) }
      if isNew { patches.append(EmbeddedPatch(header: between)) }
      patches[patches.count - 1].diff += text[lines[start].lowerBound..<min(lines[end - 1].upperBound + 1, text.count)]
      behind = end
    }
    if !parsed.warnings.isEmpty, !patches.isEmpty { patches[0].warnings += parsed.warnings.map(\.description) }
    return patches
  }

  /// Reads the prose above a diff: from the last `commit`, `Author:` or `From:` line on it is a message, else nothing is.
  private init(header lines: [ArraySlice<UInt8>]) {
    let marks = ["author:", "from:", "subject:", "date:", "authordate:"]
    func isMark(_ line: ArraySlice<UInt8>) -> Bool {
      marks.contains { line.prefix($0.utf8.count).text.lowercased() == $0 }
    }
    guard let last = lines.lastIndex(where: { ASCII.starts($0, with: "author:") || ASCII.starts($0, with: "from:") })
    else { return }
    var index = last
    while index < lines.count, isMark(lines[index]) {
      let line = lines[index]
      let value = ASCII.trimmed(line[((line.firstIndex(of: 0x3A) ?? line.startIndex) + 1)...])
      if ASCII.starts(line, with: "date:") || ASCII.starts(line, with: "authordate:") {
        date = PostedDate(value)
      } else if ASCII.starts(line, with: "subject:") {
        subject = UTF8Text.text(CommitMessage.cleanedSubject(value))
      } else {
        author = MailAddress(from: value)
      }
      index += 1
    }
    // git show indents the message by four
    let text = lines[index...].prefix { !MailReader.startsPatch(slice: $0) }
    let isIndented = text.allSatisfy { $0.isEmpty || $0.prefix(4).allSatisfy { $0 == 0x20 } }
    var body = text.map { isIndented ? Array($0.dropFirst(min(4, $0.count))) : Array($0) }[...]
    body = body.drop { $0.allSatisfy(ASCII.isSpace) }
    if subject == nil, let first = body.first {
      subject = UTF8Text.text(CommitMessage.cleanedSubject(first))
      body = body.dropFirst()
    }
    self.body = Array(body.joined(separator: [0x0A]))
  }
}

extension MailInfo {
  /// How many patches stand in the text; 0 if what looks like one is damaged.
  public var embeddedPatchCount: Int { ((try? EmbeddedPatch.find(in: self)) ?? []).count }

  /// The diffs that stand in the text, one after the other; empty if there are none or they are damaged.
  public var embeddedDiff: [UInt8] { ((try? EmbeddedPatch.find(in: self)) ?? []).flatMap(\.diff) }
}

extension MailReader {
  /// Whether the message ends at this line.
  static func startsPatch(slice line: ArraySlice<UInt8>) -> Bool {
    line.withUnsafeBufferPointer { startsPatch($0) }
  }
}
