import KernelC
import Testing

@Suite("C as written")
struct ParserTests {
  private func parse(_ source: String) -> (file: ParsedFile, names: [String], symbols: SymbolTable) {
    let symbols = SymbolTable()
    let file = ParsedFile(path: "a.c", bytes: Array(source.utf8), symbols: symbols)
    return (file, file.functions.filter { !$0.isMacro }.map { symbols.text($0.name) }, symbols)
  }

  @Test(
    "finds the function whatever stands around it",
    arguments: [
      ("int f(void) { return 0; }", ["f"]),
      ("static inline struct foo *f(struct bar *b) __must_hold(&b->lock) { return b->foo; }", ["f"]),
      ("SYSCALL_DEFINE2(open_it, int, fd, char __user *, name) { return 0; }", ["open_it"]),
      ("MODULE_LICENSE(\"GPL\")\nstatic int f(int x)\n{\n\treturn x;\n}\n", ["f"]),
      (
        "#ifdef A\nint f(int x) {\n#else\nint f(void) {\n#endif\n\treturn 1;\n}\nint g(void) { return 2; }", ["f", "g"]
      ),
      ("struct s { int a; } __packed;\nint f(void) { struct s s = { .a = 1 }; return s.a; }", ["f"]),
      ("void f(void) { guard(mutex)(&l); scoped_guard(spinlock, &s) { x++; } }", ["f"]),
      (
        "void f(void) { list_for_each_entry(p, &head, node) if (p) break; asm volatile(\"nop\" ::: \"memory\"); }",
        ["f"]
      ),
      ("void f(void) { goto *table[i]; here: return; }", ["f"]),
    ])
  func finds(_ source: String, _ expected: [String]) {
    #expect(parse(source).names == expected)
  }

  @Test("an odd construct costs one statement, not the function")
  func odd() {
    let (file, names, symbols) = parse("int f(void) { a(); @ ! 3 4 ;; b(); return 1; }\nint g(void) { return 2; }")
    #expect(names == ["f", "g"])
    let callees = file.nodes.filter { $0.kind == .call }.map { symbols.text(Symbol(file.nodes[Int($0.a)].a)) }
    #expect(callees == ["a", "b"])
    #expect(file.unread.contains { $0.reason == .statement })
  }

  @Test("a function-like macro is read as a function, an alias as an alias")
  func macros() {
    let (file, _, symbols) = parse("#define take(c) spin_lock(&(c)->lock)\n#define grab take\n")
    let macro = file.functions.first { $0.isMacro }
    #expect(macro.map { symbols.text($0.name) } == "take")
    #expect(macro?.parameters.count == 1)
    #expect(file.aliases.map { symbols.text($0.target) } == ["take"])
  }

  @Test("members of anonymous structures and groups belong to the outer structure")
  func members() {
    let (file, _, symbols) = parse(
      "struct foo { int a; struct { struct mutex lock; }; struct_group(g, int b; int c;); int (*call)(int); };")
    let outer = file.structures.first { symbols.text($0.name) == "foo" }
    #expect(outer?.members.map { symbols.text($0.name) } == ["a", "lock", "b", "c", "call"])
  }

  @Test("any bytes are read without a trap", arguments: [1, 2, 3, 4, 5, 6, 7, 8])
  func total(_ seed: UInt64) {
    var state = seed &* 0x9E37_79B9_7F4A_7C15
    let alphabet = Array(
      "(){}[];,:?.->+*&|^~!<>=#\"'\\/ \n\tif for#define #if #endif case struct x y 0x1 __a_t\u{1}".utf8)
    var bytes: [UInt8] = []
    for _ in 0..<20_000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      bytes.append(
        state >> 60 == 0 ? UInt8(truncatingIfNeeded: state >> 24) : alphabet[Int(state >> 33) % alphabet.count])
    }
    let file = ParsedFile(path: "x.c", bytes: bytes, symbols: SymbolTable())
    #expect(file.tokens.count > 0)
  }

  @Test(
    "functions are compared by their words, however they are laid out",
    arguments: [
      ("int f(int x) { return x + 10; }", "int f(int x)\n{\n\t/* ten */ return x\n\t\t+ 10;\n}\n", true),
      ("int f(int x) { return x + 10; }", "int f(int x) { return x + 11; }", false),
      ("int f(int x) { return x + y; }", "int f(int x) { return x + z; }", false),
      ("int f(int x) { return x + y; }", "int f(int x) { return x - y; }", false),
      ("int f(int x) { return ((x)); }", "int f(int x) { return (x); }", false),
    ])
  func words(before: String, after: String, isSame: Bool) {
    let symbols = SymbolTable()
    let files = [before, after].map { ParsedFile(path: "a.c", bytes: Array($0.utf8), symbols: symbols) }
    #expect(files[1].hasWords(of: files[1].functions[0], as: files[0].functions[0], in: files[0]) == isSame)
  }

  @Test("nesting is limited, counted, and linear")
  func nesting() {
    let deep = 20_000
    let source =
      "void f(void) { x = " + String(repeating: "(", count: deep) + "1" + String(repeating: ")", count: deep) + "; }"
    #expect(parse(source).file.unread.contains { $0.reason == .nesting })
    let blocks = "void g(void) " + String(repeating: "{", count: deep) + String(repeating: "}", count: deep)
    #expect(parse(blocks).names == ["g"])
    let sum = "int h(void) { return 1" + String(repeating: " + 1", count: deep) + "; }"
    #expect(parse(sum).names == ["h"])
  }
}
