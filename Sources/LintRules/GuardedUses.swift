import ByteText
import KernelC
import LockModel

/// What is used under which locks: members that are written, lists that are walked, functions that are called, lists and
/// trees that are variables of a file.
struct GuardedUses {
  /// What is used.
  enum Subject: Hashable {
    case member(MemberKey)
    /// The link by which an entry is taken off a list, or moved to another.
    case removal(MemberKey)
    /// A function called by name.
    case call(Symbol)
    /// A function called through a member.
    case slot(Symbol)
    /// A list or a tree that is a variable, by the file that uses it.
    case variable(file: Int, name: Symbol)

    /// Whether it is data, and no function.
    var isData: Bool {
      switch self {
      case .member, .removal, .variable: true
      case .call, .slot: false
      }
    }

    /// Whether it lies in no object.
    var isVariable: Bool { if case .variable = self { true } else { false } }

    /// Whether it is about taking entries off a list.
    var isRemoval: Bool { if case .removal = self { true } else { false } }
  }

  /// A lock by its place relative to what is used.
  struct Guard: Hashable {
    /// Where the lock is: in the object used (or around it), in what an argument is about, or in none.
    enum Relation: Hashable {
      case object
      case argument(Int)
      case global

      /// A place in an order that is the same in every run.
      var rank: Int {
        switch self {
        case .object: -2
        case .global: -1
        case .argument(let position): position
        }
      }
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

    /// Where a use stands.
    struct Location: Hashable {
      let function: FunctionID
      let node: NodeID
    }

    var location: Location { Location(function: function, node: node) }
  }

  /// Subjects in the order in which they were met.
  private(set) var order: [Subject] = []
  private(set) var sites: [Subject: [Site]] = [:]

  /// Collects the uses in the functions under review.
  init(_ context: RuleContext, _ callers: CallerTable) {
    var around = HeldByCallers(context, callers)
    for id in context.functions {
      guard let facts = context.solver.facts(id), !facts.isPartial else { continue }
      var own: [Use: Site] = [:]
      func add(_ subject: Subject, _ site: Site) {
        let use = Use(node: site.node, subject: subject)
        own[use, default: site].guards.formIntersection(site.guards)
        own[use]?.locks.formUnion(site.locks)
      }
      let looks = Self.arguments(of: id, context) { $0.holds("list_empty") }
      let removals = Self.arguments(of: id, context) { name in
        ["list_del", "list_move", "hlist_del"].contains(where: name.hasPrefix)
      }
      let asserted = facts.asserts.filter { !$0.isHeldHere && !$0.isConditional }.map {
        HeldLock(place: $0.place, kind: $0.kind, mode: $0.mode, balance: 1, site: $0.node)
      }
      let file = Int(context.program.functions[Int(id.rawValue)].file)
      for access in facts.accesses {
        let isVariable = !access.member.structure.exists
        // Which object's lock a caller holds is often not said; a variable has only one.
        let held = access.held + (isVariable ? around.locks(around: id) : [])
        let guards = Self.guards(held + asserted, context) { owner in
          owner == access.object || context.solver.depends(access.object, on: owner) ? .object : nil
        }
        let site = Site(
          function: id, node: access.node, object: access.object, arguments: [], guards: guards,
          locks: Self.names(held, [], context), isLook: looks.contains(access.node))
        if isVariable {
          add(.variable(file: file, name: access.member.member), site)
        } else {
          add(.member(access.member), site)
          if removals.contains(access.node) { add(.removal(access.member), site) }
        }
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
      for (use, site) in own.sorted(by: { ($0.key.node, $0.key.rank) < ($1.key.node, $1.key.rank) }) {
        if sites[use.subject] == nil { order.append(use.subject) }
        sites[use.subject, default: []].append(site)
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

  /// One use of a subject by a function.
  private struct Use: Hashable {
    let node: NodeID
    let subject: Subject

    /// The order of what one node uses.
    var rank: Int { if case .removal = subject { 1 } else { 0 } }
  }

  /// The members in `f(&x->list)`, for functions of certain names.
  private static func arguments(
    of id: FunctionID, _ context: RuleContext, where isMeant: (String) -> Bool
  ) -> Set<NodeID> {
    let file = context.program.file(of: id)
    var result: Set<NodeID> = []
    for node in context.program.definition(id).nodes where file[node].kind == .call {
      let name = context.callee(node, in: file)
      guard name.exists, isMeant(context.text(name)),
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
