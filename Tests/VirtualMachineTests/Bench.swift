import ChildProcess
import SystemPackage
import Testing
import VirtualMachine

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// A directory for one test, gone with it.
struct Bench: ~Copyable {
  let path: FilePath

  init() throws {
    var template = Array("/tmp/gmemkit-guest.XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw Errno(rawValue: errno) }
    path = FilePath(String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
  }

  deinit {
    let path = path.string
    if let directory = opendir(path) {
      while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        unlink("\(path)/\(name)")
      }
      closedir(directory)
    }
    rmdir(path)
  }

  var files: Set<String> {
    var names: Set<String> = []
    guard let directory = opendir(path.string) else { return names }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.insert(name) }
    }
    return names
  }

  func write(_ name: String, _ text: String, executable: Bool = false) throws -> FilePath {
    let file = path.appending(name)
    let descriptor = try FileDescriptor.open(
      file, .writeOnly, options: [.create, .truncate],
      permissions: executable ? [.ownerReadWriteExecute] : [.ownerReadWrite])
    try descriptor.closeAfter { _ = try descriptor.writeAll(Array(text.utf8)) }
    return file
  }
}

/// What the guest tests share: compiled once per test process.
enum Shared {
  static let cache = FilePath("/tmp/gmemkit-guest-test-cache.\(getuid())")

  static func guestInit() async throws -> GuestInit { try await built.value }

  /// Whether the process is there and is more than an entry that its new parent has yet to collect.
  static func runs(_ process: Int32) -> Bool {
    guard let status = try? read(FilePath("/proc/\(process)/stat")).string else { return false }
    return !status.contains(") Z ")
  }

  private static let built = Task { try await GuestInit(for: .x86_64, cache: cache) }

  /// The fault program, static, for the guest.
  static func faults() async throws -> GuestFile {
    GuestFile(path: "/faults", contents: try await compiled.value)
  }

  private static let compiled = Task { try await faults(for: .x86_64) }

  static func faults(for architecture: Architecture) async throws -> [UInt8] {
    let source = FilePath(#filePath).removingLastComponent().appending("Guest").appending("faults.c")
    let product = cache.appending("faults-\(architecture.name).\(getpid())")
    let result = try await ChildProcess.run(
      ChildCommand(architecture.compiler, ["-O1", "-static", "-o", product.string, source.string]))
    guard result.succeeded else { throw ChildFailure(text: String(decoding: result.error.bytes, as: UTF8.self)) }
    defer { unlink(product.string) }
    return try read(product)
  }

  /// The kernel for tests with a real guest: an image with lockdep and LKDTM, named by `GMEMKIT_TEST_KERNEL`.
  static let kernel: FilePath? = getenv("GMEMKIT_TEST_KERNEL").map { FilePath(String(cString: $0)) }

  /// The same for arm64: an `Image` with KVM.
  static let arm64Kernel: FilePath? = getenv("GMEMKIT_TEST_KERNEL_ARM64").map { FilePath(String(cString: $0)) }

  static func isSet(_ variable: String) -> Bool { getenv(variable) != nil }

  static func read(_ path: FilePath) throws -> [UInt8] {
    let file = try FileDescriptor.open(path, .readOnly)
    return try file.closeAfter {
      var bytes: [UInt8] = []
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      while case let count = try buffer.withUnsafeMutableBytes({ try file.read(into: $0) }), count > 0 {
        bytes += buffer.prefix(count)
      }
      return bytes
    }
  }
}

struct ChildFailure: Error {
  let text: String
}

extension Sequence<UInt8> {
  var string: String { String(decoding: Array(self), as: UTF8.self) }
}
