import KernelC

/// What is known of the kernel's widely used functions without their bodies, for trees and files that do not show them.
struct KernelInterface {
  /// Fail with an error pointer, never NULL.
  let errorPointers: Set<Symbol>
  /// Fail with NULL, never an error pointer.
  let nullPointers: Set<Symbol>
  /// Return 0 or a negative errno.
  let errnos: Set<Symbol>
  /// Return an errno that nearly all callers look at.
  let mustCheck: Set<Symbol>
  /// Fail with an error pointer that nearly all callers look for.
  let checkedErrors: Set<Symbol>
  /// Fail with NULL, which nearly all callers look for.
  let checkedNulls: Set<Symbol>
  /// Return a value or a negative errno, which most callers look for.
  let checkedValues: Set<Symbol>
  /// Sleep whatever their arguments are.
  let sleepers: Set<Symbol>
  /// Those of them that sleep by their documentation.
  let documentedSleepers: Set<Symbol>
  /// Write through an argument for some results only: its position and the results for which it is left alone.
  let outputs: [Symbol: (position: Int, skippedFor: ValueSet)]
  /// May fault on user memory, which takes the lock of the current task's address space.
  let faulters: Set<Symbol>
  /// Functions that must be called under a global lock, and which.
  let demands: [Symbol: Symbol]
  /// What is held around every call through a member of a kernel interface.
  let heldAround: [MemberKey: HeldByInterface]

  init(_ symbols: SymbolTable) {
    func set(_ text: String) -> Set<Symbol> {
      Set(text.split(whereSeparator: { $0 == " " || $0 == "\n" }).map { symbols.intern(String($0)) })
    }
    errorPointers = set(Self.errorPointerText)
    nullPointers = set(Self.nullPointerText).union(set(Self.documentedNullText))
    errnos = set(Self.errnoText).union(set(Self.checkedErrnoText))
    mustCheck = set(Self.mustCheckText)
    checkedErrors = set(Self.checkedErrorText)
    checkedNulls = set(Self.checkedNullText)
    checkedValues = set(Self.checkedValueText)
    documentedSleepers = set(Self.documentedSleeperText)
    sleepers = set(Self.sleeperText).union(documentedSleepers)
    var outputs: [Symbol: (position: Int, skippedFor: ValueSet)] = [:]
    for (names, position, skipped) in Self.outputTable {
      for name in names.split(separator: " ") { outputs[symbols.intern(String(name))] = (position, skipped) }
    }
    self.outputs = outputs
    faulters = set(Self.faulterText)
    heldAround = Self.heldAround(symbols)
    var demands: [Symbol: Symbol] = [:]
    for (lock, names) in Self.demandTable {
      for name in names.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
        demands[symbols.intern(String(name))] = symbols.intern(lock)
      }
    }
    self.demands = demands
  }

  /// What a call to `name` may return; nil where that is not known.
  func returns(_ name: Symbol) -> ValueSet? {
    if errorPointers.contains(name) { return [.negative, .positive] }
    if nullPointers.contains(name) { return [.zero, .positive] }
    return errnos.contains(name) ? [.zero, .negative] : nil
  }

  /// Return nothing where there is none, whatever the body looks like.
  static let documentedNullText = "clk_get_parent"

  private static let outputTable: [(String, Int, ValueSet)] = [
    ("of_get_property of_find_property", 2, .zero),
    (
      "of_property_read_u32 of_property_read_u8 of_property_read_u16 of_property_read_u64 of_property_read_string", 2,
      .negative
    ),
    (
      "device_property_read_u32 device_property_read_u8 device_property_read_u16 device_property_read_string", 2,
      .negative
    ),
    ("fwnode_property_read_u32 regmap_read kstrtoint kstrtouint kstrtoul kstrtou8 kstrtou16 kstrtou32", 2, .negative),
    ("of_property_read_u32_index", 3, .negative),
  ]
}
