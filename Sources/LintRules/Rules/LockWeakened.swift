import Findings
import KernelC

/// A patch takes a spinlock in a way that no longer keeps interrupts away, while others still do.
struct LockWeakened: ChangeRule {
  let description = RuleDescription(
    id: "lock-weakened",
    summary: "a patch takes a spinlock in a way that keeps less away, or that sleeps where it did not",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Compares each function before and after a patch. Where a spinlock was taken with interrupts or bottom halves disabled \
      and is taken without now, while another function of the file still disables them for a lock of that name, an \
      interrupt may find the lock held by the task that it interrupted. And a 'raw_spinlock_t' that has become a \
      'spinlock_t', which sleeps on PREEMPT_RT; and 'spin_lock_irqsave()' \
      that has become 'spin_lock_irq()', whose end turns interrupts on whatever the caller had done.
      """,
    whyItMatters: "The interrupt handler spins for ever on its own processor.",
    accepts: [
      "interrupt handlers that the file registers", "a lock taken under another one that keeps interrupts away",
    ],
    knownFalsePositives: [
      "a function that only runs with interrupts disabled, and whose patch says so in the log alone"
    ],
    triggering: Self.triggering, nonTriggering: Self.nonTriggering)

  func check(_ change: FileChange) -> [Finding] {
    raw(change) + enabling(change) + interruptible(change) + calls(change)
  }

  private func interruptible(_ change: FileChange) -> [Finding] {
    let strong = strongLocks(change)
    guard !strong.isEmpty else { return [] }
    let hard = handlers(Registrations.interruptRequests, change)
    let soft = handlers(Self.softRequests, change)
    return change.edited.flatMap { old, new -> [Finding] in
      guard !hard.contains(new.name) else { return [] }
      // Bottom halves do not interrupt each other.
      let others = soft.contains(new.name) ? strong.mapValues { $0.filter { $0.strength == .interrupts } } : strong
      return check(old, new, others, change)
    }
  }

  private typealias Strength = LockRegions.Strength

  private func check(
    _ old: FunctionDefinition, _ new: FunctionDefinition, _ strong: [String: [(function: Symbol, strength: Strength)]],
    _ change: FileChange
  ) -> [Finding] {
    let before = LockRegions(old, change.before, change.symbols, withActions: false).regions
    guard before.contains(where: { ($0.strength ?? .plain) > .plain }) else { return [] }
    let after = LockRegions(new, change.after, change.symbols, withActions: false).regions
    var findings: [Finding] = []
    for region in after {
      guard let strength = region.strength, let others = strong[Self.name(of: region.key)],
        let other = others.first(where: { $0.function != new.name && $0.strength > strength }),
        let previous = before.first(where: { $0.key == region.key && ($0.strength ?? .plain) > strength }),
        // More of its kind than there were: this is not one that stood there before.
        after.count(where: { $0.key == region.key && $0.strength == strength })
          > before.count(where: { $0.key == region.key && $0.strength == strength }),
        !after.contains(where: { isShielded(region, by: $0) })
      else { continue }
      let lock = SourceText.text(of: region.node, change.after, change.symbols)
      findings.append(
        Finding(
          rule: description.id, severity: description.severity, confidence: description.confidence,
          place: change.place(region.node), function: change.symbols.text(new.name),
          message: "'\(region.key.text)' is taken by '\(region.name)' now, where it was '\(previous.name)' before; "
            + "'\(change.symbols.text(other.function))' still keeps "
            + "\(other.strength == .interrupts ? "interrupts" : "bottom halves") away from it",
          evidence: [Evidence(change.placeBefore(previous.node), "taken so before the patch")],
          key: "\(lock) \(region.name)"))
      break
    }
    return findings
  }

  /// Whether what holds the region has disabled interrupts already.
  private func isShielded(_ region: LockRegions.Region, by other: LockRegions.Region) -> Bool {
    guard other.key != region.key, other.tokens.contains(region.tokens.lowerBound) else { return false }
    return other.strength == .interrupts || other.name.hasPrefix("local_irq") || other.name.hasPrefix("irq")
  }

  /// The functions that disable interrupts or bottom halves for a lock, by the last name of the lock.
  private func strongLocks(_ change: FileChange) -> [String: [(function: Symbol, strength: Strength)]] {
    var result: [String: [(function: Symbol, strength: Strength)]] = [:]
    for part in change.parts {
      for function in part.after.functions where !function.isMacro {
        for region in LockRegions(function, part.after, change.symbols, withActions: false).regions {
          guard let strength = region.strength, strength > .plain else { continue }
          result[Self.name(of: region.key), default: []].append((function.name, strength))
        }
      }
    }
    return result
  }

  static func name(of key: LockRegions.Key) -> String {
    String(key.text.reversed().prefix { $0.isLetter || $0.isNumber || $0 == "_" }.reversed())
  }

  private static let softRequests: Set<String> = [
    "timer_setup", "tasklet_setup", "tasklet_init", "netif_napi_add", "netif_napi_add_tx",
  ]

  /// The functions that the file gives to one of `names`.
  private func handlers(_ names: Set<String>, _ change: FileChange) -> Set<Symbol> {
    let requests = Set(names.map(change.symbols.intern))
    var result: Set<Symbol> = []
    for part in change.parts {
      let file = part.after
      for function in file.functions {
        for id in function.nodes where file[id].kind == .call && file[file[id].a].kind == .name {
          guard requests.contains(Symbol(file[file[id].a].a)) else { continue }
          for argument in file.list(file[id].b, file[id].c) where file[argument].kind == .name {
            result.insert(Symbol(file[argument].a))
          }
        }
      }
    }
    return result
  }
}
