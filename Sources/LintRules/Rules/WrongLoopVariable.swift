import Findings
import KernelC
import LockModel

/// An inner loop that walks with one variable and uses another.
struct WrongLoopVariable: Rule {
  let description = RuleDescription(
    id: "wrong-loop-variable",
    summary: "a loop advances one pointer and works on another that does not change in it",
    severity: .warning, confidence: .high, judgesPrograms: true,
    whatItDoes: """
      Reports a 'for' loop whose pointer is advanced by a call ('p = rb_prev(p)') and not read in the body, which instead \
      reads the pointer that the loop started from.
      """,
    whyItMatters: "Every turn works on the same element, often freeing it again; the others are forgotten.",
    accepts: ["a body that reads the loop's pointer in any way"],
    knownFalsePositives: ["a loop that only counts elements"],
    triggering: [
      RuleExample(
        """
        void f(struct rb_node *n)
        {
        	struct rb_node *p;

        	for (p = rb_prev(n); p; p = rb_prev(p))
        		drop(rb_entry(n, struct foo, node)); /* reported */
        }
        """)
    ],
    nonTriggering: [
      RuleExample(
        """
        void f(struct rb_node *n)
        {
        	struct rb_node *p;

        	for (p = rb_prev(n); p; p = rb_prev(p))
        		drop(rb_entry(p, struct foo, node));
        }
        """)
    ])

  func check(_ context: RuleContext) -> [Finding] {
    context.functions.flatMap { id -> [Finding] in
      let file = context.program.file(of: id)
      return context.program.definition(id).nodes.compactMap { node in
        file[node].kind == .forStatement ? check(node, id, file, context) : nil
      }
    }
  }

  private func check(_ node: NodeID, _ id: FunctionID, _ file: ParsedFile, _ context: RuleContext) -> Finding? {
    let parts = Array(file.list(file[node].a, file[node].b))
    guard parts.count == 4, parts[0] >= 0, parts[2] >= 0, parts[3] >= 0,
      let walker = assigned(parts[2], file), let call = callArgument(parts[2], file), call == walker
    else { return nil }
    let first = file[parts[0]].kind == .expressionStatement ? file[parts[0]].a : -1
    guard first >= 0, assigned(first, file) == walker, let start = callArgument(first, file), start != walker else {
      return nil
    }
    var reads: [Symbol: NodeID] = [:]
    names(parts[3], file, &reads, 0)
    guard reads[walker] == nil, let use = reads[start] else { return nil }
    let (walkerName, startName) = (context.text(walker), context.text(start))
    return context.finding(
      description, id, use,
      "the loop advances '\(walkerName)' but its body works on '\(startName)', which stays the same",
      evidence: [Evidence(context.place(id, node), "'\(walkerName)' is advanced here")],
      key: "\(walkerName) \(startName)")
  }

  private func assigned(_ id: NodeID, _ file: ParsedFile) -> Symbol? {
    let node = file[id]
    guard node.kind == .assign, file[node.a].kind == .name else { return nil }
    return Symbol(file[node.a].a)
  }

  /// `x` in `p = f(x)`.
  private func callArgument(_ id: NodeID, _ file: ParsedFile) -> Symbol? {
    let node = file[id]
    guard node.kind == .assign, file[node.b].kind == .call, file[node.b].c == 1,
      let argument = file.list(file[node.b].b, 1).first, file[argument].kind == .name
    else { return nil }
    return Symbol(file[argument].a)
  }

  private func names(_ id: NodeID, _ file: ParsedFile, _ found: inout [Symbol: NodeID], _ depth: Int) {
    guard id >= 0, depth < 60 else { return }
    let node = file[id]
    if node.kind == .name, found[Symbol(node.a)] == nil { found[Symbol(node.a)] = id }
    for child in file.children(of: id) { names(child, file, &found, depth + 1) }
  }
}
