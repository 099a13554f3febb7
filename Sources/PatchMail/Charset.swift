#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Text in any charset as UTF-8, through the C library's `iconv`.
enum Charset {
  /// Whether text in `charset` is UTF-8 as it stands.
  static func isUTF8(_ charset: String) -> Bool {
    let name = charset.lowercased()
    return name.isEmpty || name == "utf-8" || name == "utf8" || name == "us-ascii" || name == "ascii"
  }

  /// Whether plain ASCII text means itself in `charset`.
  static func extendsASCII(_ charset: String) -> Bool {
    let name = charset.lowercased()
    return !["utf-7", "utf-16", "utf-32", "utf16", "utf32", "ucs", "ebcdic", "ibm0"].contains { name.hasPrefix($0) }
  }

  /// The bytes in UTF-8; nil if the charset is unknown or the bytes are not in it.
  static func utf8(_ bytes: [UInt8], from charset: String) -> [UInt8]? {
    if isUTF8(charset) || bytes.isEmpty { return bytes }
    // A language may follow the charset (RFC 2231).
    let name = String(charset.prefix { $0 != "*" })
    guard name.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != 0x2F }) else { return nil }
    guard let converter = iconv_open("UTF-8", name), converter != iconv_t(bitPattern: -1) else {
      // Names that mailers use and iconv does not know.
      switch name.lowercased() {
      case "unknown-8bit", "x-unknown", "8bit", "default", "binary": return bytes
      case "ks_c_5601-1987": return utf8(bytes, from: "CP949")
      default: return nil
      }
    }
    defer { iconv_close(converter) }

    var input = bytes
    var output = [UInt8](repeating: 0, count: bytes.count * 4 + 16)
    let written = input.withUnsafeMutableBytes { source in
      output.withUnsafeMutableBytes { sink -> Int? in
        var from = source.baseAddress?.assumingMemoryBound(to: CChar.self)
        var fromLeft = source.count
        var to = sink.baseAddress?.assumingMemoryBound(to: CChar.self)
        var toLeft = sink.count
        let failed = iconv(converter, &from, &fromLeft, &to, &toLeft) == -1
        if failed || fromLeft > 0 { return nil }
        _ = iconv(converter, nil, nil, &to, &toLeft)
        return sink.count - toLeft
      }
    }
    return written.map { Array(output[..<$0]) }
  }
}
