import SystemPackage

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A child's standard input as an unnamed file.
///
/// A pipe would raise SIGPIPE in us when the child exits without reading to the end, and would need a task to feed it.
struct InputFile: ~Copyable {
  private let file: UnsafeMutablePointer<FILE>

  init?(_ bytes: [UInt8]) {
    guard let file = tmpfile() else { return nil }
    guard fwrite(bytes, 1, bytes.count, file) == bytes.count, fflush(file) == 0 else {
      fclose(file)
      return nil
    }
    rewind(file)
    self.file = file
  }

  var descriptor: FileDescriptor { FileDescriptor(rawValue: fileno(file)) }

  deinit {
    fclose(file)
  }
}
