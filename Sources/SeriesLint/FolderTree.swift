public import SystemPackage
import KernelTree

#if canImport(Glibc)
  import Glibc
#endif

/// An unpacked kernel tree on disk, without history. Symbolic links are not followed.
public struct FolderTree: SourceTree {
  private let root: FilePath

  /// The tree under `root`.
  public init(_ root: FilePath) { self.root = root }

  /// The regular files under `path`, sorted by path.
  public func entries(under path: String) async throws(LintError) -> [SourceEntry] {
    let start = path.isEmpty ? root : root.appending(path)
    var status = stat()
    guard lstat(start.string, &status) == 0 else { throw Self.error("list \(start.string)", errno) }
    if status.st_mode & S_IFMT == S_IFREG { return [SourceEntry(path: path, blob: nil)] }
    var paths: [String] = []
    var open = [path]
    while let folder = open.popLast() {
      let (files, folders) = try list(folder)
      paths += files
      open += folders
    }
    return paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }.map { SourceEntry(path: $0, blob: nil) }
  }

  /// The content of the file.
  public func bytes(of entry: SourceEntry) async throws(LintError) -> [UInt8] {
    let path = root.appending(entry.path)
    do {
      let file = try FileDescriptor.open(path, .readOnly)
      return try file.closeAfter {
        var bytes: [UInt8] = []
        while true {
          let before = bytes.count
          bytes.append(contentsOf: repeatElement(0, count: 1 << 16))
          let read = try bytes.withUnsafeMutableBytes { buffer in
            try file.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[before...]))
          }
          bytes.removeLast((1 << 16) - read)
          if read == 0 { return bytes }
        }
      }
    } catch {
      let number = (error as? Errno)?.rawValue ?? EIO
      throw Self.error("read \(path.string)", number)
    }
  }

  private func list(_ folder: String) throws(LintError) -> (files: [String], folders: [String]) {
    let path = folder.isEmpty ? root : root.appending(folder)
    guard let directory = opendir(path.string) else { throw Self.error("list \(path.string)", errno) }
    defer { closedir(directory) }
    var files: [String] = []
    var folders: [String] = []
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      // .git and the like hold no source.
      guard !name.hasPrefix(".") else { continue }
      let relative = folder.isEmpty ? name : "\(folder)/\(name)"
      switch Int32(entry.pointee.d_type) {
      case Int32(DT_REG): files.append(relative)
      case Int32(DT_DIR): folders.append(relative)
      case Int32(DT_UNKNOWN):
        var status = stat()
        guard lstat(root.appending(relative).string, &status) == 0 else { continue }
        if status.st_mode & S_IFMT == S_IFREG { files.append(relative) }
        if status.st_mode & S_IFMT == S_IFDIR { folders.append(relative) }
      default: break
      }
    }
    return (files, folders)
  }

  private static func error(_ attempted: String, _ number: Int32) -> LintError {
    LintError(
      .unreadable, attempted, reason: String(cString: strerror(number)), nextStep: "check the path and its permissions")
  }
}
