/// How QEMU executes the guest's instructions.
public struct Acceleration: Sendable, Hashable, CustomStringConvertible {
  /// The two ways.
  public enum Kind: String, Sendable, Hashable, Codable {
    /// The host's KVM.
    case kvm
    /// QEMU's translator, which emulates hardware virtualisation too.
    case tcg
  }

  /// The way.
  public let kind: Kind
  /// Why this one, in one line, for the head of a report.
  public let reason: String

  /// An acceleration chosen for `reason`.
  public init(_ kind: Kind, reason: String) {
    self.kind = kind
    self.reason = reason
  }

  /// `tcg: /dev/kvm is there, but no guest boots on it`.
  public var description: String { "\(kind.rawValue): \(reason)" }

  /// The arguments for QEMU.
  func arguments(for architecture: Architecture) -> [String] {
    switch kind {
    case .kvm: ["-accel", "kvm", "-cpu", "host"]
    case .tcg: ["-accel", "tcg,thread=multi", "-cpu", architecture.emulatedProcessor]
    }
  }
}
