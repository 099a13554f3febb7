import Clibgit2

/// The name of a git object: the twenty bytes of its SHA-1.
public struct ObjectID: Hashable, Sendable, CustomStringConvertible {
  // Two words and a half hash and compare faster than an array, and need no allocation.
  private let high: UInt64
  private let middle: UInt64
  private let low: UInt32

  /// The object name that forty hexadecimal digits spell, or nil.
  public init?(hex: some StringProtocol) {
    var nibbles: [UInt8] = []
    nibbles.reserveCapacity(40)
    for byte in hex.utf8 {
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): nibbles.append(byte - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): nibbles.append(byte - UInt8(ascii: "a") + 10)
      case UInt8(ascii: "A")...UInt8(ascii: "F"): nibbles.append(byte - UInt8(ascii: "A") + 10)
      default: return nil
      }
    }
    guard nibbles.count == 40 else { return nil }
    self.init(bytes: (0..<20).map { nibbles[2 * $0] << 4 | nibbles[2 * $0 + 1] })
  }

  /// The object name in `bytes`, which must be twenty; else nil.
  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == 20 else { return nil }
    self.init(bytes: Array(bytes))
  }

  private init(bytes: [UInt8]) {
    func word(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
    high = word(0..<8)
    middle = word(8..<16)
    low = UInt32(truncatingIfNeeded: word(16..<20))
  }

  init(_ oid: git_oid) {
    self = withUnsafeBytes(of: oid) { ObjectID(raw: $0) }
  }

  /// The object name in the first twenty bytes of `raw`; the caller vouches that they are there.
  init(raw: UnsafeRawBufferPointer) {
    precondition(raw.count >= 20)
    high = UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
    middle = UInt64(bigEndian: raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    low = UInt32(bigEndian: raw.loadUnaligned(fromByteOffset: 16, as: UInt32.self))
  }

  var oid: git_oid {
    var oid = git_oid()
    withUnsafeMutableBytes(of: &oid) {
      $0.storeBytes(of: high.bigEndian, toByteOffset: 0, as: UInt64.self)
      $0.storeBytes(of: middle.bigEndian, toByteOffset: 8, as: UInt64.self)
      $0.storeBytes(of: low.bigEndian, toByteOffset: 16, as: UInt32.self)
    }
    return oid
  }

  /// The byte by which a pack index sorts first.
  var firstByte: UInt8 { UInt8(truncatingIfNeeded: high >> 56) }

  /// The twenty bytes.
  public var bytes: [UInt8] { withUnsafeBytes(of: oid) { Array($0) } }

  /// Forty lower-case hexadecimal digits.
  public var hex: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// The first twelve digits, as kernel developers quote a commit.
  public var short: String { String(hex.prefix(12)) }

  /// The same as ``hex``.
  public var description: String { hex }
}

extension ObjectID: Comparable {
  /// The order of the bytes, as in a pack index.
  public static func < (left: ObjectID, right: ObjectID) -> Bool {
    (left.high, left.middle, left.low) < (right.high, right.middle, right.low)
  }
}
