import KernelC

/// Where functions go as values: into which members, and to which parameters of which functions.
///
/// One look at the whole program, without paths: a function that is stored in a member by an initialiser, an assignment or a
/// function that keeps its argument there may be what a call through that member means, in any object of the type.
public struct CallbackIndex: Sendable {
  /// A function that somebody passes as an argument.
  public struct Passing: Hashable, Sendable {
    /// What is passed.
    public let callback: FunctionID
    /// The call that passes it, and the function that holds the call.
    public let step: ChainStep
  }

  /// A parameter of a function.
  struct ParameterKey: Hashable {
    let function: FunctionID
    let position: Int
  }

  /// More functions than this in one place say nothing about any call.
  private static let limit = 64

  /// Functions that may be called through a member.
  private(set) var slots: [MemberKey: [FunctionID]]
  /// The members that a function is stored in.
  private var holders: [FunctionID: [MemberKey]] = [:]
  private var passings: [ParameterKey: [Passing]] = [:]
  private var passedFunctions: Set<FunctionID> = []

  /// Reads every function of `program`.
  ///
  /// - Complexity: O(nodes).
  init(_ program: Program) {
    slots = program.slots
    for (key, functions) in slots {
      for function in functions { holders[function, default: []].append(key) }
    }
    var reader = CallbackReader(program)
    for id in program.allFunctions { reader.read(id) }
    for (key, function) in reader.stores { add(function, to: key) }
    for (key, passing) in reader.passings { add(passing, to: key) }
    settle(reader)
  }

  /// Follows arguments that are handed on until nothing new turns up; chains of more than eight calls end there.
  private mutating func settle(_ reader: CallbackReader) {
    for _ in 0..<8 {
      var hasChanged = false
      for (from, to) in reader.forwards {
        for passing in passings[from] ?? [] where add(passing, to: to) { hasChanged = true }
      }
      for (from, key) in reader.kept {
        for passing in passings[from] ?? [] where add(passing.callback, to: key) { hasChanged = true }
      }
      for (key, position, passing) in reader.throughMembers {
        for target in (slots[key] ?? []).prefix(Self.limit)
        where add(passing, to: ParameterKey(function: target, position: position)) { hasChanged = true }
      }
      if !hasChanged { break }
    }
  }

  @discardableResult
  private mutating func add(_ function: FunctionID, to key: MemberKey) -> Bool {
    if slots[key]?.contains(function) == true { return false }
    slots[key, default: []].append(function)
    holders[function, default: []].append(key)
    return true
  }

  @discardableResult
  private mutating func add(_ passing: Passing, to key: ParameterKey) -> Bool {
    let known = passings[key] ?? []
    if known.count >= Self.limit || known.contains(where: { $0.callback == passing.callback }) { return false }
    passings[key, default: []].append(passing)
    passedFunctions.insert(passing.callback)
    return true
  }

  /// The members that a function is stored in, in no particular order.
  public func members(holding function: FunctionID) -> [MemberKey] { holders[function] ?? [] }

  /// The functions of which `other` says something else: where they are stored, or what is passed to and with them.
  func difference(from other: CallbackIndex) -> Set<FunctionID> {
    var result = passedFunctions.symmetricDifference(other.passedFunctions)
    for (function, keys) in holders where Set(keys) != Set(other.holders[function] ?? []) { result.insert(function) }
    for function in other.holders.keys where holders[function] == nil { result.insert(function) }
    for (key, list) in passings where other.passings[key] != list { result.insert(key.function) }
    for key in other.passings.keys where passings[key] == nil { result.insert(key.function) }
    return result
  }

  /// The functions that are stored in a member; empty where they are too many to mean anything.
  public func functions(in member: MemberKey) -> [FunctionID] { slots[member] ?? [] }

  /// The structures of functions that are stored in members, with the functions of each, in no particular order.
  public func functionsByStructure() -> [Symbol: [FunctionID]] {
    var result: [Symbol: [FunctionID]] = [:]
    for (key, functions) in slots { result[key.structure, default: []] += functions }
    return result
  }

  /// Whether anybody passes the function as an argument.
  public func isPassed(_ function: FunctionID) -> Bool { passedFunctions.contains(function) }

  /// What callers pass for a parameter, each function once, with the first call that passes it.
  public func passed(to function: FunctionID, parameter: Int) -> [Passing] {
    passings[ParameterKey(function: function, position: parameter)] ?? []
  }
}

/// Collects what `CallbackIndex` settles.
private struct CallbackReader {
  typealias ParameterKey = CallbackIndex.ParameterKey
  typealias Passing = CallbackIndex.Passing

  let program: Program
  var stores: [(MemberKey, FunctionID)] = []
  var passings: [(ParameterKey, Passing)] = []
  var forwards: [(ParameterKey, ParameterKey)] = []
  var kept: [(ParameterKey, MemberKey)] = []
  var throughMembers: [(MemberKey, Int, Passing)] = []

  /// By symbol: whether a function has that name.
  private var isFunction: ContiguousArray<Bool>
  private let containers: Set<Symbol>

  // Of the function under way.
  private var id = FunctionID(rawValue: 0)
  private var fileIndex = 0
  private var locals: [Symbol: CType]?
  private var parameters: [Symbol: Int] = [:]

  init(_ program: Program) {
    self.program = program
    isFunction = ContiguousArray(repeating: false, count: program.symbols.count)
    for id in program.allFunctions {
      let name = Int(program.definition(id).name.rawValue)
      if isFunction.indices.contains(name) { isFunction[name] = true }
    }
    func set(_ names: String) -> Set<Symbol> {
      Set(names.split(separator: " ").map { program.symbols.intern(String($0)) })
    }
    containers = set("container_of container_of_const list_entry list_first_entry from_timer")
  }

  mutating func read(_ id: FunctionID) {
    let definition = program.definition(id)
    let file = program.file(of: id)
    self.id = id
    fileIndex = Int(program.functions[Int(id.rawValue)].file)
    locals = nil
    parameters = [:]
    for (position, parameter) in definition.parameters.enumerated()
    where parameter.name.exists && (definition.isMacro || mayBeFunction(parameter.type)) {
      parameters[parameter.name] = position
    }
    for node in definition.nodes {
      let item = file[node]
      switch item.kind {
      case .assign where item.operation == .equal && file[item.a].kind == .member: readStore(item, file)
      case .variable where item.c >= 0 && file[item.c].kind == .initialiserList:
        readList(item.c, program.structure(of: file.types[Int(item.b)]), file, 0)
      case .compoundLiteral: readList(item.b, program.structure(of: file.types[Int(item.a)]), file, 0)
      case .call: readCall(node, item, file)
      default: break
      }
    }
  }

  private func mayBeFunction(_ type: CType) -> Bool {
    if type.isFunction { return true }
    guard type.base == .typedef else { return false }
    let resolved = program.resolved(type)
    return resolved.isFunction || resolved.base == .typedef
  }

  // MARK: Values

  private enum Value {
    case function(FunctionID)
    case parameter(Int)
  }

  /// What a value names: a function, or a parameter that may hold one.
  private mutating func value(_ id: NodeID, _ file: ParsedFile) -> Value? {
    var node = file[id]
    if node.kind == .cast { node = file[node.b] }
    if node.kind == .unary, node.operation == .ampersand { node = file[node.a] }
    guard node.kind == .name else { return nil }
    let name = Symbol(node.a)
    if let position = parameters[name] { return .parameter(position) }
    guard name.exists, isFunction.indices.contains(Int(name.rawValue)), isFunction[Int(name.rawValue)],
      localTypes(file)[name] == nil, let target = program.resolve(name, fromFile: fileIndex),
      !program.definition(target).isMacro
    else { return nil }
    return .function(target)
  }

  private mutating func localTypes(_ file: ParsedFile) -> [Symbol: CType] {
    if let locals { return locals }
    let definition = program.definition(id)
    var types: [Symbol: CType] = [:]
    for parameter in definition.parameters where parameter.name.exists { types[parameter.name] = parameter.type }
    for node in definition.nodes where file[node].kind == .variable {
      types[Symbol(file[node].a)] = file.types[Int(file[node].b)]
    }
    locals = types
    return types
  }

  /// The structure that an expression is, or points to.
  private mutating func structure(_ id: NodeID, _ file: ParsedFile) -> Symbol? {
    type(id, file, 0).flatMap { program.structure(of: $0) }
  }

  private mutating func type(_ id: NodeID, _ file: ParsedFile, _ depth: Int) -> CType? {
    guard id >= 0, depth < 16 else { return nil }
    let node = file[id]
    switch node.kind {
    case .name: return localTypes(file)[Symbol(node.a)] ?? program.globalType(Symbol(node.a))
    case .member:
      guard let base = type(node.a, file, depth + 1), let tag = program.structure(of: base) else { return nil }
      return program.memberType(tag, Symbol(node.b))
    case .unary, .index: return type(node.a, file, depth + 1)
    case .cast:
      let type = file.types[Int(node.a)]
      return program.structure(of: type) == nil ? self.type(node.b, file, depth + 1) : type
    case .call:
      guard file[node.a].kind == .name else { return nil }
      let name = Symbol(file[node.a].a)
      if containers.contains(name) {
        for argument in file.list(node.b, node.c) where file[argument].kind == .typeOperand {
          return file.types[Int(file[argument].a)]
        }
      }
      return program.returnType(name)
    default: return nil
    }
  }

  // MARK: Places

  private mutating func readStore(_ item: Node, _ file: ParsedFile) {
    guard let value = value(item.b, file), let tag = structure(file[item.a].a, file) else { return }
    store(value, MemberKey(structure: tag, member: Symbol(file[item.a].b)))
  }

  private mutating func store(_ value: Value, _ key: MemberKey) {
    switch value {
    case .function(let function): stores.append((key, function))
    case .parameter(let position): kept.append((ParameterKey(function: id, position: position), key))
    }
  }

  private mutating func readList(_ list: NodeID, _ tag: Symbol?, _ file: ParsedFile, _ depth: Int) {
    guard let tag, list >= 0, file[list].kind == .initialiserList, depth < 8 else { return }
    for element in file.list(file[list].a, file[list].b) {
      let item = file[element]
      if item.kind == .initialiserList {
        readList(element, tag, file, depth + 1)
      } else if item.kind == .designator, item.b >= 0 {
        if file[item.b].kind == .initialiserList {
          let inner =
            item.op == 1 ? tag : program.memberType(tag, Symbol(item.a)).flatMap { program.structure(of: $0) }
          readList(item.b, inner, file, depth + 1)
        } else if item.op != 1, let value = value(item.b, file) {
          store(value, MemberKey(structure: tag, member: Symbol(item.a)))
        }
      }
    }
  }

  private mutating func readCall(_ node: NodeID, _ item: Node, _ file: ParsedFile) {
    let callee = file[item.a]
    let arguments = file.list(item.b, item.c)
    for (position, argument) in arguments.enumerated() {
      let kind = file[argument].kind
      guard kind == .name || kind == .unary || kind == .cast, let value = value(argument, file) else { continue }
      if callee.kind == .member {
        guard case .function(let function) = value, let tag = structure(callee.a, file) else { continue }
        throughMembers.append(
          (
            MemberKey(structure: tag, member: Symbol(callee.b)), position,
            Passing(callback: function, step: ChainStep(function: id, node: node))
          ))
      } else if callee.kind == .name {
        let name = Symbol(callee.a)
        guard let target = program.resolve(name, fromFile: fileIndex), target != id else { continue }
        let key = ParameterKey(function: target, position: position)
        switch value {
        case .function(let function):
          passings.append((key, Passing(callback: function, step: ChainStep(function: id, node: node))))
        case .parameter(let own): forwards.append((ParameterKey(function: id, position: own), key))
        }
      }
    }
  }
}
