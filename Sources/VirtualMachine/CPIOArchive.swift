/// Writes the kernel's initramfs format: cpio "newc" (Documentation/driver-api/early-userspace/buffer-format.rst).
///
/// Everything that varies between two runs (inode times, owners) is zero, so that the same files give the same bytes.
public struct CPIOArchive: Sendable {
  private var bytes: [UInt8] = []
  private var nextInode: UInt32 = 1
  private var directories: Set<String> = []

  /// An archive without entries.
  public init() {}

  /// Adds a regular file and the directories above it.
  ///
  /// - Parameters:
  ///   - path: absolute or relative to the archive's root; both mean the same.
  ///   - mode: permission bits.
  public mutating func add(file path: String, mode: UInt32 = 0o644, contents: [UInt8]) {
    let name = Self.relative(path)
    addParents(of: name)
    entry(name, mode: 0o100000 | (mode & 0o7777), contents: contents)
  }

  /// Adds a directory and those above it; one that is already there stays as it is.
  public mutating func add(directory path: String, mode: UInt32 = 0o755) {
    let name = Self.relative(path)
    guard !name.isEmpty, directories.insert(name).inserted else { return }
    addParents(of: name)
    entry(name, mode: 0o040000 | (mode & 0o7777))
  }

  /// Adds a character device.
  public mutating func add(characterDevice path: String, major: UInt32, minor: UInt32, mode: UInt32 = 0o600) {
    let name = Self.relative(path)
    addParents(of: name)
    entry(name, mode: 0o020000 | (mode & 0o7777), device: (major, minor))
  }

  /// Adds a symbolic link that holds `target`.
  public mutating func add(link path: String, to target: String) {
    let name = Self.relative(path)
    addParents(of: name)
    entry(name, mode: 0o120777, contents: Array(target.utf8))
  }

  /// The finished archive, with its trailer, padded to 512 bytes.
  public func finished() -> [UInt8] {
    var copy = self
    copy.nextInode = 0
    copy.entry("TRAILER!!!", mode: 0)
    copy.pad(to: 512)
    return copy.bytes
  }

  private static func relative(_ path: String) -> String {
    path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
  }

  private mutating func addParents(of name: String) {
    guard let slash = name.lastIndex(of: "/") else { return }
    add(directory: String(name[..<slash]))
  }

  private mutating func entry(
    _ name: String, mode: UInt32, contents: [UInt8] = [], device: (UInt32, UInt32) = (0, 0)
  ) {
    let isDirectory = mode & 0o170000 == 0o040000
    bytes += Array("070701".utf8)
    let size = UInt32(clamping: contents.count)
    let fields: [UInt32] = [
      nextInode, mode, 0, 0, isDirectory ? 2 : 1, 0, size, 0, 0, device.0, device.1,
      UInt32(clamping: name.utf8.count + 1),
      0,
    ]
    nextInode &+= 1
    for field in fields { appendHex(field) }
    bytes += Array(name.utf8)
    bytes.append(0)
    pad(to: 4)
    bytes += contents
    pad(to: 4)
  }

  private mutating func appendHex(_ value: UInt32) {
    let digits = Array("0123456789ABCDEF".utf8)
    for shift in stride(from: 28, through: 0, by: -4) {
      bytes.append(digits[Int(value >> UInt32(shift)) & 15])
    }
  }

  private mutating func pad(to unit: Int) {
    let rest = bytes.count % unit
    if rest != 0 { bytes += [UInt8](repeating: 0, count: unit - rest) }
  }
}
