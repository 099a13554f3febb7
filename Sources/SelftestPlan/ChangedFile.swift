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
  /// - Complexity: O(lines × differences); in big files between lines that occur once.
  public func addedLines() -> [Int] {
    guard let new else { return [] }
    let newLines = Self.hashes(new)
    return Self.added(old.map(Self.hashes)?[...] ?? [], newLines[...]).map { $0 + 1 }
  }

  /// The places of `new` that are no part of `old`.
  private static func added(_ old: ArraySlice<UInt64>, _ new: ArraySlice<UInt64>) -> [Int] {
    var (old, new) = (old, new)
    while let first = old.first, first == new.first { (old, new) = (old.dropFirst(), new.dropFirst()) }
    while let last = old.last, last == new.last { (old, new) = (old.dropLast(), new.dropLast()) }
    guard !old.isEmpty, !new.isEmpty else { return Array(new.indices) }
    if old.count + new.count < 4_000 {
      return Array(new).difference(from: Array(old)).insertions.map { insertion in
        guard case .insert(let offset, _, _) = insertion else { return 0 }
        return new.startIndex + offset
      }
    }
    let anchors = anchors(old, new)
    guard !anchors.isEmpty else { return Array(new.indices) }
    var places: [Int] = []
    for anchor in anchors + [(old.endIndex, new.endIndex)] {
      places += added(old[..<anchor.0], new[..<anchor.1])
      (old, new) = (old[anchor.0...].dropFirst(), new[anchor.1...].dropFirst())
    }
    return places
  }

  /// Lines that occur once in each, in the same order in both: the longest such row.
  private static func anchors(_ old: ArraySlice<UInt64>, _ new: ArraySlice<UInt64>) -> [(Int, Int)] {
    func once(_ lines: ArraySlice<UInt64>) -> [UInt64: Int] {
      let places = lines.indices.map { (lines[$0], Optional($0)) }
      return Dictionary(places) { _, _ in nil }.compactMapValues(\.self)
    }
    let (inOld, inNew) = (once(old), once(new))
    let pairs = new.indices.compactMap { place -> (Int, Int)? in
      guard inNew[new[place]] != nil, let other = inOld[new[place]] else { return nil }
      return (other, place)
    }
    // The pair that each row of a length ends with, the smallest one; and what came before each pair in its row.
    var ends: [Int] = []
    var before: [Int?] = []
    for (index, pair) in pairs.enumerated() {
      var low = 0
      var high = ends.count
      while low < high {
        let middle = (low + high) / 2
        if pairs[ends[middle]].0 < pair.0 { low = middle + 1 } else { high = middle }
      }
      before.append(low > 0 ? ends[low - 1] : nil)
      if low == ends.count { ends.append(index) } else { ends[low] = index }
    }
    var row: [(Int, Int)] = []
    var next = ends.last
    while let index = next {
      row.append(pairs[index])
      next = before[index]
    }
    return row.reversed()
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
