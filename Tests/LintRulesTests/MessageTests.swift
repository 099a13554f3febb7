import Findings
import LintRules
import Testing

/// Code that messages repeat must mean what it means in the file.
@Suite("Messages")
struct MessageTests {
  @Test("conditions keep the brackets that C needs, and no others")
  func brackets() {
    let lint = KernelLint()
    func file(_ condition: String) -> String {
      "int f(int a, int b, int c)\n{\n\tif (\(condition))\n\t\treturn -1;\n\treturn g(a);\n}\n"
    }
    func message(_ before: String, _ after: String) -> String? {
      let old = lint.facts(of: Array(file(before).utf8), path: "a.c")
      let new = lint.facts(of: Array(file(after).utf8), path: "a.c")
      return lint.checkChange([(old, new)], rules: ["inverted-condition"]).findings.first?.message
    }
    #expect(
      message("a || !b || c", "a && (!b || c)")
        == "'a || !b || c' became 'a && (!b || c)': the same questions, put together in another way")
    #expect(
      message("(a & 3) == b && (c)", "(a & 3) != b || (c)")
        == "'(a & 3) == b && c' became '(a & 3) != b || c': the same questions, put together in another way")
    #expect(
      message("a - (b - c) == 3 && b", "a - (b - c) == 3 || b")
        == "'a - (b - c) == 3 && b' became 'a - (b - c) == 3 || b': the same questions, put together in another way")
    #expect(
      message("!(a & b) && (c = g(a)) < 0", "!(a & b) || (c = g(a)) < 0")
        == "'!(a & b) && (c = g(a)) < 0' became '!(a & b) || (c = g(a)) < 0': "
        + "the same questions, put together in another way")
  }
}
