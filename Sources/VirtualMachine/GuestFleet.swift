import SystemPackage

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// One boot of a ``GuestFleet``: a machine, what it runs and where its files go.
public struct GuestBoot: Sendable {
  /// The machine.
  public var machine: GuestMachine
  /// What it runs.
  public var plan: GuestPlan
  /// What the tests need in the guest's root.
  public var files: [GuestFile]
  /// A directory of its own that exists.
  public var directory: FilePath

  /// A boot of `machine` that runs `plan`.
  public init(machine: GuestMachine, plan: GuestPlan, files: [GuestFile] = [], directory: FilePath) {
    self.machine = machine
    self.plan = plan
    self.files = files
    self.directory = directory
  }
}

/// Several guests side by side, as many at a time as the host has processors for.
public enum GuestFleet {
  /// Runs all boots and returns their outcomes in the order given.
  ///
  /// - Parameters:
  ///   - processors: how many guest processors may run at a time; a guest that alone has more runs alone.
  ///   - onPhase: called with the boot's index as a guest moves on.
  /// - Throws: the first ``MachineError``; the other guests are ended.
  public static func run(
    _ boots: [GuestBoot], processors: Int = GuestFleet.onlineProcessors,
    onPhase: @escaping @Sendable (Int, PhaseEntry) -> Void = { _, _ in }
  ) async throws(MachineError) -> [BootOutcome] {
    let results = await withTaskGroup(of: (Int, Result<BootOutcome, MachineError>).self) { group in
      var outcomes: [Int: Result<BootOutcome, MachineError>] = [:]
      var busy = 0
      var failed = false
      func take(_ finished: (Int, Result<BootOutcome, MachineError>)) {
        outcomes[finished.0] = finished.1
        busy -= boots[finished.0].machine.processors
        if case .failure = finished.1 { failed = true }
      }
      for (index, boot) in boots.enumerated() {
        while busy > 0, busy + boot.machine.processors > processors, let finished = await group.next() {
          take(finished)
        }
        guard !failed else { break }
        busy += boot.machine.processors
        group.addTask {
          do throws(MachineError) {
            let outcome = try await boot.machine.run(boot.plan, files: boot.files, in: boot.directory) {
              onPhase(index, $0)
            }
            return (index, .success(outcome))
          } catch {
            return (index, .failure(error))
          }
        }
      }
      while let finished = await group.next() {
        take(finished)
        if failed { group.cancelAll() }
      }
      return outcomes
    }
    // A guest that was ended because another could not start is not the cause.
    let errors = results.sorted { $0.key < $1.key }.compactMap { entry -> MachineError? in
      if case .failure(let error) = entry.value { error } else { nil }
    }
    if let cause = errors.first(where: { $0.code != .cancelled }) ?? errors.first { throw cause }
    return results.sorted { $0.key < $1.key }.compactMap { try? $0.value.get() }
  }

  /// The processors of this host.
  public static var onlineProcessors: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }
}
