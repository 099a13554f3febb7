/// Why a guest could not be started at all; a guest that started and failed is a ``BootOutcome``.
public struct MachineError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kinds of failure.
  public enum Code: Sendable, Hashable {
    /// The emulator is not installed.
    case emulatorMissing
    /// A compiler for the guest is not installed.
    case toolMissing
    /// There is no kernel image at the path.
    case kernelMissing
    /// The guest's init could not be compiled.
    case initNotBuilt
    /// A file of the run could not be written or read.
    case file
    /// The surrounding task was cancelled; the guest is gone.
    case cancelled
  }

  /// The kind of failure.
  public let code: Code
  /// On what.
  public let subject: String
  /// What went wrong, with the next step.
  public let reason: String

  /// One line: what was attempted, on what, why it failed.
  public var description: String {
    switch code {
    case .emulatorMissing: "cannot boot: \(subject) is not installed; \(reason)"
    case .toolMissing: "cannot build for the guest: \(subject) is not installed; \(reason)"
    case .kernelMissing: "cannot boot: no kernel image at \(subject); \(reason)"
    case .initNotBuilt: "cannot compile the guest's init with \(subject): \(reason)"
    case .file: "cannot prepare the guest: \(subject): \(reason)"
    case .cancelled: "\(subject) was interrupted"
    }
  }
}
