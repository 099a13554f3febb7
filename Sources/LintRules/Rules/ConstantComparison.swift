import Findings
import KernelC
import LockModel

/// A comparison of two constants among those of a variable with constants of the kind.
struct ConstantComparison: Rule {
  let description = RuleDescription(
    id: "constant-comparison",
    summary: "two constants are compared where the same condition compares a variable with others of the kind",
    severity: .error, confidence: .high,
    whatItDoes: """
      Reports 'FOO_MAX >= 0x9400' in a condition that compares a variable with another constant of which the name begins the \
      same ('device >= FOO_MIN && …'): the variable has been forgotten, and the answer is always the same.
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
        """)
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
      guard !suspects.isEmpty else { return [] }
      let conditions = definition.nodes.filter {
        file[$0].kind == .binary && [.ampersandAmpersand, .pipePipe].contains(file[$0].operation)
      }
      return suspects.compactMap { suspect -> Finding? in
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

  /// Whether two names begin with the same words, all but the last.
  private static func isAkin(_ one: String, _ other: String) -> Bool {
    let (left, right) = (one.split(separator: "_").dropLast(), other.split(separator: "_").dropLast())
    return left.count > 0 && left.elementsEqual(right)
  }
}
