import Foundation

/// The gmemkit that was built with the tests: end-to-end tests run it as its users do.
public enum BuiltBinary {
  /// What a run left behind.
  public struct Run: Sendable {
    /// The exit status; 128 + n where signal n ended it.
    public let status: Int32
    /// Standard output.
    public let output: Data
    /// Standard error as text.
    public let errors: String
    /// Standard output as text.
    public var text: String { String(decoding: output, as: UTF8.self) }
  }

  /// Where the binary is: beside the test bundle, in the build's own directory.
  public static let path: String = {
    var directory = URL(filePath: CommandLine.arguments[0]).resolvingSymlinksInPath()
    while directory.path != "/" {
      directory.deleteLastPathComponent()
      let candidate = directory.appending(path: "gmemkit").path
      if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
    }
    return "gmemkit-was-not-built"
  }()

  /// Runs gmemkit to its end.
  ///
  /// - Parameters:
  ///   - arguments: the command line behind the name.
  ///   - input: standard input; empty by default.
  ///   - environment: added to the test's own; the user's git configuration is never read.
  ///   - directory: the working directory.
  public static func run(
    _ arguments: [String], input: Data = Data(), environment: [String: String] = [:], directory: String? = nil
  ) throws -> Run {
    let scratch = URL(filePath: NSTemporaryDirectory()).appending(path: "gmemkit-run-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: scratch) }
    // Files rather than pipes: nothing can block however much is written.
    for name in ["out", "err"] {
      try Data().write(to: scratch.appending(path: name))
    }
    try input.write(to: scratch.appending(path: "in"))
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment
      .merging(["GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"]) { $1 }
      .merging(environment) { $1 }
    if let directory { process.currentDirectoryURL = URL(filePath: directory) }
    process.standardInput = try FileHandle(forReadingFrom: scratch.appending(path: "in"))
    process.standardOutput = try FileHandle(forWritingTo: scratch.appending(path: "out"))
    process.standardError = try FileHandle(forWritingTo: scratch.appending(path: "err"))
    try process.run()
    process.waitUntilExit()
    return Run(
      status: process.terminationReason == .uncaughtSignal
        ? 128 + process.terminationStatus : process.terminationStatus,
      output: try Data(contentsOf: scratch.appending(path: "out")),
      errors: String(decoding: try Data(contentsOf: scratch.appending(path: "err")), as: UTF8.self))
  }
}
