import Czlib

/// Decompression of zlib and gzip streams (RFC 1950, RFC 1952) with an upper limit on what may come out.
///
/// Both a git binary patch (zlib) and an `mbox.gz` (gzip, possibly several members in a row) end up here. The limit is
/// what stands between us and an archive of a few kilobytes that unpacks to gigabytes.
public enum Inflate {
  /// What the bytes are wrapped in.
  public enum Container: Sendable {
    /// RFC 1950, as in git objects and git binary patches.
    case zlib
    /// RFC 1952; members that follow each other are joined.
    case gzip
  }

  /// Decompresses the whole of `bytes`.
  ///
  /// - Parameter limit: the largest output, in bytes; more is an error, not a truncation.
  /// - Complexity: O(input + output).
  public static func inflate(
    _ bytes: [UInt8], as container: Container, limit: Int
  ) throws(InflateError) -> [UInt8] {
    var stream = z_stream()
    let windowBits: Int32 = container == .zlib ? 15 : 15 + 16
    let opened = inflateInit2_(&stream, windowBits, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard opened == Z_OK else { throw InflateError(.unavailable) }
    defer { inflateEnd(&stream) }

    var output: [UInt8] = []
    output.reserveCapacity(min(limit, max(4096, bytes.count &* 4)))
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    var consumed = 0

    while consumed < bytes.count {
      let slice = min(bytes.count - consumed, 1 << 30)
      var status = Z_OK
      var used = 0
      var produced = 0
      bytes.withUnsafeBufferPointer { input in
        chunk.withUnsafeMutableBufferPointer { room in
          guard let source = input.baseAddress, let sink = room.baseAddress else { return }
          stream.next_in = UnsafeMutablePointer(mutating: source + consumed)
          stream.avail_in = UInt32(slice)
          stream.next_out = sink
          stream.avail_out = UInt32(room.count)
          status = Czlib.inflate(&stream, Z_NO_FLUSH)
          used = slice - Int(stream.avail_in)
          produced = room.count - Int(stream.avail_out)
        }
      }
      consumed += used
      guard output.count + produced <= limit else { throw InflateError(.tooLarge(limit: limit)) }
      output.append(contentsOf: chunk[0..<produced])
      switch status {
      case Z_STREAM_END:
        if consumed == bytes.count || container == .zlib { return output }
        // gzip(1) joins members and ignores what follows that is not one (padding of tapes and some archives).
        guard bytes[consumed] == 0x1F, inflateReset(&stream) == Z_OK else { return output }
      case Z_OK:
        if used == 0 && produced == 0 { throw InflateError(.truncated) }
      default:
        throw InflateError(consumed == bytes.count ? .truncated : .corrupt(offset: consumed))
      }
    }
    throw InflateError(.truncated)
  }
}

/// Why compressed bytes could not be read.
public struct InflateError: Error, Equatable, Sendable {
  /// The kinds of failure.
  public enum Code: Equatable, Sendable {
    /// zlib could not be set up (no memory).
    case unavailable
    /// The stream ends before its end marker.
    case truncated
    /// The stream is not valid at this offset of the input.
    case corrupt(offset: Int)
    /// More than this many bytes would come out.
    case tooLarge(limit: Int)
  }

  /// Which failure it is.
  public let code: Code

  init(_ code: Code) { self.code = code }
}

extension InflateError: CustomStringConvertible {
  /// One line: what is wrong with the stream.
  public var description: String {
    switch code {
    case .unavailable: "zlib could not be initialised"
    case .truncated: "the compressed data ends early"
    case .corrupt(let offset): "the compressed data is damaged near byte \(offset)"
    case .tooLarge(let limit): "the compressed data unpacks to more than \(limit) bytes"
    }
  }
}
