import Inflate

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The bytes of an input file: mapped if it is a plain file, read if it is a pipe, unpacked if it is gzip.
struct MailSource: ~Copyable {
  private let address: UnsafeMutableRawPointer?
  private let length: Int
  private let owned: [UInt8]

  /// The most that is taken from a pipe or out of an archive, in bytes; a plain file may be larger, it is only mapped.
  static let memoryLimit = 1 << 30

  /// Opens `path`, `-` being standard input.
  init(path: String) throws(MailError) {
    let descriptor = path == "-" ? 0 : open(path, O_RDONLY | O_CLOEXEC)
    let place = path == "-" ? "standard input" : path
    guard descriptor >= 0 else { throw Self.unreadable(place) }
    defer { if path != "-" { close(descriptor) } }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Self.unreadable(place) }

    if status.st_mode & S_IFMT == S_IFREG, status.st_size > 0,
      let mapped = mmap(nil, Int(status.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0), mapped != MAP_FAILED
    {
      let bytes = UnsafeRawBufferPointer(start: mapped, count: Int(status.st_size))
      if Self.isGzip(bytes) {
        defer { munmap(mapped, Int(status.st_size)) }
        guard bytes.count <= Self.memoryLimit else { throw Self.tooLarge(place) }
        owned = try Self.unpacked(Array(bytes), place)
        address = nil
        length = 0
      } else {
        address = mapped
        length = Int(status.st_size)
        owned = []
      }
      return
    }
    let bytes = try Self.readAll(descriptor, place)
    owned = try bytes.withUnsafeBytes { Self.isGzip($0) } ? Self.unpacked(bytes, place) : bytes
    address = nil
    length = 0
  }

  /// Takes bytes that are in memory, unpacking them if they are gzip.
  init(bytes: [UInt8], place: String) throws(MailError) {
    owned = try bytes.withUnsafeBytes { Self.isGzip($0) } ? Self.unpacked(bytes, place) : bytes
    address = nil
    length = 0
  }

  deinit {
    if let address { munmap(address, length) }
  }

  /// Calls `body` with all bytes.
  func withBytes<Result, Failure: Error>(
    _ body: (UnsafeBufferPointer<UInt8>) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    if let address {
      let bytes = UnsafeRawBufferPointer(start: address, count: length)
      return try body(bytes.assumingMemoryBound(to: UInt8.self))
    }
    return try owned.withUnsafeBufferPointer { (buffer) throws(Failure) in try body(buffer) }
  }

  private static func isGzip(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.count > 18 && bytes[0] == 0x1F && bytes[1] == 0x8B && bytes[2] == 8
  }

  private static func unpacked(_ bytes: [UInt8], _ place: String) throws(MailError) -> [UInt8] {
    do {
      return try Inflate.inflate(bytes, as: .gzip, limit: memoryLimit)
    } catch {
      if case .tooLarge = error.code { throw tooLarge(place) }
      throw MailError(.badCompression, at: place, "\(error)", next: "fetch the archive again")
    }
  }

  private static func readAll(_ descriptor: Int32, _ place: String) throws(MailError) -> [UInt8] {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw unreadable(place) }
      if count == 0 { return bytes }
      guard bytes.count + count <= memoryLimit else { throw tooLarge(place) }
      bytes.append(contentsOf: chunk[0..<count])
    }
  }

  static func unreadable(_ place: String) -> MailError {
    MailError(
      .unreadable, at: place, "cannot be read (\(String(cString: strerror(errno))))",
      next: "name an mbox, a maildir, a directory of .patch files, a patch, or - for standard input")
  }

  private static func tooLarge(_ place: String) -> MailError {
    MailError(
      .tooLarge, at: place, "more than \(memoryLimit >> 20) MiB come out of a pipe or an archive",
      next: "unpack it to a file first: a plain file may be of any size")
  }
}
