import KTAP
import Testing

struct BootTestLineTests {
  @Test(
    "what a test at boot says at its end",
    arguments: [
      ("[    2.5] maple_tree: 12 of 12 tests passed\r", "maple_tree", true),
      ("[    2.5][    T1] XArray: 11 of 12 tests passed", "XArray", false),
      ("<6>[    2.5] test_printf: all 388 tests passed", "test_printf", true),
      ("test_bitmap: failed 2 out of 6550 tests", "test_bitmap", false),
      ("crc32: self tests passed, processed 225944 bytes", nil, false),
      ("prandom: 100 self tests passed", "prandom", true), ("crc32c: 3 self tests failed", "crc32c", false),
      ("systemd: all tests of the kind passed", nil, false), ("it runs 3 of 3 tests passed", nil, false),
    ] as [(String, String?, Bool)])
  func lines(line: String, name: String?, passed: Bool) {
    let found = BootTestLine.all(in: Array("noise: a\n\(line)\nmore\n".utf8))
    #expect(found.map(\.name) == (name.map { [$0] } ?? []))
    #expect(found.allSatisfy { $0.passed == passed })
  }
}
