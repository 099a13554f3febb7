import Inflate
import Testing

@Suite struct InflateTests {
  // printf 'hello hello hello\n' | gzip -9n
  private let gzip: [UInt8] = [
    0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xCB, 0x48, 0xCD, 0xC9, 0xC9, 0x57, 0xC8, 0x40, 0x90,
    0x5C, 0x00, 0x3B, 0x7C, 0x8A, 0xDF, 0x12, 0x00, 0x00, 0x00,
  ]

  @Test func limitsWhatComesOut() {
    #expect(throws: InflateError.self) { try Inflate.inflate(self.gzip, as: .gzip, limit: 4) }
    #expect(throws: InflateError.self) { try Inflate.inflate(self.gzip.dropLast(9).map { $0 }, as: .gzip, limit: 100) }
    #expect(throws: InflateError.self) { try Inflate.inflate([], as: .zlib, limit: 100) }
    #expect(throws: InflateError.self) { try Inflate.inflate([1, 2, 3, 4, 5, 6], as: .zlib, limit: 100) }
  }

  @Test func joinsGzipMembers() throws {
    let text = Array("hello hello hello\n".utf8)
    #expect(try Inflate.inflate(gzip, as: .gzip, limit: 100) == text)
    #expect(try Inflate.inflate(gzip + gzip, as: .gzip, limit: 100) == text + text)
    #expect(try Inflate.inflate(gzip + [0, 0, 0], as: .gzip, limit: 100) == text)
  }

  @Test func readsZlib() throws {
    // python3 -c "import zlib;print(zlib.compress(b'abc'))"
    let zlib: [UInt8] = [0x78, 0x9C, 0x4B, 0x4C, 0x4A, 0x06, 0x00, 0x02, 0x4D, 0x01, 0x27]
    #expect(try Inflate.inflate(zlib, as: .zlib, limit: 3) == Array("abc".utf8))
  }
}
