import Foundation
import TestSupport
import Testing

extension KernelJobs {
  /// The main job on the real thing: Debian's kernel source, a kernel built from it, booted in QEMU.
  @Suite struct VerdictTests {
    struct Verdict: Decodable {
      struct Cell: Decodable {
        let state: String
        let words: String
        let reasons: [String]
      }
      struct Patch: Decodable {
        let applies: Cell
        let findings: Cell
        let builds: Cell
        let boots: Cell
        let tests: Cell
        var states: [String] { [applies, builds, boots, tests].map(\.state) }
      }
      let verdict: String
      let accel: String?
      let patches: [Patch]
    }

    /// The verdict on one patch, and the exit status with its line.
    private func check(_ path: String) throws -> (patch: Verdict.Patch, verdict: Verdict, run: BuiltBinary.Run) {
      let run = try BuiltBinary.run(["check", "--json", MainJob.root.appending(path: path).path])
      let verdict = try #require(
        try? JSONDecoder().decode(Verdict.self, from: run.output), "no verdict: \(run.errors.suffix(2000))")
      #expect(verdict.patches.count == 1)
      return (try #require(verdict.patches.first), verdict, run)
    }

    @Test func aSoundPatchIsGreenInEveryColumn() throws {
      let folder = MainJob.root.appending(path: "patches/guest-memfd-2m")
      let first = try #require(
        try FileManager.default.contentsOfDirectory(atPath: folder.path).first { $0.hasPrefix("0001-") })
      let (patch, verdict, run) = try check("patches/guest-memfd-2m/\(first)")
      #expect(run.status == 0, "\(patch) \(run.errors.suffix(2000))")
      #expect(patch.states == ["green", "green", "green", "green"])
      #expect(patch.findings.state == "green")
      #expect(verdict.verdict == "green")
      #expect(verdict.accel?.isEmpty == false)
      #expect(try #require(patch.tests.words.split(separator: " ").first.flatMap { Int($0) }) >= 3)
    }

    @Test func ourSeriesHasNoFinding() throws {
      let series = MainJob.root.appending(path: "patches/guest-memfd-2m").path
      let applied = try BuiltBinary.run(["apply", series, "--dry-run"])
      #expect(applied.status == 0, "\(applied.errors.suffix(2000))")
      // That has put the tree into the cache.
      let environment = ProcessInfo.processInfo.environment
      let home = environment["XDG_CACHE_HOME"] ?? environment["HOME"].map { $0 + "/.cache" }
      let cache = URL(filePath: try #require(home)).appending(path: "gmemkit")
      let tree = try #require(
        try FileManager.default.contentsOfDirectory(atPath: cache.path).sorted()
          .last { $0.hasPrefix("linux-6.12.") && $0.hasSuffix(".git") })
      let run = try BuiltBinary.run(["lint", series, "--tree", cache.appending(path: tree).path])
      #expect(run.status == 0, "\(run.text) \(run.errors.suffix(2000))")
      #expect(run.text.isEmpty)
      #expect(run.errors.contains("no findings"))
    }

    @Test func aPatchThatDoesNotApplyIsRedThereAndRunsNowhere() throws {
      let (patch, _, run) = try check("Tests/Fixtures/Broken/does-not-apply.patch")
      #expect(run.status == 2)
      #expect(patch.states == ["red", "not-run", "not-run", "not-run"])
      let reasons = patch.applies.reasons.joined(separator: "\n")
      #expect(reasons.contains("virt/kvm/guest_memfd.c: hunk 2"))
      #expect(reasons.contains("All operations in flight are gone"))
      #expect(reasons.contains("All in-flight operations are gone"))
    }

    @Test func aPatchThatDoesNotCompileIsRedThere() throws {
      let (patch, _, run) = try check("Tests/Fixtures/Broken/does-not-compile.patch")
      #expect(run.status == 3)
      #expect(patch.states == ["green", "red", "not-run", "not-run"])
      #expect(
        patch.builds.reasons.contains { $0.contains("virt/kvm/guest_memfd.c") && $0.contains("undeclared") })
    }

    @Test func aPatchThatDeadlocksUnderLockdepIsRedThere() throws {
      let (patch, _, run) = try check("Tests/Fixtures/Broken/deadlocks.patch")
      #expect(run.status == 1)
      #expect(patch.applies.state == "green")
      #expect(patch.builds.state == "green")
      #expect(patch.boots.state == "red")
      #expect(patch.boots.reasons.contains { $0.contains("possible circular locking dependency") })
    }

    @Test func aPatchThatFailsATestIsRedThere() throws {
      let (patch, _, run) = try check("Tests/Fixtures/Broken/fails-a-test.patch")
      #expect(run.status == 1)
      #expect(patch.states == ["green", "green", "green", "red"])
      #expect(patch.tests.reasons.contains { $0.contains("guest_memfd_test") })
    }
  }
}
