import Foundation
import KernelC
import Testing
import TreeFacts

@Suite("What linking needs to know of a file")
struct FileFactsTests {
  private func facts(_ source: String) -> FileFacts {
    let symbols = SymbolTable()
    let bytes = Array(source.utf8)
    return FileFacts(ParsedFile(path: "a.c", bytes: bytes, symbols: symbols), size: bytes.count, symbols: symbols)
  }

  private let source = """
    #define take(x) spin_lock(&(x)->lock)
    struct foo { int a; };
    static struct ops ops = { .run = handler };
    static void handler(struct foo *foo)
    {
    	take(foo);
    	helper(foo);
    	@ 1 2;
    }
    int helper(struct foo *foo) { return take(foo); }
    """

  @Test func countsAndLines() {
    let facts = facts(source)
    #expect(facts.functionCount == 2)
    #expect(facts.definitions.map(\.kind).contains(.macro))
    #expect(facts.definitions.first { $0.kind == .staticFunction }?.line == 4)
    #expect(facts.unread.map(\.line) == [8])
    #expect(facts.unread.map(\.function) == ["handler"])
  }

  @Test("the encoding gives back what went in, and nothing for anything else")
  func encoding() throws {
    let facts = facts(source)
    let bytes = facts.encoded
    #expect(bytes.withUnsafeBytes { FileFacts(encoded: $0) } == facts)
    for length in 0..<bytes.count {
      #expect(bytes[..<length].withUnsafeBytes { FileFacts(encoded: $0) } == nil)
    }
    #expect((bytes + [0]).withUnsafeBytes { FileFacts(encoded: $0) } == nil)
    var hostile = bytes
    for offset in 8..<12 { hostile[offset] = 0xFF }
    #expect(hostile.withUnsafeBytes { FileFacts(encoded: $0) } == nil)
  }

  @Test("names that some file defines are linked, the others counted")
  func linking() {
    let one = facts("int helper(void) { return 1; }")
    let two = facts("int f(void) { helper(); missing(); return helper(); }")
    let linked = LinkedFacts([one, two])
    #expect(linked.functions == 2)
    #expect(linked.linked == 1)
    #expect(linked.unknown == 1)
    #expect(Array(linked.definingFiles(of: one.definitions[0].name)) == [0])
  }
}

@Suite("Facts on disk")
struct FactArchiveTests {
  private let directory = NSTemporaryDirectory() + "gmemkit-facts-" + UUID().uuidString
  private let key = FactArchive.Key(Array(0..<20))

  private func record() throws -> (key: FactArchive.Key, encoded: [UInt8]) {
    let bytes = Array("int f(void) { return g(); }".utf8)
    let symbols = SymbolTable()
    let facts = FileFacts(ParsedFile(path: "a.c", bytes: bytes, symbols: symbols), size: bytes.count, symbols: symbols)
    return (try #require(key), facts.encoded)
  }

  @Test func whatIsStoredIsFoundByTheNextRunOfTheSameBuild() throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    #expect(FactArchive(directory: directory, engine: "a").store([try record()]))
    let key = try #require(key)
    #expect(FactArchive(directory: directory, engine: "a").facts(of: key)?.functionCount == 1)
    #expect(FactArchive(directory: directory, engine: "b").facts(of: key) == nil)
  }

  @Test("any damage to a segment makes it unused, not wrong")
  func damage() throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    FactArchive(directory: directory, engine: "a").store([try record()])
    let name = try #require(try FileManager.default.contentsOfDirectory(atPath: directory).first)
    let path = "\(directory)/\(name)"
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    for position in whole.indices {
      var broken = whole
      broken[position] ^= 0x40
      try broken.write(to: URL(fileURLWithPath: path))
      #expect(FactArchive(directory: directory, engine: "a").count == 0, "byte \(position)")
    }
    for length in [0, 7, 31, 32, whole.count - 1] {
      try whole.prefix(length).write(to: URL(fileURLWithPath: path))
      #expect(FactArchive(directory: directory, engine: "a").count == 0, "\(length) bytes")
    }
  }

  @Test("a draft that a killed run left is not read, and a place that cannot be written costs nothing but time")
  func drafts() throws {
    defer { try? FileManager.default.removeItem(atPath: directory) }
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    try Data("half".utf8).write(to: URL(fileURLWithPath: "\(directory)/x.facts.1.draft"))
    #expect(FactArchive(directory: directory, engine: "a").count == 0)
    #expect(!FactArchive(directory: "/dev/full/x", engine: "a").store([try record()]))
  }
}
