import Clibgit2

/// The library's process-wide state, and the one place where its status codes become errors.
enum Libgit2 {
  /// Starts the library at the first use, once; later reads cost a load.
  static let version: String = {
    git_libgit2_init()
    // Every object that is read would be hashed again; the pack's own checksums and zlib's guard against damage, and
    // `git fsck` is the tool for the rest. On a series of 1,000 patches this is a sixth of the time.
    _ = gmemkit_set_strict_hash_verification(0)
    // Trees and commits made here name objects that were just read or written: no need to look each one up again.
    _ = gmemkit_set_strict_object_creation(0)
    _ = gmemkit_set_cache_size(24 << 20)
    // The default keeps trees up to 4 KiB; include/linux alone has 60.
    _ = gmemkit_set_cache_object_limit(GIT_OBJECT_TREE, 128 << 10)
    // A branch must not point at a pack that a power cut has emptied.
    _ = gmemkit_set_fsync(1)
    // git sparse-checkout and partial clones set these; libgit2 knows none of them by itself.
    _ = gmemkit_accept_extensions()
    return LIBGIT2_VERSION
  }()

  /// Throws what libgit2 says about `status`, which the caller has just received on this same thread.
  static func check(
    _ status: Int32, _ attempted: @autoclosure () -> String, _ subject: @autoclosure () -> String
  ) throws(TreeError) {
    guard status < 0 else { return }
    throw error(status, attempted(), subject())
  }

  /// libgit2's last error as ours; the message is thread-local, so this must run before any suspension.
  static func error(_ status: Int32, _ attempted: String, _ subject: String) -> TreeError {
    let message = git_error_last().flatMap { $0.pointee.message }.map { String(cString: $0) }
    let code: TreeError.Code =
      switch git_error_code(status) {
      case GIT_ENOTFOUND: .notFound
      case GIT_EAMBIGUOUS: .ambiguous
      case GIT_EEXISTS: .branchExists
      case GIT_ELOCKED: .locked
      case GIT_EINVALIDSPEC: .invalidName
      default: .failed
      }
    return TreeError(code, attempted, subject, reason: message ?? "libgit2 reports status \(status)")
  }
}
