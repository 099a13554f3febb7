import SeriesRules
import Testing

struct FragmentTests {
  private func text(_ hunk: String, section: String, start: Int = 3, side: ChangedLine.Kind = .added) -> String {
    String(
      decoding: Fragment(SeriesFixture.region(hunk, section: section, start: start), side: side).bytes, as: UTF8.self)
  }

  @Test func aHunkInsideAFunctionGetsAHeadAndAnEnd() {
    #expect(
      text(" \tint r;\n-\tif (!a)\n+\tif (f(a))\n \t\tr = g(a);", section: "int get(struct kvm *kvm, int a,")
        == "\nint get(struct kvm *kvm, int a) {\n\tint r;\n\tif (f(a))\n\t\tr = g(a);\n}\n")
  }

  @Test func theOldSideHasTheRemovedLines() {
    #expect(
      text(" \tint r;\n-\tif (!a)\n+\tif (f(a))\n \t\tr = g(a);", section: "int get(int a)", side: .removed)
        == "\nint get(int a) {\n\tint r;\n\tif (!a)\n\t\tr = g(a);\n}\n")
  }

  @Test func blocksThatTheHunkClosesAreOpened() {
    #expect(
      text(" \t\tx();\n \t} else {\n+\t\ty();\n \t}\n \treturn 0;\n }", section: "int f(void)")
        == "\nint f(void) { if (hunk_does_not_show) {\n\t\tx();\n\t} else {\n\t\ty();\n\t}\n\treturn 0;\n}\n")
  }

  @Test func aHunkThatShowsTheHeadNeedsNone() {
    #expect(
      text(" static int f(int a)\n {\n+\tg();", section: "void other(void)")
        == "\n\nstatic int f(int a)\n{\n\tg();\n}\n")
  }

  @Test func aHeadThatIsCutIsContinued() {
    #expect(
      text(" \t\t int b)\n {\n+\tg();", section: "static int f(int a,")
        == "\nstatic int f(int a,\n\t\t int b)\n{\n\tg();\n}\n")
  }

  @Test func theTailOfACommentIsNoCode() {
    #expect(
      text("  * of it.\n  */\n int f(void)\n {\n+\tg();\n }", section: "int other(void)")
        == "\n\n\n   \nint f(void)\n{\n\tg();\n}\n")
  }

  @Test func aHunkAtTheTopOfTheFile() {
    #expect(text("+#include <a.h>\n int a;", section: "", start: 1) == "#include <a.h>\nint a;\n")
  }

  @Test(arguments: ["", "}", "{", ")", "(", "/*", "*/", "\"", "'", "\u{0}", "}}}}", "int f(", "if (a) {"])
  func anythingIsSurvived(line: String) {
    for section in ["", "int f(int a,", "struct x {"] {
      #expect(text("+\(line)\n \(line)", section: section).split(separator: "\n").count <= 5)
    }
  }
}
