import Foundation

/// Random files and their diffs by git and diff(1).
enum DiffOracle {
  /// A small generator with a seed, so that a failure can be run again.
  struct Random: RandomNumberGenerator {
    var state: UInt64
    init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }
    mutating func next() -> UInt64 {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return state
    }
  }

  /// Lines from a small vocabulary, so that they repeat as code's do.
  static func file(_ random: inout Random, lines: Int, vocabulary: Int = 12, endsInNewline: Bool = true) -> [UInt8] {
    var text: [UInt8] = []
    for index in 0..<lines {
      switch Int.random(in: 0..<10, using: &random) {
      case 0: break
      case 1: text += Array("}".utf8)
      case 2: text += [0x09, 0xC3, 0x28, 0xFF]
      default: text += Array("\tcall_\(Int.random(in: 0..<vocabulary, using: &random))();".utf8)
      }
      if index < lines - 1 || endsInNewline { text.append(0x0A) }
    }
    return text
  }

  /// The file with some lines removed, added and changed.
  static func edited(_ file: [UInt8], _ random: inout Random, edits: Int) -> [UInt8] {
    var lines = file.split(separator: 0x0A, omittingEmptySubsequences: false).map(Array.init)
    for _ in 0..<edits {
      let at = Int.random(in: 0...max(0, lines.count - 1), using: &random)
      switch Int.random(in: 0..<3, using: &random) {
      case 0 where !lines.isEmpty: lines.remove(at: at)
      case 1: lines.insert(Array("\tadded_\(Int.random(in: 0..<4, using: &random))();".utf8), at: at)
      default: if lines.indices.contains(at) { lines[at] += Array(" /* changed */".utf8) }
      }
    }
    return Array(lines.joined(separator: [0x0A]))
  }

  static func withDirectory<T>(_ body: (URL) throws -> T) throws -> T {
    let directory = URL(filePath: NSTemporaryDirectory()).appending(path: "gmemkit-diff-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    return try body(directory)
  }

  @discardableResult
  static func run(_ command: [String], in directory: URL) throws -> (status: Int32, output: [UInt8]) {
    let output = URL(filePath: NSTemporaryDirectory()).appending(path: "gmemkit-out-\(UUID().uuidString)")
    try Data().write(to: output)
    defer { try? FileManager.default.removeItem(at: output) }
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = command
    process.currentDirectoryURL = directory
    process.environment = ProcessInfo.processInfo.environment.merging([
      "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_CEILING_DIRECTORIES": "/",
      "GIT_COMMITTER_NAME": "C", "GIT_COMMITTER_EMAIL": "c@example.org", "GIT_AUTHOR_NAME": "A",
      "GIT_AUTHOR_EMAIL": "a@example.org",
    ]) { $1 }
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    return (process.terminationStatus, [UInt8](try Data(contentsOf: output)))
  }

  static func write(_ bytes: [UInt8], _ url: URL) throws { try Data(bytes).write(to: url) }
  static func read(_ url: URL) throws -> [UInt8] { [UInt8](try Data(contentsOf: url)) }
}
