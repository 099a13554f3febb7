import ByteText
import SystemPackage

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Decides by trying whether guests can use the host's KVM with hardware virtualisation inside.
///
/// The device node proves nothing: hosts that are guests themselves often have `/dev/kvm` and cannot run a nested guest's
/// KVM, or hang in its first instruction. So a guest is booted with `-accel kvm` and short deadlines, and in it a nested
/// guest has to execute three instructions. The answer holds until the host reboots and is kept per boot.
public enum AccelerationProbe {
  /// The acceleration for guests of the architecture of `guestInit` on this host.
  ///
  /// - Parameters:
  ///   - kernel: a kernel with KVM, as the tests will use it.
  ///   - cache: a directory for the answer.
  ///   - scratch: an existing directory for the probe's boot.
  /// - Throws: ``MachineError`` if the guest could not be started for a reason that has nothing to do with acceleration.
  public static func decide(
    kernel: FilePath, guestInit: GuestInit, cache: FilePath, scratch: FilePath
  ) async throws(MachineError) -> Acceleration {
    let architecture = guestInit.architecture
    guard architecture == Architecture.host else {
      return Acceleration(.tcg, reason: "\(architecture.name) guests are emulated on this processor")
    }
    guard access("/dev/kvm", R_OK | W_OK) == 0 else {
      let why = errno == EACCES ? "/dev/kvm is not accessible to this user" : "this host has no /dev/kvm"
      return Acceleration(.tcg, reason: "\(why); nested virtualisation is emulated")
    }
    let record = cache.appending("acceleration-\(architecture.name)")
    if let known = remembered(record) { return known }

    let outcome = try await boot(kernel, guestInit, scratch)
    let (decision, lasting) = judged(outcome)
    if lasting { try? remember(decision, record) }
    return decision
  }

  private static func boot(
    _ kernel: FilePath, _ guestInit: GuestInit, _ scratch: FilePath
  ) async throws(MachineError) -> BootOutcome {
    let machine = GuestMachine(
      guestInit: guestInit, kernel: kernel, acceleration: Acceleration(.kvm, reason: "probe"), processors: 1,
      memoryMiB: 512,
      deadlines: BootDeadlines(
        firmware: .seconds(8), kernel: .seconds(15), initialized: .seconds(5), testSlack: .seconds(7),
        shutdown: .seconds(5)))
    let plan = GuestPlan([
      GuestTest("nested virtualisation", command: ["/init", "kvm-probe"], timeout: .seconds(5))
    ])
    return try await machine.run(plan, files: [], in: scratch)
  }

  /// The decision, and whether it speaks of the host: a panic or a kernel without KVM speaks of the kernel.
  private static func judged(_ outcome: BootOutcome) -> (Acceleration, lasting: Bool) {
    switch outcome.verdict {
    case .passed:
      if outcome.report.text.contains("# SKIP") {
        return (Acceleration(.kvm, reason: "guests boot on it; the probed kernel has no KVM of its own"), false)
      }
      return (Acceleration(.kvm, reason: "a nested guest ran in the probe"), true)
    case .testsFailed:
      let line = outcome.report.text.split(separator: "\n").first { $0.hasPrefix("# KVM") || $0.hasPrefix("# no ") }
      let detail = line.map { ": " + $0.dropFirst(2) } ?? ""
      return (Acceleration(.tcg, reason: "KVM is there but does not nest\(detail)"), true)
    case .emulatorDied:
      let message = outcome.emulatorMessages.text.split(separator: "\n").last.map { ": " + $0 } ?? ""
      return (Acceleration(.tcg, reason: "QEMU dies when it uses /dev/kvm\(message)"), true)
    case .hung(.firmware):
      return (Acceleration(.tcg, reason: "/dev/kvm is there, but a guest on it never starts"), true)
    default:
      return (Acceleration(.tcg, reason: "the probe on /dev/kvm ended with: \(outcome.verdict)"), false)
    }
  }

  private static func remembered(_ record: FilePath) -> Acceleration? {
    guard let boot = bootIdentity(), let bytes = record.contents() else { return nil }
    let lines = bytes.text.split(separator: "\n", maxSplits: 2).map(String.init)
    guard lines.count == 3, lines[0] == boot, let kind = Acceleration.Kind(rawValue: lines[1]) else { return nil }
    return Acceleration(kind, reason: String(lines[2].prefix { $0 != "\n" }))
  }

  private static func remember(_ decision: Acceleration, _ record: FilePath) throws(MachineError) {
    guard let boot = bootIdentity() else { return }
    try record.removingLastComponent().makeDirectories()
    try record.write(Array("\(boot)\n\(decision.kind.rawValue)\n\(decision.reason)\n".utf8))
  }

  /// Changes with every boot of the host, and so with every change of its kernel or its virtualisation.
  private static func bootIdentity() -> String? {
    FilePath("/proc/sys/kernel/random/boot_id").contents()?.text.split(separator: "\n").first.map(String.init)
  }
}
