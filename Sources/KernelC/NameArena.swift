/// Names in one byte arena with an open-addressed index: interning touches no `String`.
///
/// - Complexity: O(length of the name) per look-up, amortised.
struct NameArena {
  private var bytes = ContiguousArray<UInt8>()
  private var starts: ContiguousArray<UInt32> = [0]
  private var hashes = ContiguousArray<UInt32>()
  private var slots = ContiguousArray<Int32>(repeating: -1, count: 1024)
  private var mask = 1023

  var count: Int { hashes.count }

  func hash(_ index: Int32) -> UInt32 { hashes[Int(index)] }

  func withBytes<Result>(_ index: Int32, _ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    let start = Int(starts[Int(index)])
    let end = Int(starts[Int(index) + 1])
    return bytes.withUnsafeBufferPointer { body(UnsafeBufferPointer(rebasing: $0[start..<end])) }
  }

  func longHash(_ index: Int32) -> UInt64 {
    withBytes(index) { $0.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 } }
  }

  func text(_ index: Int32) -> String {
    guard index >= 0, Int(index) < hashes.count else { return "" }
    return withBytes(index) { String(decoding: $0, as: UTF8.self) }
  }

  mutating func intern(_ name: [UInt8]) -> Int32 {
    name.withUnsafeBufferPointer { intern($0, hash: Self.hash($0)) }
  }

  static func hash(_ name: UnsafeBufferPointer<UInt8>) -> UInt32 {
    var hash: UInt32 = 2_166_136_261
    for byte in name { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
    return hash
  }

  mutating func intern(_ name: UnsafeBufferPointer<UInt8>, hash: UInt32) -> Int32 {
    var slot = Int(hash ^ (hash >> 15)) & mask
    while true {
      let index = slots[slot]
      if index < 0 { break }
      if hashes[Int(index)] == hash, matches(index, name) { return index }
      slot = (slot + 1) & mask
    }
    let index = Int32(hashes.count)
    bytes.append(contentsOf: name)
    starts.append(UInt32(truncatingIfNeeded: bytes.count))
    hashes.append(hash)
    slots[slot] = index
    if hashes.count * 2 > slots.count { grow() }
    return index
  }

  private func matches(_ index: Int32, _ name: UnsafeBufferPointer<UInt8>) -> Bool {
    let start = Int(starts[Int(index)])
    let length = Int(starts[Int(index) + 1]) - start
    guard length == name.count else { return false }
    for offset in 0..<length where bytes[start + offset] != name[offset] { return false }
    return true
  }

  private mutating func grow() {
    mask = slots.count * 4 - 1
    slots = ContiguousArray(repeating: -1, count: mask + 1)
    for index in hashes.indices {
      let hash = hashes[index]
      var slot = Int(hash ^ (hash >> 15)) & mask
      while slots[slot] >= 0 { slot = (slot + 1) & mask }
      slots[slot] = Int32(index)
    }
  }
}
