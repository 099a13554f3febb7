import SystemPackage

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

extension FilePath {
  var isReadableFile: Bool { access(string, R_OK) == 0 }

  /// Writes a whole file through a temporary name, so that nobody ever reads half of it.
  func write(_ bytes: [UInt8], mode: UInt16 = 0o644) throws(MachineError) {
    let partial = FilePath(string + ".\(getpid()).tmp")
    do {
      let file = try FileDescriptor.open(
        partial, .writeOnly, options: [.create, .truncate],
        permissions: FilePermissions(rawValue: CInterop.Mode(mode)))
      try file.closeAfter { _ = try file.writeAll(bytes) }
      guard rename(partial.string, string) == 0 else { throw Errno(rawValue: errno) }
    } catch {
      unlink(partial.string)
      throw MachineError(code: .file, subject: string, reason: "cannot write it: \(error)")
    }
  }

  /// The whole file, or `nil` if it cannot be read.
  func contents() -> [UInt8]? {
    guard let file = try? FileDescriptor.open(self, .readOnly) else { return nil }
    defer { try? file.close() }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      guard let count = try? buffer.withUnsafeMutableBytes({ try file.read(into: $0) }) else { return nil }
      if count == 0 { return bytes }
      bytes += buffer.prefix(count)
    }
  }

  /// Makes the directory and those above it.
  func makeDirectories() throws(MachineError) {
    var prefix = FilePath(root: root)
    for component in components {
      prefix.append(component)
      guard mkdir(prefix.string, 0o755) != 0, errno != EEXIST else { continue }
      throw MachineError(code: .file, subject: prefix.string, reason: "cannot make it: \(Errno(rawValue: errno))")
    }
  }
}

extension FilePath {
  /// Removes the file if it is there.
  func remove() { unlink(string) }
}
