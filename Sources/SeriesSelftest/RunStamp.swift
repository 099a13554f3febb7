#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension SeriesSelftest {
  /// The local time and the process as a directory's name: `20250131-235959-4711`.
  static func stamp() -> String {
    var now = time(nil)
    var parts = tm()
    localtime_r(&now, &parts)
    func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
    let day = "\(parts.tm_year + 1900)\(two(parts.tm_mon + 1))\(two(parts.tm_mday))"
    return "\(day)-\(two(parts.tm_hour))\(two(parts.tm_min))\(two(parts.tm_sec))-\(getpid())"
  }
}

/// What the results of this program depend on besides their inputs: bumped when a run would come out differently.
enum ToolVersion {
  static let current = "selftest-7"
}
