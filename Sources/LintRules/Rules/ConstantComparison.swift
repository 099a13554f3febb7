import Findings
import KernelC
import LockModel

/// A comparison of two constants among those of a variable with constants of the kind.
struct ConstantComparison: Rule {
  let description = RuleDescription(
    id: "constant-comparison",
    summary: "a constant stands alone, or is compared with one, where a variable is compared with others of the kind",
    severity: .error, confidence: .high,
    whatItDoes: """
      Reports 'FOO_MAX >= 0x9400' in a condition that compares a variable with another constant of which the name begins the \
      same ('device >= FOO_MIN && …'): the variable has been forgotten, and the answer is always the same. So is it with \
      'type == FOO_IP || FOO_IB'.
      """,
    whyItMatters: "A part of the condition says nothing, so that it holds for everything or for nothing.",
    accepts: ["constants of another kind, such as PAGE_SIZE, which configurations differ in"],
    knownFalsePositives: ["a constant that configurations differ in and that is named like the others"],
    triggering: [
      RuleExample(
        """
        bool is_new(u32 vendor, u32 device)
        {
        	return vendor == ID_ATI &&
        	       ((device >= ID_ATI_R520 && device < 0x7800) ||
        		(ID_ATI_R600 >= 0x9400)); /* reported */
        }
        """),
      RuleExample(
        """
        bool has_header(enum net_type type)
        {
        	return type == NET_TYPE_IPV6 || type == NET_TYPE_IB || NET_TYPE_ROCE_V1; /* reported */
        }
        """),
    ],
    nonTriggering: [
      RuleExample(
        """
        bool is_new(u32 vendor, u32 device)
        {
        	return vendor == ID_ATI && (device >= ID_ATI_R520 && device < 0x7800 || device >= ID_ATI_R600);
        }
        """),
      RuleExample(
        """
        bool has_header(enum net_type type)
        {
        	return type == NET_TYPE_IPV6 || type & NET_TYPE_IB || HAS_ROCE;
        }
        """),
      RuleExample(
        """
        bool fits(unsigned long size)
        {
        	return size <= FOO_MAX && PAGE_SIZE >= 8192;
        }
        """),
    ])

  func check(_ context: RuleContext) -> [Finding] {
    context.functions.flatMap { id -> [Finding] in
      let definition = context.program.definition(id)
      let file = context.program.file(of: id)
      guard !definition.isMacro else { return [] }
      let shapes = Statements(file: file, symbols: context.program.symbols)
      func isConstant(_ node: NodeID) -> Bool {
        file[node].kind == .name && file.tokens[Int(file[node].token)].traits.contains(.upperCase)
      }
      let comparisons = definition.nodes.filter { node in
        let operation = file[node].operation
        return file[node].kind == .binary && operation.isComparison
      }
      let suspects = comparisons.filter { node in
        isConstant(file[node].a) && file[file[node].b].kind == .number
          && ![.equalEqual, .bangEqual].contains(file[node].operation)
      }
      let conditions = definition.nodes.filter {
        file[$0].kind == .binary && [.ampersandAmpersand, .pipePipe].contains(file[$0].operation)
      }
      let bare = conditions.filter { file[$0].operation == .pipePipe }.flatMap { condition -> [Finding] in
        [file[condition].a, file[condition].b].filter(isConstant).compactMap { operand in
          let name = context.text(Symbol(file[operand].a))
          let sibling = comparisons.first { other in
            file[other].operation == .equalEqual && shapes.contains(condition, other) && !isConstant(file[other].a)
              && file[file[other].a].kind != .number && isConstant(file[other].b)
              && Self.isOfKind(name, context.text(Symbol(file[file[other].b].a)))
          }
          return sibling.map {
            context.finding(
              description, id, operand, "'\(name)' stands here by itself, and is always true",
              evidence: [Evidence(context.place(id, $0), "a variable is compared with one of the kind here")], key: name
            )
          }
        }
      }
      guard !suspects.isEmpty else { return bare }
      return bare
        + suspects.compactMap { suspect -> Finding? in
          let name = context.text(Symbol(file[file[suspect].a].a))
          guard
            let sibling = comparisons.first(where: { other in
              let (left, right) = (file[other].a, file[other].b)
              return other != suspect
                && conditions.contains { shapes.contains($0, other) && shapes.contains($0, suspect) }
                && !isConstant(left) && file[left].kind != .number && isConstant(right)
                && Self.isAkin(name, context.text(Symbol(file[right].a)))
            })
          else { return nil }
          return context.finding(
            description, id, suspect,
            "'\(SourceText.text(of: suspect, file, context.program.symbols))' compares two constants",
            evidence: [Evidence(context.place(id, sibling), "a variable is compared with one of the kind here")],
            key: name)
        }
    }
  }

  /// Whether two names of at least three words begin with the same two.
  private static func isOfKind(_ one: String, _ other: String) -> Bool {
    let (left, right) = (one.split(separator: "_"), other.split(separator: "_"))
    return left.count > 2 && right.count > 2 && left.prefix(2).elementsEqual(right.prefix(2))
  }

  /// Whether two names begin with the same words, all but the last.
  private static func isAkin(_ one: String, _ other: String) -> Bool {
    let (left, right) = (one.split(separator: "_").dropLast(), other.split(separator: "_").dropLast())
    return left.count > 0 && left.elementsEqual(right)
  }
}
