import KernelC

/// References that come with something else than a call that succeeds.
extension PairingTable {
  /// Iterators that hold a reference to their cursor during a turn: the cursor's position among the arguments, and what drops it.
  private static let cursors: [(names: String, position: Int, closers: [String])] = [
    (
      "for_each_child_of_node for_each_available_child_of_node for_each_reserved_child_of_node for_each_endpoint_of_node",
      1, ["of_node_put"]
    ),
    (
      "for_each_node_by_name for_each_node_by_type for_each_compatible_node for_each_matching_node for_each_of_cpu_node "
        + "for_each_matching_node_and_match for_each_node_with_property for_each_of_allnodes", 0, ["of_node_put"]
    ),
    (
      "fwnode_for_each_child_node fwnode_for_each_available_child_node device_for_each_child_node "
        + "fwnode_for_each_parent_node fwnode_graph_for_each_endpoint", 1, ["fwnode_handle_put"]
    ),
    ("for_each_pci_dev", 0, ["pci_dev_put"]),
  ]

  static let iterators = Set(cursors.flatMap { $0.names.split(separator: " ").map(String.init) })

  /// Calls that leave something to undo when they fail, for which their caller must do so.
  private static let failing: [String: [String]] = [
    "pm_runtime_get_sync": pmRuntimePuts,
    "device_register": ["put_device"], "kobject_init_and_add": ["kobject_put"], "kobject_add": ["kobject_put"],
    "auxiliary_device_add": ["auxiliary_device_uninit", "put_device"],
    "platform_device_register": ["platform_device_put", "put_device"],
  ]

  /// Calls that fill a structure and leave a reference in one of its members: the member, and what drops it.
  private static let parts: [(names: String, member: String, closers: [String])] = [
    (
      "of_parse_phandle_with_args of_parse_phandle_with_fixed_args of_parse_phandle_with_optional_args "
        + "of_parse_phandle_with_args_map", "np", ["of_node_put"]
    ),
    ("fwnode_property_get_reference_args", "fwnode", ["fwnode_handle_put"]),
  ]

  /// The member that holds a reference behind a call of `name` that has succeeded; nil for other calls.
  mutating func knownPart(_ name: Symbol, _ symbols: SymbolTable) -> (member: Symbol, closers: Set<Symbol>)? {
    if knownParts.isEmpty {
      for (names, member, closers) in Self.parts {
        for name in names.split(separator: " ") {
          knownParts[symbols.intern(String(name))] = (symbols.intern(member), Set(closers.map(symbols.intern)))
        }
      }
    }
    return knownParts[name]
  }

  /// Where an iterator's arguments have the cursor that it holds, and what drops the reference; nil for other macros.
  mutating func heldCursor(_ name: Symbol, _ symbols: SymbolTable) -> (position: Int, closers: Set<Symbol>)? {
    if heldCursors.isEmpty {
      for (names, position, closers) in Self.cursors {
        for name in names.split(separator: " ") {
          heldCursors[symbols.intern(String(name))] = (position, Set(closers.map(symbols.intern)))
        }
      }
    }
    return heldCursors[name]
  }

  /// What undoes a call that has failed; nil where failing leaves nothing behind.
  mutating func closersOfFailure(_ name: Symbol, _ symbols: SymbolTable) -> Set<Symbol>? {
    if failures.isEmpty {
      for (name, closers) in Self.failing { failures[symbols.intern(name)] = Set(closers.map(symbols.intern)) }
    }
    return failures[name]
  }
}
