/// Columns in UTF-16 code units, for the places whose columns in bytes are others.
public struct UTF16Columns: Sendable, Hashable {
  private struct Key: Hashable {
    let commit: String?
    let place: SourcePlace
  }

  private var columns: [Key: Int] = [:]

  /// No place is known: columns are those in bytes.
  public init() {}

  /// Takes note of `place` in the version `commit`, whose line reads `line`.
  public mutating func note(_ place: SourcePlace, commit: String?, line: some Collection<UInt8>) {
    guard place.column > 1 else { return }
    let before = line.prefix(place.column - 1)
    guard before.contains(where: { $0 >= 0x80 }) else { return }
    columns[Key(commit: commit, place: place)] = String(decoding: before, as: UTF8.self).utf16.count + 1
  }

  /// The column of `place` in the version `commit`, from 1.
  func column(of place: SourcePlace, commit: String?) -> Int {
    columns[Key(commit: commit, place: place)] ?? place.column
  }
}
