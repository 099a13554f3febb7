/// The kernel's own pairs of calls, for rules that read text.
public enum KnownPairs {
  /// What undoes a call of `name` that has succeeded; empty where nothing is known to.
  public static func closers(of name: String) -> [String] { PairingTable.fixed[name] ?? [] }
}
