import Foundation

/// What one run of a command cost.
struct Cost {
  var wall: Double
  var user: Double
  var system: Double
  /// Peak resident memory in MiB, of the largest process of the run.
  var memory: Double
  var status: Int32
}

enum Child {
  /// Runs a command to its end, its output thrown away or written to a file, and measures it.
  static func run(_ arguments: [String], in directory: String, input: String? = nil, output: String? = nil) throws
    -> Cost
  {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, input ?? "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, 1, output ?? "/dev/null", O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    if ProcessInfo.processInfo.environment["VERBOSE"] == nil {
      posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    }
    // env(1) changes the directory and becomes the command, so that the costs are the command's own.
    let words = ["env", "-C", directory] + arguments
    var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { argv.forEach { free($0) } }
    let start = ContinuousClock().now
    var process = pid_t()
    guard posix_spawnp(&process, "env", &actions, nil, &argv, environ) == 0 else {
      throw BenchmarkError(what: "cannot start \(arguments[0])")
    }
    var status: Int32 = 0
    var usage = rusage()
    while wait4(process, &status, 0, &usage) < 0, errno == EINTR {}
    let wall = start.duration(to: ContinuousClock().now)
    return Cost(
      wall: Double(wall.components.seconds) + Double(wall.components.attoseconds) / 1e18,
      user: Double(usage.ru_utime.tv_sec) + Double(usage.ru_utime.tv_usec) / 1e6,
      system: Double(usage.ru_stime.tv_sec) + Double(usage.ru_stime.tv_usec) / 1e6,
      memory: Double(usage.ru_maxrss) / 1024, status: status)
  }

  /// Runs git and returns its output; any failure ends the benchmark.
  @discardableResult
  static func git(_ arguments: [String], in directory: String, input: String? = nil) throws -> String {
    let output = NSTemporaryDirectory() + "apply-benchmark-\(getpid()).out"
    defer { unlink(output) }
    let cost = try run(["git"] + arguments, in: directory, input: input, output: output)
    guard cost.status == 0 else { throw BenchmarkError(what: "git \(arguments.joined(separator: " ")) failed") }
    return try String(contentsOfFile: output, encoding: .utf8).trimmingCharacters(in: .newlines)
  }
}

struct BenchmarkError: Error, CustomStringConvertible {
  var what: String
  var description: String { what }
}
