import Findings
import LintRules
import Testing

/// Programs of the tree are judged by the rules that hold for any C, and named; modules beside them are the kernel's.
@Suite("User programs")
struct UserProgramTests {
  private static let source = """
    int f(struct foo *foo)
    {
    	int *p = kcalloc(4, sizeof(*p), GFP_KERNEL);
    	int err;

    	if (!p)
    		return -ENOMEM;
    	mutex_lock(&foo->lock);
    	mutex_lock(&foo->lock);
    	mutex_unlock(&foo->lock);
    	mutex_unlock(&foo->lock);
    	if (!foo->node)
    		return -EINVAL;
    	err = use(foo, p);
    	kfree(p);
    	return err;
    }

    """

  private func rules(_ path: String, _ source: String = source) -> (rules: Set<String>, programs: Set<String>) {
    let lint = KernelLint()
    let outcome = lint.check(
      [lint.facts(of: Array(source.utf8), path: path)], focus: [path], rules: ["resource-leak", "double-lock"])
    return (Set(outcome.findings.map(\.rule)), outcome.programs)
  }

  @Test(arguments: ["tools/perf/a.c", "scripts/a.c", "usr/a.c"])
  func aProgramLeaksAtItsEndOnly(path: String) {
    let (rules, programs) = rules(path)
    #expect(rules == ["double-lock"])
    #expect(programs == [path])
  }

  @Test(arguments: ["drivers/tools/a.c", "kernel/a.c"])
  func theKernelIsJudgedWhole(path: String) {
    let (rules, programs) = rules(path)
    #expect(rules == ["resource-leak", "double-lock"])
    #expect(programs.isEmpty)
  }

  @Test func aModuleAmongTheToolsIsTheKernels() {
    let (rules, programs) = rules("tools/testing/a.c", Self.source + "MODULE_LICENSE(\"GPL\");\n")
    #expect(rules == ["resource-leak", "double-lock"])
    #expect(programs.isEmpty)
  }
}
