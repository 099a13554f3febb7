import SystemPackage

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// Where one kernel repository's source and objects are kept between runs.
///
/// Layout: `source/` is the exported tree, `source.state` what is in it, `objects-<profile>/` one object directory per
/// profile, `lock` keeps a second run out. Everything may be deleted at any time when no run is on.
public struct KernelWorkspace: Sendable {
  /// The directory that holds it all.
  public let directory: FilePath

  /// The workspace of the repository at `repository` below `cache`.
  public init(cache: FilePath, repository: String) {
    let name = repository.split(separator: "/").last { $0 != ".git" } ?? "tree"
    let digest = repository.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    directory = cache.appending("kernels").appending("\(name)-\(String(digest, radix: 16))")
  }

  /// A workspace in a directory of the caller's choice.
  public init(directory: FilePath) {
    self.directory = directory
  }

  /// The exported source tree.
  public var source: FilePath { directory.appending("source") }

  /// The object directory of a profile.
  public func objects(profile: String) -> FilePath { directory.appending("objects-\(profile)") }

  /// What `source/` holds.
  var state: FilePath { directory.appending("source.state") }

  /// Changes whenever the export touched a file that decides about the configuration.
  var configurationStamp: FilePath { directory.appending("source.kconfig") }

  /// Keeps every other run out until the lock is gone; the kernel drops it when the process dies.
  ///
  /// - Throws: ``BuildError`` with code `busy` if another run holds it.
  public func lock() throws(BuildError) -> WorkspaceLock {
    try directory.makeDirectories()
    let descriptor = open(directory.appending("lock").string, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw BuildError(.workspace, "cannot lock \(directory): \(Errno(rawValue: errno)); is the cache read-only?")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      close(descriptor)
      throw BuildError(
        .busy, "another run builds in \(directory); wait for it, or set XDG_CACHE_HOME to a directory of your own")
    }
    return WorkspaceLock(descriptor: descriptor)
  }
}

/// Holds a workspace until it goes away.
public struct WorkspaceLock: ~Copyable, Sendable {
  private let descriptor: Int32

  fileprivate init(descriptor: Int32) {
    self.descriptor = descriptor
  }

  deinit {
    close(descriptor)
  }
}
