import ByteText

/// What stands in front of a line because of the way it was logged: printk's time and caller, a log level, dmesg's and
/// syslog's heads.
///
/// The forms are those of kernel/printk/printk.c, `dmesg` (plain, `-r`, `-x`, `-T`, `--time-format iso`), `/dev/kmsg`,
/// netconsole, `journalctl -k` and rsyslog.
struct ConsolePrefix {
  /// Its length, with the one blank after it; 0 if there is none.
  var length = 0
  /// Whether the line is the kernel's own.
  var isKernel = false
  /// Who wrote it (CONFIG_PRINTK_CALLER), a task or a processor; 0 if it does not say.
  var caller: UInt64 = 0

  typealias Line = Slice<UnsafeBufferPointer<UInt8>>

  /// Reads the prefix of a line; any bytes are a line.
  init(_ line: Line) {
    guard let first = line.first else { return }
    var rest = line
    switch first {
    case UInt8(ascii: "["), UInt8(ascii: "<"):
      break
    case UInt8(ascii: "0")...UInt8(ascii: "9"):
      if let record = Self.record(line) {
        (length, isKernel, caller) = (record.length, true, record.caller)
        return
      }
      guard let (clock, isDmesg) = Self.isoTime(line) else { return }
      rest = line.dropFirst(clock)
      isKernel = isDmesg
      if let host = Self.host(rest) {
        rest = rest.dropFirst(host)
        isKernel = true
      }
    case UInt8(ascii: "A")...UInt8(ascii: "Z"):
      guard let clock = Self.syslogTime(line), let host = Self.host(line.dropFirst(clock)) else { return }
      rest = line.dropFirst(clock + host)
      isKernel = true
    case UInt8(ascii: "a")...UInt8(ascii: "z"):
      guard let level = Self.facility(line) else { return }
      rest = line.dropFirst(level)
      isKernel = true
    default:
      return
    }
    length = rest.startIndex - line.startIndex
    if let stamp = Self.stamp(rest) {
      length += stamp.length
      isKernel = true
      caller = stamp.caller
      // journalctl -o short-monotonic has the host after the time.
      if length == stamp.length, let host = Self.host(line.dropFirst(length)) { length += host }
    }
  }

  /// `<6>[   12.345678][  T123] `, each part optional but the time; `[Sun Nov 22 22:00:01 2026] `.
  static func stamp(_ line: Line) -> (length: Int, caller: UInt64)? {
    var scan = Scan(line)
    if scan.take(UInt8(ascii: "<")) {
      guard scan.digits() > 0, scan.take(UInt8(ascii: ">")) else { return nil }
    }
    guard scan.take(UInt8(ascii: "[")) else { return nil }
    if scan.isLetter { return wallClock(line) }
    scan.blanks()
    guard scan.digits() > 0, scan.take(UInt8(ascii: ".")) else { return nil }
    guard (1...9).contains(scan.digits()), scan.take(UInt8(ascii: "]")) else { return nil }
    var caller: UInt64 = 0
    var ahead = scan
    _ = ahead.take(0x20)
    if ahead.take(UInt8(ascii: "[")) {
      ahead.blanks()
      if let found = ahead.caller(), ahead.take(UInt8(ascii: "]")) {
        caller = found
        scan = ahead
      }
    }
    _ = scan.take(0x20)
    return (scan.index - line.startIndex, caller)
  }

  /// Where printk's own stamp, `[%5lu.%06lu]`, begins in the middle of a line, if it does.
  static func interruption(in line: Line) -> Int? {
    var index = line.startIndex
    while index < line.endIndex, let found = line[index...].firstIndex(of: UInt8(ascii: "[")) {
      if found > line.startIndex, isFullStamp(line[found...]) { return found }
      index = found + 1
    }
    return nil
  }

  private static func isFullStamp(_ line: Line) -> Bool {
    var scan = Scan(line)
    guard scan.take(UInt8(ascii: "[")) else { return false }
    let width = scan.blanks() + scan.digits()
    return width >= 5 && scan.take(UInt8(ascii: ".")) && scan.digits() == 6 && scan.take(UInt8(ascii: "]"))
  }

  /// `[Sun Nov 22 22:00:01 2026] `
  private static func wallClock(_ line: Line) -> (length: Int, caller: UInt64)? {
    guard line.count >= 26, line[line.startIndex + 25] == UInt8(ascii: "]"), line[line.startIndex + 4] == 0x20,
      line[line.startIndex + 14] == UInt8(ascii: ":"), line[line.startIndex + 17] == UInt8(ascii: ":")
    else { return nil }
    return (line.count > 26 && line[line.startIndex + 26] == 0x20 ? 27 : 26, 0)
  }

  /// `6,1234,5678901,-;` and `6,1234,5678901,-,caller=T1;`, as `/dev/kmsg` and netconsole have it.
  private static func record(_ line: Line) -> (length: Int, caller: UInt64)? {
    var scan = Scan(line)
    for _ in 0..<3 {
      guard scan.digits() > 0, scan.take(UInt8(ascii: ",")) else { return nil }
    }
    var caller: UInt64 = 0
    while scan.index < line.endIndex, scan.index - line.startIndex < 120 {
      if scan.take(UInt8(ascii: ";")) { return (scan.index - line.startIndex, caller) }
      if KTAPLine.starts(line[scan.index...], "caller=") {
        scan.index += 7
        caller = scan.caller() ?? 0
      } else {
        scan.index += 1
      }
    }
    return nil
  }

  /// `2026-11-22T22:00:01.123456+00:00 ` and whether it is dmesg's, which has a comma.
  private static func isoTime(_ line: Line) -> (length: Int, isDmesg: Bool)? {
    var scan = Scan(line)
    guard scan.digits() == 4, scan.take(UInt8(ascii: "-")), scan.digits() == 2, scan.take(UInt8(ascii: "-")),
      scan.digits() == 2, scan.take(UInt8(ascii: "T")) || scan.take(0x20), scan.digits() == 2,
      scan.take(UInt8(ascii: ":")), scan.digits() == 2, scan.take(UInt8(ascii: ":")), scan.digits() == 2
    else { return nil }
    let isDmesg = scan.take(UInt8(ascii: ","))
    if isDmesg || scan.take(UInt8(ascii: ".")) { _ = scan.digits() }
    if !scan.take(UInt8(ascii: "Z")), scan.take(UInt8(ascii: "+")) || scan.take(UInt8(ascii: "-")) {
      _ = scan.digits()
      if scan.take(UInt8(ascii: ":")) { _ = scan.digits() }
    }
    guard scan.take(0x20) else { return nil }
    return (scan.index - line.startIndex, isDmesg)
  }

  /// `Nov 22 22:00:01 `
  private static func syslogTime(_ line: Line) -> Int? {
    var scan = Scan(line)
    guard scan.letters() == 3, scan.take(0x20) else { return nil }
    scan.blanks()
    guard (1...2).contains(scan.digits()), scan.take(0x20), scan.digits() == 2, scan.take(UInt8(ascii: ":")),
      scan.digits() == 2, scan.take(UInt8(ascii: ":")), scan.digits() == 2, scan.take(0x20)
    else { return nil }
    return scan.index - line.startIndex
  }

  /// `name kernel: `
  private static func host(_ line: Line) -> Int? {
    guard let blank = line.prefix(80).firstIndex(of: 0x20), blank > line.startIndex,
      KTAPLine.starts(line[blank...], " kernel: ")
    else { return nil }
    return blank + 9 - line.startIndex
  }

  /// `kern  :info  : `, from `dmesg -x`.
  private static func facility(_ line: Line) -> Int? {
    var scan = Scan(line)
    for _ in 0..<2 {
      guard (1...8).contains(scan.letters()) else { return nil }
      scan.blanks()
      guard scan.take(UInt8(ascii: ":")) else { return nil }
    }
    guard scan.take(0x20) else { return nil }
    return scan.index - line.startIndex
  }

  /// A position in a line that moves over what it is asked for.
  private struct Scan {
    let line: Line
    var index: Int

    init(_ line: Line) {
      self.line = line
      index = line.startIndex
    }

    var isLetter: Bool { index < line.endIndex && Self.isLetter(line[index]) }

    mutating func take(_ byte: UInt8) -> Bool {
      guard index < line.endIndex, line[index] == byte else { return false }
      index += 1
      return true
    }

    @discardableResult
    mutating func blanks() -> Int { skip { $0 == 0x20 } }

    mutating func digits() -> Int { skip { (0x30...0x39).contains($0) } }

    mutating func letters() -> Int { skip(Self.isLetter) }

    /// `T123` or `C1` as one number, a task's even, a processor's odd, never 0.
    mutating func caller() -> UInt64? {
      let isTask = take(UInt8(ascii: "T"))
      guard isTask || take(UInt8(ascii: "C")) else { return nil }
      let start = index
      guard (1...12).contains(digits()) else { return nil }
      let number = line[start..<index].reduce(UInt64(0)) { $0 * 10 + UInt64($1 - 0x30) }
      return (number + 1) * 2 + (isTask ? 0 : 1)
    }

    private mutating func skip(_ isWanted: (UInt8) -> Bool) -> Int {
      let start = index
      while index < line.endIndex, isWanted(line[index]) { index += 1 }
      return index - start
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
      (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
    }
  }
}
