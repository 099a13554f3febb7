import Findings
import KernelC

/// A patch waits for a lock under another one, where it only tried to take it before.
struct TrylockDropped: ChangeRule {
  let description = RuleDescription(
    id: "trylock-dropped",
    summary: "a patch waits for a lock that was only tried before, with another lock held",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Compares each function before and after a patch. Where a lock was taken by a trylock inside the region of another \
      lock, and is taken there by a call that waits now, the order in which both are taken begins to matter.
      """,
    whyItMatters: "Who tries a lock under another one mostly does so as others take them the other way round.",
    accepts: ["a trylock outside of any other lock", "a lock that was already waited for at the same place"],
    knownFalsePositives: ["a caller or an order that has changed elsewhere, so that waiting is right now"],
    triggering: [
      RuleExample(
        before: """
          void f(struct foo *foo)
          {
          	down_write(&foo->map_lock);
          	mark(foo);
          	if (down_read_trylock(&foo->run_lock)) {
          		refresh(foo);
          		up_read(&foo->run_lock);
          	}
          	up_write(&foo->map_lock);
          }
          """,
        after: """
          void f(struct foo *foo)
          {
          	down_write(&foo->map_lock);
          	mark(foo);
          	down_read(&foo->run_lock); /* reported */
          	refresh(foo);
          	up_read(&foo->run_lock);
          	up_write(&foo->map_lock);
          }
          """)
    ],
    nonTriggering: [
      RuleExample(
        before: """
          void f(struct foo *foo)
          {
          	if (!mutex_trylock(&foo->lock))
          		return;
          	refresh(foo);
          	mutex_unlock(&foo->lock);
          }
          """,
        after: """
          void f(struct foo *foo)
          {
          	mutex_lock(&foo->lock);
          	refresh(foo);
          	mutex_unlock(&foo->lock);
          }
          """),
      RuleExample(
        before: """
          void f(struct foo *foo)
          {
          	mutex_lock(&foo->list_lock);
          	if (mutex_trylock(&foo->lock)) {
          		refresh(foo);
          		mutex_unlock(&foo->lock);
          	}
          	mutex_unlock(&foo->list_lock);
          }
          """,
        after: """
          void f(struct foo *foo)
          {
          	mutex_lock(&foo->list_lock);
          	note(foo);
          	mutex_unlock(&foo->list_lock);
          	mutex_lock(&foo->lock);
          	refresh(foo);
          	mutex_unlock(&foo->lock);
          }
          """),
    ])

  func check(_ change: FileChange) -> [Finding] {
    change.edited.flatMap { old, new -> [Finding] in
      let before = regions(old, change.before, change)
      let tried = before.filter { Self.isTried($0.name) }
      guard !tried.isEmpty else { return [] }
      let after = regions(new, change.after, change)
      return tried.compactMap { region -> Finding? in
        guard let outer = before.first(where: { $0.key != region.key && $0.tokens.contains(region.tokens.lowerBound) }),
          !after.contains(where: { $0.key == region.key && Self.isTried($0.name) }),
          !before.contains(where: { $0.key == region.key && !Self.isTried($0.name) }),
          let now = after.first(where: { inner in
            inner.key == region.key
              && after.contains { $0.key == outer.key && $0.tokens.contains(inner.tokens.lowerBound) }
          })
        else { return nil }
        return Finding(
          rule: description.id, severity: description.severity, confidence: description.confidence,
          place: change.place(now.node), function: change.symbols.text(new.name),
          message: "'\(now.name)' waits for '\(now.key.text)' with '\(outer.key.text)' held, where the patch found "
            + "'\(region.name)'",
          evidence: [Evidence(change.placeBefore(region.node), "it was only tried before the patch")],
          key: "\(outer.key.text) \(now.key.text)")
      }
    }
  }

  private func regions(
    _ function: FunctionDefinition, _ file: ParsedFile, _ change: FileChange
  ) -> [LockRegions.Region] {
    LockRegions(function, file, change.symbols, withActions: false).regions
  }

  private static func isTried(_ name: String) -> Bool { name.split(separator: "_").contains { $0.hasPrefix("try") } }
}
