import Findings
import KernelC
import LockModel

/// Functions that are known to fail, and the places where that matters.
extension MissingErrorCheck {
  private struct Callee {
    let name: String
    /// The argument that is the entry; -1 when there is none.
    var entry = -1
    /// A good tenth of the kernel's calls ignore what it returns: only the file says whether that is meant.
    var isOftenIgnored = false
  }

  private static let table: [Callee] = [
    Callee(name: "xa_store", entry: 2), Callee(name: "xa_insert", entry: 2), Callee(name: "xa_alloc", entry: 2),
    Callee(name: "xa_store_range", entry: 3),
    Callee(name: "xa_reserve"), Callee(name: "idr_alloc", entry: 1), Callee(name: "radix_tree_insert", entry: 2),
    Callee(name: "mtree_insert", entry: 2), Callee(name: "rhashtable_insert_fast", entry: 1),
    Callee(name: "maple_tree_insert"), Callee(name: "xa_store_bh", entry: 2), Callee(name: "xa_store_irq", entry: 2),
    Callee(name: "ida_alloc"), Callee(name: "pci_enable_device"),
    Callee(name: "clk_prepare_enable", isOftenIgnored: true), Callee(name: "regulator_enable"),
    Callee(name: "kstrtoint"), Callee(name: "kstrtouint"), Callee(name: "kstrtoul"), Callee(name: "kstrtobool"),
    Callee(name: "device_add"), Callee(name: "device_register"), Callee(name: "dma_set_mask_and_coherent"),
    Callee(name: "generic_write_sync"), Callee(name: "sb_set_blocksize"), Callee(name: "sb_min_blocksize"),
    Callee(name: "pm_runtime_resume_and_get"), Callee(name: "skb_linearize"), Callee(name: "skb_cow"),
    Callee(name: "pskb_expand_head"), Callee(name: "clk_bulk_prepare_enable"), Callee(name: "regulator_bulk_enable"),
    Callee(name: "request_irq"), Callee(name: "request_threaded_irq"), Callee(name: "copy_from_user"),
  ]

  func known(_ context: RuleContext) -> [Finding] {
    let table = Dictionary(
      Self.table.map { (context.program.symbols.intern($0.name), $0) }, uniquingKeysWith: { first, _ in first })
    var lookedAt: [Int: Set<Symbol>] = [:]
    return context.functions.flatMap { id -> [Finding] in
      let file = context.program.file(of: id)
      // Whoever ignores one callee's result more than once in a function is told once.
      var reported: Set<Symbol> = []
      return context.program.definition(id).nodes.compactMap { node -> Finding? in
        guard file[node].kind == .expressionStatement else { return nil }
        let call = file[node].a
        let name = context.callee(call, in: file)
        guard name.exists, !reported.contains(name) else { return nil }
        guard let callee = table[name] else {
          guard let finding = learnt(call, name, id, context) else { return nil }
          reported.insert(name)
          return finding
        }
        let arguments = Array(file.list(file[call].b, file[call].c))
        if callee.entry >= 0 {
          guard callee.entry < arguments.count else { return nil }
          let entry = file[arguments[callee.entry]]
          if entry.kind == .name, Symbol(entry.a) == context.names.null { return nil }
        }
        guard canFail(id, context) || returnsResult(id, context), !isOnWayOut(call, id, context) else { return nil }
        if callee.isOftenIgnored {
          let index = Int(context.program.functions[Int(id.rawValue)].file)
          let looked = lookedAt[index] ?? kept(in: file, context)
          lookedAt[index] = looked
          guard looked.contains(name), !isUnderTest(of: arguments, call, id, context) else { return nil }
        }
        reported.insert(name)
        return context.finding(
          description, id, call, "the result of '\(context.text(name))' is ignored although it can fail",
          key: SourceText.text(of: call, file, context.program.symbols))
      }
    }
  }

  /// Functions whose result the file looks at somewhere: called otherwise than as a statement of their own.
  private func kept(in file: ParsedFile, _ context: RuleContext) -> Set<Symbol> {
    var result: Set<Symbol> = []
    for function in file.functions where !function.isMacro {
      let discarded = Set(
        function.nodes.filter { file[$0].kind == .expressionStatement }.map { file[$0].a })
      for node in function.nodes where file[node].kind == .call && !discarded.contains(node) {
        result.insert(context.callee(node, in: file))
      }
    }
    return result
  }

  /// `if (clk) clk_prepare_enable(clk);` is for something that need not be there.
  private func isUnderTest(of arguments: [NodeID], _ call: NodeID, _ id: FunctionID, _ context: RuleContext) -> Bool {
    let file = context.program.file(of: id)
    let shapes = Statements(file: file, symbols: context.program.symbols)
    return context.program.definition(id).nodes.contains { node in
      guard file[node].kind == .ifStatement, shapes.contains(file[node].b, call) else { return false }
      return arguments.contains {
        file[$0].kind != .number
          && shapes.mentions(file[node].a, SourceText.text(of: $0, file, context.program.symbols))
      }
    }
  }

  /// A function that nearly everybody checks, in one that returns errors itself.
  private func learnt(_ call: NodeID, _ name: Symbol, _ id: FunctionID, _ context: RuleContext) -> Finding? {
    guard context.solver.mustBeChecked(name), canFail(id, context) || givesUp(before: call, id, context),
      !isOnWayOut(call, id, context)
    else { return nil }
    return context.finding(
      description, id, call, "the result of '\(context.text(name))' is ignored here; nearly all callers look at it",
      key: SourceText.text(of: call, context.program.file(of: id), context.program.symbols))
  }

  /// The function has a way to say that something went wrong, and says so elsewhere.
  func canFail(_ id: FunctionID, _ context: RuleContext) -> Bool {
    let type = context.program.definition(id).returnType
    let name = context.program.definition(id).name
    guard type.base == .integer, !type.isPointer, !context.solver.disposes(name), !Self.isEnd(context.text(name)) else {
      return false
    }
    return context.solver.facts(id)?.exits.contains { context.isError($0, of: id) } == true
  }

  /// What calls have returned is returned under the name of an error, whatever it is.
  private func returnsResult(_ id: FunctionID, _ context: RuleContext) -> Bool {
    let definition = context.program.definition(id)
    let file = context.program.file(of: id)
    guard definition.returnType.base == .integer, !definition.returnType.isPointer,
      !context.solver.disposes(definition.name), !Self.isEnd(context.text(definition.name))
    else { return false }
    let values = context.solver.facts(id)?.exits.map(\.value) ?? []
    return !values.isEmpty
      && values.allSatisfy {
        $0 >= 0 && file[$0].kind == .name && Statements.errorNames.contains(context.text(Symbol(file[$0].a)))
      }
  }

  /// Functions that take something down, with nobody to tell when that fails.
  static func isEnd(_ name: String) -> Bool {
    name.split(separator: "_").contains {
      ["suspend", "remove", "shutdown", "teardown", "off", "stop", "disable", "poweroff"].contains($0)
    }
  }

  /// Behind a label, or in a branch that leaves or makes a second attempt: something else has failed already.
  func isOnWayOut(_ call: NodeID, _ id: FunctionID, _ context: RuleContext) -> Bool {
    let file = context.program.file(of: id)
    let definition = context.program.definition(id)
    let shapes = Statements(file: file, symbols: context.program.symbols)
    return definition.nodes.contains { node in
      switch file[node].kind {
      case .label: return file[node].token < file[call].token
      case .ifStatement:
        let isInside = shapes.contains(file[node].b, call)
        if isInside, shapes.leaving(file[node].b) != nil { return true }
        return (isInside || shapes.contains(file[node].c, call)) && asks(file[node].a, about: call, definition, shapes)
      default: return false
      }
    }
  }

  /// The condition tests what an earlier call of the same function returned.
  private func asks(
    _ condition: NodeID, about call: NodeID, _ definition: FunctionDefinition, _ shapes: Statements
  ) -> Bool {
    let file = shapes.file
    let callee = shapes.callee(call)
    if shapes.calls(in: condition).contains(where: { shapes.callee($0) == callee }) { return true }
    let (core, _) = shapes.core(condition)
    guard core >= 0 else { return false }
    let tested = file[core].kind == .binary ? file[core].a : core
    guard file[tested].kind == .name else { return false }
    let stores = definition.nodes.compactMap { node -> NodeID? in
      let item = file[node]
      guard item.token < file[condition].token else { return nil }
      switch item.kind {
      case .assign where file[item.a].kind == .name && file[item.a].a == file[tested].a: return item.b
      case .variable where item.a == file[tested].a && item.c >= 0: return item.c
      default: return nil
      }
    }
    let last = stores.max { file[$0].token < file[$1].token }
    return last.map { shapes.callee($0) == callee } == true
  }
}
