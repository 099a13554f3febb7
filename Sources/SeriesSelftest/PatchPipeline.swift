import KernelBuild
import SelftestPlan
import SystemPackage
import VirtualMachine

/// Takes the patches of a series through build and boots, in order: while one patch's guests run, the next is built.
///
/// Where guests need what the build leaves in the object directory, as for coverage, each patch is through before the next
/// one begins.
///
/// A test of the tree that has turned out to be slow runs on the first and the last patch. If the last one breaks it, the
/// patches between them are booted once more to see which one did.
struct PatchPipeline {
  let suite: SeriesSelftest
  let make: KernelMake
  let output: FilePath
  let known: KnownResults
  let guestInit: GuestInit
  let events: @Sendable (SelftestEvent) -> Void
  /// What became of the patches so far, in order.
  private(set) var results: [PatchResult] = []
  /// How guests are executed; decided with the first kernel.
  private(set) var guests: GuestStage?
  /// Patches that have booted, by what their guests depended on.
  private var twins: [String: PatchResult] = [:]
  /// Why no further patch can be tested.
  private var stopped: String?
  /// Programs that took long on an earlier patch, each with the words for it.
  private var slow: [SelftestProgram: String] = [:]
  /// Patches on which those programs were not run, by their place in the results.
  private var waiting: [(index: Int, patch: BuiltPatch, deferred: [SelftestProgram: String])] = []

  init(
    suite: SeriesSelftest, make: KernelMake, output: FilePath, known: KnownResults, guestInit: GuestInit,
    events: @escaping @Sendable (SelftestEvent) -> Void
  ) {
    self.suite = suite
    self.make = make
    self.output = output
    self.known = known
    self.guestInit = guestInit
    self.events = events
  }

  /// A patch that has left its guests.
  private struct Booted: Sendable {
    let patch: BuiltPatch
    let identity: String
    let boots: PatchBoots
    let failure: (any Error)?
  }

  /// Runs all patches.
  ///
  /// - Throws: the first error that leaves nothing to be said about the rest.
  mutating func run() async throws {
    var pipeline = self
    let (suite, make, guestInit, events) = (suite, make, guestInit, events)
    try await withThrowingTaskGroup(of: Booted.self) { group in
      for subject in suite.tested {
        if pipeline.stopped == nil, suite.options.measuresCoverage { try await pipeline.collect(&group) }
        let built = try await pipeline.build(subject, &group)
        try await pipeline.collect(&group)
        guard let built else { continue }
        if let stopped = pipeline.stopped {
          pipeline.finish(subject, built.result.notRun(because: stopped))
          continue
        }
        let deferred = subject.number > 0 && subject.number != suite.tested.last?.number ? pipeline.slow : [:]
        let identity = built.identity + deferred.keys.sorted().map { "\nwithout \($0.title)" }.joined()
        if let twin = pipeline.twins[identity] {
          built.discardSymbols()
          pipeline.finish(subject, built.result.withBoots(of: twin))
          continue
        }
        let start = PatchBoots(
          suite: suite, patch: built, make: make, guests: pipeline.guests, deferring: deferred, events: events)
        group.addTask {
          var boots = start
          var failure: (any Error)?
          do { try await boots.run(guestInit: guestInit) } catch { failure = error }
          return Booted(patch: built, identity: identity, boots: boots, failure: failure)
        }
      }
      try await pipeline.collect(&group)
    }
    try await pipeline.catchUp()
    self = pipeline
  }

  /// Builds a patch; `nil` if its result stands already.
  private mutating func build(
    _ subject: SelftestSubject, _ group: inout ThrowingTaskGroup<Booted, any Error>
  ) async throws -> BuiltPatch? {
    if let stopped {
      finish(subject, PatchResult(subject).notRun(because: stopped))
      return nil
    }
    if !suite.options.fresh, let result = suite.knownResult(of: subject, known) {
      try await collect(&group)
      results.append(result)
      events(.finished(result))
      return nil
    }
    let directory = output.appending("patch-\(subject.number)")
    try directory.makeDirectories()
    var build = PatchBuild(suite: suite, subject: subject, make: make, directory: directory, events: events)
    do {
      if let built = try await build.run() { return built }
      try await collect(&group)
      finish(subject, build.result)
    } catch {
      try await collect(&group)
      try goOn(after: error, subject, build.result)
    }
    return nil
  }

  /// Waits for the guests that run, if any.
  private mutating func collect(_ group: inout ThrowingTaskGroup<Booted, any Error>) async throws {
    guard let booted = try await group.next() else { return }
    let (subject, boots) = (booted.patch.subject, booted.boots)
    guests = boots.guests ?? guests
    if let error = booted.failure { return try goOn(after: error, subject, boots.result) }
    for (program, seconds) in suite.slow(among: booted.patch.programs.map(\.program), boots.seconds) {
      let place = subject.number == 0 ? "the base" : "patch \(subject.number)"
      slow[program] =
        slow[program]
        ?? "took \(PatchResult.rounded(seconds)) s on \(place); it runs on the first and the last patch"
    }
    var result = boots.result
    if !boots.deferred.isEmpty {
      waiting.append((results.count, booted.patch, boots.deferred))
      result.hasDeferred = true
    }
    // A line of coverage belongs to one patch.
    if result.isLasting, !suite.options.measuresCoverage { twins[booted.identity] = result }
    finish(subject, result)
  }

  /// Boots the patches in between with the slow tests that the last patch breaks and the first does not.
  private mutating func catchUp() async throws {
    guard let last = results.last, let first = results.first(where: { !$0.hasDeferred }), first.number != last.number
    else { return }
    func isBad(_ program: SelftestProgram, on result: PatchResult) -> Bool {
      result.tests.contains { $0.name == program.title && $0.isBad }
    }
    for (index, patch, deferred) in waiting {
      let broken = deferred.filter { isBad($0.key, on: last) && !isBad($0.key, on: first) }
      guard !broken.isEmpty else { continue }
      var boots = PatchBoots(
        suite: suite, patch: patch, make: make, guests: guests, deferring: broken, events: events)
      try await boots.catchUp(on: results[index])
      var result = boots.result
      result.hasDeferred = broken.count < deferred.count
      results[index] = result
      keep(result, of: patch.subject)
      events(.finished(result))
    }
  }

  /// Gives the other patches their turn: what is found out about them is worth more than the reason why this one was not.
  private mutating func goOn(after error: any Error, _ subject: SelftestSubject, _ result: PatchResult) throws {
    guard suite.options.eachCommit || suite.options.comparesWithBase, let reason = Self.reasonToGoOn(error) else {
      throw error
    }
    guard reason.isForAll else { return finish(subject, result.failed(because: reason.text)) }
    stopped = reason.text
    finish(subject, result.notRun(because: reason.text))
  }

  private mutating func finish(_ subject: SelftestSubject, _ result: PatchResult) {
    results.append(result)
    keep(result, of: subject)
    events(.finished(result))
  }

  private func keep(_ result: PatchResult, of subject: SelftestSubject) {
    guard result.isLasting else { return }
    known.keep(result, for: suite.inputs(of: subject, isWhole: !result.hasDeferred), acceleration: guests)
  }

  /// Whether a patch's error leaves the others their turn: in words, and whether none of them can get further.
  private static func reasonToGoOn(_ error: any Error) -> (text: String, isForAll: Bool)? {
    switch error {
    case let error as BuildError:
      switch error.code {
      case .cancelled, .busy: nil
      case .optionsDropped, .configuration: (error.description, false)
      case .workspace, .tree, .toolMissing: (error.description, true)
      }
    case let error as MachineError: error.code == .cancelled ? nil : (error.description, true)
    case let error as SelftestError: error.code == .cancelled ? nil : (error.description, true)
    default: nil
    }
  }
}
