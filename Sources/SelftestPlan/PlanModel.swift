import KernelConfig

/// What must be built and run so that a series is exercised: worked out from the series and the tree alone.
public struct SelftestPlan: Sendable, Codable {
  /// The files that the series changes, each with what compiles it.
  public internal(set) var files: [PlannedFile] = []
  /// The options to set on top of tinyconfig, dependencies first.
  public internal(set) var options: [ConfigResolver.Request] = []
  /// The test programs to build and run.
  public internal(set) var tests: [PlannedTest] = []
  /// The tests that the kernel itself runs while it boots.
  public internal(set) var bootTests: [PlannedBootTest] = []
  /// The module parameters that the series adds.
  public internal(set) var parameters: [ModuleParameter] = []
  /// The runs over the parameters' values; the first has every default.
  public internal(set) var runs: [PlannedRun] = []
  /// Objects that only a module build has; they are compiled and not loaded.
  public internal(set) var moduleObjects: [String] = []
  /// What the plan does not cover, and why; never empty in silence.
  public internal(set) var uncovered: [String] = []

  /// The requested options as a fragment.
  public var fragment: DotConfig {
    var fragment = DotConfig()
    for option in options { fragment[option.name] = option.value }
    return fragment
  }

  /// The fragment as text, each option under its reason.
  public var fragmentText: String {
    var text = ""
    var reason = ""
    for option in options {
      if option.reason != reason { text += "# \(option.reason)\n" }
      reason = option.reason
      text += DotConfig.line(option.name, option.value) + "\n"
    }
    return text
  }

  /// Whether the kernel runs KUnit suites at boot, which report on the console.
  public var runsKUnit: Bool { options.contains { $0.name == "KUNIT" && $0.value == "y" } }

  /// Whether the kernel needs PCI or ACPI, and so a machine that has them.
  public var needsPCI: Bool { options.contains { ($0.name == "PCI" || $0.name == "ACPI") && $0.value == "y" } }
}

/// A changed file and how it gets into the kernel.
public struct PlannedFile: Sendable, Equatable, Codable {
  /// What kind of file it is.
  public enum Role: String, Sendable, Codable {
    case source, header, kconfig, kbuild, selftest, documentation, other
  }

  /// The path.
  public let path: String
  /// What kind of file it is.
  public let role: Role
  /// What must hold so that it is compiled, as Kconfig would write it; `nil` where nothing compiles it on its own.
  public let condition: String?
  /// The conditions of `#if`s around changed lines, each with a line.
  public let hunkConditions: [HunkCondition]
  /// Whether the plan's options make it hold.
  public let compiled: Bool
}

/// The condition that changed lines of a file stand under.
public struct HunkCondition: Sendable, Equatable, Codable {
  /// The first changed line under it.
  public let line: Int
  /// The condition as Kconfig would write it.
  public let condition: String
  /// Whether the plan's options make it hold.
  public let compiled: Bool
}

/// A test program and why it is in the plan.
public struct PlannedTest: Sendable, Equatable, Codable {
  /// The directory below `tools/testing/selftests`.
  public let directory: String
  /// The program below it.
  public let name: String
  /// Its source in the tree; the name may have more than that, `connect_ipv4` is made from `connect.c`.
  public let source: String
  /// Why it is run.
  public let reason: String
  /// Whether the series adds it.
  public let isNew: Bool
  /// Whether the series adds or changes it.
  public var isOfSeries: Bool { isNew || reason == "changed by the series" }
  /// The seconds the tree's own `settings` file gives it, if it does.
  public let timeout: Int?
}

/// A test that is built into the kernel and runs at boot: a KUnit suite, or a module that tests when it is initialised.
public struct PlannedBootTest: Sendable, Equatable, Codable {
  /// The test's source.
  public let source: String
  /// The changed file that it tests.
  public let subject: String
}

/// A module parameter that the series adds.
public struct ModuleParameter: Sendable, Equatable, Codable {
  /// The module's name as on the kernel command line.
  public let module: String
  /// The parameter's name.
  public let name: String
  /// Its type as in `module_param`, such as `bool`.
  public let kind: String
  /// Its default as written, if the initialiser was found.
  public let defaultValue: String
  /// Where it is declared.
  public let location: ConfigLocation
}

/// One boot of the built kernel.
public struct PlannedRun: Sendable, Equatable, Codable {
  /// The name in reports: `default`, `kvm.gmem_2m_enabled=1`.
  public let name: String
  /// Words for the kernel command line.
  public let commandLine: [String]
}
