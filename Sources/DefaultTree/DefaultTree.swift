import Foundation
import KernelTree

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The kernel tree that is used when the user names none: Debian's linux-source-6.12 as a bare git repository in the
/// user's cache.
///
/// It is made once, in a directory of its own that gets its name only when it is complete; a run that was killed leaves
/// nothing that counts. A newer Debian package gets a new repository beside the old one.
public struct DefaultTree: Sendable {
  /// The source package's tarball.
  public let tarball: String
  /// The directory that holds the repositories.
  public let cache: String

  /// The tree of `tarball`, kept in `cache`.
  public init(tarball: String, cache: String) {
    self.tarball = tarball
    self.cache = cache
  }

  /// The path of Debian's tarball.
  public static let debianTarball = "/usr/src/linux-source-6.12.tar.xz"

  /// `$XDG_CACHE_HOME/gmemkit`, else `~/.cache/gmemkit` (XDG Base Directory Specification: a relative path is ignored).
  public static func cacheDirectory(environment: [String: String] = ProcessInfo.processInfo.environment) -> String {
    if let cache = environment["XDG_CACHE_HOME"], cache.hasPrefix("/") { return cache + "/gmemkit" }
    return (environment["HOME"] ?? NSHomeDirectory()) + "/.cache/gmemkit"
  }

  /// The path of the embedded tree's repository, which is made first if it is not there.
  ///
  /// - Throws: ``DefaultTreeError``; `interrupted` when the task is cancelled.
  public static func repository(
    progress: @escaping @Sendable (ImportProgress) -> Void = { _ in }
  ) async throws(DefaultTreeError) -> String {
    try await DefaultTree(tarball: debianTarball, cache: cacheDirectory()).repository(progress: progress)
  }

  /// The path of the repository, which is made first if it is not there.
  public func repository(
    progress: @escaping @Sendable (ImportProgress) -> Void = { _ in }
  ) async throws(DefaultTreeError) -> String {
    let suffix = "-\(try fingerprint()).git"
    if let ready = existing(suffix) { return ready }
    do {
      try FileManager.default.createDirectory(atPath: cache, withIntermediateDirectories: true)
    } catch {
      throw .cache(cache, String(cString: strerror(errno)))
    }
    let lock = try await acquireLock(progress)
    defer {
      // Not by close alone: a child that was forked meanwhile holds the same open file until its exec.
      flock(lock, LOCK_UN)
      close(lock)
    }
    // Another run may have made it while this one waited.
    if let ready = existing(suffix) { return ready }
    removeLeftovers()
    let partial = "\(cache)/\(Self.partialPrefix)\(getpid())"
    defer { try? FileManager.default.removeItem(atPath: partial) }
    let jobs = max(1, ProcessInfo.processInfo.activeProcessorCount)
    let job = TarballImport(tarball: tarball, destination: partial, jobs: jobs, progress: progress)
    let version: String
    do {
      version = try await job.run().version
    } catch let error as DefaultTreeError {
      throw error
    } catch is CancellationError {
      throw DefaultTreeError(
        .interrupted, "make the kernel tree in '\(cache)'", reason: "interrupted",
        nextStep: "run the same command again")
    } catch {
      throw .cache(cache, "\(error)")
    }
    let path = "\(cache)/linux-\(version)\(suffix)"
    guard rename(partial, path) == 0 else { throw .cache(path, String(cString: strerror(errno))) }
    return path
  }

  private static let partialPrefix = "partial-linux-"

  /// A finished repository of exactly this tarball.
  private func existing(_ suffix: String) -> String? {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: cache)) ?? []
    return names.sorted().last { $0.hasPrefix("linux-") && $0.hasSuffix(suffix) }.map { "\(cache)/\($0)" }
  }

  /// Names a tarball by its size and its last 64 KiB: an .xz file ends with an index of all its blocks, so any other
  /// content has another end, and nobody waits for 145 MB to be read.
  private func fingerprint() throws(DefaultTreeError) -> String {
    guard let handle = FileHandle(forReadingAtPath: tarball) else {
      throw DefaultTreeError(
        .tarballMissing, "read '\(tarball)'", reason: String(cString: strerror(errno)),
        nextStep: "install it with apt-get install --no-install-recommends linux-source-6.12, "
          + "or give --tree a kernel repository")
    }
    defer { try? handle.close() }
    do {
      let size = try handle.seekToEnd()
      try handle.seek(toOffset: size > 65536 ? size - 65536 : 0)
      let end = try handle.readToEnd() ?? Data()
      let name = Array("\(size) ".utf8) + end
      return String(name.withUnsafeBytes { PackEncoder.name(.blob, $0) }.hex.prefix(10))
    } catch {
      throw .damaged(tarball, "\(error)")
    }
  }

  /// Takes the cache's lock; the kernel gives it back when the process ends, however it ends.
  private func acquireLock(
    _ progress: @Sendable (ImportProgress) -> Void
  ) async throws(DefaultTreeError) -> Int32 {
    let path = cache + "/linux.lock"
    let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw .cache(path, String(cString: strerror(errno))) }
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      guard errno == EWOULDBLOCK || errno == EINTR else {
        let reason = String(cString: strerror(errno))
        close(descriptor)
        throw .cache(path, reason)
      }
      progress(ImportProgress(phase: .waiting, fraction: 0, files: 0))
      do {
        try await Task.sleep(for: .seconds(1))
      } catch {
        close(descriptor)
        throw DefaultTreeError(
          .interrupted, "wait for '\(path)'", reason: "interrupted", nextStep: "run the same command again")
      }
    }
    return descriptor
  }

  /// Removes what killed runs have left; the lock is held, so nobody is at work on it.
  private func removeLeftovers() {
    for name in (try? FileManager.default.contentsOfDirectory(atPath: cache)) ?? []
    where name.hasPrefix(Self.partialPrefix) {
      try? FileManager.default.removeItem(atPath: "\(cache)/\(name)")
    }
  }
}
