import ArgumentParser
import Foundation
import PatchMail

/// Which series of the input is meant: shared by the verbs that read mail.
struct SeriesOptions: ParsableArguments {
  @Option(
    name: .customLong("version"),
    help: ArgumentHelp("The version of the series; without it, the newest one in the input.", valueName: "n"))
  var seriesVersion: Int?

  @Option(
    help: ArgumentHelp(
      "Take the patches that stand in this reply instead of the series.", valueName: "message-id"))
  var fromReply: String?

  @Option(
    help: ArgumentHelp("Take the series that this message is a part of or answers.", valueName: "message-id"))
  var containing: String?

  @Flag(help: "Collect Reviewed-by and other trailers from the replies.")
  var trailers = false

  @Flag(help: "Drop what stands above a scissors line (-- >8 --) of a message.")
  var scissors = false

  /// The same as the mail reader takes it.
  var reading: SeriesReading {
    var reading = SeriesReading()
    reading.version = seriesVersion
    reading.fromReply = fromReply
    reading.containing = containing
    reading.collectsTrailers = trailers
    reading.cutsAtScissors = scissors
    return reading
  }

  /// Tells who gives a range of commits where mail is expected how it is given.
  static func refuseRanges(among arguments: [String]) throws {
    guard let range = arguments.first(where: isRange) else { return }
    throw ValidationError("'\(range)' is a range of commits, no series: give it as --tree REPO --rev \(range).")
  }

  /// `A..B`, and no path: nothing goes by it, and no part of it leads upwards.
  private static func isRange(_ argument: String) -> Bool {
    argument.contains("..") && !argument.split(separator: "/").contains("..")
      && !FileManager.default.fileExists(atPath: argument)
  }
}
