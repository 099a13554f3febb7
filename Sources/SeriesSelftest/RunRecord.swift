import ByteText
import Findings
import KernelBuild
import KernelTree
import SelftestPlan
import SystemPackage
import VirtualMachine

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What a run leaves behind so that it can be read and repeated without gmemkit.
struct RunRecord {
  let suite: SeriesSelftest
  let output: FilePath
  let make: KernelMake

  func write(_ report: SelftestReport) throws(BuildError) {
    try output.appending("result.json").write(report.json.document)
    try output.appending("report.txt").write(Array(report.text.utf8))
    try output.appending("commands.sh").write(
      Array(("#!/bin/sh\n" + make.history.lines.joined(separator: "\n") + "\n").utf8))
    for subject in suite.tested {
      let directory = output.appending("patch-\(subject.number)")
      guard directory.exists else { continue }
      try directory.appending("replay.sh").write(Array(replay(subject).text.utf8), mode: 0o755)
    }
  }

  private func replay(_ subject: SelftestSubject) -> ReplayScript {
    ReplayScript(
      what: subject.number == 0 ? "the base" : "patch \(subject.number)", commit: subject.commit.hex,
      tree: subject.tree.hex, repository: Self.absolute(suite.repository.path),
      target: suite.architecture.target)
  }

  /// The path from the root; the script is not called from where we were.
  private static func absolute(_ path: String) -> String {
    guard let resolved = realpath(path, nil) else { return path }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// A run's name as a file's.
  static func fileName(_ name: String) -> String {
    String(name.map { $0.isLetter || $0.isNumber || $0 == "." || $0 == "-" || $0 == "_" ? $0 : "-" })
  }
}
