import KernelBuild
import KernelConfig
import KernelTree
import VirtualMachine

/// Why a series could not be tested at all; what the test found is a ``SelftestReport``.
public struct SelftestError: Error, Sendable, CustomStringConvertible {
  /// The kinds of failure, each with an exit status of its own.
  public enum Code: Sendable, Hashable {
    /// The tree or the series cannot be tested: not a kernel, nothing to test.
    case input
    /// A requested option is not in the final configuration, or the build tools failed.
    case configuration
    /// The guest could not be started.
    case machine
    /// Interrupted.
    case cancelled
  }

  /// The kind of failure.
  public let code: Code
  /// What was attempted, on what, why it failed, what to do next.
  public let description: String

  /// A failure with its text.
  public init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }

  init(_ error: ConfigError) { self.init(.input, error.description) }

  init(_ error: TreeError) { self.init(.input, error.description) }

  init(_ error: BuildError) {
    self.init(error.code == .cancelled ? .cancelled : .configuration, error.description)
  }

  init(_ error: MachineError) {
    switch error.code {
    case .cancelled: self.init(.cancelled, error.description)
    case .emulatorMissing, .toolMissing, .initNotBuilt: self.init(.configuration, error.description)
    case .kernelMissing, .file: self.init(.machine, error.description)
    }
  }
}
