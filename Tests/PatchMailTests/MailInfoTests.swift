import Foundation
import PatchMail
import Testing

/// Every sample against `git mailinfo`: author, address, date, subject, message and patch, byte for byte.
@Suite struct MailInfoTests {
  /// Where we differ on purpose; docs/mail.md has the reasons. What stands here must differ, else the list is stale.
  static let differences: [String: Set<String>] = [
    "base64-crlf.eml": ["log", "patch"],
    "base64-odd-lines.eml": ["log", "patch"],
    "charset-unnamed-latin1.eml": ["log"],
    "crlf-file.eml": ["patch"],
    "encoded-word-broken.eml": ["log", "patch"],
    "in-body-all.eml": ["date"],
    "in-body-format-patch.eml": ["date"],
    "in-body-latin2.eml": ["author"],
    "multipart-base64-no-newline.eml": ["patch"],
    "multipart-html.eml": ["log", "patch"],
    "raw-latin1-headers.eml": ["author", "subject"],
  ]

  @Test(arguments: Oracle.mails)
  func agreesWithGit(_ name: String) throws {
    let mail = try Oracle.bytes(Oracle.fixtures.appending(path: name))
    let git = try Oracle.mailinfo(mail)
    let ours = try MailInfo(parsing: mail)
    var differing: Set<String> = []
    func compare<T: Equatable>(_ field: String, _ left: T, _ right: T) {
      if left != right { differing.insert(field) }
      if left != right, Self.differences[name]?.contains(field) != true {
        Issue.record("\(name): \(field): ours \(show(left)), git \(show(right))")
      }
    }
    compare("author", ours.author.name, git.author)
    compare("email", ours.author.email, git.email)
    compare("subject", ours.subject, git.subject)
    compare("date", ours.date, git.date)
    compare("log", ours.log, git.log)
    compare("patch", ours.patch, git.patch)
    #expect(differing == Self.differences[name] ?? [])
  }

  private func show(_ value: some Equatable) -> String {
    if let bytes = value as? [UInt8] { return String(decoding: bytes.prefix(2000), as: UTF8.self).debugDescription }
    return "\(value)".debugDescription
  }
}
