import Glibc

/// What this machine has of what gmemkit needs.
public struct MachineReport: Sendable {
  /// One requirement and whether it is here.
  public struct Row: Sendable {
    /// What was looked for.
    public let requirement: Requirement
    /// Where it was found; nil where it is missing.
    public let location: String?
  }

  /// One row per requirement, in the order of the table.
  public let rows: [Row]

  /// Looks for every requirement.
  ///
  /// - Parameters:
  ///   - requirements: what to look for.
  ///   - path: the directories for commands, as in `$PATH`.
  ///   - root: put before the path of a file probe; tests give a directory of their own.
  public init(requirements: [Requirement] = Requirement.all, path: String, root: String = "") {
    let directories = path.split(separator: ":")
    rows = requirements.map { requirement in
      let location: String? =
        switch requirement.probe {
        case .file(let path): access(root + path, R_OK) == 0 ? root + path : nil
        case .command(let name): directories.lazy.map { "\($0)/\(name)" }.first { access($0, X_OK) == 0 }
        }
      return Row(requirement: requirement, location: location)
    }
  }

  /// The packages that are missing and needed, once each.
  public var missing: [Row] { rows.filter { $0.location == nil && $0.requirement.isNeeded } }

  /// The command that installs everything missing; nil where nothing is.
  public var remedy: String? {
    missing.isEmpty
      ? nil : "apt-get install --no-install-recommends \(missing.map(\.requirement.package).joined(separator: " "))"
  }
}
