import Findings
import KernelC
import LintRules
import Testing

/// A patch that changes one function in very many places.
@Suite("Large changes")
struct LargeChangeTests {
  /// What stands in the function before and after, by the number of the place.
  private static let kinds: [String: (before: @Sendable (Int) -> String, after: @Sendable (Int) -> String)] = [
    "checks": (
      { "\tret = helper\($0 % 97)(t, \($0));\n\tif (ret < 0)\n\t\treturn ret;\n" },
      { "\tret = helper\($0 % 97)(t, \($0));\n" }
    ),
    "parts": (
      { "\tif (t->p\($0) && t->p\($0)->n == \($0))\n\t\tt->f\($0)(t, \($0));\n" },
      { "\tif (t->p\($0)->n == \($0))\n\t\tt->f\($0)(t, \($0));\n" }
    ),
    "locks": (
      { "\tmutex_lock(&t->l\($0 % 9));\n\tt->f\($0) = \($0);\n\tmutex_unlock(&t->l\($0 % 9));\n" },
      { "\tt->f\($0) = \($0);\n\tmutex_lock(&t->l\($0 % 9));\n\tmutex_unlock(&t->l\($0 % 9));\n" }
    ),
    "cleanup": (
      {
        "\tp\($0) = get\($0)(t);\n\tret = use\($0)(t, p\($0));\n\tif (ret) {\n\t\tput(p\($0));\n\t\tnote(t);\n"
          + "\t\treturn ret;\n\t}\n"
      },
      { "\tp\($0) = get\($0)(t);\n\tret = use\($0)(t, p\($0));\n\tif (ret)\n\t\treturn ret;\n" }
    ),
    "questions": (
      { "\tif (is_gone\($0 % 97)(t))\n\t\treturn -EIO;\n\tif (t->a\($0))\n\t\tset\($0)(t);\n" },
      { "\tif (!t->a\($0))\n\t\tset\($0)(t);\n" }
    ),
    "publications": (
      { "\tt->m\($0) = t->n\($0);\n\tfoo_register(t->x\($0), t);\n" },
      { "\tfoo_register(t->x\($0), t);\n\tt->m\($0) = t->n\($0);\n" }
    ),
    "arguments": ({ "\tset(t->a\($0), t->b\($0));\n" }, { "\tset(t->b\($0), t->a\($0));\n" }),
    "returns": (
      { "\tif (n == \($0))\n\t\treturn 0;\n\tret = h\($0)(t);\n\tif (ret < 0)\n\t\treturn ret;\n" },
      { "\tif (n == \($0))\n\t\treturn n;\n\tret = h\($0)(t);\n\tif (ret < 0)\n\t\treturn 0;\n" }
    ),
    "branches": (
      { "\tif (t->v\($0))\n\t\tt->s = \($0);\n\telse\n\t\tt->s = 0;\n" },
      { "\tif (t->v\($0))\n\t\tt->s = 0;\n\telse\n\t\tt->s = \($0);\n" }
    ),
  ]

  private static func function(_ count: Int, _ part: (Int) -> String) -> [UInt8] {
    var text = "int big(struct thing *t, int n)\n{\n\tint ret = 0;\n\n"
    for index in 0..<count { text += part(index) }
    return Array((text + "\treturn ret;\n}\n").utf8)
  }

  private static func outcome(_ kind: String, _ count: Int, rules: Set<String>? = nil) throws -> LintOutcome {
    let (before, after) = try #require(kinds[kind])
    let lint = KernelLint()
    let old = lint.facts(of: function(count, before), path: "big.c")
    let new = lint.facts(of: function(count, after), path: "big.c")
    return lint.checkChange([(old, new)], rules: rules ?? Set(lint.rules.map(\.id)))
  }

  @Test("six times the change takes far less than thirty-six times as long", arguments: kinds.keys.sorted())
  func growth(kind: String) throws {
    #expect(try Growth.isFarBelowQuadratic(from: 200, to: 1200) { _ = try Self.outcome(kind, $0) })
  }

  @Test("what is new lies deep in an expression, or is a digit")
  func deep() throws {
    let lint = KernelLint()
    func findings(_ before: String, _ after: String) -> [Finding] {
      func facts(_ body: String) -> ParsedFile {
        lint.facts(of: Array("int f(struct thing *t)\n{\n\t\(body)\n\treturn -EIO;\n}\n".utf8), path: "a.c")
      }
      return lint.checkChange([(facts(before), facts(after))], rules: Set(lint.rules.map(\.id))).findings
    }
    let flags = (0..<60).map { " | F\($0)" }.joined()
    let locked = "mutex_lock(&t->lock);\n\tt->n = 1;\n\tmutex_unlock(&t->lock);\n\t"
    #expect(!findings(locked + "g(t->a\(flags));", "t->n = 1;\n\tg(t->a\(flags));").isEmpty)
    let nested = { (text: String) in
      String(repeating: "if (t->a) { ", count: 45) + text + String(repeating: " }", count: 45)
    }
    #expect(!findings(nested("if (t->ready) return 0;"), nested("if (!t->ready) return 0;")).isEmpty)
  }

  @Test("every kind is found, and a function that is left out as too long is told")
  func limits() throws {
    for kind in Self.kinds.keys.sorted() {
      let outcome = try Self.outcome(kind, 20)
      #expect(!outcome.findings.isEmpty, "\(kind)")
      #expect(outcome.notAnalysed.isEmpty, "\(kind)")
    }
    let outcome = try Self.outcome("cleanup", 4000)
    #expect(outcome.notAnalysed.map(\.function) == ["big"])
    #expect(outcome.notAnalysed.first?.reason.contains("lost-cleanup") == true)
    // Rules that look at everything leave nothing out.
    #expect(try Self.outcome("cleanup", 4000, rules: ["lock-dropped"]).notAnalysed.isEmpty)
  }
}
