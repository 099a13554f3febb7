import Clibgit2

/// A commit object as a walk through a long history needs it: no more than is asked for is taken apart.
struct RawCommit: ~Copyable {
  private let object: DatabaseObjectHandle

  init(_ id: ObjectID, in database: OpaquePointer) throws(TreeError) {
    let found = try DatabaseObjectHandle(id, in: database, "read the commit")
    guard found.type == GIT_OBJECT_COMMIT else {
      throw TreeError(.notFound, "read the commit", id.hex, reason: "the object is not a commit")
    }
    object = found
  }

  /// The tree, which a commit names first; nil when it is damaged.
  var tree: ObjectID? {
    object.withBytes { bytes in
      bytes.starts(with: "tree ".utf8) && bytes.count >= 45
        ? ObjectID(hex: Substring(decoding: bytes[5..<45], as: UTF8.self)) : nil
    }
  }

  /// The parents, the first one first.
  var parents: [ObjectID] {
    object.withBytes { bytes in
      var parents: [ObjectID] = []
      var at = 46
      while at + 48 <= bytes.count, bytes[at...].starts(with: "parent ".utf8),
        let id = ObjectID(hex: Substring(decoding: bytes[(at + 7)..<(at + 47)], as: UTF8.self))
      {
        parents.append(id)
        at += 48
      }
      return parents
    }
  }

  /// The whole object, headers and message.
  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result { object.withBytes(body) }
}
