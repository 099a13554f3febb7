import ArgumentParser
import Findings
import Foundation
import KernelTree
import PatchMail
import SeriesApply

/// `gmemkit apply`: mail becomes commits on a new branch, or a precise refusal.
struct ApplyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "apply",
    abstract: "Put a series on a kernel tree: one commit per patch, on a new branch, or nothing.",
    discussion: """
      The work tree, the index, HEAD, the stash and the configuration are never touched: objects are written as one \
      pack, and one new branch appears at the very end. Every hunk is tried where it says, then at another line, then \
      by a three-way merge from the blob of its index line. What does not fit is told hunk by hunk, for the whole \
      series at once, with exit status 2.

      Example: gmemkit apply series.mbox --tree ~/src/linux --branch gmem-2m
      """
  )

  @Argument(
    help: ArgumentHelp("An mbox, a maildir, a directory of .patch files, a patch, or '-'.", valueName: "series"))
  var series: String

  @OptionGroup var tree: TreeOptions

  @OptionGroup var reading: SeriesOptions

  @Option(
    help: ArgumentHelp("The new branch's name; without it, one made from the series' subject.", valueName: "name"))
  var branch: String?

  @Flag(help: "Try everything, write nothing.")
  var dryRun = false

  @Flag(help: "Show what a hunk with other context would do at its nearest place, as a diff; it is not applied.")
  var fuzzPreview = false

  @Flag(help: "Write one JSON document to standard output.")
  var json = false

  func run() async throws {
    let posted: PatchSeries
    do {
      posted = try SeriesInput.series(at: series, reading.reading)
    } catch {
      throw Ending(.badInput, "\(error)")
    }
    let repository = try await tree.repository()
    let report = try await applied(posted, to: repository)
    Console.write(json ? report.json.document : Array(report.text.utf8))
    if let line = report.refusal { throw Ending(.badInput, line) }
  }

  private func applied(_ posted: PatchSeries, to repository: KernelRepository) async throws -> ApplyReport {
    do {
      let base = try await SeriesBase.find(for: posted, in: repository, onto: tree.onto)
      let committer = try await committer(in: repository)
      let series = try await SeriesApplier.apply(posted, to: repository, onto: base.commit, committer: committer)
      var report = ApplyReport(posted: posted, base: base, series: series, showsPreviews: fuzzPreview)
      if series.isComplete, !dryRun {
        report.landing = try await SeriesLanding.land(series, as: branch ?? posted.branchName, in: repository)
      }
      report.prerequisites = try await PrerequisiteCheck.run(posted, in: repository, base: base.commit)
      return report
    } catch let error as ApplyError {
      throw Ending(.badInput, "\(error)")
    }
  }

  /// Who records the commits: git's own environment variables, then its configuration.
  private func committer(in repository: KernelRepository) async throws -> Signature? {
    guard !dryRun else { return nil }
    let now = Int(Date().timeIntervalSince1970)
    let offset = TimeZone.current.secondsFromGMT() / 60
    let configured = await repository.configuredCommitter(at: Int64(now), offsetMinutes: offset)
    guard let name = Console.environment("GIT_COMMITTER_NAME") ?? configured?.name,
      let email = Console.environment("GIT_COMMITTER_EMAIL") ?? configured?.email
    else {
      throw Ending(
        .badInput,
        "git does not know your name, which commits need; git config --global user.name 'Your Name' "
          + "&& git config --global user.email you@example.org")
    }
    return Signature(name: name, email: email, secondsSince1970: Int64(now), offsetMinutes: offset)
  }
}

extension PatchSeries {
  /// A branch name out of the cover letter's or the first patch's subject: `gmemkit/kvm-gmem-2mb-thp-support-v2`.
  var branchName: String {
    let subject = cover?.subject ?? patches.first?.subject ?? "series"
    var slug = ""
    for scalar in subject.lowercased().unicodeScalars {
      let isPlain = ("a"..."z").contains(scalar) || ("0"..."9").contains(scalar)
      if isPlain { slug.unicodeScalars.append(scalar) } else if !slug.hasSuffix("-"), !slug.isEmpty { slug += "-" }
    }
    let short = slug.prefix(48).drop { $0 == "-" }
    let name = short.hasSuffix("-") ? String(short.dropLast()) : String(short)
    return "gmemkit/" + (name.isEmpty ? "series" : name) + (version > 1 ? "-v\(version)" : "")
  }
}
