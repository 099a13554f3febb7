/// Something a machine must have: one row of `requirements.txt`, which `scripts/bootstrap` reads too.
public struct Requirement: Sendable, Hashable {
  /// How its presence is told.
  public enum Probe: Sendable, Hashable {
    /// An executable of that name on the search path.
    case command(String)
    /// A file at that absolute path.
    case file(String)
  }

  /// The Debian package that brings it.
  public let package: String
  /// How its presence is told.
  public let probe: Probe
  /// The part of gmemkit that cannot work without it; `optional` where everything can, `tests` for its own tests,
  /// `arm64` for guests of that architecture.
  public let neededBy: String
  /// Whether this machine's own guests, and everything else, need it.
  public var isNeeded: Bool { !["optional", "tests", "arm64"].contains(neededBy) }
  /// What it is for, in a few words.
  public let reason: String

  /// Every requirement of this version, in the order of the table.
  public static let all: [Requirement] = parse(String(decoding: PackageResources.requirements_txt, as: UTF8.self))

  /// The rows of a requirements table; a line that is no row of four fields is left out.
  public static func parse(_ table: String) -> [Requirement] {
    table.split(separator: "\n").compactMap { line in
      if line.hasPrefix("#") { return nil }
      let fields = line.split(separator: "|").map { trimmed($0) }
      guard fields.count == 4, let probe = Probe(fields[1]) else { return nil }
      return Requirement(package: fields[0], probe: probe, neededBy: fields[2], reason: fields[3])
    }
  }

  private static func trimmed(_ field: Substring) -> String {
    String(field.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}

extension Requirement.Probe {
  /// The probe that `command:NAME` or `file:PATH` stands for.
  init?(_ text: String) {
    guard let colon = text.firstIndex(of: ":") else { return nil }
    let subject = String(text[text.index(after: colon)...])
    switch text[..<colon] {
    case "command": self = .command(subject)
    case "file": self = .file(subject)
    default: return nil
    }
  }
}
