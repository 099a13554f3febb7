import KernelC

/// Sources of the tree that are not built into the kernel: its tools, the programs of its build, its selftests.
struct UserPrograms {
  private static let folders = ["tools/", "scripts/", "usr/"]
  private let moduleLicense: Symbol

  init(_ symbols: SymbolTable) { moduleLicense = symbols.intern("MODULE_LICENSE") }

  /// Whether the file is part of a program; some folders of tools/testing hold modules that stand in for a device.
  func contains(_ file: ParsedFile) -> Bool {
    Self.folders.contains { file.path.hasPrefix($0) } && !file.tokens.contains { $0.symbol == moduleLicense }
  }
}
