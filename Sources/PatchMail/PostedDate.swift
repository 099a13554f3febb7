#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A moment with the clock its author read it from.
public struct PostedDate: Sendable, Hashable {
  /// Seconds since 1970-01-01 00:00:00 UTC.
  public var secondsSince1970: Int64
  /// Minutes east of UTC.
  public var offsetMinutes: Int

  /// Makes a date from its parts.
  public init(secondsSince1970: Int64, offsetMinutes: Int) {
    self.secondsSince1970 = secondsSince1970
    self.offsetMinutes = offsetMinutes
  }

  /// The present moment, in UTC.
  public static var now: PostedDate { PostedDate(secondsSince1970: Int64(time(nil)), offsetMinutes: 0) }

  /// Reads a mail's `Date:` value (RFC 5322, its obsolete forms, ISO 8601, git's raw `@seconds +zone`).
  public init?(_ value: [UInt8]) {
    var reader = DateReader(Array(value.prefix(128)))
    guard let date = reader.date() else { return nil }
    self = date
  }

  /// `+0100`, as commits and mails write it.
  public var zone: String {
    let minutes = abs(offsetMinutes)
    return (offsetMinutes < 0 ? "-" : "+") + Self.pad(minutes / 60) + Self.pad(minutes % 60)
  }

  /// `2024-12-12T06:36:00+00:00` (RFC 3339).
  public var iso8601: String {
    let local = secondsSince1970 + Int64(offsetMinutes) * 60
    let day = Int(local >= 0 ? local / 86400 : (local - 86399) / 86400)
    let clock = Int(local - Int64(day) * 86400)
    let (year, month, dayOfMonth) = Self.civil(day)
    let zone = zone
    return "\(year)-\(Self.pad(month))-\(Self.pad(dayOfMonth))T\(Self.pad(clock / 3600)):"
      + "\(Self.pad(clock / 60 % 60)):\(Self.pad(clock % 60))\(zone.prefix(3)):\(zone.suffix(2))"
  }

  private static func pad(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }

  /// Days since 1970-01-01 as a date of the Gregorian calendar.
  private static func civil(_ days: Int) -> (year: Int, month: Int, day: Int) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
  }

  /// A date of the Gregorian calendar as days since 1970-01-01.
  static func days(year: Int, month: Int, day: Int) -> Int {
    let year = month <= 2 ? year - 1 : year
    let era = (year >= 0 ? year : year - 399) / 400
    let yearOfEra = year - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}

/// Takes the words of a date apart.
private struct DateReader {
  private let words: [String]

  init(_ bytes: [UInt8]) {
    // Comments say the zone's name again; a comma is as good as a blank.
    var depth = 0
    var clean: [UInt8] = []
    for byte in bytes {
      if byte == UInt8(ascii: "(") {
        depth += 1
      } else if byte == UInt8(ascii: ")") {
        depth = max(0, depth - 1)
      } else if depth == 0 {
        clean.append(byte == UInt8(ascii: ",") ? 0x20 : byte)
      }
    }
    words = clean.split(whereSeparator: ASCII.isSpace).map { String(decoding: $0, as: UTF8.self) }
  }

  mutating func date() -> PostedDate? {
    if let raw = raw() { return raw }
    var year: Int?
    var month: Int?
    var day: Int?
    var clock: Int?
    var zone: Int?
    for word in words {
      if clock == nil, word.contains("T"), let iso = isoDateTime(word) {
        (year, month, day, clock) = (iso.year, iso.month, iso.day, iso.clock)
        zone = iso.zone ?? zone
      } else if clock == nil, word.contains(":") {
        guard let time = Self.time(word) else { return nil }
        clock = time
      } else if year == nil, month == nil, let iso = Self.isoDate(word) {
        (year, month, day) = iso
      } else if month == nil, let number = Self.months[String(word.prefix(3)).lowercased()], !Self.isDayName(word) {
        month = number
      } else if clock != nil, zone == nil, let offset = Self.zone(word) {
        zone = offset
      } else if let number = Int(word), word.utf8.allSatisfy(ASCII.isDigit) {
        if day == nil, number >= 1, number <= 31, word.count <= 2 {
          day = number
        } else if year == nil {
          year =
            word.count <= 2 ? (number < 50 ? number + 2000 : number + 1900) : number < 1000 ? number + 1900 : number
        }
      }
    }
    guard let year, let month, let day, let clock, year >= 1970, year <= 2099, (1...12).contains(month),
      (1...31).contains(day)
    else { return nil }
    let offset = zone ?? 0
    let seconds = Int64(PostedDate.days(year: year, month: month, day: day)) * 86400 + Int64(clock - offset * 60)
    guard seconds >= 0 else { return nil }
    return PostedDate(secondsSince1970: seconds, offsetMinutes: offset)
  }

  /// `@1700000000 +0100`, or the same without the at sign.
  private func raw() -> PostedDate? {
    guard words.count == 2 || words.count == 1, let first = words.first else { return nil }
    let digits = first.hasPrefix("@") ? first.dropFirst() : first[...]
    guard digits.count >= 9 || first.hasPrefix("@"), digits.count <= 12, let seconds = Int64(digits), seconds >= 0
    else {
      return nil
    }
    guard words.count == 2 else {
      return first.hasPrefix("@") ? PostedDate(secondsSince1970: seconds, offsetMinutes: 0) : nil
    }
    return Self.zone(words[1]).map { PostedDate(secondsSince1970: seconds, offsetMinutes: $0) }
  }

  private static let months: [String: Int] = [
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11,
    "dec": 12,
  ]

  private static func isDayName(_ word: String) -> Bool {
    ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].contains(String(word.prefix(3)).lowercased())
  }

  private static func time(_ word: String) -> Int? {
    let parts = word.split(separator: ":", omittingEmptySubsequences: false).map { Int($0.prefix { $0 != "." }) }
    guard parts.count == 2 || parts.count == 3, let hour = parts[0], let minute = parts[1],
      let second = parts.count == 3 ? parts[2] : 0, (0...24).contains(hour), (0...59).contains(minute),
      (0...60).contains(second)
    else { return nil }
    return hour * 3600 + minute * 60 + second
  }

  private static func isoDate(_ word: String) -> (Int, Int, Int)? {
    let parts = word.split(separator: "-").map { Int($0) }
    guard parts.count == 3, word.prefix(4).utf8.allSatisfy(ASCII.isDigit), let year = parts[0], let month = parts[1],
      let day = parts[2], year > 31
    else { return nil }
    return (year, month, day)
  }

  private func isoDateTime(_ word: String) -> (year: Int, month: Int, day: Int, clock: Int, zone: Int?)? {
    let halves = word.split(separator: "T", maxSplits: 1)
    guard halves.count == 2, let (year, month, day) = Self.isoDate(String(halves[0])) else { return nil }
    let clockText = halves[1].prefix { $0 != "Z" && $0 != "+" && $0 != "-" }
    guard let clock = Self.time(String(clockText)) else { return nil }
    let zoneText = halves[1].dropFirst(clockText.count)
    return (year, month, day, clock, zoneText.isEmpty ? nil : Self.zone(String(zoneText)))
  }

  private static func zone(_ word: String) -> Int? {
    let named: [String: Int] = [
      "UT": 0, "UTC": 0, "GMT": 0, "Z": 0, "EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420, "MDT": -360,
      "PST": -480, "PDT": -420, "CET": 60, "CEST": 120, "MET": 60, "MEST": 120, "BST": 60, "EET": 120, "EEST": 180,
      "JST": 540,
    ]
    if let minutes = named[word] { return minutes }
    guard let sign = word.first, sign == "+" || sign == "-" else { return nil }
    let digits = word.dropFirst().filter { $0 != ":" }
    guard (digits.count == 4 || digits.count == 2), let number = Int(digits), number >= 0 else { return nil }
    let minutes = digits.count == 2 ? number * 60 : number / 100 * 60 + number % 100
    guard minutes < 24 * 60 else { return nil }
    return sign == "-" ? -minutes : minutes
  }
}
