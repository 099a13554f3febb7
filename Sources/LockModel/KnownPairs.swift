/// The kernel's own pairs of calls, for rules that read text.
public enum KnownPairs {
  /// What undoes a call of `name` that has succeeded; empty where nothing is known to.
  public static func closers(of name: String) -> [String] { PairingTable.fixed[name] ?? [] }

  /// Whether `name` is an iterator that holds a reference to its cursor during a turn.
  public static func holdsCursor(_ name: String) -> Bool { PairingTable.iterators.contains(name) }
}
