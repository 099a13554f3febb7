public import Findings
public import KernelC
import LockModel

/// The analyser as one value: facts of a file, rules over many files, rules over a change.
public struct KernelLint: Sendable {
  let symbols = SymbolTable()

  /// An analyser with a symbol table of its own; facts of one analyser mean nothing to another.
  public init() {}

  /// The names of the run, by which symbols of its files are spelt out.
  public var symbolTable: SymbolTable { symbols }

  /// All rules.
  public var rules: [RuleDescription] {
    RuleRegistry.rules.map(\.description) + RuleRegistry.changeRules.map(\.description)
  }

  /// Reads one file; depends on its bytes alone, but for the path in it.
  public func facts(of bytes: [UInt8], path: String) -> ParsedFile {
    ParsedFile(path: path, bytes: bytes, symbols: symbols)
  }

  /// Function definitions in a file, macros not counted.
  public func functionCount(_ file: ParsedFile) -> Int { file.functions.count { !$0.isMacro } }

  /// Links `files` and runs the rules named in `ids` over the functions of the files in `focus`, and over those that
  /// `callers` names by path.
  ///
  /// The result does not depend on the order in which the files were read.
  public func check(
    _ files: [ParsedFile], focus: Set<String>, callers: [String: Set<String>] = [:], rules ids: Set<String>
  ) -> LintOutcome {
    let ordered = files.sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
    return outcome(
      Solver(Program(files: ordered, symbols: symbols)), focus: focus, callers: callers, rules: ids)
  }

  /// Runs the rules named in `ids` over the functions under review of one program.
  func outcome(
    _ solver: Solver, focus: Set<String>, callers: [String: Set<String>], rules ids: Set<String>
  ) -> LintOutcome {
    let program = solver.program
    let functions = program.allFunctions.filter { id in
      let definition = program.definition(id)
      let path = program.file(of: id).path
      guard !definition.isMacro else { return false }
      return focus.contains(path) || callers[path]?.contains(symbols.text(definition.name)) == true
    }
    var outcome = LintOutcome()
    let names = RuleNames(symbols)
    let tables = FolderTables(solver)
    let limits = RuleLimits()
    let context = RuleContext(solver: solver, functions: functions, names: names, tables: tables, limits: limits)
    let programs = UserPrograms(symbols)
    outcome.programs = Set(
      program.files.filter { focus.contains($0.path) && programs.contains($0) }.map(\.path))
    let inKernel = RuleContext(
      solver: solver, functions: functions.filter { !programs.contains(program.file(of: $0)) }, names: names,
      tables: tables, limits: limits)
    for rule in RuleRegistry.rules where ids.contains(rule.description.id) {
      outcome.findings += rule.check(rule.description.judgesPrograms ? context : inKernel)
    }
    if ids.contains(LockAssertCoverage.id) { outcome.assertions = LockAssertCoverage().figures(context) }
    outcome.findings.sort { ($0.place, $0.rule, $0.message) < ($1.place, $1.rule, $1.message) }
    outcome.notAnalysed = notAnalysed(context, program.files.filter { focus.contains($0.path) })
    return outcome
  }

  /// Runs the rules named in `ids` that compare a file before and after a patch: the whole file, or the parts of it that
  /// hunks show.
  public func checkChange(_ parts: [(before: ParsedFile, after: ParsedFile)], rules ids: Set<String>) -> LintOutcome {
    var outcome = LintOutcome()
    for part in parts {
      let change = FileChange(before: part.before, after: part.after, parts: parts, symbols: symbols)
      let rules = RuleRegistry.changeRules.filter { ids.contains($0.description.id) }
      for rule in rules { outcome.findings += rule.check(change) }
      let limited = rules.filter(\.leavesOutLong).map(\.description.id).joined(separator: ", ")
      for function in change.edited.map(\.after) where !limited.isEmpty && FileChange.isTooLong(function) {
        let position = part.after.position(ofOffset: part.after.tokens[Int(function.token)].start)
        outcome.notAnalysed.append(
          NotAnalysed(
            SourcePlace(path: part.after.path, line: position.line), function: symbols.text(function.name),
            reason: "too long for \(limited), which compare its parts with each other"))
      }
    }
    return outcome
  }

  private func notAnalysed(_ context: RuleContext, _ files: [ParsedFile]) -> [NotAnalysed] {
    var result: [NotAnalysed] = []
    for file in files {
      for item in file.unread {
        let position = file.position(ofOffset: item.offset)
        result.append(
          NotAnalysed(
            SourcePlace(path: file.path, line: position.line), function: symbols.text(item.function),
            reason: item.reason.rawValue))
      }
    }
    func add(_ id: FunctionID, _ reason: String) {
      let place = context.place(of: id)
      result.append(
        NotAnalysed(
          SourcePlace(path: place.path, line: place.line), function: context.name(id), reason: reason))
    }
    for id in context.functions where context.solver.facts(id)?.isPartial == true {
      add(id, "too many paths: lock state followed on some of them only")
    }
    for excess in context.limits.excesses { add(excess.function, excess.reason) }
    return result
  }
}

/// What rules found, and what they could not judge.
public struct LintOutcome: Sendable {
  /// By place.
  public var findings: [Finding] = []
  /// Functions and constructs that were not judged, with the reason.
  public var notAnalysed: [NotAnalysed] = []
  /// Files under review that are programs for user space, which not all rules judge.
  public var programs: Set<String> = []
  /// How many functions assert the locks that they rely on, where `lock-assert-coverage` was asked for.
  public var assertions: [LockAssertFigure] = []

  /// Nothing yet.
  public init() {}
}
