import ByteText
import KernelConfig

extension SelftestPlanner {
  /// The tests in user space: of the directories that belong to the changed files, the programs that fit best.
  func planTests(
    _ changes: [ChangedFile], limit: Int, _ plan: inout SelftestPlan, _ resolver: inout ConfigResolver
  ) {
    let kernel = changes.filter {
      [.source, .header, .kconfig].contains(Self.role(of: $0.path)) && isBuiltHere($0.path)
    }
    var touched: [String: [ChangedFile]] = [:]
    for change in changes {
      if let directory = catalogue.directory(of: change.path) { touched[directory, default: []].append(change) }
    }
    let homes: [Home] = kernel.map { ($0, self.directories(of: $0)) }
    var directories = self.directories(among: homes.map(\.directories))
    for directory in touched.keys where directories[directory] == nil {
      directories[directory] = "changed by the series"
    }
    let constants = interfaceConstants()
    let nested = Set(directories.keys.flatMap(catalogue.nested)).subtracting(directories.keys).sorted()
    let candidates = self.candidates(in: directories.keys + nested, homes, constants)
    for directory in directories.keys.sorted() {
      guard let here = candidates[directory] else { continue }
      if catalogue.isCut(directory) {
        plan.uncovered.append("selftests \(directory): its Makefile's lists are too long; programs may be missing")
      }
      let beside = homes.filter { $0.directories.keys.contains(directory) }.flatMap(\.directories.keys)
      let chosen = choice(
        from: here, touched: touched[directory] ?? [], limit: limit, isOnlyTouched: kernel.isEmpty,
        isLast: !beside.contains { candidates[$0]?.isClose == true }
          && !nested.contains { candidates[$0]?.matches.isEmpty == false }, &plan)
      if chosen.isEmpty {
        if let why = whyNone(in: here) {
          plan.uncovered.append("selftests \(directory) (\(directories[directory] ?? "")): \(why)")
        }
        continue
      }
      plan.tests += chosen
      let scripts = catalogue.scripts(in: directory).count
      if scripts > here.programs.count {
        plan.uncovered.append("selftests \(directory): most of its tests, \(scripts), are scripts, which are not run")
      }
      requireConfiguration(of: directory, &plan, &resolver)
    }
    // A directory within a subsystem's own is a subject of its own: only what is close to the change is taken from it.
    let best = candidates.values.compactMap { $0.matches.first?.score }.max() ?? 0
    for directory in nested where !kernel.isEmpty {
      let close = candidates[directory]?.matches.filter { $0.score >= best * 0.3 } ?? []
      add(close.prefix(limit), from: directory, &plan, &resolver)
    }
    for (change, directories) in homes where directories.isEmpty && Self.role(of: change.path) == .source {
      planFarTests(change, constants, &plan, &resolver)
    }
    planNeeds(&plan, &resolver)
    for directory in Set(plan.tests.map(\.directory)).sorted() { planAlgorithms(directory, &resolver) }
  }

  /// A test directory with what its programs have to do with the change.
  private struct Candidates {
    let directory: String
    let programs: [TestRanking.Program]
    /// Those that share names with the change, and those that are called like it.
    let matches, named: [TestRanking.Match]
    /// Whether it is named after a changed file.
    let isOwn: Bool
    var isClose: Bool { !matches.isEmpty || !named.isEmpty }
  }

  private func candidates(
    in directories: [String], _ homes: [Home], _ constants: Set<String>
  ) -> [String: Candidates] {
    let programs = directories.map { ($0, catalogue.rankedPrograms(in: $0)) }
    let all = programs.flatMap(\.1)
    return programs.reduce(into: [:]) { candidates, entry in
      let (directory, members) = entry
      // A directory is asked about the files that lead to it: another file's names are no business of its.
      let leading = homes.filter { home in
        home.directories.keys.contains { directory == $0 || directory.hasPrefix($0 + "/") }
      }
      let files = (leading.isEmpty ? homes : leading).map(\.change)
      let ranking = TestRanking(files: files, among: all) { constants.contains($0) }
      candidates[directory] = Candidates(
        directory: directory, programs: members, matches: ranking.matches(among: members),
        named: ranking.named(among: members.map(\.name), in: directory),
        isOwn: files.contains { catalogue.directories(namedAfter: $0.path).contains(directory) })
    }
  }

  /// The constants that the tree's headers for user space define or mention.
  private func interfaceConstants() -> Set<String> {
    var constants: Set<String> = []
    for path in tree.paths(below: "include/uapi/") + tree.paths(below: "arch/\(architecture)/include/uapi/") {
      constants.formUnion(Identifiers.all(in: tree.read(path) ?? []).filter(Identifiers.isConstant))
    }
    return constants
  }

  private func choice(
    from candidates: Candidates, touched: [ChangedFile], limit: Int, isOnlyTouched: Bool, isLast: Bool,
    _ plan: inout SelftestPlan
  ) -> [PlannedTest] {
    let directory = candidates.directory
    let programs = catalogue.programs(in: directory)
    let timeout = catalogue.timeout(of: directory)
    var chosen: [PlannedTest] = []
    func choose(_ name: String, _ reason: String, isNew: Bool) {
      guard !chosen.contains(where: { $0.name == name }) else { return }
      chosen.append(
        PlannedTest(
          directory: directory, name: name, source: catalogue.source(of: name, in: directory)?.path ?? "",
          reason: reason, isNew: isNew, timeout: timeout))
    }
    for change in touched where change.new != nil {
      if change.path.hasSuffix(".sh") || change.path.hasSuffix(".py") {
        plan.uncovered.append("\(change.path): a script; only compiled programs are run")
      }
      guard change.path.hasSuffix(".c") else { continue }
      let made = programs.filter { catalogue.source(of: $0, in: directory)?.path == change.path }
      for name in made {
        choose(name, change.old == nil ? "added by the series" : "changed by the series", isNew: change.old == nil)
      }
      if made.isEmpty, !change.path.contains("/lib/") {
        plan.uncovered.append("\(change.path): the directory's Makefile builds no program of that name")
      }
    }
    if isOnlyTouched, !chosen.isEmpty { return chosen }
    let wanted = wanted(of: candidates, isLast: isLast && chosen.isEmpty)
    // One program of each source first: those that differ by a macro run the same code.
    let sources = Dictionary(candidates.programs.map { ($0.name, $0.source) }) { first, _ in first }
    var seen: [String: String] = [:]
    for test in wanted { seen[sources[test.name] ?? ""] = seen[sources[test.name] ?? ""] ?? test.name }
    let isFirst = { (test: (name: String, reason: String)) in seen[sources[test.name] ?? ""] == test.name }
    for (name, reason) in wanted.filter(isFirst) + wanted.filter({ !isFirst($0) }) where chosen.count < limit {
      choose(name, reason, isNew: false)
    }
    return chosen
  }

  /// The programs of a directory that are worth running, best first, with the reasons; some more than once.
  private func wanted(of candidates: Candidates, isLast: Bool) -> [(name: String, reason: String)] {
    var wanted: [(name: String, reason: String)] = []
    func want(_ match: TestRanking.Match, _ why: String) {
      wanted.append((match.program, "\(why) \(match.names.joined(separator: ", "))"))
    }
    let threshold = (candidates.matches.first?.score ?? 0) * 0.3
    let close = candidates.matches.filter { $0.score >= threshold }
    // One namesake of each file has room for sure; what shares names with the change has the rest.
    var files: Set<[String]> = []
    let namesakes = candidates.named.filter { $0.isNamesake && files.insert($0.names).inserted }
    for place in 0..<max(close.count, namesakes.count) {
      if place < close.count { want(close[place], "uses") }
      if place < namesakes.count { want(namesakes[place], "named like") }
    }
    for match in candidates.named where match.isNamesake || wanted.count < 4 { want(match, "named like") }
    if candidates.isOwn {
      wanted += candidates.programs.map { ($0.name, "a test of \(candidates.directory)") }
    } else if wanted.isEmpty, isLast {
      // Nothing stands out: a sample of the subsystem's own tests is better than none.
      wanted = candidates.programs.prefix(4).map { ($0.name, "a test of \(candidates.directory); none is closer") }
    }
    return wanted
  }

  private func whyNone(in candidates: Candidates) -> String? {
    let directory = candidates.directory
    if SelftestCatalogue.isBuiltByClang(directory) {
      return "its programs are built by clang with BTF, which is not done here"
    }
    if !candidates.programs.isEmpty { return nil }
    if !catalogue.scripts(in: directory).isEmpty { return "its tests are scripts, and the guest has no shell" }
    return "no program is built here that can run alone"
  }

  /// Names the sources that are compiled and that nothing in the plan is aimed at.
  func nameWhatNothingRuns(_ changes: [ChangedFile], _ plan: inout SelftestPlan) {
    let sources = changes.filter { Self.role(of: $0.path) == .source && $0.new != nil }
    guard !sources.isEmpty, plan.tests.isEmpty, plan.bootTests.isEmpty else { return }
    plan.uncovered.append("no test of the tree is aimed at the changed files: they are compiled and booted, no more")
  }

  /// The algorithms that a directory's programs ask the kernel for, whichever of them has the name.
  private func planAlgorithms(_ directory: String, _ resolver: inout ConfigResolver) {
    for source in catalogue.sources(below: directory) {
      for (algorithm, options) in ProgramNeeds.algorithms(in: source).sorted(by: { $0.key < $1.key }) {
        for option in options where symbols.symbols[option]?.hasPrompt == true {
          var attempt = resolver
          if attempt.require(.symbol(option), reason: "tests of \(directory) use \(algorithm)"),
            attempt.requests.count <= resolver.requests.count + 4
          {
            resolver = attempt
          }
        }
      }
    }
  }

  /// What the chosen programs need beyond their directories' `config`.
  private func planNeeds(_ plan: inout SelftestPlan, _ resolver: inout ConfigResolver) {
    for test in plan.tests {
      guard let source = catalogue.source(of: test.name, in: test.directory)?.text else { continue }
      let shared = catalogue.sharedNames(of: test.directory).filter(ProgramNeeds.isForAll)
      for need in ProgramNeeds.needs(of: Identifiers.all(in: source + [0x0A]).union(shared)) {
        var attempt = resolver
        let isPossible = attempt.require(
          .symbol(need.option), reason: "\(test.directory):\(test.name) uses \(need.name)")
        if isPossible, attempt.requests.count <= resolver.requests.count + 4 {
          resolver = attempt
        } else {
          let line =
            "CONFIG_\(need.option), for \(need.name) in \(test.directory):\(test.name): "
            + whyLeftOff(need.option, isPossible)
          if !plan.uncovered.contains(line) { plan.uncovered.append(line) }
        }
      }
    }
  }

  /// Merges a directory's `config` in.
  func requireConfiguration(
    of directory: String, _ plan: inout SelftestPlan, _ resolver: inout ConfigResolver
  ) {
    guard let bytes = catalogue.configuration(of: directory) else { return }
    let wanted = DotConfig(parsing: bytes)
    let reason = "\(SelftestCatalogue.root)\(directory)/config"
    for name in wanted.order {
      guard let value = wanted[name], value != "n" else { continue }
      if value != "y" && value != "m" {
        resolver.set(name, value, reason: reason)
      } else if !resolver.require(.symbol(name), reason: reason) {
        var attempt = resolver
        let isModule = attempt.requireAsModule(.symbol(name), reason: reason)
        let why = isModule ? "can only be a module, and none is loaded" : "cannot be set on \(architecture)"
        plan.uncovered.append("CONFIG_\(name) of \(reason): \(why)")
      }
    }
  }
}
