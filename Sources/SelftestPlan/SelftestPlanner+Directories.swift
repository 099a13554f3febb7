import ByteText
import KernelConfig

extension SelftestPlanner {
  /// A changed file with the test directories that belong to it, each with the reason.
  typealias Home = (change: ChangedFile, directories: [String: String])

  func isBuiltHere(_ path: String) -> Bool {
    !path.hasPrefix("arch/") || path.hasPrefix("arch/\(architecture)/")
  }

  /// The directories that belong to a kernel file, each with the reason.
  func directories(of change: ChangedFile) -> [String: String] {
    let own = catalogue.directories(namedAfter: change.path)
    // The closest entry only: a file's subsystem, not everybody who once listed it.
    var found = catalogue.directories(maintainedWith: change.path).prefix(2).map {
      ($0.directory, "MAINTAINERS, \($0.entry)")
    }
    if found.isEmpty, change.path.hasSuffix(".h") == false {
      found = catalogue.directories(namedLike: change.path).map { ($0, "named like \(change.path)") }
    }
    // Where the file has a directory of its own, or its folder has, those of its subsystem at large are beside the point.
    if own.contains(where: { !catalogue.runnablePrograms(in: $0).isEmpty }) {
      found = []
    } else {
      let folder = catalogue.directories(within: found.map(\.0), namedLikeFolderOf: change.path)
      if !folder.isEmpty { found = folder.map { ($0, "named like the folder of \(change.path)") } }
    }
    found += own.map { ($0, "named like \(change.path)") }
    var directories: [String: String] = [:]
    for (directory, reason) in found {
      for below in catalogue.withSubdirectories(directory) { directories[below] = directories[below] ?? reason }
    }
    return directories
  }

  /// The directories of all files.
  func directories(among homes: [[String: String]]) -> [String: String] {
    let directories = homes.reduce(into: [:]) { all, some in all.merge(some) { first, _ in first } }
    // A parent whose programs are all in its subdirectories has nothing to say.
    return directories.filter { directory, _ in
      !catalogue.programs(in: directory).isEmpty || !directories.keys.contains { $0.hasPrefix(directory + "/") }
    }
  }

  /// The tests of a file that neither MAINTAINERS nor a name leads from: those of the whole tree that share with it what
  /// few others have, such as a system call that it defines.
  func planFarTests(
    _ change: ChangedFile, _ constants: Set<String>, _ plan: inout SelftestPlan, _ resolver: inout ConfigResolver
  ) {
    let programs = catalogue.everyDirectory().flatMap(catalogue.rankedPrograms)
    let ranking = TestRanking(files: [change], among: programs) { constants.contains($0) }
    let matches = ranking.matches(among: programs, rarity: 12)
    let bar = max((matches.first?.score ?? 0) * 0.3, 0.25)
    let close = matches.prefix(4).filter { $0.score >= bar }
    for (directory, members) in Dictionary(grouping: close, by: \.directory).sorted(by: { $0.key < $1.key }) {
      // The closest one may cost what it costs; for the others no other subsystem is built.
      var attempt = (plan: plan, resolver: resolver)
      add(members[...], from: directory, &attempt.plan, &attempt.resolver)
      guard directory == close.first?.directory || attempt.resolver.requests.count <= resolver.requests.count + 4 else {
        continue
      }
      (plan, resolver) = attempt
    }
  }

  /// Adds programs for the names that they share, each once.
  func add(
    _ matches: ArraySlice<TestRanking.Match>, from directory: String, _ plan: inout SelftestPlan,
    _ resolver: inout ConfigResolver
  ) {
    let timeout = catalogue.timeout(of: directory)
    let new = matches.filter { match in
      !plan.tests.contains { $0.directory == directory && $0.name == match.program }
    }
    guard !new.isEmpty else { return }
    plan.tests += new.map { match in
      PlannedTest(
        directory: directory, name: match.program,
        source: catalogue.source(of: match.program, in: directory)?.path ?? "",
        reason: "uses \(match.names.joined(separator: ", "))",
        isNew: false, timeout: timeout)
    }
    requireConfiguration(of: directory, &plan, &resolver)
  }
}
