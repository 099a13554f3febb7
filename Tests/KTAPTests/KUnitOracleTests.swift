import Foundation
import KTAP
import Testing

/// The kernel's own parser as the oracle, on the kernel's own logs: `GMEMKIT_KERNEL_TREE=…` names an unpacked kernel.
@Suite(.enabled(if: KernelTree.path != nil, "GMEMKIT_KERNEL_TREE names no kernel tree"))
struct KUnitOracleTests {
  @Test(arguments: KernelTree.logs)
  func theTreeIsTheSame(log: String) throws {
    let oracle = try KernelTree.kunit(log)
    let ours = KernelLog(try KernelTree.read(log))
    // kunit.py takes kselftest's nested results for text; we read them.
    let depth = log.contains("kselftest") ? 1 : Int.max
    #expect(Self.flat(ours.tests, depth: 0, limit: depth) == oracle.tests)
    #expect(Self.overall(ours) == oracle.status)
  }

  private static func flat(_ tests: [TestResult], depth: Int, limit: Int) -> [String] {
    guard depth < limit else { return [] }
    return tests.flatMap { test in
      ["\(depth) \(status(test)) \(test.name)"] + flat(test.subtests, depth: depth + 1, limit: limit)
    }
  }

  private static func status(_ test: TestResult) -> String {
    if test.notes.contains("0 tests run") { return "NO_TESTS" }
    switch test.status {
    case .passed, .expectedFailure: return "SUCCESS"
    case .failed, .timedOut, .errored: return "FAILURE"
    case .skipped: return "SKIPPED"
    case .crashed: return "TEST_CRASHED"
    }
  }

  private static func overall(_ log: KernelLog) -> String {
    if !log.hasReport { return "FAILURE_TO_PARSE_TESTS" }
    if log.counts.total == 0 { return "NO_TESTS" }
    switch log.status {
    case .passed, .expectedFailure: return "SUCCESS"
    case .failed, .timedOut, .errored: return "FAILURE"
    case .skipped: return "SKIPPED"
    case .crashed: return "TEST_CRASHED"
    }
  }
}

/// A kernel tree that is there or not.
enum KernelTree {
  static let path = ProcessInfo.processInfo.environment["GMEMKIT_KERNEL_TREE"]

  static let logs: [String] = {
    guard let path else { return [] }
    let directory = path + "/tools/testing/kunit/test_data"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
    return names.filter { $0.hasSuffix(".log") }.sorted()
  }()

  static func read(_ log: String) throws -> [UInt8] {
    try Array(Data(contentsOf: URL(fileURLWithPath: "\(path ?? "")/tools/testing/kunit/test_data/\(log)")))
  }

  /// What kunit_parser.py makes of a log: `depth STATUS name` per test, and the status of all.
  static func kunit(_ log: String) throws -> (tests: [String], status: String) {
    let script = """
      import sys, io
      sys.path.insert(0, sys.argv[1] + '/tools/testing/kunit')
      real = sys.stdout
      sys.stdout = io.StringIO()
      import kunit_parser
      kunit_parser.stdout._output = sys.stdout if hasattr(kunit_parser.stdout, '_output') else None
      with open(sys.argv[1] + '/tools/testing/kunit/test_data/' + sys.argv[2], errors='backslashreplace') as f:
          result = kunit_parser.parse_run_tests(f.readlines())
      sys.stdout = real
      def show(test, depth):
          for sub in test.subtests:
              if not sub.name and not sub.subtests:
                  continue
              print(depth, sub.status.name, sub.name)
              show(sub, depth + 1)
      show(result, 0)
      print(result.status.name)
      """
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["python3", "-B", "-c", script, path ?? "", log]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    var lines = String(decoding: data, as: UTF8.self).split(separator: "\n").map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    let last = lines.popLast()
    let status = try #require(last)
    return (lines, status)
  }
}
