import Findings
import KernelC
import LockModel

/// A search that stops at the first element that is not the one.
struct InvertedSearch: Rule {
  let description = RuleDescription(
    id: "inverted-search",
    summary: "a search through a list stops at the first element that does not match",
    severity: .error, confidence: .high, judgesPrograms: true,
    whatItDoes: """
      Reports a loop over a list in which one 'if' compares a member of the element with a value from outside for \
      inequality, keeps the element, and leaves the loop. And a loop that looks for something, sets a flag where it is \
      found and leaves, where the flag has that value all along.
      """,
    whyItMatters: "What is found is anything but what was asked for.",
    accepts: [
      "loops that look for a difference and keep no element", "comparisons with NULL, zero and constants",
      "flags that are set to another value anywhere, or whose address is taken",
    ],
    knownFalsePositives: ["a search for the first element that differs from the current one"],
    triggering: [
      RuleExample(
        """
        void gone(int iface)
        {
        	struct dev *dev = NULL, *iter, *tmp;

        	list_for_each_entry_safe(iter, tmp, &data.devices, head) {
        		if (iter->ifnum != iface) { /* reported */
        			dev = iter;
        			list_del(&iter->head);
        			break;
        		}
        	}
        	kill(dev);
        }
        """),
      RuleExample(
        """
        int sync(struct foo *foo)
        {
        	bool is_degraded;
        	int i;

        	is_degraded = false;
        	for (i = 0; i < foo->n; i++) {
        		if (foo->disks[i].is_faulty) {
        			is_degraded = false; /* reported */
        			break;
        		}
        	}
        	return start(foo, is_degraded);
        }
        """),
    ],
    nonTriggering: [
      RuleExample(
        """
        int sync(struct foo *foo)
        {
        	bool is_degraded = false, is_faulty = true, is_open = false;
        	int i;

        	for (i = 0; i < foo->n; i++) {
        		if (foo->disks[i].is_faulty) {
        			is_degraded = true;
        			break;
        		}
        	}
        	for (i = 0; i < foo->n; i++) {
        		if (!foo->disks[i].is_faulty) {
        			is_faulty = false;
        			break;
        		}
        		is_faulty |= foo->disks[i].n > 1;
        	}
        	look(foo, &is_open);
        	for (i = 0; i < foo->n; i++) {
        		if (foo->disks[i].is_closed) {
        			is_open = false;
        			break;
        		}
        	}
        	return start(foo, is_degraded, is_faulty, is_open);
        }
        """),
      RuleExample(
        """
        void gone(int iface)
        {
        	struct dev *dev = NULL, *iter;

        	list_for_each_entry(iter, &data.devices, head) {
        		if (iter->ifnum != iface)
        			continue;
        		dev = iter;
        		break;
        	}
        	kill(dev);
        }
        """),
    ])

  func check(_ context: RuleContext) -> [Finding] {
    context.functions.flatMap { id -> [Finding] in
      let file = context.program.file(of: id)
      let flags = unchangedFlags(id, context)
      let locals = Set(context.program.definition(id).parameters.map(\.name))
      return flags
        + context.program.definition(id).nodes.compactMap { node in
          file[node].kind == .macroLoop ? check(node, id, file, locals, context) : nil
        }
    }
  }

  private func check(
    _ loop: NodeID, _ id: FunctionID, _ file: ParsedFile, _ parameters: Set<Symbol>, _ context: RuleContext
  ) -> Finding? {
    let call = file[file[loop].a]
    guard call.kind == .call, let first = file.list(call.b, call.c).first, file[first].kind == .name else { return nil }
    let element = Symbol(file[first].a)
    var statements = [file[loop].b]
    if file[file[loop].b].kind == .block { statements = Array(file.list(file[file[loop].b].a, file[file[loop].b].b)) }
    for statement in statements where file[statement].kind == .ifStatement && file[statement].c < 0 {
      let test = file[file[statement].a]
      guard test.kind == .binary, test.operation == .bangEqual else { continue }
      let sides = [(test.a, test.b), (test.b, test.a)]
      guard
        sides.contains(where: { isMember($0.0, of: element, file) && isOutside($0.1, parameters, file) }),
        keepsAndLeaves(file[statement].b, element, file)
      else { continue }
      let text = SourceText.text(of: file[statement].a, file, context.program.symbols)
      return context.finding(
        description, id, file[statement].a, "the search stops at the first element for which '\(text)'", key: text)
    }
    return nil
  }

  private func isMember(_ id: NodeID, of element: Symbol, _ file: ParsedFile) -> Bool {
    let node = file[id]
    guard node.kind == .member else { return false }
    let base = file[node.a]
    return base.kind == .name ? Symbol(base.a) == element : isMember(node.a, of: element, file)
  }

  /// A parameter, or something behind one: what is searched for.
  private func isOutside(_ id: NodeID, _ parameters: Set<Symbol>, _ file: ParsedFile) -> Bool {
    let node = file[id]
    switch node.kind {
    case .name: return parameters.contains(Symbol(node.a))
    case .member: return isOutside(node.a, parameters, file)
    default: return false
    }
  }

  /// The branch assigns the element (or returns it) and leaves the loop.
  private func keepsAndLeaves(_ id: NodeID, _ element: Symbol, _ file: ParsedFile) -> Bool {
    let statements = file[id].kind == .block ? Array(file.list(file[id].a, file[id].b)) : [id]
    var keeps = false
    for statement in statements {
      let node = file[statement]
      if node.kind == .expressionStatement, file[node.a].kind == .assign {
        let value = file[file[node.a].b]
        if value.kind == .name, Symbol(value.a) == element { keeps = true }
      }
      if node.kind == .returnStatement, node.a >= 0, file[node.a].kind == .name, Symbol(file[node.a].a) == element {
        return true
      }
      if node.kind == .breakStatement { return keeps }
    }
    return false
  }
}
