import ByteText

/// A compiler's diagnostic.
public struct BuildDiagnostic: Sendable, Hashable {
  /// `error` or `warning`.
  public let severity: String
  /// The line as printed, with the path relative to the tree.
  public let text: String

  /// A diagnostic as printed.
  public init(severity: String, text: String) {
    self.severity = severity
    self.text = text
  }

  /// The text without line and column, so that it stays the same when code above it moves.
  public var identity: String {
    let parts = text.split(separator: ":", maxSplits: 3, omittingEmptySubsequences: false)
    guard parts.count == 4, Int(parts[1]) != nil, Int(parts[2]) != nil else { return text }
    return parts[0] + ":" + parts[3]
  }
}

/// Collects what matters out of make's output as it arrives.
struct BuildLog: Sendable {
  private(set) var objects = 0
  private(set) var current = ""
  private(set) var diagnostics: [BuildDiagnostic] = []
  private(set) var tail: [String] = []
  /// The first line that says what the machine ran out of, which is no fault of what is built.
  private(set) var exhaustion: String?
  private let sourcePrefix: String

  init(source: String) {
    sourcePrefix = source + "/"
  }

  /// What one line means for progress; true if an object was begun.
  mutating func take(_ line: [UInt8]) -> Bool {
    let text = line.text
    if line.starts(with: [0x20, 0x20]) {
      let words = text.split(separator: " ")
      if words.count >= 2, let verb = words.first, Self.verbs.contains(verb) {
        objects += 1
        current = String(words[words.count - 1])
        return true
      }
    }
    let plain = text.replacing(sourcePrefix, with: "")
    if plain.contains(": error: ") || plain.contains(": fatal error: ") || plain.contains("undefined reference to ")
      || plain.hasPrefix("ld: ") || plain.contains(" *** ")
    {
      append("error", plain)
    } else if plain.contains(": warning: ") || plain.hasPrefix("WARNING: modpost") {
      append("warning", plain)
    }
    if exhaustion == nil, !Self.isQuotedSource(line), Self.exhausted.contains(where: plain.contains) {
      exhaustion = plain
    }
    tail.append(plain)
    if tail.count > 40 { tail.removeFirst(tail.count - 40) }
    return false
  }

  /// The first errors; make's own last word only when no compiler said anything.
  var firstErrors: [String] {
    let errors = diagnostics.filter { $0.severity == "error" }.map(\.text)
    let compiler = errors.filter { !$0.contains(" *** ") }
    let told = compiler.isEmpty ? errors : compiler
    return Array((told.isEmpty ? Array(tail.suffix(8)) : told).prefix(8))
  }

  private mutating func append(_ severity: String, _ text: String) {
    // A flood of diagnostics says nothing more than its beginning.
    guard diagnostics.count < 2_000 else { return }
    let relative = text.hasPrefix("../") ? String(text.drop { $0 == "." || $0 == "/" }) : text
    diagnostics.append(BuildDiagnostic(severity: severity, text: relative))
  }

  /// `  12 | pr_err("No space left on device\n");`: a compiler shows the line it speaks of, whatever that says.
  private static func isQuotedSource(_ line: [UInt8]) -> Bool {
    line.drop { $0 == UInt8(ascii: " ") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      .first == UInt8(ascii: "|")
  }

  private static let exhausted = [
    "No space left on device", "Disk quota exceeded", "Read-only file system", "Cannot allocate memory",
    "out of memory allocating", "Killed signal terminated program",
  ]

  private static let verbs: Set<Substring> = [
    "CC", "AS", "AR", "LD", "HOSTCC", "CC32", "VDSO", "HOSTLD", "GEN", "OBJCOPY", "KSYMS", "LZ4", "GZIP", "BUILD",
  ]
}
