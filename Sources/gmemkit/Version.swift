/// The version that `--version` prints and that reports carry.
enum Version {
  /// Follows semantic versioning; the JSON documents have a `schema_version` of their own.
  static let current = "0.1.0"
}
