import LockModel

/// What rules left out of a function because it has too much of it; told with what was not analysed.
final class RuleLimits {
  /// A function that a rule looked at in part.
  struct Excess {
    let function: FunctionID
    let reason: String
  }

  private(set) var excesses: [Excess] = []

  /// Says that a function is too long for a part of a rule that compares what it does with each other.
  func leftOut(_ function: FunctionID, by rule: String) {
    excesses.append(Excess(function: function, reason: "too long for \(rule) to compare all that it does"))
  }

  /// Says that a rule looked at no more than the first `limit` of the `things` in a function.
  func exceeded(_ limit: Int, _ things: String, in function: FunctionID, by rule: String) {
    excesses.append(Excess(function: function, reason: "\(rule) looked at the first \(limit) \(things) only"))
  }
}
