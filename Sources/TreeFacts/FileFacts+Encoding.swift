extension FileFacts {
  /// The facts as bytes, little-endian.
  public var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(16 + definitions.count * 13 + references.count * 8)
    func put(_ value: some FixedWidthInteger) {
      withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }
    func put(_ text: String) {
      put(UInt16(clamping: text.utf8.count))
      bytes.append(contentsOf: text.utf8.prefix(Int(UInt16.max)))
    }
    put(UInt64(size))
    put(UInt32(definitions.count))
    for definition in definitions {
      put(definition.name)
      put(definition.line)
      put(definition.kind.rawValue)
    }
    put(UInt32(references.count))
    for reference in references { put(reference) }
    put(UInt32(unread.count))
    for item in unread {
      put(item.line)
      put(item.function)
      put(item.reason)
    }
    return bytes
  }

  /// Reads `encoded` bytes; nil for any others.
  public init?(encoded bytes: UnsafeRawBufferPointer) {
    var cursor = ByteCursor(bytes)
    guard let size = cursor.take(UInt64.self), size <= UInt64(Int.max), let definitionCount = cursor.count(of: 13)
    else {
      return nil
    }
    self.size = Int(size)
    definitions.reserveCapacity(definitionCount)
    for _ in 0..<definitionCount {
      guard let name = cursor.take(UInt64.self), let line = cursor.take(UInt32.self),
        let kind = cursor.take(UInt8.self).flatMap(Definition.Kind.init)
      else { return nil }
      definitions.append(Definition(name: name, line: line, kind: kind))
    }
    guard let referenceCount = cursor.count(of: 8) else { return nil }
    references.reserveCapacity(referenceCount)
    for _ in 0..<referenceCount {
      guard let reference = cursor.take(UInt64.self) else { return nil }
      references.append(reference)
    }
    guard let unreadCount = cursor.count(of: 8) else { return nil }
    for _ in 0..<unreadCount {
      guard let line = cursor.take(UInt32.self), let function = cursor.text(), let reason = cursor.text() else {
        return nil
      }
      unread.append(Unread(line: line, function: function, reason: reason))
    }
    guard cursor.isAtEnd else { return nil }
  }
}

/// Reads little-endian numbers, never past the end.
struct ByteCursor {
  private let bytes: UnsafeRawBufferPointer
  private var position = 0

  init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

  var isAtEnd: Bool { position == bytes.count }

  mutating func take<Value: FixedWidthInteger>(_ type: Value.Type) -> Value? {
    let size = MemoryLayout<Value>.size
    guard bytes.count - position >= size else { return nil }
    defer { position += size }
    return Value(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: type))
  }

  /// A number of items of at least `size` bytes each that the rest can hold.
  mutating func count(of size: Int) -> Int? {
    guard let count = take(UInt32.self), Int(count) <= (bytes.count - position) / size else { return nil }
    return Int(count)
  }

  mutating func slice(_ length: Int) -> UnsafeRawBufferPointer? {
    guard length >= 0, bytes.count - position >= length else { return nil }
    defer { position += length }
    return UnsafeRawBufferPointer(rebasing: bytes[position..<position + length])
  }

  mutating func text() -> String? {
    take(UInt16.self).flatMap { slice(Int($0)) }.map { String(decoding: $0, as: UTF8.self) }
  }
}
