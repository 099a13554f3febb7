import Foundation
import KernelC
import Testing

/// A generator that gives the same numbers for the same seed.
private struct Numbers: RandomNumberGenerator {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }
  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}

@Suite("What must hold for any C")
struct PropertyTests {
  private static let pieces = [
    "static int f(struct foo *foo, int n)\n{\n\tint err = 0;\n\n\tif (!foo || n < 0)\n\t\treturn -EINVAL;\n\tmutex_lock(&foo->lock);\n",
    "\tlist_for_each_entry(p, &foo->list, node) {\n\t\tif (p->n == n)\n\t\t\tgoto out;\n\t\terr |= (u32)p->n << 3;\n\t}\n",
    "\tswitch (n) {\n\tcase 0 ... 3:\n\t\terr = -EBUSY;\n\t\tbreak;\n\tdefault:\n\t\terr = foo->ops->run(foo, &(struct bar){ .n = 1 });\n\t}\n",
    "\tdo { n--; } while (n > 0 && !READ_ONCE(foo->stop));\n\tasm volatile(\"nop\" : : \"r\"(n) : \"memory\");\n",
    "\tscoped_guard(spinlock, &foo->spin) {\n\t\tfoo->text = NAME \" and \" OTHER;\n\t\tc = L'x';\n\t}\n",
    "\terr = ({ int x = sizeof(struct foo) * 2; x ?: -1; });\n\t*(vip)addr = (__u64)~n;\n",
  ]

  private static func source(_ seed: UInt64) -> String {
    var numbers = Numbers(seed)
    let body = (0..<6).map { _ in pieces[Int.random(in: 1..<pieces.count, using: &numbers)] }.joined()
    return pieces[0] + body + "out:\n\tmutex_unlock(&foo->lock);\n\treturn err;\n}\n"
      + "int g(a, b)\nint a;\nchar *b;\n{\n\treturn a + b[0];\n}\nint (*h(int x))(void)\n{\n\treturn NULL;\n}\n"
  }

  private func parse(_ source: String) -> (ParsedFile, SymbolTable) {
    let symbols = SymbolTable()
    return (ParsedFile(path: "a.c", bytes: Array(source.utf8), symbols: symbols), symbols)
  }

  /// What a file says regardless of its layout: names, kinds of nodes, calls.
  private func shape(_ source: String) -> [String] {
    let (file, symbols) = parse(source)
    return file.functions.map { symbols.text($0.name) + "/\($0.parameters.count)/\($0.oddStatements)" }
      + file.nodes.map { node in node.kind == .name ? "name \(symbols.text(Symbol(node.a)))" : "\(node.kind)" }
  }

  @Test("every piece is understood", arguments: 1...20)
  func understood(_ seed: UInt64) {
    let (file, symbols) = parse(Self.source(seed))
    #expect(file.functions.map { symbols.text($0.name) } == ["f", "g", "h"])
    #expect(file.unread.isEmpty)
  }

  @Test("tokens in order, and nothing but blanks between them", arguments: 1...20)
  func concatenation(_ seed: UInt64) {
    let source = Self.source(seed)
    let bytes = Array(source.utf8)
    let (file, _) = parse(source)
    var position = 0
    for token in file.tokens {
      #expect(Int(token.start) >= position)
      #expect(bytes[position..<Int(token.start)].allSatisfy { $0 == 0x20 || $0 == 0x0A || $0 == 0x09 })
      position = Int(token.start) + Int(token.length)
    }
    #expect(position == bytes.count)
  }

  @Test("layout and comments mean nothing", arguments: 1...20)
  func reformatting(_ seed: UInt64) {
    var numbers = Numbers(seed)
    let source = Self.source(seed)
    let (file, _) = parse(source)
    let bytes = Array(source.utf8)
    let fillers = [" ", "\n", "\t\t", "  /* if (x) { */ ", " // }\n", " \\\n "]
    var other: [UInt8] = []
    for token in file.tokens {
      other += Array(fillers[Int.random(in: fillers.indices, using: &numbers)].utf8)
      other += bytes[Int(token.start)..<Int(token.start) + Int(token.length)]
    }
    #expect(shape(String(decoding: other, as: UTF8.self)) == shape(source))
  }

  @Test("any prefix is read without a trap")
  func truncation() {
    let bytes = Array((Self.source(3) + "#define m(x) do { x; } while (0)\n#if A\nint z(void) {\n#else\n#endif\n").utf8)
    for length in bytes.indices {
      let file = ParsedFile(path: "a.c", bytes: Array(bytes[..<length]), symbols: SymbolTable())
      #expect(file.tokens.count > 0)
    }
  }

  @Test(
    "a group that is cut takes the end of the file with it",
    arguments: [
      "#if A\nint f(void) {", "#if 0\n#else\nint f(void)\n{", "x f(a) int (", "#if A\nf(a) int a; {", "X(a",
      "f(a) int (*",
      "#define m(x", "#define m(x) y(",
    ])
  func endless(_ source: String) {
    #expect(parse(source).0.tokens.last?.kind == .end)
  }

  @Test("time grows with the bytes, not with their square")
  func linear() {
    // Of this thread: other tests, and other programs, must not count.
    func processorSeconds() -> Double {
      var time = timespec()
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
      return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
    func seconds(_ source: String) -> Double {
      let bytes = Array(source.utf8)
      let start = processorSeconds()
      _ = ParsedFile(path: "a.c", bytes: bytes, symbols: SymbolTable())
      return processorSeconds() - start
    }
    let shapes: [(String, (Int) -> String)] = [
      ("statements", { "void f(void) {\n" + String(repeating: "\tcall(a->b, c[1], \"x\");\n", count: $0) + "}\n" }),
      ("braces", { "void f(void) " + String(repeating: "{", count: 8 * $0) + String(repeating: "}", count: 8 * $0) }),
      ("open brackets", { "void f(void) { x = " + String(repeating: "([{", count: 8 * $0) }),
      ("closing brackets", { "void f(void) { " + String(repeating: ")]}", count: 8 * $0) }),
      ("conditionals", { String(repeating: "#if A\n", count: 4 * $0) + String(repeating: "#endif\n", count: 4 * $0) }),
      ("branches", { "void f(void) {\n#if A\n" + String(repeating: "x;\n#elif B\n", count: 4 * $0) + "#endif\n}\n" }),
      ("one line", { "int x[] = { " + String(repeating: "1, ", count: 10 * $0) + "};" }),
      ("old style", { String(repeating: "f(a) int a;\n", count: 3 * $0) }),
      ("operators", { "int f(void) { return " + String(repeating: "a + -", count: 6 * $0) + "1; }" }),
      ("casts", { "int f(void) { return " + String(repeating: "(u8)", count: 6 * $0) + "1; }" }),
      ("strings", { "char *s = " + String(repeating: "\"x\" A ", count: 5 * $0) + ";" }),
      ("comment", { "/*" + String(repeating: "* ", count: 20 * $0) }),
      ("labels", { "void f(void) { " + String(repeating: "a: if (x) ", count: 4 * $0) + "; }" }),
    ]
    for (name, make) in shapes {
      let small = (0..<3).map { _ in seconds(make(4_000)) }.min() ?? 0
      let large = (0..<3).map { _ in seconds(make(32_000)) }.min() ?? 0
      // Eight times the bytes; a square would be sixty-four times the time.
      #expect(large < max(24 * small, 0.5), "\(name): \(small) s, then \(large) s")
    }
  }
}
