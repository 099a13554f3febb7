import KernelTree
import Findings
import SeriesApply
import SeriesSelftest

extension SeriesVerdict {
  /// What came of building, booting and testing the series as a whole.
  public enum TestRun: Sendable {
    /// It ran; a patch that the report does not have was not tested.
    case report(SelftestReport)
    /// It could not run: the reason, and the stage that stands for it in the table.
    case failed(PatchVerdict.Stage, reason: String)
    /// There was nothing to run it on.
    case nothing
  }

  /// Joins what the three verbs say, patch by patch.
  ///
  /// - Parameters:
  ///   - applied: the series on its base.
  ///   - base: why it was put there.
  ///   - warnings: what reading the mails had to say.
  ///   - lint: the findings of the patches that applied.
  ///   - tests: what building, booting and testing them came to.
  ///   - describe: the lines that tell a reader why a hunk has no place.
  public init(
    applied: AppliedSeries, on base: SeriesBase, warnings: [String] = [], lint: LintReport, tests: TestRun,
    describe: (HunkOutcome) -> [String]
  ) {
    var acceleration: String?
    var directory: String?
    var skips: [String] = []
    if case .report(let report) = tests {
      (acceleration, directory, skips) = (report.acceleration, report.directory, report.skips)
    }
    let patches = applied.patches.map { patch in
      var cells: [PatchVerdict.Stage: Cell] = [.applies: .applies(patch, describe: describe)]
      if patch.commit == nil {
        for stage in PatchVerdict.Stage.allCases.dropFirst() {
          cells[stage] = patch.status == .skipped ? .green("nothing new") : .notRun("it is not in the tree")
        }
      } else {
        cells[.findings] = .findings(patch.number, in: lint)
        cells.merge(Self.cells(of: patch.number, tests)) { $1 }
      }
      return PatchVerdict(number: patch.number, subject: patch.subject, commit: patch.commit?.hex, cells: cells)
    }
    self.init(
      base: applied.base.hex, baseReason: "\(base.subject) (\(base.reason))",
      notes: warnings + base.remarks + lint.limits + skips, acceleration: acceleration, directory: directory,
      patches: patches)
  }

  private static func cells(of number: Int, _ tests: TestRun) -> [PatchVerdict.Stage: Cell] {
    switch tests {
    case .report(let report):
      guard let patch = report.patches.first(where: { $0.number == number }) else { return [:] }
      return [.builds: .builds(patch), .boots: .boots(patch), .tests: .tests(patch)]
    case .failed(let stage, let reason):
      return [.builds, .boots, .tests].reduce(into: [:]) { cells, other in
        cells[other] = other == stage ? .red("FAILED", [reason]) : .notRun("see '\(stage.rawValue)'")
      }
    case .nothing: return [:]
    }
  }
}

extension SelftestReport {
  /// The tests that were left out, each with the patches and the reason: a green cell only counts them.
  var skips: [String] {
    var patches: [String: [Int]] = [:]
    var lines: [(name: String, reason: String)] = []
    for patch in self.patches {
      for test in patch.tests where test.result == .skip {
        if patches[test.name] == nil {
          lines.append((test.name, test.message.split(separator: "\n").first.map(String.init) ?? "no reason given"))
        }
        patches[test.name, default: []].append(patch.number)
      }
    }
    return lines.map { name, reason in
      let numbers = (patches[name] ?? []).map(String.init).joined(separator: ", ")
      return "skipped in patch \(numbers): \(name): \(reason)"
    }
  }
}
