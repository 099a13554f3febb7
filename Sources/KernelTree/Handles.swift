import Clibgit2

// One owner per libgit2 object: made by the function that looks it up, freed when the owner goes, never copied.

struct RepositoryHandle: ~Copyable {
  let pointer: OpaquePointer

  init(taking pointer: OpaquePointer) { self.pointer = pointer }

  init(opening path: String) throws(TreeError) {
    var opened: OpaquePointer?
    let status = git_repository_open_ext(&opened, path, GIT_REPOSITORY_OPEN_NO_SEARCH.rawValue, nil)
    guard status == 0, let opened else {
      throw Libgit2.error(status, "open the repository", path)
    }
    pointer = opened
  }

  deinit { git_repository_free(pointer) }
}

struct DatabaseHandle: ~Copyable {
  let pointer: OpaquePointer

  init(of repository: borrowing RepositoryHandle, path: String) throws(TreeError) {
    var database: OpaquePointer?
    let status = git_repository_odb(&database, repository.pointer)
    guard status == 0, let database else { throw Libgit2.error(status, "open the object store of", path) }
    pointer = database
  }

  deinit { git_odb_free(pointer) }
}

struct ObjectHandle: ~Copyable {
  let pointer: OpaquePointer

  init(taking pointer: OpaquePointer) { self.pointer = pointer }

  /// An object of one type by its name; `repository` is the owner's pointer and outlives the call.
  init(_ id: ObjectID, _ type: git_object_t, in repository: OpaquePointer, _ attempted: String) throws(TreeError) {
    var oid = id.oid
    var found: OpaquePointer?
    let status = git_object_lookup(&found, repository, &oid, type)
    guard status == 0, let found else { throw Libgit2.error(status, attempted, id.hex) }
    pointer = found
  }

  deinit { git_object_free(pointer) }
}

struct DatabaseObjectHandle: ~Copyable {
  let pointer: OpaquePointer

  init(_ id: ObjectID, in database: OpaquePointer, _ attempted: String) throws(TreeError) {
    var oid = id.oid
    var found: OpaquePointer?
    let status = git_odb_read(&found, database, &oid)
    guard status == 0, let found else { throw Libgit2.error(status, attempted, id.hex) }
    pointer = found
  }

  deinit { git_odb_object_free(pointer) }

  var type: git_object_t { git_odb_object_type(pointer) }

  /// The bytes of a tree object, for as long as `body` runs.
  func withTree<Result>(_ body: (UnsafeRawBufferPointer) throws(TreeError) -> Result) throws(TreeError) -> Result {
    guard type == GIT_OBJECT_TREE else {
      throw TreeError(.failed, "read the tree", "object", reason: "it is a file, not a directory")
    }
    return try body(UnsafeRawBufferPointer(start: git_odb_object_data(pointer), count: git_odb_object_size(pointer)))
  }

  var bytes: [UInt8] { withBytes { Array($0) } }

  func withBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
    body(UnsafeRawBufferPointer(start: git_odb_object_data(pointer), count: git_odb_object_size(pointer)))
  }
}

struct SignatureHandle: ~Copyable {
  let pointer: UnsafeMutablePointer<git_signature>

  init(_ signature: Signature) throws(TreeError) {
    var made: UnsafeMutablePointer<git_signature>?
    let status = git_signature_new(
      &made, signature.name, signature.email, signature.secondsSince1970,
      Int32(clamping: signature.offsetMinutes))
    guard status == 0, let made else {
      throw Libgit2.error(status, "sign a commit as", "\(signature.name) <\(signature.email)>")
    }
    pointer = made
  }

  deinit { git_signature_free(pointer) }
}

struct DiffHandle: ~Copyable {
  let pointer: OpaquePointer
  init(taking pointer: OpaquePointer) { self.pointer = pointer }
  deinit { git_diff_free(pointer) }
}

struct RevisionWalkHandle: ~Copyable {
  let pointer: OpaquePointer

  init(in repository: OpaquePointer, path: String) throws(TreeError) {
    var walk: OpaquePointer?
    let status = git_revwalk_new(&walk, repository)
    guard status == 0, let walk else { throw Libgit2.error(status, "walk the history of", path) }
    pointer = walk
  }

  deinit { git_revwalk_free(pointer) }
}

struct TransactionHandle: ~Copyable {
  let pointer: OpaquePointer

  init(in repository: OpaquePointer, path: String) throws(TreeError) {
    var transaction: OpaquePointer?
    let status = git_transaction_new(&transaction, repository)
    guard status == 0, let transaction else { throw Libgit2.error(status, "lock references in", path) }
    pointer = transaction
  }

  deinit { git_transaction_free(pointer) }
}

extension TreeEntry {
  init?(_ entry: OpaquePointer) {
    guard let id = git_tree_entry_id(entry) else { return nil }
    self.init(mode: git_tree_entry_filemode_raw(entry).rawValue, id: ObjectID(id.pointee))
  }
}

extension Signature {
  init(_ signature: git_signature) {
    self.init(
      name: String(cString: signature.name), email: String(cString: signature.email),
      secondsSince1970: signature.when.time, offsetMinutes: Int(signature.when.offset))
  }
}
