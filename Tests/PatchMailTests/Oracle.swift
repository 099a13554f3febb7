import Foundation

/// Runs git and python3 as witnesses, and keeps the fixtures' place.
enum Oracle {
  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static let fixtures = root.appending(path: "Tests/Fixtures/mail")

  /// The fixtures that are one mail each.
  static let mails: [String] =
    ((try? FileManager.default.contentsOfDirectory(atPath: fixtures.path)) ?? []).filter { $0.hasSuffix(".eml") }
    .sorted()

  /// The thread in the corpus, where there is one beside the repository.
  static func corpus(_ name: String) -> String? {
    let shared = ProcessInfo.processInfo.environment["GMEMKIT_SHARED"] ?? root.appending(path: "../shared").path
    let path = shared + "/corpus/" + name
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }

  static func bytes(_ url: URL) throws -> [UInt8] { [UInt8](try Data(contentsOf: url)) }

  /// A directory that is removed after `body`.
  static func withDirectory<T>(_ body: (URL) throws -> T) throws -> T {
    let directory = URL(filePath: NSTemporaryDirectory()).appending(path: "gmemkit-mail-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    return try body(directory)
  }

  @discardableResult
  static func run(_ command: [String], input: [UInt8] = [], in directory: URL) throws -> (
    status: Int32, output: [UInt8]
  ) {
    let unique = UUID().uuidString
    let scratch = URL(filePath: NSTemporaryDirectory())
    let source = scratch.appending(path: "gmemkit-in-\(unique)")
    let output = scratch.appending(path: "gmemkit-out-\(unique)")
    try Data(input).write(to: source)
    try Data().write(to: output)
    defer {
      try? FileManager.default.removeItem(at: source)
      try? FileManager.default.removeItem(at: output)
    }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    process.currentDirectoryURL = directory
    process.environment = ProcessInfo.processInfo.environment.merging([
      "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C.UTF-8", "TZ": "UTC",
      "GIT_COMMITTER_NAME": "C", "GIT_COMMITTER_EMAIL": "c@example.org", "GIT_AUTHOR_NAME": "A",
      "GIT_AUTHOR_EMAIL": "a@example.org",
    ]) { $1 }
    process.standardInput = try FileHandle(forReadingFrom: source)
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return (process.terminationStatus, try bytes(output))
  }

  /// What `git mailsplit` and `git mailinfo` make of one mail.
  struct GitMail: Equatable {
    var author = ""
    var email = ""
    var subject = ""
    var date = ""
    var log: [UInt8] = []
    var patch: [UInt8] = []
  }

  static func mailinfo(_ mail: [UInt8], scissors: Bool = false) throws -> GitMail {
    try withDirectory { directory in
      try Data(mail).write(to: directory.appending(path: "mail"))
      try run(["git", "mailsplit", "-b", "-o.", "mail"], in: directory)
      let split = try bytes(directory.appending(path: "0001"))
      let flags = scissors ? ["--scissors"] : []
      let (_, output) = try run(["git", "mailinfo"] + flags + ["msg", "patch"], input: split, in: directory)
      var git = GitMail()
      for line in output.split(separator: 0x0A) {
        func value(_ name: String) -> String? {
          line.starts(with: name.utf8) ? String(decoding: line.dropFirst(name.utf8.count), as: UTF8.self) : nil
        }
        git.author = value("Author: ") ?? git.author
        git.email = value("Email: ") ?? git.email
        git.subject = value("Subject: ") ?? git.subject
        git.date = value("Date: ") ?? git.date
      }
      git.log = try bytes(directory.appending(path: "msg"))
      git.patch = try bytes(directory.appending(path: "patch"))
      return git
    }
  }
}
