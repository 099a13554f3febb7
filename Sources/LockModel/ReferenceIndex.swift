import KernelC

/// Which functions of a program mention a function by name, or call through a member that it is stored in.
public struct ReferenceIndex {
  private let program: Program
  private let callbacks: CallbackIndex
  private var mentions: FunctionLists
  private var memberCalls: FunctionLists

  /// Reads every function of `program`, macros left out.
  ///
  /// - Complexity: O(nodes).
  public init(_ program: Program, callbacks: CallbackIndex) {
    self.program = program
    self.callbacks = callbacks
    mentions = FunctionLists(program.symbols.count)
    memberCalls = mentions
    var isFunction = ContiguousArray(repeating: false, count: program.symbols.count)
    for id in program.allFunctions {
      let name = Int(program.definition(id).name.rawValue)
      if isFunction.indices.contains(name) { isFunction[name] = true }
    }
    for id in program.allFunctions {
      let definition = program.definition(id)
      guard !definition.isMacro else { continue }
      let file = program.file(of: id)
      for node in definition.nodes {
        let item = file[node]
        if item.kind == .name, isFunction.indices.contains(Int(item.a)), isFunction[Int(item.a)] {
          mentions.add(id, to: Symbol(item.a))
        } else if item.kind == .call, file[item.a].kind == .member {
          memberCalls.add(id, to: Symbol(file[item.a].b))
        }
      }
    }
  }

  /// Whether `caller` names the function, for whatever use.
  public func isNamed(_ id: FunctionID, in caller: FunctionID) -> Bool {
    mentions[program.definition(id).name].contains(caller)
  }

  /// The functions in which a call may mean `id`, in program order.
  public func mayCall(_ id: FunctionID) -> [FunctionID] {
    var result = mentions[program.definition(id).name]
    for member in callbacks.members(holding: id) { result += memberCalls[member.member] }
    return Set(result).sorted { $0.rawValue < $1.rawValue }
  }
}
