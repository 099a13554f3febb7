import SystemPackage

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension FilePath {
  /// The file's bytes, or `nil` if it cannot be read.
  package func contents() -> [UInt8]? {
    guard let file = try? FileDescriptor.open(self, .readOnly, options: [.closeOnExec]) else { return nil }
    defer { try? file.close() }
    let size = Int((try? file.seek(offset: 0, from: .end)) ?? 0)
    _ = try? file.seek(offset: 0, from: .start)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(size)
    let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 1)
    defer { chunk.deallocate() }
    while true {
      guard let count = try? file.read(into: chunk) else { return nil }
      if count == 0 { return bytes }
      bytes.append(contentsOf: chunk[..<count])
    }
  }

  /// Replaces the file's contents; on failure the error says what the system said.
  package func write(_ bytes: [UInt8], mode: UInt16 = 0o644) throws(BuildError) {
    do {
      let file = try FileDescriptor.open(
        self, .writeOnly, options: [.create, .truncate, .closeOnExec],
        permissions: FilePermissions(rawValue: mode_t(mode)))
      try file.closeAfter { _ = try file.writeAll(bytes) }
    } catch {
      throw BuildError(.workspace, "cannot write \(self): \(error); is the disk full or the cache read-only?")
    }
  }

  /// Replaces the file in one step, so that a reader or a killed run never sees half of it.
  package func replace(_ bytes: [UInt8]) throws(BuildError) {
    let partial = FilePath(string + ".partial")
    try partial.write(bytes)
    guard rename(partial.string, string) == 0 else {
      throw BuildError(.workspace, "cannot write \(self): \(Errno(rawValue: errno)); is the cache read-only?")
    }
  }

  /// Makes the directory and those above it.
  package func makeDirectories() throws(BuildError) {
    if mkdir(string, 0o755) == 0 || errno == EEXIST { return }
    if errno == ENOENT {
      let parent = removingLastComponent()
      guard !parent.isEmpty, parent != self else { throw BuildError(.workspace, "cannot make directory \(self)") }
      try parent.makeDirectories()
      if mkdir(string, 0o755) == 0 || errno == EEXIST { return }
    }
    throw BuildError(.workspace, "cannot make directory \(self): \(Errno(rawValue: errno)); is the cache read-only?")
  }

  /// Whether something, also a dangling link, is at the path.
  package var exists: Bool {
    faccessat(AT_FDCWD, string, F_OK, AT_SYMLINK_NOFOLLOW) == 0
  }
}
