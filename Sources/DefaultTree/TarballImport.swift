import KernelTree

/// How far the making of the embedded tree is.
public struct ImportProgress: Sendable, Equatable {
  /// What is being done.
  public enum Phase: Sendable {
    /// Another run makes the same tree; this one waits for it.
    case waiting
    /// The tarball is read, its files are hashed and packed.
    case unpacking
    /// Trees, the commit and the pack's index are written.
    case finishing
  }

  /// What is being done.
  public let phase: Phase
  /// How much of the tarball is read, from 0 to 1.
  public let fraction: Double
  /// How many files were read.
  public let files: Int
}

/// A tarball's files as one commit in a new bare repository, without a file on disk in between.
///
/// One task reads the archive and hands whole batches to others, which hash and deflate; what they return is written in
/// the archive's order, so that the pack is the same in every run.
struct TarballImport {
  static let branch = "master"
  /// Bytes of content in a batch: large enough that a task is worth its start, small enough to bound the memory.
  private static let batchSize = 4 << 20

  let tarball: String
  let destination: String
  let jobs: Int
  let progress: @Sendable (ImportProgress) -> Void

  /// What the tarball turned out to be.
  struct Result {
    var version: String
    var commit: ObjectID
  }

  func run() async throws -> Result {
    let repository = try NewRepository(bareAt: destination, branch: Self.branch)
    var reader = TarReader(try XZStream.open(tarball, threads: jobs), path: tarball)
    var pack = try PackWriter(in: repository.packDirectory)
    var listing = Listing(tarball: tarball)
    try await fill(&pack, &listing, from: &reader)

    progress(ImportProgress(phase: .finishing, fraction: 1, files: listing.files.count))
    let version = try listing.version()
    let commit = try Self.finish(&pack, listing, version: version)
    try pack.finish()
    try repository.createBranch(Self.branch, at: commit)
    return Result(version: version, commit: commit)
  }

  private func fill(
    _ pack: inout PackWriter, _ listing: inout Listing, from reader: inout TarReader
  ) async throws {
    try await withThrowingTaskGroup(of: EncodedBatch.self) { group in
      var started = 0
      var written = 0
      var finished: [Int: EncodedBatch] = [:]
      var isAtEnd = false
      while !isAtEnd || written < started {
        try Task.checkCancellation()
        if !isAtEnd, started - written < 2 * jobs + 1 {
          let batch = try listing.batch(number: started, from: &reader, upTo: Self.batchSize)
          if let batch {
            group.addTask { try batch.encoded() }
            started += 1
          } else {
            isAtEnd = true
          }
          continue
        }
        guard let next = try await group.next() else { break }
        finished[next.number] = next
        while let batch = finished.removeValue(forKey: written) {
          for entry in batch.entries { try pack.append(entry) }
          listing.name(batch)
          written += 1
        }
        let fraction = Double(reader.consumed) / Double(max(1, reader.size))
        progress(ImportProgress(phase: .unpacking, fraction: fraction, files: listing.files.count))
      }
    }
  }

  private static func finish(_ pack: inout PackWriter, _ listing: Listing, version: String) throws -> ObjectID {
    guard let encoder = PackEncoder() else {
      throw TreeError(.failed, "pack", "the tree", reason: "out of memory")
    }
    var trees: [PackEntry] = []
    let tree = try TreeBuilder(listing.entries()).build { (id, content) throws(TreeError) in
      trees.append(content.withUnsafeBytes { encoder.entry(.tree, $0) })
    }
    for entry in trees { try pack.append(entry) }
    // Nothing of this machine or of this day: the commit has the same name everywhere.
    let author = Signature(
      name: "Debian Kernel Team", email: "debian-kernel@lists.debian.org",
      secondsSince1970: listing.newest, offsetMinutes: 0)
    let message = "Linux \(version)\n\nThe content of Debian's linux-source tarball, unchanged.\n"
    let content = try Commit.content(
      tree: tree, parents: [], author: author, committer: author, message: Array(message.utf8))
    let commit = content.withUnsafeBytes { encoder.entry(.commit, $0) }
    try pack.append(commit)
    return commit.id
  }
}
