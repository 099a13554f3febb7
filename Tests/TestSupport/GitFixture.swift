import Foundation

/// A throw-away git repository, driven by the real git.
public final class GitFixture: Sendable {
  /// Its work tree's top directory.
  public let path: String

  /// Makes an empty repository with `git init`.
  public init(_ options: [String] = []) throws {
    path = NSTemporaryDirectory() + "gmemkit-git-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    try git(["init", "-q", "-b", "master"] + options)
    try git("config", "user.name", "A Committer")
    try git("config", "user.email", "committer@example.org")
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file of the work tree.
  public func write(_ name: String, _ text: String) throws {
    let url = URL(fileURLWithPath: path + "/" + name)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }

  /// Commits everything; returns the commit's name.
  @discardableResult
  public func commit(_ subject: String) throws -> String {
    try git("add", "-A", "-f")
    try git("commit", "-q", "--allow-empty", "-m", subject)
    return try git("rev-parse", "HEAD")
  }

  /// Runs git in the repository and returns its output without the last line ends.
  @discardableResult
  public func git(_ arguments: String...) throws -> String { try git(arguments) }

  /// Runs git in the repository and returns its output without the last line ends.
  @discardableResult
  public func git(_ arguments: [String]) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["git", "-C", path] + arguments
    var environment = ProcessInfo.processInfo.environment
    environment["GIT_CONFIG_NOSYSTEM"] = "1"
    process.environment = environment
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw GitFailure(arguments: arguments) }
    return String(decoding: data, as: UTF8.self).trimmingCharacters(in: .newlines)
  }
}

/// A git command that failed.
public struct GitFailure: Error {
  let arguments: [String]
}
