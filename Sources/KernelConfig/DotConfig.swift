import ByteText

/// The values of a `.config` or of a fragment: what `# CONFIG_X is not set` and `CONFIG_X=value` lines say.
public struct DotConfig: Sendable, Equatable {
  /// The values by symbol without the `CONFIG_` prefix; strings without their quotes.
  public private(set) var values: [String: String] = [:]
  /// The symbols in the order of their last assignment's first appearance.
  public private(set) var order: [String] = []

  /// No symbol has a value.
  public init() {}

  /// Reads the lines of a `.config` or a fragment; lines that are neither assignment nor unset are comments.
  public init(parsing bytes: [UInt8]) {
    for range in bytes.lineRanges() {
      let line = bytes[range]
      if line.starts(with: Self.prefix) {
        guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else { continue }
        let name = line[(line.startIndex + Self.prefix.count)..<equals].text
        self[name] = Self.unquoted(line[(equals + 1)...].text)
      } else if line.starts(with: Self.unsetPrefix) {
        let rest = line.dropFirst(Self.unsetPrefix.count)
        guard let space = rest.firstIndex(of: UInt8(ascii: " ")), rest[space...].text == " is not set" else { continue }
        self[rest[..<space].text] = "n"
      }
    }
  }

  /// A symbol's value: `y`, `m`, `n`, a number or text; `nil` when nothing was said about it.
  public subscript(name: String) -> String? {
    get { values[name] }
    set {
      if values[name] == nil, newValue != nil { order.append(name) }
      if newValue == nil { order.removeAll { $0 == name } }
      values[name] = newValue
    }
  }

  /// Whether a final configuration gives the symbol this value, where `n` and absent are the same.
  public func grants(_ name: String, _ value: String) -> Bool {
    let actual = values[name]
    if value == "n" { return actual == nil || actual == "n" }
    return actual == value
  }

  /// Lays another fragment's values over these; the later one wins.
  public mutating func merge(_ other: DotConfig) {
    for name in other.order { self[name] = other.values[name] }
  }

  /// One assignment as a line of a `.config`, without the newline.
  public static func line(_ name: String, _ value: String) -> String {
    if value == "n" { return "# CONFIG_\(name) is not set" }
    let bare = value == "y" || value == "m" || Int(value) != nil || value.hasPrefix("0x")
    return "CONFIG_\(name)=" + (bare ? value : "\"\(value)\"")
  }

  private static let prefix = Array("CONFIG_".utf8)
  private static let unsetPrefix = Array("# CONFIG_".utf8)

  private static func unquoted(_ text: String) -> String {
    guard text.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") else { return text }
    return String(text.dropFirst().dropLast())
  }
}
