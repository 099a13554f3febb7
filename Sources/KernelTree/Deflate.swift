import Clibdeflate

/// A zlib compressor; one per task, since it carries scratch memory.
struct Deflater: ~Copyable {
  private let compressor: OpaquePointer

  /// Level 1 of libdeflate is twice as fast as level 1 of zlib on kernel sources, and packs as small as its level 3.
  init?(level: Int32 = 1) {
    guard let made = libdeflate_alloc_compressor(level) else { return nil }
    compressor = made
  }

  deinit { libdeflate_free_compressor(compressor) }

  /// `header`, then `bytes` as a zlib stream.
  func stream(after header: [UInt8], _ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    let bound = libdeflate_zlib_compress_bound(compressor, bytes.count)
    return withUnsafeTemporaryAllocation(byteCount: bound, alignment: 16) { scratch in
      let count = libdeflate_zlib_compress(compressor, bytes.baseAddress, bytes.count, scratch.baseAddress, bound)
      // The array has no more than it needs: a series' objects are kept until they are landed.
      var stream: [UInt8] = []
      stream.reserveCapacity(header.count + count)
      stream.append(contentsOf: header)
      stream.append(contentsOf: scratch[..<count])
      return stream
    }
  }
}

/// A zlib decompressor.
struct Inflater: ~Copyable {
  private let decompressor: OpaquePointer

  init?() {
    guard let made = libdeflate_alloc_decompressor() else { return nil }
    decompressor = made
  }

  deinit { libdeflate_free_decompressor(decompressor) }

  /// Fills `output` with what a zlib stream holds; false if that is anything else than exactly as much.
  func inflate(_ stream: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) -> Bool {
    libdeflate_zlib_decompress(
      decompressor, stream.baseAddress, stream.count, output.baseAddress, output.count, nil) == LIBDEFLATE_SUCCESS
  }
}

/// The checksum that a pack index keeps per entry.
func crc32(_ bytes: [UInt8]) -> UInt32 {
  bytes.withUnsafeBytes { libdeflate_crc32(0, $0.baseAddress, $0.count) }
}
