/// Every symbol of a kernel tree for one architecture, read from the Kconfig files as they are written.
///
/// Nothing is executed: `$(cc-option,…)` and other questions to the compiler stay opaque and count as true until a final
/// `.config` answers them.
public struct KconfigTree: Sendable {
  /// The symbols by name, without `CONFIG_`.
  public internal(set) var symbols: [String: ConfigSymbol] = [:]
  /// The `choice` blocks.
  public internal(set) var choices: [ConfigChoice] = []
  /// Who selects a symbol: the selecting symbols' names with the whole condition.
  public internal(set) var selectors: [String: [ConditionalValue]] = [:]
  /// Who implies a symbol, in the same way: where nobody can set it by hand, that is as good as a `select`.
  public internal(set) var impliers: [String: [ConditionalValue]] = [:]
  /// The files that were read, in order.
  public internal(set) var files: [String] = []
  /// Files that a `source` line names and the tree does not have.
  public internal(set) var missing: [ConfigLocation] = []

  /// Reads the tree from its top-level `Kconfig`.
  ///
  /// - Parameters:
  ///   - sourceArchitecture: the directory below `arch/`, such as `x86` (Kbuild's SRCARCH).
  ///   - read: a file's bytes by its path in the tree, `nil` when there is none.
  /// - Complexity: O(bytes of all Kconfig files), about 7 MB in a full tree.
  public init(sourceArchitecture: String, read: (String) -> [UInt8]?) throws(ConfigError) {
    guard let top = read("Kconfig") else {
      throw ConfigError(
        .notAKernelTree, "cannot read Kconfig: the tree has no top-level Kconfig file; is it a kernel tree?")
    }
    guard read("arch/\(sourceArchitecture)/Kconfig") != nil else {
      throw ConfigError(
        .unknownArchitecture, "the tree has no arch/\(sourceArchitecture)/Kconfig; choose an architecture it has")
    }
    var parser = KconfigParser(variables: [
      "SRCARCH": sourceArchitecture, "ARCH": sourceArchitecture, "srctree": ".", "KCONFIG_EXT_PREFIX": "", "BITS": "64",
    ])
    parser.parse(top, path: "Kconfig", read: read)
    self = parser.tree
    index()
  }

  private mutating func index() {
    for symbol in symbols.values {
      for definition in symbol.definitions {
        let add = { (values: [ConditionalValue], all: inout [String: [ConditionalValue]]) in
          for value in values {
            guard case .symbol(let target) = value.value else { continue }
            all[target, default: []].append(
              ConditionalValue(value: .symbol(symbol.name), condition: value.condition.and(definition.dependencies)))
          }
        }
        add(definition.selects, &selectors)
        add(definition.implies, &impliers)
      }
    }
    for target in selectors.keys { selectors[target]?.sort { $0.value.description < $1.value.description } }
    for target in impliers.keys { impliers[target]?.sort { $0.value.description < $1.value.description } }
  }

  init() {}
}
