// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that nobody who builds gmemkit builds its benchmarks.
let package = Package(
  name: "Benchmarks",
  targets: [
    .executableTarget(name: "apply-benchmark", swiftSettings: [.swiftLanguageMode(.v6)])
  ]
)
