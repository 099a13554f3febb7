import ByteText
import KernelConfig

/// Makes a ``SelftestPlan`` out of a series' changes and the tree they end in.
///
/// Nothing in it knows a subsystem: files lead to symbols through Kbuild and Kconfig, to selftests through MAINTAINERS and
/// the names that tests and changed code share.
public struct SelftestPlanner: Sendable {
  /// An option that the machine or a profile needs, with the reason.
  public struct BaseOption: Sendable {
    let name: String
    let value: String
    let reason: String

    /// Reads the line of a fragment.
    public init?(line: String, reason: String) {
      let parsed = DotConfig(parsing: Array(line.utf8))
      guard let name = parsed.order.first, let value = parsed[name] else { return nil }
      (self.name, self.value, self.reason) = (name, value, reason)
    }
  }

  let tree: TreeReader
  let architecture: String
  /// The tree's symbols.
  public let symbols: KconfigTree
  private let objects: KbuildMap
  let catalogue: SelftestCatalogue
  let bootTests: BootTests

  /// Reads the tree's Kconfig and Kbuild files.
  ///
  /// - Parameter architecture: the directory below `arch/`.
  public init(tree: TreeReader, architecture: String) throws(ConfigError) {
    self.tree = tree
    self.architecture = architecture
    symbols = try KconfigTree(sourceArchitecture: architecture, read: tree.read)
    objects = KbuildMap(sourceArchitecture: architecture, read: tree.read)
    catalogue = SelftestCatalogue(tree: tree, architecture: architecture)
    bootTests = BootTests(objects: objects)
  }

  /// Plans for the changes of a whole series, so that one configuration serves each of its patches.
  ///
  /// - Parameters:
  ///   - changes: from the base to the series' last patch.
  ///   - base: what the machine and the profile need.
  ///   - limit: the number of existing test programs to run at most.
  public func plan(_ changes: [ChangedFile], base: [BaseOption], limit: Int = 8) -> SelftestPlan {
    var plan = SelftestPlan()
    var resolver = ConfigResolver(tree: symbols)
    for option in base {
      if option.value != "y" || !resolver.require(.symbol(option.name), reason: option.reason) {
        resolver.set(option.name, option.value, reason: option.reason)
      }
    }
    planTests(changes, limit: limit, &plan, &resolver)
    for change in changes { planFile(change, &plan, &resolver) }
    planBootTests(changes, &plan, &resolver)
    planInterfaces(changes, &plan, &resolver)
    plan.options = resolver.requests
    if let bigger = plan.options.first(where: { ($0.name == "PCI" || $0.name == "ACPI") && $0.value == "y" }) {
      plan.uncovered.append(
        "CONFIG_\(bigger.name) is set (\(bigger.reason)): guests boot on a full machine, which takes longer; "
          + "its devices are not there")
    }
    plan.runs = ModuleParameterScan.runs(over: plan.parameters).map { run in
      PlannedRun(name: run.name, commandLine: commandLine(for: plan) + run.commandLine)
    }
    nameWhatNothingRuns(changes, &plan)
    return plan
  }

  private func planFile(_ change: ChangedFile, _ plan: inout SelftestPlan, _ resolver: inout ConfigResolver) {
    let role = Self.role(of: change.path)
    var condition: ConfigExpression?
    var compiled = true
    var hunks: [HunkCondition] = []
    switch role {
    case .source:
      condition = objects.condition(ofSource: change.path) ?? conditionOfIncluder(of: change.path)
      if let condition {
        compiled = resolver.require(condition, reason: "compiles \(change.path)")
        if compiled {
          for name in condition.symbols where symbols.symbols[name]?.hasPrompt == false {
            resolver.requireSelectors(of: name, reason: "compiles \(change.path)")
          }
        }
        if !compiled, resolver.requireAsModule(condition, reason: "compiles \(change.path), only a module can be") {
          compiled = true
          plan.moduleObjects.append(
            String(change.path.prefix(upTo: change.path.lastIndex(of: ".") ?? change.path.endIndex)) + ".o")
          plan.uncovered.append("\(change.path): compiled as a module only; no module is loaded in the guest")
        }
        if !compiled {
          let why = resolver.obstacle(to: condition).map { ": \($0)" } ?? ""
          plan.uncovered.append("\(change.path): no configuration found under which \(condition) holds\(why)")
        }
      } else if change.new != nil {
        compiled = false
        plan.uncovered.append("\(change.path): \(Self.strangeness(of: change.path, architecture))")
      }
      hunks = planHunks(change, &plan, &resolver)
      let module = objects.module(ofSource: change.path) ?? Self.stem(of: change.path)
      plan.parameters += ModuleParameterScan.parameters(in: change, module: module)
    case .header:
      hunks = planHunks(change, &plan, &resolver)
    case .kconfig:
      for name in Self.addedSymbols(change) where symbols.symbols[name]?.hasPrompt == true {
        if !resolver.require(.symbol(name), reason: "added in \(change.path)") {
          plan.uncovered.append("CONFIG_\(name) (\(change.path)): its dependencies cannot be met on \(architecture)")
        }
      }
    case .other:
      if change.new != nil { plan.uncovered.append("\(change.path): not part of a kernel build") }
    case .kbuild, .selftest, .documentation: break
    }
    plan.files.append(
      PlannedFile(
        path: change.path, role: role, condition: condition?.description, hunkConditions: hunks, compiled: compiled))
  }

  /// The condition of a source that another one of its directory includes: `kernel/sched/psi.c` is part of
  /// `build_utility.c`, there under `#ifdef CONFIG_PSI`.
  private func conditionOfIncluder(of path: String) -> ConfigExpression? {
    guard let slash = path.lastIndex(of: "/"), path.hasSuffix(".c") else { return nil }
    let name = path[path.index(after: slash)...]
    for sibling in tree.files(in: String(path[..<slash])) where sibling.hasSuffix(".c") && sibling != path {
      guard let condition = objects.condition(ofSource: sibling), let text = tree.read(sibling) else { continue }
      let ranges = text.lineRanges()
      let line = ranges.firstIndex { range in
        text[range].first == UInt8(ascii: "#")
          && text[range].text.filter { !$0.isWhitespace }.hasPrefix("#include\"\(name)\"")
      }
      guard let line else { continue }
      return condition.and(PreprocessorConditions(of: text).condition(atLine: line + 1))
    }
    return nil
  }

  /// Options that C code asks for with IS_ENABLED: set where they come cheap, named where they do not.
  private func planInterfaces(
    _ changes: [ChangedFile], _ plan: inout SelftestPlan, _ resolver: inout ConfigResolver
  ) {
    let scan = InterfaceScan(tree: tree)
    for change in changes where Self.role(of: change.path) == .source {
      for need in scan.needs(of: change) {
        var attempt = resolver
        let possible = attempt.require(.symbol(need.symbol), reason: need.reason)
        // More than this is another subsystem, and with it a bigger machine.
        if possible, attempt.requests.count <= resolver.requests.count + 4 {
          resolver = attempt
        } else {
          plan.uncovered.append("CONFIG_\(need.symbol) (\(need.reason)): \(whyLeftOff(need.symbol, possible))")
        }
      }
    }
  }

  /// Why an option that would be good to have is not set: it costs too much, something else speaks against it, or nothing
  /// makes it possible.
  func whyLeftOff(_ name: String, _ isPossible: Bool) -> String {
    if isPossible { return "left off, it needs a bigger configuration" }
    var alone = ConfigResolver(tree: symbols)
    return alone.require(.symbol(name), reason: "")
      ? "left off, other options of the plan exclude it" : "cannot be set on \(architecture)"
  }

  private func planHunks(
    _ change: ChangedFile, _ plan: inout SelftestPlan, _ resolver: inout ConfigResolver
  ) -> [HunkCondition] {
    guard let new = change.new else { return [] }
    let conditions = PreprocessorConditions(of: new)
    var seen: Set<ConfigExpression> = []
    var hunks: [HunkCondition] = []
    for line in change.addedLines() {
      let condition = conditions.condition(atLine: line)
      guard !condition.symbols.isEmpty, seen.insert(condition).inserted else { continue }
      let compiled = resolver.require(condition, reason: "compiles \(change.path):\(line)")
      if !compiled {
        plan.uncovered.append("\(change.path):\(line): under '#if \(condition)', which the plan's options exclude")
      }
      hunks.append(HunkCondition(line: line, condition: condition.description, compiled: compiled))
    }
    return hunks
  }

  /// The names after `config` and `menuconfig` on added lines.
  static func addedSymbols(_ change: ChangedFile) -> [String] {
    guard let new = change.new else { return [] }
    let lines = new.lineRanges()
    return change.addedLines().compactMap { number in
      guard lines.indices.contains(number - 1) else { return nil }
      let words = new[lines[number - 1]].text.split(whereSeparator: \.isWhitespace)
      return words.count == 2 && (words[0] == "config" || words[0] == "menuconfig") ? String(words[1]) : nil
    }
  }

  /// Why no rule of this architecture builds a source.
  private static func strangeness(of path: String, _ architecture: String) -> String {
    let parts = path.split(separator: "/")
    if parts.first == "arch", parts.count > 2, parts[1] != architecture {
      return "belongs to \(parts[1]), not built for \(architecture); --arch chooses where that is known"
    }
    return "no Kbuild rule for \(architecture) names its object"
  }

  private static func stem(of path: String) -> String {
    String((path.split(separator: "/").last ?? "").prefix { $0 != "." })
  }

  static func role(of path: String) -> PlannedFile.Role {
    let base = path.split(separator: "/").last ?? ""
    if path.hasPrefix(SelftestCatalogue.root) { return .selftest }
    if path.hasPrefix("Documentation/") || path == "MAINTAINERS" || path == "CREDITS" { return .documentation }
    if base.hasPrefix("Kconfig") { return .kconfig }
    if base.hasPrefix("Makefile") || base == "Kbuild" { return .kbuild }
    if path.hasPrefix("tools/") || path.hasPrefix("scripts/") || path.hasPrefix("samples/") { return .other }
    if base.hasSuffix(".h") { return .header }
    if base.hasSuffix(".c") || base.hasSuffix(".S") || base.hasSuffix(".rs") { return .source }
    return .other
  }
}
