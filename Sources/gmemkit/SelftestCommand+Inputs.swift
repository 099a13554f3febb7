import ArgumentParser
import DefaultTree
import Findings
import Foundation
import KernelTree
import PatchMail
import SelftestHarness
import SeriesApply
import SeriesLint
import SeriesSelftest
import SystemPackage
import VirtualMachine

extension SeriesSelftest.AccelerationChoice: ExpressibleByArgument {}

extension SelftestCommand {
  /// The planned suite for what the command line names.
  func suite() async throws -> SeriesSelftest {
    guard let architecture = arch.map({ Architecture.named($0) }) ?? Architecture.host else {
      let names = Architecture.all.map(\.name).joined(separator: ", ")
      throw Ending(
        .badUsage, "no guests of architecture '\(arch ?? "of this processor")' are known; there are \(names)")
    }
    guard let debug = DebugProfile.named(profile) else {
      let names = DebugProfile.all.map(\.name).joined(separator: ", ")
      throw Ending(.badUsage, "no profile is called '\(profile)'; there are \(names)")
    }
    var options = SeriesSelftest.Options(
      cache: FilePath(DefaultTree.cacheDirectory()), jobs: jobs ?? ProcessInfo.processInfo.activeProcessorCount)
    options.engine = LintCache.engine
    options.acceleration = accel
    options.eachCommit = each
    options.fresh = fresh
    options.comparesWithBase = compareBase
    options.repetitions = repetitions
    options.measuresCoverage = coverage
    options.profile = debug
    options.output = output.map { Self.absolute($0) }
    let repository = try await tree.repository()
    do {
      let (base, subjects, linted) = try await subjects(in: repository)
      options.suspicions = { await Self.suspicions(about: linted, in: repository) }
      return try await SeriesSelftest(
        subjects, onto: base, of: repository, architecture: architecture, options: options)
    } catch let error as MailError {
      throw Ending(.badInput, "\(error)")
    } catch let error as ApplyError {
      throw Ending(.badInput, "\(error)")
    } catch let error as TreeError {
      throw Ending(.badInput, "\(error)")
    } catch let error as SelftestError {
      throw Self.ending(error)
    }
  }

  /// The tree to start from and the commits to test.
  private func subjects(in repository: KernelRepository) async throws -> (
    ObjectID, [SelftestSubject], [LintedCommit]
  ) {
    if let series {
      let posted = try SeriesInput.series(at: series, reading.reading)
      let base = try await SeriesBase.find(for: posted, in: repository, onto: tree.onto)
      let applied = try await SeriesApplier.apply(posted, to: repository, onto: base.commit)
      guard applied.isComplete else {
        let conflicts = applied.patches.filter { $0.status == .conflict }.map { "\($0.number)" }.joined(separator: ", ")
        throw Ending(.badInput, "patch \(conflicts) does not apply, nothing was tested; 'gmemkit apply' says why")
      }
      return (
        try await repository.tree(of: base.commit), SelftestSubject.subjects(of: applied),
        try await LintedCommit.commits(of: applied, in: repository)
      )
    }
    let rev = rev ?? "HEAD"
    let tip: ObjectID
    let base: ObjectID
    if let dots = rev.firstRange(of: "..") {
      base = try await repository.commit(String(rev[..<dots.lowerBound]))
      let end = String(rev[dots.upperBound...])
      tip = try await repository.commit(end.isEmpty ? "HEAD" : end)
    } else {
      tip = try await repository.commit(rev)
      base = try await repository.parents(of: tip).first ?? tip
    }
    return (
      try await repository.tree(of: base), try await SelftestSubject.subjects(from: base, to: tip, in: repository),
      base == tip ? [] : try await LintedCommit.range(base.hex, tip.hex, in: repository)
    )
  }

  /// What lint holds against the commits and a run may show; without lint the harness is only poorer.
  static func suspicions(about commits: [LintedCommit], in repository: KernelRepository) async -> [Suspicion] {
    let options = LintOptions(rules: nil, all: false, jobs: ProcessInfo.processInfo.activeProcessorCount)
    let linter = SeriesLinter(repository, checker: SourceRules(), options: options)
    guard !commits.isEmpty, let report = try? await linter.lint(commits) else { return [] }
    return suspicions(in: report)
  }

  /// The findings that a run may show: those about locks, in a function that is known.
  static func suspicions(in report: LintReport) -> [Suspicion] {
    report.failing.map(\.finding).filter { !$0.function.isEmpty && $0.rule.contains("lock") }.map { finding in
      Suspicion(
        rule: finding.rule, function: finding.function, path: finding.place.path, line: finding.place.line,
        message: finding.message)
    }
  }

  static func ending(_ error: SelftestError) -> Ending {
    switch error.code {
    case .input: Ending(.badInput, error.description)
    case .configuration: Ending(.buildFailed, error.description)
    case .machine: Ending(.bootFailed, error.description)
    case .cancelled: Ending(.interrupted, "interrupted")
    }
  }

  static func ending(_ report: SelftestReport) -> Ending {
    let worst = report.patches.filter { $0.verdict == report.verdict }
    let names = worst.map { "\($0.number)" }.joined(separator: ", ")
    let which = worst.count == 1 ? "patch \(names)" : "patches \(names)"
    switch report.verdict {
    case .buildFailed:
      return Ending(.buildFailed, "\(which) did not build: \(worst.first?.errors.first ?? ""); see \(report.directory)")
    case .bootFailed: return Ending(.bootFailed, "\(which) did not get through its boots; see \(report.directory)")
    case .failed, .passed:
      // Some of the tree's tests fail without any series; only a run of the base can tell.
      let isCompared = report.patches.contains { $0.number == 0 }
      let advice = isCompared ? "" : "; --compare-base says what the base fails too"
      return Ending(.findings, "\(which) failed tests or made the kernel complain\(advice); see \(report.directory)")
    }
  }

  static func write(_ bytes: [UInt8], to path: String) throws {
    do {
      let file = try FileDescriptor.open(
        FilePath(path), .writeOnly, options: [.create, .truncate],
        permissions: [.ownerReadWrite, .groupRead, .otherRead])
      _ = try file.closeAfter { try file.writeAll(bytes) }
    } catch {
      throw Ending(.badInput, "cannot write \(path): \(error)")
    }
  }

  static func absolute(_ path: String) -> FilePath {
    path.hasPrefix("/") ? FilePath(path) : FilePath(FileManager.default.currentDirectoryPath).appending(path)
  }
}
