import ByteText

/// What the collector in the guest printed: gcov data per object.
public enum GuestCoverage {
  /// The collector's C source; it is compiled static for the guest.
  public static var collector: [UInt8] { PackageResources.collect_c }

  /// The data in a report, by the path of the object's data file as the build knows it.
  ///
  /// A file that was cut off on the way is left out.
  public static func data(in report: [UInt8]) -> [String: [UInt8]] {
    var found: [String: [UInt8]] = [:]
    var open: (path: String, bytes: [UInt8])?
    for range in report.lineRanges() {
      guard let line = payload(of: report[range]), let kind = line.dropFirst(3).first else { continue }
      switch kind {
      case UInt8(ascii: "a"): open = (String(line.dropFirst(5).text.drop(prefix: root)), [])
      case UInt8(ascii: "b"): open?.bytes += bytes(ofHexadecimal: line.dropFirst(5))
      default:
        if let file = open, Int(line.dropFirst(5).text) == file.bytes.count { found[file.path] = file.bytes }
        open = nil
      }
    }
    return found
  }

  private static let root = "/sys/kernel/debug/gcov"

  /// The collector's line behind the report's `# `.
  private static func payload(of line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    let text = line.drop { $0 == UInt8(ascii: "#") || $0 == 0x20 }
    let isOurs = ["gcda ", "gcdb ", "gcde "].contains { text.starts(with: $0.utf8) }
    return isOurs ? text : nil
  }

  private static func bytes(ofHexadecimal text: ArraySlice<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 2)
    var high: UInt8?
    for digit in text {
      guard let value = value(ofHexadecimal: digit) else { break }
      if let first = high {
        bytes.append(first << 4 | value)
        high = nil
      } else {
        high = value
      }
    }
    return bytes
  }

  private static func value(ofHexadecimal digit: UInt8) -> UInt8? {
    switch digit {
    case 48...57: digit - 48
    case 97...102: digit - 87
    default: nil
    }
  }
}

extension String {
  fileprivate func drop(prefix: String) -> Substring {
    hasPrefix(prefix) ? dropFirst(prefix.count) : self[...]
  }
}
