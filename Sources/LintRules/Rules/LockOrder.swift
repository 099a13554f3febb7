import Findings
import KernelC
import LockModel

/// Two locks of one object taken in both orders.
struct LockOrder: Rule {
  let description = RuleDescription(
    id: "lock-order",
    summary: "two locks are taken in one order here and in the other there",
    severity: .error, confidence: .high,
    whatItDoes: """
      Collects which lock class is taken while which other is held, directly and through calls, and reports pairs that \
      occur in both orders, where both locks belong to the same object or are global.
      """,
    whyItMatters: "Two tasks that run the two functions at once wait for each other.",
    accepts: ["trylocks, which do not wait", "classes of different objects, whose order may depend on the object"],
    knownFalsePositives: ["paths that never run at the same time"],
    triggering: [
      RuleExample(
        """
        void f(struct foo *foo)
        {
        	mutex_lock(&foo->a);
        	mutex_lock(&foo->b); /* reported */
        	mutex_unlock(&foo->b);
        	mutex_unlock(&foo->a);
        }

        void g(struct foo *foo)
        {
        	mutex_lock(&foo->b);
        	mutex_lock(&foo->a); /* reported */
        	mutex_unlock(&foo->a);
        	mutex_unlock(&foo->b);
        }
        """)
    ],
    nonTriggering: [
      RuleExample(
        """
        void f(struct foo *foo)
        {
        	mutex_lock(&foo->a);
        	mutex_lock(&foo->b);
        	mutex_unlock(&foo->b);
        	mutex_unlock(&foo->a);
        }
        """)
    ])

  private struct Edge: Hashable {
    let first: LockClass
    let second: LockClass
  }

  private struct Site {
    let function: FunctionID
    let node: NodeID
    let held: HeldLock
    let chain: [ChainStep]
  }

  func check(_ context: RuleContext) -> [Finding] {
    var order: [Edge] = []
    var sites: [Edge: [Site]] = [:]
    func add(_ edge: Edge, _ site: Site) {
      if sites[edge] == nil { order.append(edge) }
      sites[edge, default: []].append(site)
    }
    for id in context.functions {
      guard let facts = context.solver.facts(id), !facts.isApproximate else { continue }
      for event in facts.acquires where !event.isTry && !event.kind.nests {
        guard let second = event.lockClass else { continue }
        for held in event.held {
          guard let first = first(held, second, event.place, id, context) else { continue }
          add(Edge(first: first, second: second), Site(function: id, node: event.node, held: held, chain: []))
        }
      }
      for call in facts.calls where call.targets.count == 1 && call.held.contains(where: { $0.balance > 0 }) {
        guard let summary = context.solver.summary(call.targets[0]) else { continue }
        for item in summary.mayAcquire where !item.kind.nests && context.solver.isPossible(item.conditions, call) {
          guard let second = item.lockClass, item.place >= 0 else { continue }
          let place = context.solver.substitute(item.place, call.arguments)
          guard place >= 0, !call.held.contains(where: { $0.place == place }) else { continue }
          for held in call.held {
            guard let first = first(held, second, place, id, context) else { continue }
            add(Edge(first: first, second: second), Site(function: id, node: call.node, held: held, chain: item.chain))
          }
        }
      }
    }
    return findings(order, sites, context)
  }

  /// The class held, if it and the one being taken belong together.
  private func first(
    _ held: HeldLock, _ second: LockClass, _ place: Place, _ id: FunctionID, _ context: RuleContext
  ) -> LockClass? {
    guard held.balance > 0, !held.kind.nests, let first = context.solver.lockClass(of: held, in: id), first != second
    else { return nil }
    let owners = (context.solver.owner(of: held.place), context.solver.owner(of: place))
    let areGlobal = !first.structure.exists && !second.structure.exists
    return (owners.0 >= 0 && owners.0 == owners.1) || areGlobal ? first : nil
  }

  private func findings(_ order: [Edge], _ sites: [Edge: [Site]], _ context: RuleContext) -> [Finding] {
    var findings: [Finding] = []
    for edge in order {
      guard let others = sites[Edge(first: edge.second, second: edge.first)], let other = others.first else { continue }
      var reported: Set<FunctionID> = []
      for site in sites[edge] ?? [] where reported.insert(site.function).inserted {
        let first = edge.first.text(context.program.symbols)
        let second = edge.second.text(context.program.symbols)
        findings.append(
          context.finding(
            description, site.function, site.node,
            "'\(second)' is taken while '\(first)' is held; '\(context.name(other.function))' takes them in the other order",
            evidence: [Evidence(context.place(site.function, site.held.site), "'\(first)' is taken here")]
              + context.evidence(site.chain, last: "'\(second)' is taken here")
              + [
                Evidence(
                  context.place(other.function, other.held.site), "'\(context.name(other.function))' takes '\(second)'"),
                Evidence(context.place(other.function, other.node), "and then '\(first)'"),
              ],
            key: "\(first) \(second)"))
      }
    }
    return findings
  }
}
