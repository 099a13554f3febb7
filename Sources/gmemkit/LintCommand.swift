import ArgumentParser
import ByteText
import DefaultTree
import Findings
import Foundation
import KernelTree
import PatchMail
import SeriesApply
import SeriesLint
import SeriesRules
import SystemPackage
import TreeFacts

/// `gmemkit lint`: what a series, a range of commits or a tree has wrong.
struct LintCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lint",
    abstract: "Find locking and error-path mistakes, and report what each patch adds.",
    discussion: """
      With a SERIES and --tree, every patch is judged by what it changes: findings that the tree has already are not \
      the author's. Without --tree the mails alone are linted, as far as their hunks show the code. With --rev A..B \
      the commits of a range are judged like a series; with --rev A (or none) files are linted as they stand, and \
      REPO may then also be an unpacked kernel tree without git.

      A comment 'gmemkit: allow RULE: reason' on the line of a finding or above it takes the finding out.

      As a b4 hook: git config b4.prep-perpatch-check-cmd 'gmemkit lint --format b4 -'; for \
      b4.review-perpatch-check-cmd use '--format b4-review'.

      Examples:
        gmemkit lint series.mbox --tree ~/src/linux
        gmemkit lint --tree ~/src/linux --rev v6.12..HEAD --format sarif
        gmemkit lint --tree ~/src/linux virt/kvm mm/gup.c
        gmemkit lint --tree ~/src/linux --rev v6.12 virt/kvm
        gmemkit lint --tree ~/src/linux --rev HEAD --coverage
      """
  )

  @Argument(
    help: ArgumentHelp(
      "A series (an mbox, a maildir, a directory of .patch files, a patch, or '-'), or paths of the tree.",
      valueName: "series|path"))
  var arguments: [String] = []

  @Option(help: ArgumentHelp("A git repository with a kernel tree, or an unpacked tree.", valueName: "repo"))
  var tree: String?

  @Option(help: ArgumentHelp("The commit to put the series on.", valueName: "rev"))
  var onto: String?

  @OptionGroup var reading: SeriesOptions

  @Option(help: ArgumentHelp("A range A..B of commits, or one commit for whole files.", valueName: "rev"))
  var rev: String?

  @Option(help: "text, json, sarif, github, b4 (prep and am hooks) or b4-review (review hooks).")
  var format: LintFormat = .text

  @Option(name: .customLong("rule"), help: ArgumentHelp("Run this rule only; may be repeated.", valueName: "id"))
  var rules: [String] = []

  @Flag(help: "Also report what a patch fixes and what was there before it.")
  var all = false

  @Option(name: [.customShort("j"), .long], help: "How many files to read at the same time.")
  var jobs: Int = ProcessInfo.processInfo.activeProcessorCount

  @Flag(help: "Say how much of the tree (or of the paths) can be read, and list what cannot; find nothing.")
  var coverage = false

  @Flag(name: .shortAndLong, help: "Nothing on standard error unless the run could not do its work.")
  var quiet = false

  func validate() throws {
    if let rev, rev.contains("..."), tree != nil { throw ValidationError("Give a range as A..B, with two dots.") }
    if rev != nil && tree == nil { throw ValidationError("--rev needs --tree.") }
    if rev == nil { try SeriesOptions.refuseRanges(among: arguments) }
    if onto != nil && (tree == nil || rev != nil) { throw ValidationError("--onto goes with SERIES and --tree.") }
    if tree == nil && arguments.count != 1 {
      throw ValidationError(arguments.isEmpty ? "Give a SERIES, or --tree." : "Give one SERIES.")
    }
    if coverage, tree == nil || onto != nil || rev?.contains("..") == true || !(format == .text || format == .json) {
      throw ValidationError("--coverage goes with --tree, one revision, paths, and the formats text and json.")
    }
    if let rev, rev.contains(".."), !arguments.isEmpty {
      throw ValidationError("A range is linted whole; paths go with '--rev A'.")
    }
  }

  func run() async throws {
    let report: LintReport
    do {
      if coverage { return try await countCoverage() }
      report = try await lint()
    } catch let error as LintError {
      throw Ending(.badInput, "\(error)")
    } catch let error as MailError where error.code == .noPatch && format.keepsErrorsQuiet {
      // b4 hands the cover letter alone to its hook for a series: nothing to judge is nothing to say.
      report = LintReport()
    } catch let error as MailError {
      throw Ending(.badInput, "\(error)")
    } catch let error as TreeError {
      throw Ending(.badInput, "\(error)")
    } catch let error as ApplyError {
      throw Ending(.badInput, "\(error)")
    }
    Console.write(format.render(report, rules: SourceRules.descriptions))
    try end(report)
  }

  private func end(_ report: LintReport) throws {
    let isClean = report.failing.isEmpty && report.notAnalysed.isEmpty
    let quietly = quiet || format.keepsErrorsQuiet
    if !quietly {
      for entry in report.notAnalysed.prefix(Self.shownNotAnalysed) {
        let what = entry.function.isEmpty ? "the file" : "'\(entry.function)'"
        Console.note("\(entry.place): note: \(what) was not analysed: \(entry.reason)")
      }
      for change in report.assertions where change.patch == nil || change.before != change.after {
        Console.note("gmemkit: note: \(change.text)")
      }
      for limit in report.limits { Console.note("gmemkit: note: \(limit)") }
    }
    guard !isClean else {
      if !quietly { Console.note("gmemkit: \(report.summary)") }
      return
    }
    let next =
      report.failing.first.map { "; 'gmemkit explain \($0.finding.rule)' says more" }
      ?? "; --format json lists what was not analysed"
    if quietly { throw ExitCode(ExitStatus.findings.rawValue) }
    throw Ending(.findings, report.summary + next)
  }

  /// More would bury the findings; the JSON document has all.
  private static let shownNotAnalysed = 20

  private var options: LintOptions {
    LintOptions(
      rules: rules.isEmpty ? nil : Set(rules), all: all, jobs: jobs,
      cache: LintCache(directory: DefaultTree.cacheDirectory() + "/lint"))
  }

  // MARK: what to lint

  private func lint() async throws -> LintReport {
    let checker = SourceRules()
    guard let tree else {
      let series = try SeriesInput.series(at: arguments[0], reading.reading)
      return try await HunkLinter(checker: checker, options: options).lint(try SeriesPatch.patches(of: series))
    }
    let repository: KernelRepository
    do {
      repository = try KernelRepository(opening: tree)
    } catch {
      return try await lintFolder(tree, reason: error, checker: checker)
    }
    if let rev, let dots = rev.firstRange(of: "..") {
      let commits = try await LintedCommit.range(
        String(rev[..<dots.lowerBound]), String(rev[dots.upperBound...]), in: repository)
      return try await SeriesLinter(repository, checker: checker, options: options).lint(commits)
    }
    if rev == nil, let series = arguments.first, let stranger = try await stranger(to: repository) {
      guard arguments.count == 1 else {
        throw ValidationError("Give one SERIES, or paths that HEAD has, which has no source or folder '\(stranger)'.")
      }
      let commits = try await apply(SeriesInput.series(at: series, reading.reading), to: repository)
      return try await SeriesLinter(repository, checker: checker, options: options).lint(commits)
    }
    let files = RepositoryTree(repository, tree: try await repository.tree(of: repository.commit(rev ?? "HEAD")))
    return try await WholeFileLinter(checker: checker, options: options).lint(files, paths: arguments)
  }

  /// The first argument that is no source and no folder of HEAD: then they are no paths.
  private func stranger(to repository: KernelRepository) async throws -> String? {
    guard let head = try? await repository.tree(of: repository.commit("HEAD")) else { return arguments.first }
    for argument in arguments {
      guard let path = TreePath.normal(argument), let entry = try await repository.entry(at: path, in: head),
        entry.isDirectory || path.hasSuffix(".c") || path.hasSuffix(".h")
      else { return argument }
    }
    return nil
  }

  // MARK: how much can be read

  private func countCoverage() async throws {
    guard let tree else { throw ValidationError("--coverage needs --tree.") }
    let directory = DefaultTree.cacheDirectory() + "/lint"
    let cache = LintCache(directory: directory)
    let counter = CoverageCounter(
      jobs: jobs, archive: FactArchive(directory: directory + "/facts", engine: LintCache.engine), cache: cache)
    let report: CoverageReport
    do {
      let repository = try KernelRepository(opening: tree)
      report = try await counter.count(
        RepositoryTree(repository, tree: try await repository.tree(of: repository.commit(rev ?? "HEAD"))),
        paths: arguments)
    } catch let error as TreeError where error.code == .notARepository && rev == nil {
      report = try await counter.count(FolderTree(FilePath(tree)), paths: arguments)
    }
    Console.write(format == .json ? report.json.document : report.text)
    guard !report.notAnalysed.isEmpty else {
      if !quiet { Console.note("gmemkit: \(report.summary)") }
      return
    }
    if quiet { throw ExitCode(ExitStatus.findings.rawValue) }
    throw Ending(.findings, report.summary + (format == .json ? "" : "; the list above has them all"))
  }

  private func lintFolder(_ path: String, reason: TreeError, checker: SourceRules) async throws -> LintReport {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue, rev == nil,
      reason.code == .notARepository
    else { throw reason }
    return try await WholeFileLinter(checker: checker, options: options)
      .lint(FolderTree(FilePath(path)), paths: arguments)
  }

  private func apply(_ series: PatchSeries, to repository: KernelRepository) async throws -> [LintedCommit] {
    let base = try await SeriesBase.find(for: series, in: repository, onto: onto)
    let applied = try await SeriesApplier.apply(series, to: repository, onto: base.commit)
    if let conflict = applied.patches.first(where: { $0.status == .conflict }) {
      throw Ending(
        .badInput,
        "patch \(conflict.number) \"\(conflict.subject)\" does not apply to \(base.commit.short); "
          + "'gmemkit apply --dry-run' tells it hunk by hunk, without --tree the mails alone are linted")
    }
    return try await LintedCommit.commits(of: applied, in: repository)
  }
}
