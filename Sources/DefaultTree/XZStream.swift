import Clzma

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The bytes of an .xz file, decompressed by several threads in this process: no child to lose track of.
struct XZStream: ~Copyable {
  private let path: String
  private let descriptor: Int32
  private var stream: lzma_stream
  private let input = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 1 << 18)
  private var isAtEnd = false
  /// The file's size.
  let size: Int
  /// How many bytes of the file were read.
  private(set) var consumed = 0

  private init(path: String, descriptor: Int32, size: Int) {
    self.path = path
    self.descriptor = descriptor
    self.size = size
    stream = gmemkit_lzma_stream()
  }

  static func open(_ path: String, threads: Int) throws(DefaultTreeError) -> XZStream {
    let descriptor = systemOpen(path)
    guard descriptor >= 0 else {
      throw DefaultTreeError(
        .tarballMissing, "open '\(path)'", reason: String(cString: strerror(errno)),
        nextStep: "install it: apt-get install --no-install-recommends linux-source-6.12")
    }
    var status = stat()
    fstat(descriptor, &status)
    var stream = XZStream(path: path, descriptor: descriptor, size: Int(status.st_size))
    guard stream.start(threads: threads) else {
      throw DefaultTreeError.damaged(path, "liblzma has no memory for a decoder")
    }
    return stream
  }

  private mutating func start(threads: Int) -> Bool {
    var options = lzma_mt()
    options.threads = UInt32(clamping: threads)
    options.timeout = 0
    // Above this liblzma decodes with one thread, and above the second it refuses: Debian's needs 65 MB a thread.
    options.memlimit_threading = 512 << 20
    options.memlimit_stop = 1 << 30
    return lzma_stream_decoder_mt(&stream, &options) == LZMA_OK
  }

  deinit {
    var ended = stream
    lzma_end(&ended)
    input.deallocate()
    if descriptor >= 0 { close(descriptor) }
  }

  /// Fills `output` and returns how many bytes there were; fewer than asked only at the end.
  mutating func read(into output: UnsafeMutableBufferPointer<UInt8>) throws(DefaultTreeError) -> Int {
    stream.next_out = output.baseAddress
    stream.avail_out = output.count
    while stream.avail_out > 0, !isAtEnd {
      var action = LZMA_RUN
      if stream.avail_in == 0 {
        let count = systemRead()
        guard count >= 0 else { throw DefaultTreeError.damaged(path, String(cString: strerror(errno))) }
        if count == 0 { action = LZMA_FINISH }
        consumed += count
        stream.next_in = UnsafePointer(input.baseAddress)
        stream.avail_in = count
      }
      switch lzma_code(&stream, action) {
      case LZMA_OK: break
      case LZMA_STREAM_END: isAtEnd = true
      case LZMA_FORMAT_ERROR: throw DefaultTreeError.damaged(path, "it is not an .xz file")
      case LZMA_BUF_ERROR: throw DefaultTreeError.damaged(path, "it ends before its end")
      case LZMA_MEM_ERROR, LZMA_MEMLIMIT_ERROR: throw DefaultTreeError.damaged(path, "unpacking needs more memory")
      default: throw DefaultTreeError.damaged(path, "its checksum is wrong")
      }
    }
    return output.count - stream.avail_out
  }

  private static func systemOpen(_ path: String) -> Int32 {
    #if canImport(Glibc)
      Glibc.open(path, O_RDONLY | O_CLOEXEC)
    #else
      Darwin.open(path, O_RDONLY | O_CLOEXEC)
    #endif
  }

  private func systemRead() -> Int {
    while true {
      #if canImport(Glibc)
        let count = Glibc.read(descriptor, input.baseAddress, input.count)
      #else
        let count = Darwin.read(descriptor, input.baseAddress, input.count)
      #endif
      if count >= 0 || errno != EINTR { return count }
    }
  }
}
