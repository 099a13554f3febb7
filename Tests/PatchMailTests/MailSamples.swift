import Foundation
import PatchMail

/// Mails made on the spot, for threads of every shape.
struct Sample {
  var subject: String
  var id: String
  var parent: String?
  var from = "Ada Author <ada@example.org>"
  var body: String
  var minute = 0

  /// A patch that adds one line to `file`.
  static func patch(
    _ subject: String, id: String, parent: String? = nil, file: String = "f", minute: Int = 0,
    message: String = "Because.\n\nSigned-off-by: Ada Author <ada@example.org>\n"
  ) -> Sample {
    let diff =
      "---\n \(file) | 1 +\n\ndiff --git a/\(file) b/\(file)\n--- a/\(file)\n+++ b/\(file)\n@@ -1 +1,2 @@\n a\n+\(id)\n-- \n2.39.5\n\n"
    return Sample(subject: subject, id: id, parent: parent, body: message + diff, minute: minute)
  }

  static func text(_ subject: String, id: String, parent: String? = nil, from: String? = nil, _ body: String) -> Sample
  {
    var sample = Sample(subject: subject, id: id, parent: parent, body: body)
    if let from { sample.from = from }
    return sample
  }

  var mail: String {
    let reply = parent.map { "In-Reply-To: <\($0)@x>\nReferences: <\($0)@x>\n" } ?? ""
    let minutes = minute < 10 ? "0\(minute)" : "\(minute)"
    return "From mboxrd@z Thu Jan  1 00:00:00 1970\nFrom: \(from)\nSubject: \(subject)\n"
      + "Date: Mon, 2 Dec 2024 10:\(minutes):00 +0100\nMessage-ID: <\(id)@x>\n\(reply)\n\(body)\n"
  }
}

extension Array where Element == Sample {
  /// The samples as an mbox.
  var mbox: [UInt8] { [UInt8](map(\.mail).joined().utf8) }

  func read(_ reading: SeriesReading = SeriesReading()) throws -> PatchSeries {
    try Oracle.withDirectory { directory in
      let path = directory.appending(path: "t.mbox")
      try Data(mbox).write(to: path)
      return try SeriesInput.series(at: path.path, reading)
    }
  }

  /// The error that reading them ends in.
  func failure(_ reading: SeriesReading = SeriesReading()) throws -> MailError? {
    do {
      _ = try read(reading)
      return nil
    } catch let error as MailError {
      return error
    }
  }
}
