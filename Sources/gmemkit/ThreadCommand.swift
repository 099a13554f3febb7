import ArgumentParser
import Findings
import PatchMail
import ThreadReview

/// `gmemkit thread`: a series as posted, and the review under it.
struct ThreadCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "thread",
    abstract: "Show a series as posted and the review under it, each comment at the line it speaks of.",
    discussion: """
      Reads the thread only; no kernel tree is needed. Without --version the newest version is shown. \
      Comments are placed by what they quote; questions that no reply takes up are listed at the end.

      Example: gmemkit thread rfc.mbox
      """
  )

  @Argument(
    help: ArgumentHelp(
      "An mbox, mbox.gz, maildir, directory of .patch files, patch, an archive's text page, or '-'.",
      valueName: "series"))
  var series: String

  @OptionGroup var reading: SeriesOptions

  @Flag(help: "Write one JSON document to standard output.")
  var json = false

  func run() async throws {
    var reading = reading.reading
    reading.allowsMissing = true
    reading.includesAllSeries = true
    let thread: PostedThread
    do {
      thread = try SeriesInput.thread(at: series, reading)
    } catch {
      throw Ending(.badInput, "\(error)")
    }
    let report = ThreadReport(ReviewThread(thread))
    Console.write(json ? report.json.document : Array(report.text.utf8))
  }
}
