/// The kernel's own pairs of calls, for rules that read text.
public enum KnownPairs {
  /// What undoes a call of `name` that has succeeded; empty where nothing is known to.
  public static func closers(of name: String) -> [String] { PairingTable.fixed[name] ?? [] }

  /// Whether `name` is an iterator that holds a reference to its cursor during a turn.
  public static func holdsCursor(_ name: String) -> Bool { PairingTable.iterators.contains(name) }

  /// Whether a call of `name` returns a reference to something that others own too.
  public static func takesReference(_ name: String) -> Bool {
    if PairingTable.references[name] != nil { return true }
    // The next of a row: what it is given is put, what it returns is not.
    return closers(of: name).contains { $0 == "of_node_put" || $0 == "fwnode_handle_put" }
  }

  /// Whether a call of `name` returns something that its caller must get rid of: new memory, or a reference.
  public static func isOwned(_ name: String) -> Bool { PairingTable.isOwned(name) }
}
