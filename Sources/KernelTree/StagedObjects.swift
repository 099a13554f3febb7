import Clibgit2

/// New objects that are not on disk yet, each deflated as it will stand in the pack.
///
/// libgit2's own memory pack would not do: to write it, libgit2 packs everything that the new commits reach, which for one
/// commit on a kernel tree is the whole kernel.
final class StagedObjects {
  private struct Object {
    var type: ObjectType
    var size: Int
    var entry: PackEntry
  }

  private var objects: [ObjectID: Object] = [:]
  private var order: [ObjectID] = []
  private let encoder: PackEncoder
  private let inflater: Inflater

  init(path: String) throws(TreeError) {
    guard let encoder = PackEncoder(), let inflater = Inflater() else {
      throw TreeError(.failed, "stage objects for", path, reason: "out of memory")
    }
    self.encoder = encoder
    self.inflater = inflater
  }

  var isEmpty: Bool { order.isEmpty }

  /// Adds an object under its name, unless it is there.
  func add(_ id: ObjectID, _ type: ObjectType, _ content: UnsafeRawBufferPointer) {
    guard objects[id] == nil else { return }
    objects[id] = Object(type: type, size: content.count, entry: encoder.entry(type, content, named: id))
    order.append(id)
  }

  func contains(_ id: ObjectID) -> Bool { objects[id] != nil }

  /// An object's type and size.
  func header(_ id: ObjectID) -> (type: ObjectType, size: Int)? { objects[id].map { ($0.type, $0.size) } }

  /// An object's content; false when there is none, or `take` could not use it.
  func read(_ id: ObjectID, _ take: (ObjectType, Int) -> UnsafeMutableRawBufferPointer?) -> Bool {
    guard let object = objects[id], let output = take(object.type, object.size) else { return false }
    return object.entry.withStream { inflater.inflate($0, into: output) }
  }

  /// The names that start with the first `digits` hexadecimal digits of `prefix`.
  func names(startingWith prefix: ObjectID, digits: Int) -> [ObjectID] {
    let wanted = prefix.hex.prefix(digits)
    return order.filter { $0.hex.hasPrefix(wanted) }
  }

  /// All objects as they were added.
  func forEach(_ body: (PackEntry) throws(TreeError) -> Void) throws(TreeError) {
    for id in order {
      if let object = objects[id] { try body(object.entry) }
    }
  }

  func removeAll() {
    objects = [:]
    order = []
  }
}
