#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The process's environment.
enum Environment {
  /// A variable's value.
  static func value(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }
}
