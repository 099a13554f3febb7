/// Makes an input out of seeds, by number.
struct Mutator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = (seed &+ 1) &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }

  /// Words that parsers have opinions about.
  private static let tokens: [[UInt8]] = [
    "From x Thu Jan  1 00:00:00 1970\n", "From: a@b\n", "Subject: [PATCH v2 0/3] x\n",
    "In-Reply-To: <one@example.org>\n",
    "References: <a@b> <one@example.org>\n", "Content-Type: multipart/mixed; boundary=b\n", "--b\n", "--b--\n",
    "Content-Transfer-Encoding: base64\n\n", "Content-Transfer-Encoding: quoted-printable\n\n",
    "; format=flowed; delsp=yes",
    "; charset=utf-16", "; charset=iso-2022-jp", "=?utf-8?q?", "?=", "=\n", "=3D", "\r\n", "\0", "\n\n", "---\n",
    "diff --git a/f b/f\n",
    "--- a/f\n+++ b/f\n", "--- /dev/null\n", "@@ -1,3 +1,4 @@\n", "@@ -0,0 +1 @@\n", "@@ -1,2147483647 +1 @@\n",
    "\\ No newline at end of file\n", "GIT binary patch\n", "literal 5\n", "delta 9\n", "rename from a\n",
    "rename to \"b\\303\\n\"\n",
    "new file mode 100644\n", "deleted file mode 120000\n", "index 1234567..89abcde 100644\n", "> +x\n", ">From ",
    "-- \n",
    "^ permalink raw reply\t[flat|nested] 9+ messages in thread\n", " help / color / mirror / Atom feed\n",
    "* Re: [PATCH 1/2] x\n", "@ 2025-01-22 14:39   ` A B\n", "From: A B @ 2025-01-22 14:39 UTC (permalink / raw)\n",
    "99999999999999999999", "-- >8 --\n", "Reviewed-by: A <a@b>\n", "base-commit: 0123456789abcdef\n",
  ].map { Array($0.utf8) }

  mutating func mutated(_ corpus: Corpus) -> [UInt8] {
    var bytes = corpus.seeds[Int.random(in: corpus.seeds.indices, using: &self)]
    for _ in 0..<Int.random(in: 1...8, using: &self) { mutate(&bytes, corpus) }
    return bytes.count > 1 << 16 ? Array(bytes[..<(1 << 16)]) : bytes
  }

  private mutating func position(_ bytes: [UInt8]) -> Int { Int.random(in: 0...bytes.count, using: &self) }

  private mutating func slice(_ bytes: [UInt8]) -> Range<Int> {
    let start = position(bytes)
    return start..<min(bytes.count, start + Int.random(in: 0...200, using: &self))
  }

  private mutating func mutate(_ bytes: inout [UInt8], _ corpus: Corpus) {
    switch Int.random(in: 0..<9, using: &self) {
    case 0 where !bytes.isEmpty:
      bytes[Int.random(in: bytes.indices, using: &self)] = UInt8.random(in: 0...255, using: &self)
    case 1 where !bytes.isEmpty:
      bytes[Int.random(in: bytes.indices, using: &self)] ^= 1 << UInt8.random(in: 0...7, using: &self)
    case 2: bytes.removeSubrange(slice(bytes))
    case 3: bytes.insert(contentsOf: bytes[slice(bytes)], at: position(bytes))
    case 4: bytes.removeSubrange(position(bytes)...)
    case 5:
      let other = corpus.seeds[Int.random(in: corpus.seeds.indices, using: &self)]
      bytes.insert(contentsOf: other[slice(other)], at: position(bytes))
    case 6: bytes += corpus.seeds[Int.random(in: corpus.seeds.indices, using: &self)]
    default:
      bytes.insert(contentsOf: Self.tokens[Int.random(in: Self.tokens.indices, using: &self)], at: lineStart(bytes))
    }
  }

  /// Mostly the start of a line, where tokens mean something.
  private mutating func lineStart(_ bytes: [UInt8]) -> Int {
    let at = position(bytes)
    if Bool.random(using: &self), let newline = bytes[..<at].lastIndex(of: 0x0A) { return newline + 1 }
    return at
  }
}
