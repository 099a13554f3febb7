import Foundation
import TestSupport

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A directory with a patch that adds faulty test programs to the kernel's selftests, and runs of gmemkit on it.
final class FaultBench {
  let directory = NSTemporaryDirectory() + "gmemkit-fault-" + UUID().uuidString
  /// In the environment of everything that this bench starts.
  private let mark = UUID().uuidString

  init() throws {
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: directory) }

  private var series: String { directory + "/fault.patch" }
  private var output: String { directory + "/out" }

  /// Writes the patch: a directory of selftests with a program per fault, and whatever else it changes.
  func write(faults: [String], more: String = "") throws {
    let source = try String(
      contentsOf: MainJob.root.appending(path: "Tests/Fixtures/Faults/fault.c"), encoding: .utf8)
    var files = [
      ("Makefile", "CFLAGS += -O1\nTEST_GEN_PROGS := \(faults.joined(separator: " "))\ninclude ../lib.mk\n"),
      // The same for every fault, so that one kernel serves them all.
      ("config", "CONFIG_LKDTM=y\nCONFIG_DEBUG_FS=y\nCONFIG_MAGIC_SYSRQ=y\n"),
      // Seconds; an emulated guest gets four times as much.
      ("settings", "timeout=2\n"),
    ]
    for fault in faults {
      files.append((fault + ".c", source.replacing("FAULT()", with: fault + "()")))
    }
    let diffs = files.map { name, text in Self.newFile("tools/testing/selftests/faults/" + name, text) }.joined()
    try Data(
      """
      From 0000000000000000000000000000000000000000 Mon Sep 17 00:00:00 2001
      From: A Tester <tester@example.org>
      Date: Mon, 3 Nov 2025 10:00:00 +0100
      Subject: [PATCH] selftests/faults: Add \(faults.joined(separator: ", "))

      Programs that do not end well.

      Signed-off-by: A Tester <tester@example.org>
      ---
      \(more)\(diffs)--
      2.39.5

      """.utf8
    ).write(to: URL(filePath: series))
  }

  /// A kernel that does not come up.
  static let panicAtBoot = """
    diff --git a/kernel/ksysfs.c b/kernel/ksysfs.c
    --- a/kernel/ksysfs.c
    +++ b/kernel/ksysfs.c
    @@ -1,2 +1,10 @@
     // SPDX-License-Identifier: GPL-2.0-only
    +#include <linux/init.h>
    +#include <linux/panic.h>
    +
    +static int __init no_further(void)
    +{
    +\tpanic("no further");
    +}
    +late_initcall(no_further);
     /*

    """

  private static func newFile(_ path: String, _ text: String) -> String {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
    return """
      diff --git a/\(path) b/\(path)
      new file mode 100644
      --- /dev/null
      +++ b/\(path)
      @@ -0,0 +1,\(lines.count) @@
      \(lines.map { "+\($0)\n" }.joined())
      """
  }

  /// An executable in the bench's directory.
  func script(_ name: String, _ text: String) throws {
    try Data(text.utf8).write(to: URL(filePath: directory + "/" + name))
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: directory + "/" + name)
  }

  /// `gmemkit selftest` on the patch, ready to run.
  func process(_ arguments: [String]) -> Process {
    let process = Process()
    process.executableURL = URL(filePath: BuiltBinary.path)
    process.arguments = ["selftest", series, "--accel", "tcg", "--output", output] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(["GMEMKIT_FAULT_MARK": mark]) { $1 }
    process.standardOutput = FileHandle.nullDevice
    return process
  }

  /// `gmemkit selftest` on the patch, to its end.
  func run(_ environment: [String: String], arguments: [String] = ["--json", "--fresh"]) throws -> BuiltBinary.Run {
    try BuiltBinary.run(
      ["selftest", series, "--accel", "tcg", "--output", output] + arguments,
      environment: environment.merging(["GMEMKIT_FAULT_MARK": mark]) { $1 })
  }

  /// What this bench started and still runs; a killed process may take a moment to go.
  var processes: [Int32] {
    for _ in 0..<500 where !running.isEmpty { usleep(10_000) }
    return running
  }

  private var running: [Int32] {
    let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return entries.compactMap { Int32($0) }.filter { process in
      guard let environment = try? Data(contentsOf: URL(filePath: "/proc/\(process)/environ")) else { return false }
      return process != getpid() && environment.range(of: Data(mark.utf8)) != nil
    }
  }

  /// Pipes and half-written files in the results.
  var leftovers: [String] {
    let names = FileManager.default.enumerator(atPath: output)?.compactMap { $0 as? String } ?? []
    return names.filter { $0.hasSuffix(".partial") || $0.hasSuffix(".pipe") }
  }
}
