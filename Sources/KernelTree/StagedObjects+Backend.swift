import Clibgit2

// libgit2 reads and writes staged objects through these functions. It calls them only from within a call that the actor
// makes, so the store is never used by two threads.

extension StagedObjects {
  /// Puts the store above every other one of `database`: writes land in it, reads look there first.
  func attach(to database: OpaquePointer, path: String) throws(TreeError) {
    let backend = UnsafeMutablePointer<gmemkit_staging_backend>.allocate(capacity: 1)
    backend.initialize(to: gmemkit_staging_backend())
    git_odb_init_backend(&backend.pointee.parent, UInt32(GIT_ODB_BACKEND_VERSION))
    backend.pointee.store = Unmanaged.passRetained(self).toOpaque()
    backend.pointee.parent.read = readObject
    backend.pointee.parent.read_prefix = readAbbreviated
    backend.pointee.parent.read_header = readHeader
    backend.pointee.parent.write = writeObject
    backend.pointee.parent.exists = objectExists
    backend.pointee.parent.exists_prefix = abbreviatedExists
    backend.pointee.parent.free = freeBackend
    let status = backend.withMemoryRebound(to: git_odb_backend.self, capacity: 1) {
      git_odb_add_backend(database, $0, 1000)
    }
    guard status != 0 else { return }
    let error = Libgit2.error(status, "stage objects for", path)
    backend.withMemoryRebound(to: git_odb_backend.self, capacity: 1) { freeBackend($0) }
    throw error
  }

  fileprivate static func store(of backend: UnsafeMutablePointer<git_odb_backend>?) -> StagedObjects? {
    guard let backend else { return nil }
    return UnsafeMutableRawPointer(backend).assumingMemoryBound(to: gmemkit_staging_backend.self).pointee.store.map {
      Unmanaged<StagedObjects>.fromOpaque($0).takeUnretainedValue()
    }
  }

  /// The only name with a prefix, or libgit2's status for none and for several.
  fileprivate func only(_ prefix: git_oid, _ digits: Int) -> Result<ObjectID, StatusCode> {
    let names = names(startingWith: ObjectID(prefix), digits: digits)
    guard let first = names.first else { return .failure(StatusCode(GIT_ENOTFOUND)) }
    return names.count == 1 ? .success(first) : .failure(StatusCode(GIT_EAMBIGUOUS))
  }
}

private struct StatusCode: Error {
  let value: Int32
  init(_ code: git_error_code) { value = code.rawValue }
}

extension ObjectType {
  fileprivate var code: git_object_t { git_object_t(rawValue: Int32(rawValue)) }
}

private func readObject(
  data: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, size: UnsafeMutablePointer<Int>?,
  type: UnsafeMutablePointer<git_object_t>?, backend: UnsafeMutablePointer<git_odb_backend>?,
  name: UnsafePointer<git_oid>?
) -> Int32 {
  guard let store = StagedObjects.store(of: backend), let name, let data, let size, let type else {
    return GIT_ERROR.rawValue
  }
  let id = ObjectID(name.pointee)
  guard store.contains(id) else { return GIT_ENOTFOUND.rawValue }
  var allocated: UnsafeMutableRawPointer?
  let isRead = store.read(id) { found, count in
    // One byte more: libgit2 takes objects for NUL-terminated in places.
    guard let memory = git_odb_backend_data_alloc(backend, count + 1) else { return nil }
    allocated = memory
    memory.storeBytes(of: 0, toByteOffset: count, as: UInt8.self)
    type.pointee = found.code
    size.pointee = count
    return UnsafeMutableRawBufferPointer(start: memory, count: count)
  }
  guard isRead else {
    if let allocated { git_odb_backend_data_free(backend, allocated) }
    return GIT_ERROR.rawValue
  }
  data.pointee = allocated
  return 0
}

private func readAbbreviated(
  full: UnsafeMutablePointer<git_oid>?, data: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
  size: UnsafeMutablePointer<Int>?, type: UnsafeMutablePointer<git_object_t>?,
  backend: UnsafeMutablePointer<git_odb_backend>?, prefix: UnsafePointer<git_oid>?, digits: Int
) -> Int32 {
  guard let store = StagedObjects.store(of: backend), let prefix, let full else { return GIT_ERROR.rawValue }
  switch store.only(prefix.pointee, digits) {
  case .failure(let status): return status.value
  case .success(let id):
    full.pointee = id.oid
    var name = id.oid
    return readObject(data: data, size: size, type: type, backend: backend, name: &name)
  }
}

private func readHeader(
  size: UnsafeMutablePointer<Int>?, type: UnsafeMutablePointer<git_object_t>?,
  backend: UnsafeMutablePointer<git_odb_backend>?, name: UnsafePointer<git_oid>?
) -> Int32 {
  guard let store = StagedObjects.store(of: backend), let name, let size, let type else { return GIT_ERROR.rawValue }
  guard let header = store.header(ObjectID(name.pointee)) else { return GIT_ENOTFOUND.rawValue }
  size.pointee = header.size
  type.pointee = header.type.code
  return 0
}

private func writeObject(
  backend: UnsafeMutablePointer<git_odb_backend>?, name: UnsafePointer<git_oid>?, data: UnsafeRawPointer?, size: Int,
  type: git_object_t
) -> Int32 {
  guard let store = StagedObjects.store(of: backend), let name,
    let kind = UInt8(exactly: type.rawValue).flatMap(ObjectType.init(rawValue:))
  else { return GIT_ERROR.rawValue }
  store.add(ObjectID(name.pointee), kind, UnsafeRawBufferPointer(start: data, count: size))
  return 0
}

private func objectExists(
  backend: UnsafeMutablePointer<git_odb_backend>?, name: UnsafePointer<git_oid>?
) -> Int32 {
  guard let store = StagedObjects.store(of: backend), let name else { return 0 }
  return store.contains(ObjectID(name.pointee)) ? 1 : 0
}

private func abbreviatedExists(
  full: UnsafeMutablePointer<git_oid>?, backend: UnsafeMutablePointer<git_odb_backend>?,
  prefix: UnsafePointer<git_oid>?, digits: Int
) -> Int32 {
  guard let store = StagedObjects.store(of: backend), let prefix, let full else { return GIT_ERROR.rawValue }
  switch store.only(prefix.pointee, digits) {
  case .failure(let status): return status.value
  case .success(let id):
    full.pointee = id.oid
    return 0
  }
}

private func freeBackend(_ backend: UnsafeMutablePointer<git_odb_backend>?) {
  guard let backend else { return }
  let staging = UnsafeMutableRawPointer(backend).assumingMemoryBound(to: gmemkit_staging_backend.self)
  if let store = staging.pointee.store { Unmanaged<StagedObjects>.fromOpaque(store).release() }
  staging.deallocate()
}
