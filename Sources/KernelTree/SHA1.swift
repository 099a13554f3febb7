/// SHA-1 as a running sum, for the checksums of packs and for objects that are hashed in parallel.
///
/// git's own collision detection is not here: objects that come from a series are named by libgit2, which has it.
struct SHA1 {
  private var a: UInt32 = 0x6745_2301
  private var b: UInt32 = 0xEFCD_AB89
  private var c: UInt32 = 0x98BA_DCFE
  private var d: UInt32 = 0x1032_5476
  private var e: UInt32 = 0xC3D2_E1F0
  private var length = 0
  /// Bytes of an unfinished block.
  private var pending: [UInt8] = []

  init() { pending.reserveCapacity(128) }

  /// Adds bytes to what is hashed.
  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    length += bytes.count
    var rest = bytes[...]
    if !pending.isEmpty {
      let wanted = min(64 - pending.count, rest.count)
      pending.append(contentsOf: rest.prefix(wanted))
      rest = rest.dropFirst(wanted)
      guard pending.count == 64 else { return }
      let block = pending
      block.withUnsafeBytes { process($0) }
      pending.removeAll(keepingCapacity: true)
    }
    let whole = rest.count & ~63
    process(UnsafeRawBufferPointer(rebasing: rest.prefix(whole)))
    pending.append(contentsOf: rest.dropFirst(whole))
  }

  /// Adds bytes to what is hashed.
  mutating func update(_ bytes: [UInt8]) { bytes.withUnsafeBytes { update($0) } }

  /// The hash of everything added.
  consuming func finish() -> ObjectID {
    let bits = UInt64(length) &* 8
    var tail = pending
    tail.append(0x80)
    while tail.count % 64 != 56 { tail.append(0) }
    withUnsafeBytes(of: bits.bigEndian) { tail.append(contentsOf: $0) }
    tail.withUnsafeBytes { process($0) }
    let words = [a, b, c, d, e].map(\.bigEndian)
    return words.withUnsafeBytes { ObjectID(raw: $0) }
  }

  private mutating func process(_ blocks: UnsafeRawBufferPointer) {
    guard !blocks.isEmpty, var block = blocks.baseAddress else { return }
    withUnsafeTemporaryAllocation(byteCount: 320, alignment: 16) { schedule in
      guard let words = schedule.baseAddress else { return }
      for _ in 0..<(blocks.count / 64) {
        Self.expand(block, into: words)
        mix(words)
        block += 64
      }
    }
  }

  /// The eighty words of a block; from word 32 on the recurrence reaches back far enough for four at a time.
  @inline(__always)
  private static func expand(_ block: UnsafeRawPointer, into words: UnsafeMutableRawPointer) {
    @inline(__always) func word(_ index: Int) -> UInt32 { words.load(fromByteOffset: index &* 4, as: UInt32.self) }
    @inline(__always) func four(_ index: Int) -> SIMD4<UInt32> {
      words.loadUnaligned(fromByteOffset: index &* 4, as: SIMD4<UInt32>.self)
    }
    for t in 0..<16 {
      let loaded = block.loadUnaligned(fromByteOffset: t &* 4, as: UInt32.self)
      words.storeBytes(of: UInt32(bigEndian: loaded), toByteOffset: t &* 4, as: UInt32.self)
    }
    for t in 16..<32 {
      let mixed = word(t &- 3) ^ word(t &- 8) ^ word(t &- 14) ^ word(t &- 16)
      words.storeBytes(of: rotate(mixed, 1), toByteOffset: t &* 4, as: UInt32.self)
    }
    for t in stride(from: 32, to: 80, by: 4) {
      let mixed = four(t &- 6) ^ four(t &- 16) ^ four(t &- 28) ^ four(t &- 32)
      words.storeBytes(of: (mixed &<< 2) | (mixed &>> 30), toByteOffset: t &* 4, as: SIMD4<UInt32>.self)
    }
  }

  @inline(__always)
  private static func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 { (word &<< count) | (word &>> (32 &- count)) }

  @inline(__always)
  private mutating func mix(_ words: UnsafeMutableRawPointer) {
    var (a, b, c, d, e) = (a, b, c, d, e)
    // Five rounds a turn, so that the five words rotate by name and not by moves.
    @inline(__always)
    func rounds(_ range: Range<Int>, _ constant: UInt32, _ choose: (UInt32, UInt32, UInt32) -> UInt32) {
      for t in stride(from: range.lowerBound, to: range.upperBound, by: 5) {
        @inline(__always) func input(_ index: Int) -> UInt32 {
          words.load(fromByteOffset: (t &+ index) &* 4, as: UInt32.self) &+ constant
        }
        e = e &+ Self.rotate(a, 5) &+ choose(b, c, d) &+ input(0)
        b = Self.rotate(b, 30)
        d = d &+ Self.rotate(e, 5) &+ choose(a, b, c) &+ input(1)
        a = Self.rotate(a, 30)
        c = c &+ Self.rotate(d, 5) &+ choose(e, a, b) &+ input(2)
        e = Self.rotate(e, 30)
        b = b &+ Self.rotate(c, 5) &+ choose(d, e, a) &+ input(3)
        d = Self.rotate(d, 30)
        a = a &+ Self.rotate(b, 5) &+ choose(c, d, e) &+ input(4)
        c = Self.rotate(c, 30)
      }
    }
    rounds(0..<20, 0x5A82_7999) { $2 ^ ($0 & ($1 ^ $2)) }
    rounds(20..<40, 0x6ED9_EBA1) { $0 ^ $1 ^ $2 }
    rounds(40..<60, 0x8F1B_BCDC) { ($0 & $1) | ($2 & ($0 | $1)) }
    rounds(60..<80, 0xCA62_C1D6) { $0 ^ $1 ^ $2 }
    self.a &+= a
    self.b &+= b
    self.c &+= c
    self.d &+= d
    self.e &+= e
  }
}
