import ByteText

/// One file that a series changes, with its content before and after.
public struct ChangedFile: Sendable {
  /// The path after the change, or before it for a removed file.
  public let path: String
  /// The content before; `nil` for a new file.
  public let old: [UInt8]?
  /// The content after; `nil` for a removed file.
  public let new: [UInt8]?

  /// A change from `old` to `new`.
  public init(path: String, old: [UInt8]?, new: [UInt8]?) {
    self.path = path
    self.old = old
    self.new = new
  }

  /// The numbers, from 1, of the lines of the new content that the old one does not have.
  ///
  /// - Complexity: O(lines × differences).
  public func addedLines() -> [Int] {
    guard let new else { return [] }
    let newLines = Self.hashes(new)
    let oldLines = old.map(Self.hashes) ?? []
    var start = 0
    while start < min(oldLines.count, newLines.count), oldLines[start] == newLines[start] { start += 1 }
    var end = 0
    while end < min(oldLines.count, newLines.count) - start,
      oldLines[oldLines.count - 1 - end] == newLines[newLines.count - 1 - end]
    { end += 1 }
    let oldMiddle = oldLines[start..<(oldLines.count - end)]
    let newMiddle = newLines[start..<(newLines.count - end)]
    guard !oldMiddle.isEmpty, oldMiddle.count + newMiddle.count < 20_000 else {
      return newMiddle.indices.map { $0 + 1 }
    }
    return Array(newMiddle).difference(from: Array(oldMiddle)).insertions.map { insertion in
      guard case .insert(let offset, _, _) = insertion else { return 0 }
      return start + offset + 1
    }
  }

  private static func hashes(_ bytes: [UInt8]) -> [UInt64] {
    bytes.lineRanges().map { range in
      bytes[range].reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
  }
}

/// Read access to a kernel tree, by path.
public struct TreeReader: Sendable {
  /// All paths that may be read, sorted.
  public let paths: [String]
  /// A file's bytes; `nil` when there is none.
  public let read: @Sendable (String) -> [UInt8]?

  /// Access through a closure.
  public init(paths: [String], read: @escaping @Sendable (String) -> [UInt8]?) {
    self.paths = paths
    self.read = read
  }

  /// The headers that planning reads because the changed files include them.
  public static func headers(of changes: [ChangedFile]) -> Set<String> {
    Set(changes.compactMap(\.new).flatMap(InterfaceScan.headers))
  }

  /// Whether planning reads the file, whatever the series touches: Kconfig, Kbuild, MAINTAINERS, selftest directories.
  public static func isRead(_ path: String) -> Bool {
    let base = path[(path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex)...]
    return base.hasPrefix("Kconfig") || base.hasPrefix("Makefile") || base == "Kbuild" || path == "MAINTAINERS"
      || path.hasPrefix("include/uapi/") || path.contains("/include/uapi/asm/")
      || (path.hasPrefix(SelftestCatalogue.root) && (base == "config" || base == "settings" || base.hasSuffix(".sh")))
  }
}
