import Inflate

/// The content part of a binary file's diff.
public enum BinaryPatch: Sendable, Equatable {
  /// `Binary files a/x and b/x differ`: the content is not in the patch, so it cannot be applied.
  case withheld
  /// `GIT binary patch`: how to get the new content from the old, and the way back if it was given.
  case content(forward: BinaryHunk, reverse: BinaryHunk?)
}

/// One half of a `GIT binary patch`.
public struct BinaryHunk: Sendable, Equatable {
  /// How the bytes are to be read.
  public enum Kind: String, Sendable {
    /// The whole new content.
    case literal
    /// A git delta against the old content.
    case delta
  }

  /// How the bytes are to be read.
  public var kind: Kind
  /// The size the decompressed bytes must have.
  public var size: Int
  /// The zlib stream, already out of base 85.
  public var deflated: [UInt8]

  /// The largest content accepted, in bytes: a line of a patch may stand for a gigabyte of zeros.
  public static let sizeLimit = 64 << 20

  /// The content this half makes out of `old`.
  ///
  /// - Throws: `DiffError` when the stream or the delta is damaged, or the delta is for other content.
  public func applied(to old: [UInt8], line: Int = 0) throws(DiffError) -> [UInt8] {
    guard size <= Self.sizeLimit else {
      throw DiffError(.badBinary, line: line, "a binary patch of \(size) bytes", next: "send it by other means")
    }
    let data: [UInt8]
    do {
      data = try Inflate.inflate(deflated, as: .zlib, limit: size)
    } catch {
      throw DiffError(.badBinary, line: line, "binary patch: \(error)", next: "ask for the patch again")
    }
    guard data.count == size else {
      throw DiffError(
        .badBinary, line: line, "binary patch holds \(data.count) bytes, its header says \(size)",
        next: "ask for the patch again")
    }
    switch kind {
    case .literal: return data
    case .delta: return try GitDelta.apply(data, to: old, line: line)
    }
  }
}
