import Findings
import KernelC
import LockModel

extension LateInit {
  /// A call that lets others in, or one that initialises something, as a function comes to it.
  struct Step {
    /// Where the function itself stands: the call, or the call of the callee that makes it.
    let site: NodeID
    let name: Symbol
    /// The function whose text has the call, and what the call initialises or lets in.
    let function: FunctionID
    let object: NodeID
    let handlers: [FunctionID]
    /// Whether the call is given something of a caller's or a function's own, by which those who are let in find their object.
    var isOfObject = true
  }

  struct Use {
    let function: FunctionID
    let node: NodeID
    let object: NodeID
  }

  struct Late {
    let registration: Step
    let initialised: Step
    let handler: FunctionID
    let use: Use
  }

  /// One file, of which only what is asked for is read.
  final class FileReader {
    private static let callDepth = 2
    static let handlerDepth = 3
    /// Each initialisation is looked at with each registration in front of it.
    private static let stepLimit = 1_000

    let context: RuleContext
    let names: Names
    let number: Int32
    private let rule: String
    /// The file as it is in the program, whose tables and variables count; a function's text may be of an older version of it.
    let state: ParsedFile
    lazy var tables = Dictionary(
      state.globals.filter { $0.initialiser >= 0 }.map { ($0.name, $0.initialiser) },
      uniquingKeysWith: { first, _ in first })
    private lazy var variables = Set(state.globals.map(\.name))
    private var callsOf: [FunctionID: [NodeID]] = [:]
    private var stepsOf = [[FunctionID: [Step]]](repeating: [:], count: callDepth + 1)
    var usesOf: [FunctionID: [Symbol: [Use]]] = [:]
    var setMembersOf: (id: FunctionID, members: SetMembers)?
    /// Whether a function disables an interrupt, or sees to it that one is requested disabled.
    private var disables: [FunctionID: Bool] = [:]
    private var parentsOf: (id: FunctionID, parents: [NodeID: NodeID])?
    /// How often each member is initialised in the file.
    private lazy var initialisations = countInitialisations()

    init(_ context: RuleContext, _ names: Names, _ number: Int32, rule: String) {
      self.rule = rule
      self.context = context
      self.names = names
      self.number = number
      state = context.program.files[Int(number)]
    }

    /// Where a callee of the function initialises what the step is about; nil where it does so itself.
    func inCallee(_ step: Step, of id: FunctionID) -> SourcePlace? {
      step.function == id ? nil : context.place(step.function, step.object)
    }

    func text(_ node: NodeID, of id: FunctionID) -> String {
      SourceText.text(of: node, context.program.file(of: id), context.program.symbols)
    }

    /// What the function initialises too late, each object once.
    func lateInits(in id: FunctionID) -> [Late] {
      guard !context.program.definition(id).isMacro, !initialisations.isEmpty else { return [] }
      let steps = steps(of: id, 0)
      if steps.count >= Self.stepLimit {
        context.limits.exceeded(Self.stepLimit, "registrations and initialisations", in: id, by: rule)
      }
      guard steps.contains(where: { $0.handlers.isEmpty }), steps.contains(where: { !$0.handlers.isEmpty }) else {
        return []
      }
      var seen: Set<Symbol> = []
      return steps.indices.compactMap { index in
        let step = steps[index]
        guard step.handlers.isEmpty, case let member = member(step.object, of: step.function), member.exists,
          seen.insert(member).inserted, initialisations[member] == 1
        else { return nil }
        return steps[..<index].lazy.compactMap { self.late(step, member, behind: $0, in: id) }.first
      }
    }

    private func late(_ step: Step, _ member: Symbol, behind registration: Step, in id: FunctionID) -> Late? {
      guard !registration.handlers.isEmpty, registration.site != step.site,
        registration.isOfObject || isGlobal(step.object, of: step.function)
      else { return nil }
      for handler in registration.handlers {
        guard let uses = uses(by: handler)[member], leads(from: registration.site, to: step.site, in: id),
          let own = context.solver.lockClass(ofArgument: step.object, in: step.function),
          let use = uses.first(where: {
            context.solver.lockClass(ofArgument: $0.object, in: $0.function) == own
              && !isAwaited($0, behind: registration.site, in: id)
          })
        else { continue }
        return Late(registration: registration, initialised: step, handler: handler, use: use)
      }
      return nil
    }

    /// Whether whoever has run the first node comes to the second: it stands in a block around the first, which nothing on
    /// the way leaves.
    private func leads(from first: NodeID, to second: NodeID, in id: FunctionID) -> Bool {
      let file = context.program.file(of: id)
      let shapes = Statements(file: file, symbols: context.program.symbols)
      let parents = parents(in: id)
      func around(_ node: NodeID) -> [NodeID] {
        var result = [node]
        while let parent = parents[result[result.count - 1]] { result.append(parent) }
        return result
      }
      let (inner, outer) = (around(first), around(second))
      guard let common = inner.first(where: outer.contains), file[common].kind == .block,
        let branch = inner.firstIndex(of: common), let other = outer.firstIndex(of: common),
        outer[..<other].allSatisfy({ ![.ifStatement, .switchStatement].contains(file[$0].kind) })
      else { return false }
      return inner[..<branch].allSatisfy { file[$0].kind != .block || shapes.leaving($0) == nil }
    }

    /// `if (x->is_ready) schedule_work(&x->work);` where the function sets the member behind the registration.
    private func isAwaited(_ use: Use, behind site: NodeID, in id: FunctionID) -> Bool {
      let user = context.program.file(of: use.function)
      let asked = Set(
        context.program.definition(use.function).nodes.filter {
          user[$0].kind == .ifStatement && user[$0].token < user[use.node].token
        }.flatMap { members(in: user[$0].a, user) })
      guard !asked.isEmpty else { return false }
      let file = context.program.file(of: id)
      return context.program.definition(id).nodes.contains {
        file[$0].kind == .assign && file[$0].token > file[site].token && file[file[$0].a].kind == .member
          && asked.contains(Symbol(file[file[$0].a].b))
      }
    }

    private func members(in node: NodeID, _ file: ParsedFile, _ depth: Int = 0) -> [Symbol] {
      guard node >= 0, depth < 40 else { return [] }
      let own = file[node].kind == .member ? [Symbol(file[node].b)] : []
      return own + file.children(of: node).flatMap { members(in: $0, file, depth + 1) }
    }

    /// By node, what it is a part of.
    private func parents(in id: FunctionID) -> [NodeID: NodeID] {
      if let known = parentsOf, known.id == id { return known.parents }
      let file = context.program.file(of: id)
      var parents: [NodeID: NodeID] = [:]
      for node in context.program.definition(id).nodes {
        for child in file.children(of: node) { parents[child] = node }
      }
      parentsOf = (id, parents)
      return parents
    }

    // MARK: What a function does in order

    func calls(_ id: FunctionID) -> [NodeID] {
      if let known = callsOf[id] { return known }
      let file = context.program.file(of: id)
      let calls = context.program.definition(id).nodes.filter { file[$0].kind == .call }
        .sorted { file[$0].token < file[$1].token }
      callsOf[id] = calls
      return calls
    }

    private func steps(of id: FunctionID, _ depth: Int) -> [Step] {
      if let known = stepsOf[depth][id] { return known }
      let file = context.program.file(of: id)
      var result: [Step] = []
      for node in calls(id) where result.count < Self.stepLimit {
        let name = Statements(file: file, symbols: context.program.symbols).question(node)
        guard name.exists else { continue }
        let arguments = Array(file.list(file[node].b, file[node].c))
        if let object = initialised(by: node, file) {
          result.append(Step(site: node, name: name, function: id, object: object, handlers: []))
        } else if names.letsIn(name) {
          let handlers = handlers(in: arguments, of: name, before: node, id)
          if !handlers.isEmpty, !isQuiet(arguments, in: id) {
            result.append(
              Step(
                site: node, name: name, function: id, object: node, handlers: handlers,
                isOfObject: isOfObject(arguments, name, file)))
          }
        } else if depth < Self.callDepth, file[file[node].a].kind == .name, let callee = own(name), callee != id {
          result += steps(of: callee, depth + 1).map {
            Step(
              site: node, name: $0.name, function: $0.function, object: $0.object, handlers: $0.handlers,
              isOfObject: $0.isOfObject)
          }
        }
      }
      stepsOf[depth][id] = result
      return result
    }

    /// A function of this file.
    func own(_ name: Symbol) -> FunctionID? {
      guard let id = context.program.resolve(name, fromFile: Int(number)),
        context.program.functions[Int(id.rawValue)].file == number, !context.program.definition(id).isMacro
      else { return nil }
      return id
    }

    /// Whether the call is given something by which those who are let in find their object: nothing of the file's own and no
    /// constant.
    private func isOfObject(_ arguments: [NodeID], _ name: Symbol, _ file: ParsedFile) -> Bool {
      names.objects(of: name, among: arguments).contains { argument in
        guard let root = root(of: argument, file) else { return file[argument].kind == .call }
        return own(root) == nil && context.text(root) != "NULL" && !variables.contains(root)
      }
    }

    private func isGlobal(_ object: NodeID, of id: FunctionID) -> Bool {
      let file = context.program.file(of: id)
      guard let root = root(of: object, file) else { return false }
      return variables.contains(root)
    }

    /// The variable that a path starts with; nil for what is no path.
    private func root(of node: NodeID, _ file: ParsedFile) -> Symbol? {
      switch file[node].kind {
      case .unary, .member, .index: root(of: file[node].a, file)
      case .cast: root(of: file[node].b, file)
      case .name: Symbol(file[node].a)
      default: nil
      }
    }

    /// Requested disabled, or by a function that disables it.
    private func isQuiet(_ arguments: [NodeID], in id: FunctionID) -> Bool {
      if arguments.contains(where: { text($0, of: id).contains("AUTOEN") }) { return true }
      if let known = disables[id] { return known }
      let file = context.program.file(of: id)
      let result = calls(id).contains { call in
        let name = context.text(context.callee(call, in: file))
        return name.hasPrefix("disable_irq")
          || name.hasPrefix("irq_") && text(call, of: id).contains("IRQ_NOAUTOEN")
      }
      disables[id] = result
      return result
    }

    // MARK: What is initialised

    func member(_ node: NodeID, of id: FunctionID) -> Symbol {
      let file = context.program.file(of: id)
      var node = node
      while node >= 0 {
        let item = file[node]
        switch item.kind {
        case .unary where item.operation == .ampersand, .cast: node = item.kind == .cast ? item.b : item.a
        case .member: return Symbol(item.b)
        case .name: return variables.contains(Symbol(item.a)) ? Symbol(item.a) : .none
        default: return .none
        }
      }
      return .none
    }

    private func countInitialisations() -> [Symbol: Int] {
      var result: [Symbol: Int] = [:]
      // Functions are numbered in the order of their files.
      let all = context.program.allFunctions
      func file(_ id: FunctionID) -> Int32 { context.program.functions[Int(id.rawValue)].file }
      let start = all.partitioningIndex { file($0) >= number }
      for id in all[start...].prefix(while: { file($0) == number }) {
        let file = context.program.file(of: id)
        for node in calls(id) {
          guard let object = initialised(by: node, file) else { continue }
          result[member(object, of: id), default: 0] += 1
        }
      }
      return result
    }

    private func initialised(by node: NodeID, _ file: ParsedFile) -> NodeID? {
      let name = context.callee(node, in: file)
      guard names.initialisers.contains(name) else { return nil }
      let arguments = Array(file.list(file[node].b, file[node].c))
      let position = context.text(name).hasPrefix("devm_") ? 1 : 0
      return position < arguments.count ? arguments[position] : nil
    }
  }
}
