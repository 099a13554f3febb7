// swift-tools-version: 6.2
import PackageDescription

// One line per room of the house. Arrows run one way, from the last line to the first; ArchitectureTests holds them
// (docs/architecture.md has the picture).

let settings: [SwiftSetting] =
  [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
  ]
  // The project's own scripts and CI set this; a user's build with a newer compiler must not break on a new warning.
  + (Context.environment["GMEMKIT_WARNINGS_ARE_ERRORS"] == nil ? [] : [.treatAllWarnings(as: .error)])

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let systemPackage = Target.Dependency.product(name: "SystemPackage", package: "swift-system")

func room(_ name: String, _ dependencies: [Target.Dependency] = [], resources: [Resource] = []) -> Target {
  .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
  .testTarget(name: name, dependencies: dependencies + ["TestSupport"], exclude: exclude, swiftSettings: settings)
}

let package = Package(
  name: "gmemkit",
  products: [
    .executable(name: "gmemkit", targets: ["gmemkit"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.0"),
  ],
  targets: [
    .systemLibrary(name: "Clibgit2", pkgConfig: "libgit2", providers: [.apt(["libgit2-dev"])]),
    .systemLibrary(name: "Clibdeflate", pkgConfig: "libdeflate", providers: [.apt(["libdeflate-dev"])]),
    .systemLibrary(name: "Clzma", pkgConfig: "liblzma", providers: [.apt(["liblzma-dev"])]),
    room("ByteText"),
    room("Requirements", resources: [.embedInCode("requirements.txt")]),
    room("ChildProcess", ["ByteText", subprocess, systemPackage]),

    // mail → series → commits
    .systemLibrary(name: "Czlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    room("Inflate", ["Czlib"]),
    room("UnifiedDiff", ["Inflate"]),
    room("PatchMail", ["ByteText", "Inflate", "UnifiedDiff"]),
    room("ThreadReview", ["ByteText", "PatchMail", "UnifiedDiff"]),
    room("KernelTree", ["Clibgit2", "Clibdeflate"]),
    .executableTarget(
      name: "PatchFuzz", dependencies: ["PatchMail", "UnifiedDiff", "ThreadReview"], swiftSettings: settings),
    room("SeriesApply", ["ByteText", "PatchMail", "UnifiedDiff", "KernelTree"]),
    room("DefaultTree", ["KernelTree", "Clzma"]),

    // source → facts → findings
    room("Findings"),
    room("KernelC", ["ByteText"]),
    room("LockModel", ["ByteText", "KernelC"]),
    room("LintRules", ["ByteText", "KernelC", "LockModel", "Findings"]),
    room("SeriesRules", ["Findings"]),
    room("TreeFacts", ["KernelC"]),
    room(
      "SeriesLint",
      [
        "ByteText", "SeriesRules", "TreeFacts", "LintRules", "KernelC", "Findings", "KernelTree", "PatchMail",
        "UnifiedDiff",
        "SeriesApply",
        systemPackage,
      ]),

    .executableTarget(
      name: "SourceFuzz", dependencies: ["KernelC", "LintRules", "TreeFacts", "Findings"], swiftSettings: settings),

    // series → kernel → verdicts
    room("KernelConfig", ["ByteText"]),
    room("KernelBuild", ["KernelConfig", "KernelTree", "ChildProcess", "ByteText", systemPackage]),
    room("SelftestPlan", ["KernelConfig", "ByteText"]),
    room("SelftestHarness", ["SelftestPlan", "KernelConfig", "ByteText"], resources: [.embedInCode("Driver/drive.h")]),
    room("LineCoverage", ["ByteText"], resources: [.embedInCode("Guest/collect.c")]),
    room("KTAP", ["ByteText"]),
    room(
      "VirtualMachine", ["ChildProcess", "ByteText", systemPackage], resources: [.embedInCode("Guest/init.c")]),
    room(
      "SeriesSelftest",
      [
        "SelftestPlan", "SelftestHarness", "LineCoverage", "KernelConfig", "KernelBuild", "VirtualMachine", "KTAP",
        "SeriesApply", "KernelTree", "Findings", "ChildProcess", "ByteText", systemPackage,
      ]),

    // everything → one verdict per patch
    room("CheckReport", ["KernelTree", "SeriesApply", "SeriesSelftest", "Findings"]),
    .executableTarget(
      name: "gmemkit",
      dependencies: [
        "ByteText", "PatchMail", "ThreadReview", "KernelTree", "SeriesApply", "DefaultTree", "Findings", "SeriesLint",
        "SeriesRules", "TreeFacts", "KTAP", "VirtualMachine", "SelftestHarness", "SeriesSelftest", "CheckReport",
        "Requirements", argumentParser, systemPackage,
      ],
      swiftSettings: settings),

    .target(
      name: "TestSupport", dependencies: [systemPackage], path: "Tests/TestSupport", swiftSettings: settings),
    tests("ArchitectureTests", []),
    tests("ByteTextTests", ["ByteText"]),
    tests("InflateTests", ["Inflate"]),
    tests("PatchMailTests", ["PatchMail"]),
    tests("UnifiedDiffTests", ["UnifiedDiff"]),
    tests("ThreadReviewTests", ["ThreadReview", "PatchMail"]),
    tests("KernelTreeTests", ["KernelTree"]),
    tests("SeriesApplyTests", ["SeriesApply", "PatchMail", "KernelTree"]),
    tests("DefaultTreeTests", ["DefaultTree"]),
    tests("FindingsTests", ["Findings"]),
    tests("KernelCTests", ["KernelC"]),
    tests("LockModelTests", ["LockModel"]),
    tests("LintRulesTests", ["LintRules"]),
    tests("TreeFactsTests", ["TreeFacts", "KernelC"]),
    tests("SeriesRulesTests", ["SeriesRules", "Findings"]),
    tests("SeriesLintTests", ["SeriesLint", "TreeFacts", "Findings", "KernelTree", systemPackage]),
    tests("ChildProcessTests", ["ChildProcess", systemPackage]),
    tests("KernelConfigTests", ["KernelConfig"]),
    tests("KernelBuildTests", ["KernelBuild", "KernelTree", "ChildProcess", systemPackage]),
    tests("SelftestPlanTests", ["SelftestPlan", "KernelConfig"]),
    tests("SelftestHarnessTests", ["SelftestHarness", "SelftestPlan"]),
    tests("LineCoverageTests", ["LineCoverage"]),
    tests("KTAPTests", ["KTAP"], exclude: ["Logs"]),
    tests("VirtualMachineTests", ["VirtualMachine", "ChildProcess", systemPackage], exclude: ["Guest"]),
    tests("SeriesSelftestTests", ["SeriesSelftest", "SelftestPlan", "KernelBuild"]),
    tests("CheckReportTests", ["CheckReport"]),
    tests("RequirementsTests", ["Requirements"]),
    tests("EndToEndTests", []),
  ]
)
