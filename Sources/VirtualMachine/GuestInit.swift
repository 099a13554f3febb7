import ByteText
import ChildProcess
import SystemPackage

/// The guest's init: a C program that is compiled on the spot and kept, one per architecture and source.
public struct GuestInit: Sendable, Hashable {
  /// The static executable.
  public let executable: [UInt8]
  /// The architecture it runs on.
  public let architecture: Architecture
  /// The frequency in kHz of the counter that QEMU shows to the guest, where it had to be measured.
  public let clockKHz: Int?

  /// Its source, GPL-2.0-only, as shipped in `Guest/init.c`.
  public static var source: [UInt8] { PackageResources.init_c }

  /// The init for `architecture`, compiled into `cache` unless it is there.
  ///
  /// - Throws: ``MachineError`` with the compiler's first lines if it cannot be built.
  public init(for architecture: Architecture, cache: FilePath) async throws(MachineError) {
    let product = cache.appending("init-\(architecture.name)-\(String(Self.fnv1a(Self.source), radix: 16))")
    if let bytes = product.contents() {
      executable = bytes
    } else {
      executable = try await Self.compiled(for: architecture, product, cache)
    }
    self.architecture = architecture
    clockKHz = try await Self.measuredClock(architecture, product)
  }

  private static func compiled(
    for architecture: Architecture, _ product: FilePath, _ cache: FilePath
  ) async throws(MachineError) -> [UInt8] {
    try cache.makeDirectories()
    let partial = FilePath("\(product.string).\(UInt64.random(in: .min ... .max))")
    defer { partial.remove() }
    let command = ChildCommand(
      architecture.compiler, ["-O2", "-Wall", "-static", "-s", "-x", "c", "-o", partial.string, "-"], input: source)
    let result: ChildResult
    do {
      result = try await ChildProcess.run(command, limits: ChildLimits(deadline: .seconds(120)))
    } catch {
      throw translated(error, architecture)
    }
    guard result.succeeded, let bytes = partial.contents() else {
      throw MachineError(
        code: .initNotBuilt, subject: architecture.compiler, reason: result.error.bytes.prefix(600).text)
    }
    try product.write(bytes, mode: 0o755)
    return bytes
  }

  private static func measuredClock(
    _ architecture: Architecture, _ program: FilePath
  ) async throws(MachineError) -> Int? {
    guard architecture.clockParameter != nil, architecture == Architecture.host else { return nil }
    do {
      let command = ChildCommand(program.string, ["host-clock"])
      let result = try await ChildProcess.run(command, limits: ChildLimits(deadline: .seconds(5)))
      let digits = result.output.bytes.prefix { $0 != 0x0A }
      return result.succeeded ? Int(digits.text) : nil
    } catch {
      throw translated(error, architecture)
    }
  }

  private static func translated(_ error: ChildError, _ architecture: Architecture) -> MachineError {
    switch error.code {
    case .cancelled:
      return MachineError(code: .cancelled, subject: "building the guest's init", reason: "")
    case .notFound:
      return MachineError(
        code: .toolMissing, subject: architecture.compiler,
        reason: "install it with 'apt-get install \(architecture.compilerPackages)'")
    default:
      return MachineError(code: .initNotBuilt, subject: architecture.compiler, reason: error.description)
    }
  }

  /// FNV-1a, 64 bits: names a source in the cache; not for secrets.
  private static func fnv1a(_ bytes: [UInt8]) -> UInt64 {
    bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
  }
}
