import ByteText
import ChildProcess
import KernelBuild
import LineCoverage
import SelftestPlan
import SystemPackage

/// Turns what a guest's kernel counted into lines that ran.
struct CoverageStage {
  let make: KernelMake
  let directory: FilePath
  private var lines = CoveredLines()
  private(set) var trouble: String?

  init(make: KernelMake, directory: FilePath) {
    self.make = make
    self.directory = directory.appending("coverage")
  }

  /// The program that prints the kernel's counters in the guest.
  func collector(compiler: String) async throws -> [UInt8]? {
    let product = make.objects.appending("gmemkit.collect")
    if let bytes = product.contents() { return bytes }
    let command = ChildCommand(
      compiler, ["-O2", "-Wall", "-static", "-x", "c", "-o", product.string, "-"], input: GuestCoverage.collector)
    let result = try await ChildProcess.run(command)
    guard result.succeeded else {
      throw SelftestError(
        .configuration, "cannot compile the coverage collector: \(result.error.bytes.prefix(300).text)")
    }
    return product.contents()
  }

  /// Adds one boot's counters: each data file goes next to its notes and gcov reads both.
  mutating func add(_ data: [String: [UInt8]]) async throws {
    guard !data.isEmpty else {
      trouble = "coverage: the guest reported no counters"
      return
    }
    try directory.makeDirectories()
    for (path, bytes) in data.sorted(by: { $0.key < $1.key }) {
      let name = String(path.split(separator: "/").suffix(4).joined(separator: "-"))
      let copy = directory.appending(name)
      try copy.write(bytes)
      guard let notes = FilePath(path.dropLast(5) + ".gcno").contents() else {
        trouble = "coverage: no notes of the compiler for \(path)"
        continue
      }
      try directory.appending(name.dropLast(5) + ".gcno").write(notes)
      let command = ChildCommand("gcov", ["--json-format", "--stdout", name], directory: directory)
      make.history.note(command.shellLine)
      let result = try await ChildProcess.run(command, limits: ChildLimits(keptBytes: 64 << 20))
      if !result.succeeded || !lines.add(gcov: result.output.bytes, source: make.workspace.source.string) {
        trouble = "coverage: gcov cannot read \(name): \(result.error.bytes.prefix(200).text)"
      }
    }
  }

  /// What a patch's added lines came to.
  func coverage(of changes: [ChangedFile], in plan: SelftestPlan) -> PatchCoverage {
    var added: [String: [Int]] = [:]
    for change in changes where change.path.hasSuffix(".c") || change.path.hasSuffix(".h") {
      guard plan.files.contains(where: { $0.path == change.path && ($0.role == .source || $0.role == .header) }) else {
        continue
      }
      added[change.path] = change.addedLines()
    }
    return lines.coverage(of: added)
  }
}
