/// Why a patch text could not be read, or a binary change not be made.
public struct DiffError: Error, Sendable, Equatable {
  /// The kinds of failure.
  public enum Code: String, Sendable {
    /// A hunk ends before the lines its header promises.
    case truncatedHunk
    /// A hunk header with numbers beyond all measure.
    case badHunkHeader
    /// A hunk without the file names that must precede it.
    case hunkWithoutFile
    /// A header that does not say which file it is about, or says two things.
    case badHeader
    /// A path that no tree can hold (not UTF-8, or holding a NUL).
    case badPath
    /// A binary patch that does not decode.
    case badBinary
  }

  /// Which failure it is.
  public let code: Code
  /// The line of the patch text, from 1; 0 if it is about the whole.
  public let line: Int
  /// What was found.
  public let what: String
  /// What to do about it.
  public let next: String

  init(_ code: Code, line: Int, _ what: String, next: String) {
    self.code = code
    self.line = line
    self.what = what
    self.next = next
  }
}

extension DiffError: CustomStringConvertible {
  /// One line: where, what, what to do.
  public var description: String { (line > 0 ? "line \(line) of the patch: " : "") + "\(what); \(next)" }
}
