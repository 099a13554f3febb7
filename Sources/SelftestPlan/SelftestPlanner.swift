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

  private let tree: TreeReader
  private let architecture: String
  /// The tree's symbols.
  public let symbols: KconfigTree
  private let objects: KbuildMap
  private let catalogue: SelftestCatalogue

  /// Reads the tree's Kconfig and Kbuild files.
  ///
  /// - Parameter architecture: the directory below `arch/`.
  public init(tree: TreeReader, architecture: String) throws(ConfigError) {
    self.tree = tree
    self.architecture = architecture
    symbols = try KconfigTree(sourceArchitecture: architecture, read: tree.read)
    objects = KbuildMap(sourceArchitecture: architecture, read: tree.read)
    catalogue = SelftestCatalogue(tree: tree, architecture: architecture)
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
    planInterfaces(changes, &plan, &resolver)
    plan.options = resolver.requests
    plan.runs = ModuleParameterScan.runs(over: plan.parameters)
    return plan
  }

  private func planFile(_ change: ChangedFile, _ plan: inout SelftestPlan, _ resolver: inout ConfigResolver) {
    let role = Self.role(of: change.path)
    var condition: ConfigExpression?
    var compiled = true
    var hunks: [HunkCondition] = []
    switch role {
    case .source:
      condition = objects.condition(ofSource: change.path)
      if let condition {
        compiled = resolver.require(condition, reason: "compiles \(change.path)")
        if !compiled {
          plan.uncovered.append("\(change.path): no configuration found under which \(condition) holds")
        }
      } else if change.new != nil {
        compiled = false
        plan.uncovered.append("\(change.path): no Kbuild rule for \(architecture) names its object")
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
          plan.uncovered.append(
            "CONFIG_\(need.symbol) (\(need.reason)): "
              + (possible ? "left off, it needs a bigger configuration" : "cannot be set on \(architecture)"))
        }
      }
    }
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

  private func planTests(
    _ changes: [ChangedFile], limit: Int, _ plan: inout SelftestPlan, _ resolver: inout ConfigResolver
  ) {
    let kernel = changes.filter { [.source, .header, .kconfig].contains(Self.role(of: $0.path)) }
    var directories: [String: String] = [:]
    for change in kernel {
      // The closest entry only: a file's subsystem, not everybody who once listed it.
      for (directory, entry) in catalogue.directories(maintainedWith: change.path).prefix(2) {
        directories[directory] = directories[directory] ?? "MAINTAINERS, \(entry)"
      }
    }
    var touched: [String: [ChangedFile]] = [:]
    for change in changes {
      guard let directory = catalogue.directory(of: change.path) else { continue }
      directories[directory] = directories[directory] ?? "changed by the series"
      touched[directory, default: []].append(change)
    }
    if directories.isEmpty, !kernel.isEmpty {
      plan.uncovered.append("no selftest directory belongs to the changed files (MAINTAINERS names none)")
    }
    let ranking = TestRanking(files: kernel)
    for directory in directories.keys.sorted() {
      let programs = catalogue.programs(in: directory)
      var chosen: [PlannedTest] = []
      let timeout = catalogue.timeout(of: directory)
      func choose(_ name: String, _ reason: String, isNew: Bool) {
        guard !chosen.contains(where: { $0.name == name }) else { return }
        chosen.append(
          PlannedTest(directory: directory, name: name, reason: reason, isNew: isNew, timeout: timeout))
      }
      for change in touched[directory] ?? [] {
        let prefix = SelftestCatalogue.root + directory + "/"
        if change.path.hasSuffix(".sh"), change.new != nil {
          plan.uncovered.append("\(change.path): a script; only compiled programs are run")
        }
        let name = String(change.path.dropFirst(prefix.count).dropLast(2))
        guard change.path.hasSuffix(".c"), programs.contains(name) else { continue }
        choose(name, change.old == nil ? "added by the series" : "changed by the series", isNew: change.old == nil)
      }
      let sources = programs.compactMap { name in
        catalogue.source(of: name, in: directory).map { (name: name, source: $0) }
      }
      let matches = ranking.matches(among: sources)
      let threshold = (matches.first?.score ?? 0) * 0.3
      for match in matches.prefix(limit) where match.score >= threshold {
        choose(match.program, "uses \(match.names.joined(separator: ", "))", isNew: false)
      }
      if chosen.isEmpty {
        plan.uncovered.append(
          "selftests \(directory) (\(directories[directory] ?? "")): no program shares a name with the change")
        continue
      }
      plan.tests += chosen
      requireConfiguration(of: directory, &plan, &resolver)
    }
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
        plan.uncovered.append("CONFIG_\(name) of \(reason): cannot be set on \(architecture)")
      }
    }
  }

  /// The names after `config` and `menuconfig` on added lines.
  private static func addedSymbols(_ change: ChangedFile) -> [String] {
    guard let new = change.new else { return [] }
    let lines = new.lineRanges()
    return change.addedLines().compactMap { number in
      guard lines.indices.contains(number - 1) else { return nil }
      let words = new[lines[number - 1]].text.split(whereSeparator: \.isWhitespace)
      return words.count == 2 && (words[0] == "config" || words[0] == "menuconfig") ? String(words[1]) : nil
    }
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
