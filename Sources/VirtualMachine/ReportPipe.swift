import Dispatch
import SystemPackage

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The host's end of the guest's report channel: a named pipe that QEMU writes to.
///
/// Opened for reading and writing, so that neither side waits for the other to come and no side sees an end of file.
struct ReportPipe: ~Copyable {
  private let path: FilePath
  private let descriptor: FileDescriptor
  private let source: any DispatchSourceRead
  private let deliver: @Sendable ([UInt8]) -> Void

  /// Makes the pipe and delivers what arrives on a queue of its own, in order, until ``finish()``.
  init(at path: FilePath, deliver: @escaping @Sendable ([UInt8]) -> Void) throws(MachineError) {
    unlink(path.string)
    guard mkfifo(path.string, 0o600) == 0 else {
      throw MachineError(code: .file, subject: path.string, reason: "\(Errno(rawValue: errno))")
    }
    let number = open(path.string, O_RDWR | O_NONBLOCK | O_CLOEXEC)
    guard number >= 0 else {
      throw MachineError(code: .file, subject: path.string, reason: "\(Errno(rawValue: errno))")
    }
    let descriptor = FileDescriptor(rawValue: number)
    self.path = path
    self.descriptor = descriptor
    self.deliver = deliver
    let queue = DispatchQueue(label: "guest report")
    source = DispatchSource.makeReadSource(fileDescriptor: number, queue: queue)
    source.setEventHandler { Self.drain(descriptor, deliver) }
    source.resume()
  }

  /// Delivers what is still in the pipe and removes it. The writer must be gone.
  consuming func finish() async {
    await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
      source.setCancelHandler { done.resume() }
      source.cancel()
    }
    Self.drain(descriptor, deliver)
    try? descriptor.close()
    unlink(path.string)
  }

  private static func drain(_ descriptor: FileDescriptor, _ deliver: ([UInt8]) -> Void) {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while let count = try? buffer.withUnsafeMutableBytes({ try descriptor.read(into: $0) }), count > 0 {
      deliver(Array(buffer.prefix(count)))
    }
  }
}
