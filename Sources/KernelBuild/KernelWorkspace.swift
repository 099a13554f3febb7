import ByteText
import ChildProcess
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

  /// How many object directories are kept, the most recently used ones.
  private static let kept = 5

  /// Makes sure that a profile's object directory is there: a new one starts as a copy of the family's last one, so that
  /// only what the configurations tell apart is compiled. Directories that have not been used for long go.
  public func prepareObjects(profile: String, family: String) async throws(BuildError) {
    try directory.makeDirectories()
    let wanted = objects(profile: profile)
    if !wanted.exists, let seed = objectDirectories().first(where: { $0.0.hasPrefix("objects-\(family)-") })?.0 {
      let partial = directory.appending("objects.partial")
      for words in [["rm", "-rf", partial.string], ["cp", "-a", directory.appending(seed).string, partial.string]] {
        guard let result = try? await ChildProcess.run(ChildCommand(words[0], Array(words.dropFirst()))),
          result.succeeded
        else {
          _ = try? await ChildProcess.run(ChildCommand("rm", ["-rf", partial.string]))
          break
        }
      }
      if partial.exists {
        await retarget(partial, from: directory.appending(seed), to: wanted)
        _ = rename(partial.string, wanted.string)
      }
    }
    try wanted.makeDirectories()
    try wanted.appending("gmemkit.used").write([])
    for (name, _) in objectDirectories().dropFirst(Self.kept) {
      _ = try? await ChildProcess.run(ChildCommand("rm", ["-rf", directory.appending(name).string]))
    }
  }

  /// Puts a copy's own name into make's notes of how things were made: with the old one, objtool would be made anew and,
  /// because of that, every object; and what is noted of the selftests' headers would go with the original.
  private func retarget(_ copy: FilePath, from old: FilePath, to new: FilePath) async {
    let command = ChildCommand("grep", ["-rlF", "--include=*.cmd", "--include=*.d", old.string, copy.string])
    guard let found = try? await ChildProcess.run(command, limits: ChildLimits(keptBytes: 16 << 20)) else { return }
    for range in found.output.bytes.lineRanges() {
      let path = FilePath(found.output.bytes[range].text)
      guard let bytes = path.contents() else { continue }
      try? path.write(Array(bytes.text.replacing(old.string, with: new.string).utf8))
    }
  }

  /// The object directories with the time of their last use, the last used first.
  private func objectDirectories() -> [(String, Int)] {
    guard let stream = opendir(directory.string) else { return [] }
    defer { closedir(stream) }
    var found: [(String, Int)] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      guard name.hasPrefix("objects-") else { continue }
      var status = stat()
      let used = directory.appending(name).appending("gmemkit.used")
      found.append((name, stat(used.string, &status) == 0 ? Int(status.st_mtim.tv_sec) : 0))
    }
    return found.sorted { ($1.1, $0.0) < ($0.1, $1.0) }
  }

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
    // Not by close alone: a child that was forked meanwhile holds the same open file until its exec.
    flock(descriptor, LOCK_UN)
    close(descriptor)
  }
}
