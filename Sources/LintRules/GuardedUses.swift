import ByteText
import KernelC
import LockModel

/// What is used under which locks: members that are written, lists that are walked, functions that are called.
struct GuardedUses {
  /// What is used.
  enum Subject: Hashable {
    case member(MemberKey)
    /// A function called by name.
    case call(Symbol)
    /// A function called through a member.
    case slot(Symbol)
  }

  /// A lock by its place relative to what is used.
  struct Guard: Hashable {
    /// Where the lock is: in the object used (or around it), in what an argument is about, or in none.
    enum Relation: Hashable {
      case object
      case argument(Int)
      case global
    }

    let relation: Relation
    /// The lock's member or global, or the function that stands for it.
    let lock: Symbol
    /// The lock is taken by a call that names none.
    var isCall = false
  }

  struct Site {
    let function: FunctionID
    let node: NodeID
    /// The object that holds the member; -1 for a call.
    let object: Place
    /// The values of a call's arguments.
    let arguments: [Place]
    /// Held on every path to the use.
    var guards: Set<Guard>
    /// The names of all locks that may be held there, whosever they are.
    var locks: Set<Symbol>
    /// The use is no more than a look whether a list is empty.
    var isLook = false
  }

  /// Subjects in the order in which they were met.
  private(set) var order: [Subject] = []
  private(set) var sites: [Subject: [Site]] = [:]

  /// Collects the uses in the functions under review.
  init(_ context: RuleContext) {
    for id in context.functions {
      guard let facts = context.solver.facts(id), !facts.isPartial else { continue }
      var own: [NodeID: (Subject, Site)] = [:]
      func add(_ subject: Subject, _ site: Site) {
        if own[site.node] == nil {
          own[site.node] = (subject, site)
        } else {
          own[site.node]?.1.guards.formIntersection(site.guards)
          own[site.node]?.1.locks.formUnion(site.locks)
        }
      }
      let looks = Self.looks(id, context)
      let asserted = facts.asserts.filter { !$0.isHeldHere && !$0.isConditional }.map {
        HeldLock(place: $0.place, kind: $0.kind, mode: $0.mode, balance: 1, site: $0.node)
      }
      for access in facts.accesses {
        let guards = Self.guards(access.held + asserted, context) { owner in
          owner == access.object || context.solver.depends(access.object, on: owner) ? .object : nil
        }
        add(
          .member(access.member),
          Site(
            function: id, node: access.node, object: access.object, arguments: [], guards: guards,
            locks: Self.names(access.held, [], context), isLook: looks.contains(access.node)))
      }
      for call in facts.calls {
        guard let subject = Self.subject(call, id, context) else { continue }
        let objects = call.arguments.map { $0 < 0 ? -1 : context.solver.pointee(of: $0) }
        let guards = Self.guards(call.held + asserted, context) { owner in
          objects.firstIndex { object in
            object >= 0 && (context.solver.depends(owner, on: object) || context.solver.depends(object, on: owner))
          }.map { .argument($0) }
        }
        add(
          subject,
          Site(
            function: id, node: call.node, object: -1, arguments: call.arguments, guards: guards,
            locks: Self.names(call.held, call.unsure, context)))
      }
      for (_, item) in own.sorted(by: { $0.key < $1.key }) {
        if sites[item.0] == nil { order.append(item.0) }
        sites[item.0, default: []].append(item.1)
      }
    }
  }

  private static func names(_ held: [HeldLock], _ unsure: [Place], _ context: RuleContext) -> Set<Symbol> {
    var result = Set(unsure.map(context.solver.lastMember))
    for lock in held where lock.balance > 0 {
      result.insert(context.solver.opener(of: lock)?.name ?? context.solver.lastMember(of: lock.place))
    }
    return result
  }

  /// The members in `list_empty(&x->list)`.
  private static func looks(_ id: FunctionID, _ context: RuleContext) -> Set<NodeID> {
    let file = context.program.file(of: id)
    var result: Set<NodeID> = []
    for node in context.program.definition(id).nodes where file[node].kind == .call {
      let name = context.callee(node, in: file)
      guard name.exists, context.text(name).holds("list_empty"),
        let first = file.list(file[node].b, file[node].c).first, file[first].kind == .unary
      else { continue }
      result.insert(file[first].a)
    }
    return result
  }

  private static func subject(_ call: CallEvent, _ id: FunctionID, _ context: RuleContext) -> Subject? {
    if call.callee.exists {
      guard !call.isIndirect else { return nil }
      // Whoever has no body here is told by the locks that stand around it and belong to nobody.
      guard call.targets.count == 1 else { return .call(call.callee) }
      return context.program.definition(call.targets[0]).isMacro ? nil : .call(call.callee)
    }
    let file = context.program.file(of: id)
    guard call.isIndirect, file[call.node].kind == .call, file[file[call.node].a].kind == .member else { return nil }
    return .slot(Symbol(file[file[call.node].a].b))
  }

  private static func guards(
    _ held: [HeldLock], _ context: RuleContext, relation: (Place) -> Guard.Relation?
  ) -> Set<Guard> {
    var result: Set<Guard> = []
    for lock in held where lock.balance > 0 && !lock.kind.isSection {
      if let opener = context.solver.opener(of: lock) {
        guard context.solver.isLockByName(opener.name) else { continue }
        if context.solver.isGlobal(opener.resource) {
          result.insert(Guard(relation: .global, lock: opener.name, isCall: true))
        } else if let relation = relation(context.solver.pointee(of: opener.resource)) {
          result.insert(Guard(relation: relation, lock: opener.name))
        }
        continue
      }
      guard lock.kind != .pair else { continue }
      let member = context.solver.lastMember(of: lock.place)
      guard member.exists else { continue }
      let owner = context.solver.owner(of: lock.place)
      if context.solver.isGlobal(lock.place) {
        result.insert(Guard(relation: .global, lock: member, isCall: context.solver.isNamelessLock(member)))
      } else if owner >= 0, let relation = relation(owner) {
        result.insert(Guard(relation: relation, lock: member))
      }
    }
    return result
  }
}
