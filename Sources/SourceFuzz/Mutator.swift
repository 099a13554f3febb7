/// Makes an input out of C files, by number.
struct Mutator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = (seed &+ 1) &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }

  /// Words that a reader of C has opinions about.
  private static let words: [[UInt8]] = [
    "{", "}", "(", ")", "((((((((((((((((((((((((", "}}}}}}}}", "[", "]", ";", ",", "? :", "goto out;", "out:",
    "case 1:",
    "default:", "switch (x) {", "do {", "} while (0);", "for (;;)", "if (x)", "else", "return x ? y : z;", "#if 0\n",
    "#ifdef A\n", "#else\n", "#elif B\n", "#endif\n", "#define f(x) do { g(x); } while (0)\n", "\\\n", "\"", "'", "/*",
    "*/",
    "//", "L'x'", "u8\"x\"", "({", "})", "guard(mutex)(&l);", "scoped_guard(spinlock, &l) {", "__free(kfree)",
    "list_for_each_entry(a, b, c)", "asm volatile(\"\" : : : )", "struct s { int a:3; } ", "typeof(x)", "(u32)x",
    "(name)1",
    "f(a, b) int a; int b; {", "mutex_lock(&a->lock);", "mutex_unlock(&a->lock);", "extern \"C\" {", "__must_hold(&x)",
    "static const struct ops o = { .run = f };", "[0 ... 3] = 1,", "0x", "1e+", "99999999999999999999", "\0", "\r\n",
    "\u{1}",
    "_Generic(x, int: 1)", "int (*f(int))(void) {", "a + a + a + a + a + a +", "->", "...", "!!!!!!!!!!!!",
    "EXPORT_SYMBOL(f)",
  ].map { Array($0.utf8) }

  mutating func mutated(_ seeds: [[UInt8]]) -> [UInt8] {
    let seed = seeds[Int.random(in: seeds.indices, using: &self)]
    let start = Int.random(in: 0...max(0, seed.count - 1), using: &self)
    var bytes = Array(seed[start..<min(seed.count, start + Int.random(in: 1...6000, using: &self))])
    for _ in 0..<Int.random(in: 1...12, using: &self) { mutate(&bytes, seeds) }
    return bytes.count > 1 << 15 ? Array(bytes[..<(1 << 15)]) : bytes
  }

  private mutating func slice(_ bytes: [UInt8]) -> Range<Int> {
    let start = Int.random(in: 0...bytes.count, using: &self)
    return start..<min(bytes.count, start + Int.random(in: 0...300, using: &self))
  }

  private mutating func mutate(_ bytes: inout [UInt8], _ seeds: [[UInt8]]) {
    let place = Int.random(in: 0...bytes.count, using: &self)
    switch Int.random(in: 0..<8, using: &self) {
    case 0 where !bytes.isEmpty:
      bytes[Int.random(in: bytes.indices, using: &self)] = UInt8.random(in: 0...255, using: &self)
    case 1: bytes.removeSubrange(slice(bytes))
    case 2: bytes.insert(contentsOf: bytes[slice(bytes)], at: place)
    case 3: bytes.removeSubrange(place...)
    case 4:
      let other = seeds[Int.random(in: seeds.indices, using: &self)]
      bytes.insert(contentsOf: other[slice(other)], at: place)
    case 5:
      let word = Self.words[Int.random(in: Self.words.indices, using: &self)]
      for _ in 0..<Int.random(in: 1...40, using: &self) { bytes.insert(contentsOf: word, at: place) }
    default: bytes.insert(contentsOf: Self.words[Int.random(in: Self.words.indices, using: &self)], at: place)
    }
  }
}
