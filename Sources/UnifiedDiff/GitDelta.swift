/// Git's delta format (Documentation/gitformat-pack.txt, "Deltified representation"): two sizes, then instructions that
/// copy from the old content or insert new bytes.
enum GitDelta {
  static func apply(_ delta: [UInt8], to old: [UInt8], line: Int) throws(DiffError) -> [UInt8] {
    func damaged(_ what: String) -> DiffError {
      DiffError(.badBinary, line: line, "binary delta: \(what)", next: "ask for the patch again")
    }
    var position = 0
    func next() throws(DiffError) -> Int {
      guard position < delta.count else { throw damaged("ends early") }
      defer { position += 1 }
      return Int(delta[position])
    }
    func size() throws(DiffError) -> Int {
      var value = 0
      var shift = 0
      while true {
        let byte = try next()
        guard shift <= 35 else { throw damaged("has a size beyond every limit") }
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte & 0x80 == 0 { return value }
      }
    }

    guard try size() == old.count else { throw damaged("was made for other content") }
    let target = try size()
    guard target <= BinaryHunk.sizeLimit else { throw damaged("makes a file of \(target) bytes") }

    var out: [UInt8] = []
    while position < delta.count {
      let command = try next()
      if command & 0x80 != 0 {
        var offset = 0
        var count = 0
        for index in 0..<4 where command & (1 << index) != 0 { offset |= try next() << (8 * index) }
        for index in 0..<3 where command & (0x10 << index) != 0 { count |= try next() << (8 * index) }
        if count == 0 { count = 0x10000 }
        guard offset + count <= old.count else { throw damaged("copies from beyond the old content") }
        guard out.count + count <= target else { throw damaged("makes more than it promised") }
        out.append(contentsOf: old[offset..<offset + count])
      } else if command != 0 {
        guard position + command <= delta.count else { throw damaged("ends early") }
        guard out.count + command <= target else { throw damaged("makes more than it promised") }
        out.append(contentsOf: delta[position..<position + command])
        position += command
      } else {
        throw damaged("has an instruction that git reserves")
      }
    }
    guard out.count == target else { throw damaged("makes \(out.count) bytes instead of \(target)") }
    return out
  }
}
