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
    var directories = self.directories(for: kernel)
    for directory in touched.keys where directories[directory] == nil {
      directories[directory] = "changed by the series"
    }
    let constants = interfaceConstants()
    let ranking = TestRanking(files: kernel) { constants.contains($0) }
    let nested = Set(directories.keys.flatMap(catalogue.nested)).subtracting(directories.keys).sorted()
    var matches: [String: [TestRanking.Match]] = [:]
    for directory in directories.keys + nested { matches[directory] = self.matches(in: directory, ranking) }
    for directory in directories.keys.sorted() {
      let reason = directories[directory] ?? ""
      let chosen = choice(
        from: directory, touched: touched[directory] ?? [], matches[directory] ?? [], ranking, limit: limit,
        isOnlyTouched: kernel.isEmpty, &plan)
      if chosen.isEmpty {
        plan.uncovered.append("selftests \(directory) (\(reason)): \(whyNone(in: directory))")
        continue
      }
      plan.tests += chosen
      requireConfiguration(of: directory, &plan, &resolver)
    }
    // A directory within a subsystem's own is a subject of its own: only what is close to the change is taken from it.
    let best = matches.values.compactMap { $0.first?.score }.max() ?? 0
    for directory in nested {
      let close = (matches[directory] ?? []).prefix(limit).filter { $0.score >= best * 0.3 }
      guard !close.isEmpty, !kernel.isEmpty else { continue }
      let timeout = catalogue.timeout(of: directory)
      plan.tests += close.map { match in
        PlannedTest(
          directory: directory, name: match.program, reason: "uses \(match.names.joined(separator: ", "))",
          isNew: false, timeout: timeout)
      }
      requireConfiguration(of: directory, &plan, &resolver)
    }
  }

  /// The programs of a directory that share names with the change, best first.
  private func matches(in directory: String, _ ranking: TestRanking) -> [TestRanking.Match] {
    ranking.matches(
      among: catalogue.programs(in: directory).compactMap { name in
        catalogue.source(of: name, in: directory).map { (name: name, source: $0) }
      })
  }

  /// The constants that the tree's headers for user space define or mention.
  private func interfaceConstants() -> Set<String> {
    var constants: Set<String> = []
    for path in tree.paths(below: "include/uapi/") + tree.paths(below: "arch/\(architecture)/include/uapi/") {
      constants.formUnion(Identifiers.all(in: tree.read(path) ?? []).filter(Identifiers.isConstant))
    }
    return constants
  }

  private func isBuiltHere(_ path: String) -> Bool {
    !path.hasPrefix("arch/") || path.hasPrefix("arch/\(architecture)/")
  }

  /// The directories that belong to kernel files, each with the reason.
  private func directories(for kernel: [ChangedFile]) -> [String: String] {
    var directories: [String: String] = [:]
    for change in kernel {
      // The closest entry only: a file's subsystem, not everybody who once listed it.
      var found = catalogue.directories(maintainedWith: change.path).prefix(2).map {
        ($0.directory, "MAINTAINERS, \($0.entry)")
      }
      if found.isEmpty, change.path.hasSuffix(".h") == false {
        found = catalogue.directories(namedLike: change.path).map { ($0, "named like \(change.path)") }
      }
      found += catalogue.directories(namedAfter: change.path).map { ($0, "named like \(change.path)") }
      for (directory, reason) in found {
        for below in catalogue.withSubdirectories(directory) { directories[below] = directories[below] ?? reason }
      }
    }
    // A parent whose programs are all in its subdirectories has nothing to say.
    return directories.filter { directory, _ in
      !catalogue.programs(in: directory).isEmpty || !directories.keys.contains { $0.hasPrefix(directory + "/") }
    }
  }

  private func choice(
    from directory: String, touched: [ChangedFile], _ matches: [TestRanking.Match], _ ranking: TestRanking, limit: Int,
    isOnlyTouched: Bool, _ plan: inout SelftestPlan
  ) -> [PlannedTest] {
    let programs = catalogue.programs(in: directory)
    let timeout = catalogue.timeout(of: directory)
    var chosen: [PlannedTest] = []
    func choose(_ name: String, _ reason: String, isNew: Bool) {
      guard !chosen.contains(where: { $0.name == name }) else { return }
      chosen.append(PlannedTest(directory: directory, name: name, reason: reason, isNew: isNew, timeout: timeout))
    }
    let prefix = SelftestCatalogue.root + directory + "/"
    for change in touched where change.new != nil {
      if change.path.hasSuffix(".sh") || change.path.hasSuffix(".py") {
        plan.uncovered.append("\(change.path): a script; only compiled programs are run")
      }
      let name = String(change.path.dropFirst(prefix.count).dropLast(2))
      guard change.path.hasSuffix(".c") else { continue }
      if programs.contains(name) {
        choose(name, change.old == nil ? "added by the series" : "changed by the series", isNew: change.old == nil)
      } else if !change.path.contains("/lib/") {
        plan.uncovered.append("\(change.path): the directory's Makefile builds no program of that name")
      }
    }
    if isOnlyTouched, !chosen.isEmpty { return chosen }
    let threshold = (matches.first?.score ?? 0) * 0.3
    for match in matches.prefix(limit) where match.score >= threshold {
      choose(match.program, "uses \(match.names.joined(separator: ", "))", isNew: false)
    }
    let runnable = catalogue.runnablePrograms(in: directory)
    for match in ranking.named(among: runnable).prefix(limit - min(limit, chosen.count)) {
      choose(match.program, "named like \(match.names.joined(separator: ", "))", isNew: false)
    }
    if chosen.isEmpty {
      // Nothing stands out: a sample of the subsystem's own tests is better than none.
      for name in runnable.prefix(4) { choose(name, "a test of \(directory); none is closer", isNew: false) }
    }
    return chosen
  }

  private func whyNone(in directory: String) -> String {
    if !catalogue.scripts(in: directory).isEmpty { return "its tests are scripts, and the guest has no shell" }
    if directory == "bpf" || directory == "sched_ext" {
      return "its programs are built by clang with BTF, which is not done here"
    }
    return "no program is built here that can run alone"
  }

  /// Tests in the kernel itself that belong to the changed files; they run while it boots.
  func planBootTests(_ changes: [ChangedFile], _ plan: inout SelftestPlan, _ resolver: inout ConfigResolver) {
    for change in changes where [.source, .header].contains(Self.role(of: change.path)) {
      for (object, condition) in bootTests.belonging(to: change.path).prefix(4) {
        let source = object.dropLast(2) + ".c"
        if condition.value(in: resolver.fragment) != .yes {
          var attempt = resolver
          guard attempt.require(condition, reason: "tests \(change.path) at boot (\(source))") else {
            plan.uncovered.append("\(source), a test of \(change.path): \(condition) cannot be set on \(architecture)")
            continue
          }
          resolver = attempt
        }
        plan.bootTests.append(PlannedBootTest(source: String(source), subject: change.path))
      }
    }
    if resolver.fragment["KUNIT"] == "y" {
      _ = resolver.require(.symbol("KUNIT_DEBUGFS"), reason: "KUnit results stay readable in the guest")
    }
  }

  /// What every boot of the plan needs on the kernel command line.
  func commandLine(for plan: SelftestPlan) -> [String] {
    // KUnit reports at the level of information, which a quiet console does not show; tinyconfig leaves out the options
    // that switch it on, since their default is y.
    var words = plan.runsKUnit ? ["loglevel=7", "kunit.enable=1", "kunit.autorun=1"] : []
    let needsHugePages = plan.tests.contains { test in
      let source = (catalogue.source(of: test.name, in: test.directory) ?? []).text
      return source.contains("MAP_HUGETLB") || source.contains("nr_hugepages")
    }
    if needsHugePages, plan.options.contains(where: { $0.name == "HUGETLBFS" && $0.value == "y" }) {
      words.append("hugepages=128")
    }
    return words
  }

  /// Names the sources that are compiled and that nothing in the plan is aimed at.
  func nameWhatNothingRuns(_ changes: [ChangedFile], _ plan: inout SelftestPlan) {
    let sources = changes.filter { Self.role(of: $0.path) == .source && $0.new != nil }
    guard !sources.isEmpty, plan.tests.isEmpty, !plan.runsKUnit else { return }
    plan.uncovered.append("no test of the tree is aimed at the changed files: they are compiled and booted, no more")
  }

  private func requireConfiguration(
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
