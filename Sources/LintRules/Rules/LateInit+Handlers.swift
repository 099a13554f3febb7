import KernelC
import LockModel

extension LateInit {
  /// A store of functions, or of a table of them.
  struct SetMember {
    let node: NodeID
    let functions: [FunctionID]
  }

  struct SetMembers {
    var byOwner: [String: [SetMember]] = [:]
    /// `x->chip = chip;`: what goes by another name.
    var aliases: [String: [String]] = [:]
  }
}

// Who is let in, and what they use.
extension LateInit.FileReader {
  /// The functions among the arguments of a call, in the tables that they point to, and in members that were set before it.
  func handlers(in arguments: [NodeID], of name: Symbol, before call: NodeID, _ id: FunctionID)
    -> [FunctionID]
  {
    let file = context.program.file(of: id)
    var found: [FunctionID] = []
    for argument in arguments where file[argument].kind != .number && file[argument].kind != .string {
      collect(argument, file, 0, &found)
      guard !names.takesFunctions(name) else { continue }
      let text = text(argument, of: id)
      let members = setMembers(of: id)
      let owners =
        text.hasPrefix("&") ? ["\(text.dropFirst())."] : ([text] + (members.aliases[text] ?? [])).map { "\($0)->" }
      for owner in owners {
        for set in members.byOwner[owner] ?? [] where file[set.node].token < file[call].token {
          found.append(contentsOf: set.functions)
        }
      }
    }
    var seen: Set<FunctionID> = []
    return found.filter { seen.insert($0).inserted }
  }

  /// What a function stores functions in, `x->chip.ops = &ops`, by everything that the member is in: `x->` and `x->chip.`.
  private func setMembers(of id: FunctionID) -> LateInit.SetMembers {
    if let known = setMembersOf, known.id == id { return known.members }
    let file = context.program.file(of: id)
    var members = LateInit.SetMembers()
    for node in context.program.definition(id).nodes where file[node].kind == .assign {
      if file[file[node].b].kind == .name {
        members.aliases[text(file[node].a, of: id), default: []].append(text(file[node].b, of: id))
      }
      var functions: [FunctionID] = []
      collect(file[node].b, file, 0, &functions)
      guard !functions.isEmpty else { continue }
      var target = file[node].a
      while file[target].kind == .member {
        let owner = text(file[target].a, of: id) + (file[target].operation == .arrow ? "->" : ".")
        members.byOwner[owner, default: []].append(LateInit.SetMember(node: node, functions: functions))
        target = file[target].a
      }
    }
    setMembersOf = (id, members)
    return members
  }

  private func collect(_ node: NodeID, _ file: ParsedFile, _ depth: Int, _ found: inout [FunctionID]) {
    guard node >= 0, depth < 12 else { return }
    let item = file[node]
    switch item.kind {
    case .name:
      let name = Symbol(item.a)
      if let function = own(name) {
        found.append(function)
      } else if let table = tables[name] {
        collect(table, state, depth + 4, &found)
      }
    case .call, .member: break
    default: for child in file.children(of: node) { collect(child, file, depth + 1, &found) }
    }
  }

  /// What a handler uses, itself or in what it calls in this file, by the member that it is.
  func uses(by handler: FunctionID) -> [Symbol: [LateInit.Use]] {
    if let known = usesOf[handler] { return known }
    var uses: [Symbol: [LateInit.Use]] = [:]
    var seen: Set<FunctionID> = [handler]
    var level = [handler]
    for _ in 0..<Self.handlerDepth {
      var next: [FunctionID] = []
      for id in level {
        let file = context.program.file(of: id)
        for node in calls(id) {
          let name = context.callee(node, in: file)
          if let object = object(usedBy: node, name, file), case let member = member(object, of: id), member.exists {
            uses[member, default: []].append(LateInit.Use(function: id, node: node, object: object))
          }
          if name.exists, let callee = own(name), seen.insert(callee).inserted { next.append(callee) }
        }
      }
      level = next
    }
    usesOf[handler] = uses
    return uses
  }

  private func object(usedBy node: NodeID, _ name: Symbol, _ file: ParsedFile) -> NodeID? {
    let item = file[node]
    let arguments = Array(file.list(item.b, item.c))
    guard name.exists else {
      // `guard(mutex)(&x->lock)`
      guard file[item.a].kind == .call, context.callee(item.a, in: file) == names.guardCall else { return nil }
      return arguments.first
    }
    let position = names.users[name] ?? (context.solver.isLockPrimitive(name) ? 0 : -1)
    return position >= 0 && position < arguments.count ? arguments[position] : nil
  }
}
