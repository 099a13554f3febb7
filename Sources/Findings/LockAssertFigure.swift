/// How many of the functions that rely on a caller's lock say so, for one class of locks.
public struct LockAssertFigure: Sendable, Hashable, Codable {
  /// The class, as `address_space::invalidate_lock` or the name of a global.
  public var lock: String
  /// Functions that state that their caller holds a lock of the class.
  public var asserting: Int
  /// Functions that rely on it, those that state it included.
  public var relying: Int

  /// `asserting` of `relying` functions state that a lock of the class `lock` is held.
  public init(lock: String, asserting: Int, relying: Int) {
    self.lock = lock
    self.asserting = asserting
    self.relying = relying
  }

  /// `2 of 5`.
  public var text: String { "\(asserting) of \(relying)" }
}

/// The figure of a class before and after a patch; in a run over whole files only as it is.
public struct LockAssertChange: Sendable, Hashable {
  /// Nil in a run over whole files.
  public var patch: PatchIdentity?
  /// Nil in a run over whole files, and where no function relied on the class before.
  public var before: LockAssertFigure?
  /// Nil where no function relies on the class any more.
  public var after: LockAssertFigure?

  /// The figures before and after `patch`, of one class.
  public init(patch: PatchIdentity?, before: LockAssertFigure?, after: LockAssertFigure?) {
    self.patch = patch
    self.before = before
    self.after = after
  }

  /// The figures of each class, in the order of their names.
  public static func changes(
    from before: [LockAssertFigure], to after: [LockAssertFigure], patch: PatchIdentity?
  ) -> [LockAssertChange] {
    let locks = Set((before + after).map(\.lock)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    return locks.map { lock in
      LockAssertChange(
        patch: patch, before: before.first { $0.lock == lock }, after: after.first { $0.lock == lock })
    }
  }

  /// One line for a reader.
  public var text: String {
    let lock = (after ?? before)?.lock ?? ""
    guard let patch else { return "'\(lock)' is asserted by \(after?.text ?? "none") functions that rely on it" }
    return "\(patch.label): '\(lock)' is asserted by \(after?.text ?? "none") functions that rely on it, "
      + "before the patch by \(before?.text ?? "none")"
  }

  /// The entry as the JSON document has it.
  public var json: JSONValue {
    func value(_ figure: LockAssertFigure?) -> JSONValue {
      guard let figure else { return .null }
      return ["asserting": .integer(figure.asserting), "relying": .integer(figure.relying)]
    }
    return [
      "lock": .string((after ?? before)?.lock ?? ""),
      "patch": patch.map { .integer($0.number) } ?? .null,
      "before": value(before),
      "after": value(after),
    ]
  }
}
