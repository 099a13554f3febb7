import Foundation
import Testing

/// What the main job needs of a machine.
enum MainJob {
  static let isPossible =
    FileManager.default.isReadableFile(atPath: "/usr/src/linux-source-6.12.tar.xz")
    && FileManager.default.isExecutableFile(atPath: "/usr/bin/qemu-system-x86_64")

  static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
}

/// What builds a kernel or boots one, one after the other: they share the cache and its lock.
///
/// The first run on a machine imports the tree and builds the kernel, which takes minutes; both stay in the cache.
@Suite(
  .serialized,
  .enabled(if: MainJob.isPossible, "needs linux-source-6.12 and QEMU, which scripts/bootstrap installs"))
enum KernelJobs {}
