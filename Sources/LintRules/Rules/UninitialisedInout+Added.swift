import Findings
import KernelC
import LockModel

/// Structures that callees only add to.
extension UninitialisedInout {
  /// Structures that callees only add to, and only where they have something to say.
  static let addedTo: Set<String> = ["netlink_ext_ack"]

  /// `struct netlink_ext_ack extack;` whose address is handed out without anything having cleared it: a callee sets a message only
  /// where something fails, and whoever reads it afterwards reads the stack (`include/linux/netlink.h`).
  func bareReports(_ context: RuleContext) -> [Finding] {
    let tags = Set(Self.addedTo.map(context.program.symbols.intern))
    return context.functions.flatMap { id -> [Finding] in
      let file = context.program.file(of: id)
      let nodes = context.program.definition(id).nodes
      return nodes.compactMap { node -> Finding? in
        let item = file[node]
        guard item.kind == .variable, item.c < 0, case let type = file.types[Int(item.b)], tags.contains(type.name),
          type.base == .structure, !type.isPointer, type.arrays == 0
        else { return nil }
        func isIt(_ id: NodeID) -> Bool { file[id].kind == .name && file[id].a == item.a }
        let shapes = Statements(file: file, symbols: context.program.symbols)
        let isSet = nodes.contains { use in
          file[use].kind == .assign && isIt(file[use].a)
            || file[use].kind == .call && context.text(shapes.callee(use)).hasPrefix("mem")
              && shapes.mentions(use, context.text(Symbol(item.a)))
        }
        guard !isSet,
          let use = nodes.first(where: {
            file[$0].kind == .unary && file[$0].operation == .ampersand && isIt(file[$0].a)
          })
        else { return nil }
        let name = context.text(Symbol(item.a))
        return context.finding(
          description, id, use, "'\(name)' is handed out here without a value, and callees only add to it",
          evidence: [Evidence(context.place(id, node), "it is declared here")], key: "\(name) bare")
      }
    }
  }
}
