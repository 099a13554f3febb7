import ByteText
import KernelConfig

extension SelftestPlanner {
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
    // Tests at boot report at the level of information, which a quiet console does not show; tinyconfig leaves out the
    // options that switch KUnit on, since their default is y.
    var words = plan.runsKUnit || !plan.bootTests.isEmpty ? ["loglevel=7"] : []
    if plan.runsKUnit { words += ["kunit.enable=1", "kunit.autorun=1"] }
    let needsHugePages = plan.tests.contains { test in
      let source = (catalogue.source(of: test.name, in: test.directory)?.text ?? []).text
      return source.contains("MAP_HUGETLB") || source.contains("nr_hugepages")
    }
    if needsHugePages, plan.options.contains(where: { $0.name == "HUGETLBFS" && $0.value == "y" }) {
      words.append("hugepages=128")
    }
    return words
  }
}
