#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A file of the object store while it is written: temporary until it is renamed, removed if it never is.
///
/// The temporary name starts with `tmp_`, which `git gc` clears away after a kill.
struct PackFile: ~Copyable {
  let descriptor: Int32
  private let temporaryPath: String
  private var isPlaced = false

  init(in directory: String, prefix: String) throws(TreeError) {
    var template = Array("\(directory)/\(prefix)_XXXXXX".utf8CString)
    descriptor = template.withUnsafeMutableBufferPointer { path in path.baseAddress.map { mkstemp($0) } ?? -1 }
    temporaryPath = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard descriptor >= 0 else { throw Self.failure("create a pack in", directory) }
  }

  deinit {
    guard descriptor >= 0 else { return }
    close(descriptor)
    if !isPlaced { unlink(temporaryPath) }
  }

  /// Writes all of `bytes`, at the end or at `offset`.
  func write(_ bytes: [UInt8], at offset: Int? = nil) throws(TreeError) {
    let complete = bytes.withUnsafeBytes { Self.write($0, to: descriptor, at: offset) }
    guard complete else { throw Self.failure("write the pack", temporaryPath) }
  }

  private static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at offset: Int?) -> Bool {
    var done = 0
    while done < bytes.count {
      let start = bytes.baseAddress.map { $0 + done }
      let written =
        if let offset { pwrite(descriptor, start, bytes.count - done, off_t(offset + done)) } else {
          systemWrite(descriptor, start, bytes.count - done)
        }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { return false }
      done += written
    }
    return true
  }

  /// Makes what was written durable, then gives the file its name; an equal file that is there already stays.
  mutating func place(as path: String) throws(TreeError) {
    guard fchmod(descriptor, 0o444) == 0, fsync(descriptor) == 0, rename(temporaryPath, path) == 0 else {
      throw Self.failure("write the pack", path)
    }
    isPlaced = true
  }

  /// Makes renames in `directory` durable.
  static func synchronise(directory: String) {
    let descriptor = open(directory, O_RDONLY)
    guard descriptor >= 0 else { return }
    _ = fsync(descriptor)
    close(descriptor)
  }

  private static func systemWrite(_ descriptor: Int32, _ start: UnsafeRawPointer?, _ count: Int) -> Int {
    #if canImport(Glibc)
      Glibc.write(descriptor, start, count)
    #else
      Darwin.write(descriptor, start, count)
    #endif
  }

  /// What `errno` says, with the remedy for the causes that have one.
  static func failure(_ attempted: String, _ subject: String) -> TreeError {
    let number = errno
    let nextStep: String? =
      switch number {
      case ENOSPC, EDQUOT: "free some space and run the same command again; nothing was changed"
      case EACCES, EROFS, EPERM: "the repository must be writable; use --dry-run, or a clone of it"
      default: nil
      }
    return TreeError(.failed, attempted, subject, reason: String(cString: strerror(number)), nextStep: nextStep)
  }
}
