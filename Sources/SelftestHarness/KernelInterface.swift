import SelftestPlan

/// A way into the kernel that leads to code which the series touches.
public struct KernelInterface: Sendable, Codable, Hashable {
  /// What kind of way it is.
  public enum Kind: String, Sendable, Codable {
    case parameter, ioctl, file, syscall, sysctl, debugfs, procfs, sysfs
  }

  /// What kind of way it is.
  public let kind: Kind
  /// Its name for users: a parameter, an ioctl's constant, a file's name, a system call.
  public let name: String
  /// What it belongs to: the module, the device node, the file system's type.
  public let owner: String
  /// Where it is declared.
  public let path: String
  /// The line there, from 1.
  public let line: Int
  /// The functions on the way from it to what the series touches, the touched one last.
  public let reaches: [String]
}

/// A lock that touched code takes.
public struct TouchedLock: Sendable, Codable, Hashable {
  /// The expression as written, such as `&kvm->lock`.
  public let expression: String
  /// The function that takes it.
  public let function: String
  /// Where.
  public let path: String
  /// The line there, from 1.
  public let line: Int
}

/// Something that static analysis holds against the series and that a run may show.
public struct Suspicion: Sendable, Codable, Hashable {
  /// The rule's id, such as `double-lock`.
  public let rule: String
  /// The function it is about.
  public let function: String
  /// Where.
  public let path: String
  /// The line there, from 1.
  public let line: Int
  /// What is suspected.
  public let message: String

  /// A suspicion about a function.
  public init(rule: String, function: String, path: String, line: Int, message: String) {
    self.rule = rule
    self.function = function
    self.path = path
    self.line = line
    self.message = message
  }
}

/// What the generated harness drives.
public struct HarnessFacts: Sendable, Codable {
  /// Ways into the kernel that reach touched code.
  public internal(set) var interfaces: [KernelInterface] = []
  /// All ioctls of the devices among them: some make the file descriptors on which others work.
  public internal(set) var ioctls: [String: [String]] = [:]
  /// The header for user space that defines an ioctl, as it is included.
  public internal(set) var headers: [String: String] = [:]
  /// Locks that touched functions take.
  public internal(set) var locks: [TouchedLock] = []
  /// The functions that the series touches, in order.
  public internal(set) var touched: [String] = []
  /// Suspicions, each with the interfaces that lead to its function.
  public internal(set) var suspicions: [SuspectedPath] = []

  /// A suspicion with the ways to it.
  public struct SuspectedPath: Sendable, Codable {
    /// What is suspected.
    public let suspicion: Suspicion
    /// The interfaces that lead to its function; empty if none is known.
    public let interfaces: [KernelInterface]
  }

  /// The options without which an interface cannot be reached.
  public var options: [(line: String, reason: String)] {
    interfaces.contains { $0.kind == .debugfs }
      ? [("CONFIG_DEBUG_FS=y", "the harness reads and writes debugfs files of the touched code")] : []
  }
}
