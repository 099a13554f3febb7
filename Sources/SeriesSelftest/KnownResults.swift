import Foundation
import KernelBuild
import KernelTree
import SelftestHarness
import SelftestPlan
import SystemPackage
import VirtualMachine

/// Results by their inputs, so that an unchanged series need not run again.
struct KnownResults: Sendable {
  let directory: FilePath

  /// The acceleration of the last run that was kept.
  var acceleration: String? {
    directory.appending("acceleration").contents().map { String(decoding: $0, as: UTF8.self) }
  }

  /// The result for these inputs; the number, subject and commit are the present ones.
  func result(for inputs: String, like subject: SelftestSubject) -> PatchResult? {
    guard let bytes = path(inputs).contents(),
      let kept = try? JSONDecoder().decode(Kept.self, from: Data(bytes)), kept.inputs == inputs
    else { return nil }
    var result = PatchResult(subject)
    result.build = kept.result.build
    result.boot = kept.result.boot
    result.errors = kept.result.errors
    result.warnings = kept.result.warnings
    result.runs = kept.result.runs
    result.tests = kept.result.tests
    result.phases = kept.result.phases
    result.coverage = kept.result.coverage
    result.sameAs = kept.result.sameAs
    result.hasDeferred = kept.result.hasDeferred
    result.directory = kept.result.directory
    result.isKnown = true
    return result
  }

  /// Keeps a result. One that cannot be kept only costs the next run its time.
  func keep(_ result: PatchResult, for inputs: String, acceleration guests: GuestStage?) {
    guard let data = try? JSONEncoder().encode(Kept(inputs: inputs, result: result)) else { return }
    try? directory.makeDirectories()
    try? path(inputs).replace(Array(data))
    if let guests { try? directory.appending("acceleration").replace(Array(guests.acceleration.description.utf8)) }
  }

  private func path(_ inputs: String) -> FilePath { directory.appending(keptName(of: inputs)) }

  private struct Kept: Codable {
    let inputs: String
    let result: PatchResult
  }
}

/// Plans by their inputs: reading a whole tree's Kconfig and Kbuild is most of what a run without work costs.
struct KnownPlans: Sendable {
  let directory: FilePath

  /// The plan for these inputs, and the harness that goes with it.
  func plan(for inputs: String) -> (SelftestPlan, SelftestHarness)? {
    guard let bytes = directory.appending(keptName(of: inputs)).contents(),
      let kept = try? JSONDecoder().decode(Kept.self, from: Data(bytes)), kept.inputs == inputs
    else { return nil }
    return (kept.plan, kept.harness)
  }

  /// Keeps a plan. One that cannot be kept only costs the next run its time.
  func keep(_ plan: SelftestPlan, _ harness: SelftestHarness, for inputs: String) {
    guard let data = try? JSONEncoder().encode(Kept(inputs: inputs, plan: plan, harness: harness)) else { return }
    try? directory.makeDirectories()
    try? directory.appending(keptName(of: inputs)).replace(Array(data))
  }

  private struct Kept: Codable {
    let inputs: String
    let plan: SelftestPlan
    let harness: SelftestHarness
  }
}

/// The name of the file that keeps what has these inputs; the file holds the inputs too, so a collision is only a miss.
private func keptName(of inputs: String) -> String {
  let digest = inputs.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  return String(digest, radix: 16) + ".json"
}

extension PatchResult {
  /// Whether the same inputs would give the same result: not so where time ran out, which a busy machine can cause.
  var isLasting: Bool {
    build == "built" && boot == "booted"
      && !tests.contains { $0.result == .notRun || $0.result == .crash || $0.message.hasPrefix("timeout") }
  }
}
