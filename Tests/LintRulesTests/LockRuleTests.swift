import Findings
import Foundation
import KernelC
import LintRules
import Testing

/// Cases in which a lock checker that does not follow wrappers, conditions or callbacks goes wrong.
@Suite("Locks through helpers")
struct LockRuleTests {
  private func findings(_ source: String, _ rule: String) -> [String] {
    let lint = KernelLint()
    let file = lint.facts(of: Array(source.utf8), path: "a.c")
    return lint.check([file], focus: ["a.c"], rules: [rule]).findings.map { "\($0.function):\($0.place.line)" }
  }

  private let types = "struct foo { struct mutex lock; spinlock_t slock; struct rw_semaphore sem; };\n"

  @Test("a macro that wraps a lock is learnt from its body")
  func macroWrapper() {
    let source =
      types
        + """
        #define foo_lock(f) mutex_lock(&(f)->lock)
        #define foo_unlock(f) do { mutex_unlock(&(f)->lock); } while (0)
        int f(struct foo *foo, int n)
        {
        	foo_lock(foo);
        	if (n)
        		return -EINVAL;
        	foo_unlock(foo);
        	return 0;
        }
        """
    #expect(findings(source, "lock-imbalance") == ["f:8"])
  }

  @Test("a macro that is a guard is one where the header says so; another file may have another of the name")
  func guardMacro() {
    let lint = KernelLint()
    let body = """
      int f(struct foo *foo)
      {
      	foo_hold(foo);
      	mutex_lock(&foo->lock);
      	mutex_unlock(&foo->lock);
      	return 0;
      }
      """
    let sources = [
      "a.h": types + "#define foo_hold(foo) guard(mutex)(&(foo)->lock)\n",
      "b.c": body,
      "c.c": "#define foo_hold(foo) mutex_lock(&(foo)->lock)\n"
        + body.replacingOccurrences(of: "int f(", with: "int g("),
    ]
    let files = sources.sorted { $0.key < $1.key }.map { lint.facts(of: Array($0.value.utf8), path: $0.key) }
    let found = lint.check(files, focus: Set(sources.keys), rules: ["double-lock"]).findings
    #expect(found.map { "\($0.function):\($0.place.line)" } == ["f:4", "g:5"])
  }

  @Test("the callers of a change are looked for five calls up")
  func farCallers() {
    let lint = KernelLint()
    let chain = (1...7).map { "int f\($0)(struct foo *foo)\n{\n\treturn f\($0 - 1)(foo);\n}\n" }.joined()
    let changed = lint.facts(of: Array("int f0(struct foo *foo)\n{\n\treturn 0;\n}\n".utf8), path: "a.c")
    let others = lint.facts(of: Array(chain.utf8), path: "b.c")
    let callers = lint.callers(of: [(changed, [3])], in: [changed, others])
    #expect(callers == ["b.c": ["f1", "f2", "f3", "f4", "f5"]])
  }

  @Test("whoever calls a change through a table of its folder is one of its callers")
  func callersThroughTables() {
    let lint = KernelLint()
    func facts(_ source: String, _ path: String) -> ParsedFile { lint.facts(of: Array(source.utf8), path: path) }
    let changed = facts(
      "static void dump(struct foo *foo)\n{\n\tfoo->n++;\n}\n"
        + "static const struct foo_ops some_ops = { .type = 1, .dump = dump };\n", "d/a.c")
    let near = facts(
      "void show(struct foo *foo)\n{\n\tfoo->ops->dump(foo);\n}\n"
        + "void stop(struct foo *foo)\n{\n\tfoo->ops->stop(foo);\n}\nvoid dump(struct foo *foo)\n{\n}\n", "d/b.c")
    let far = facts("void print(struct foo *foo)\n{\n\tfoo->ops->dump(foo);\n}\n", "e/c.c")
    #expect(lint.callers(of: [(changed, [3])], in: [changed, near, far]) == ["d/b.c": ["show"]])
  }

  @Test("the other order is found behind wrappers of the lock")
  func wrappedOrder() {
    let types = """
      struct part { struct mutex mutex; };
      struct foo { struct part rx; struct mutex list_lock; int n; };
      static inline void part_lock(struct part *part) { mutex_lock(&part->mutex); }
      static inline void part_unlock(struct part *part) { mutex_unlock(&part->mutex); }
      static inline void foo_lock(struct foo *foo) { part_lock(&foo->rx); }
      static inline void foo_unlock(struct foo *foo) { part_unlock(&foo->rx); }

      """
    let sources = [
      "d/a.c": """
      void show(struct foo *foo)
      {
      \tmutex_lock(&foo->list_lock);
      \tfoo_lock(foo);
      \tfoo->n++;
      \tfoo_unlock(foo);
      \tmutex_unlock(&foo->list_lock);
      }

      """,
      "d/b.c": """
      static void link(struct foo *foo)
      {
      \tmutex_lock(&foo->list_lock);
      \tfoo->n++;
      \tmutex_unlock(&foo->list_lock);
      }
      void make(struct foo *foo)
      {
      \tfoo_lock(foo);
      \tlink(foo);
      \tfoo_unlock(foo);
      }
      void change(struct foo *foo)
      {
      \tfoo_lock(foo);
      \tlink(foo);
      \tfoo_unlock(foo);
      }

      """,
    ]
    let lint = KernelLint()
    let files =
      [lint.facts(of: Array(types.utf8), path: "d/foo.h")]
      + sources.sorted { $0.key < $1.key }.map { lint.facts(of: Array($0.value.utf8), path: $0.key) }
    let found = lint.check(files, focus: ["d/a.c"], rules: ["lock-order"]).findings
    #expect(found.map(\.function) == ["show"])
  }

  @Test("what callers hold and what handlers interrupt is only judged near by", arguments: ["d/b.c", "e/b.c"])
  func nearness(_ other: String) {
    let lint = KernelLint()
    func found(_ sources: [String: String], _ rule: String) -> [String] {
      let files = sources.sorted { $0.key < $1.key }.map { lint.facts(of: Array($0.value.utf8), path: $0.key) }
      return lint.check(files, focus: Set(sources.keys), rules: [rule]).findings.map(\.function)
    }
    let types = "struct foo { struct mutex a; struct mutex b; spinlock_t lock; struct completion done; int n; };\n"
    let stated = """
      void f(struct foo *foo)
      {
      \tlockdep_assert_held(&foo->a);
      \tmutex_lock(&foo->b);
      \tfoo->n++;
      \tmutex_unlock(&foo->b);
      }

      """
    let reverse = """
      void g(struct foo *foo)
      {
      \tmutex_lock(&foo->b);
      \tmutex_lock(&foo->a);
      \tfoo->n++;
      \tmutex_unlock(&foo->a);
      \tmutex_unlock(&foo->b);
      }

      """
    #expect(found(["d/a.c": types + stated + reverse], "lock-order") == ["f", "g"])
    #expect(found(["d/a.c": types + stated, other: types + reverse], "lock-order").isEmpty)
    let handler = """
      u32 read_reg(struct foo *foo);
      static irqreturn_t handler(int irq, void *data)
      {
      \tread_reg(data);
      \treturn IRQ_HANDLED;
      }
      int transfer(struct foo *foo)
      {
      \tread_reg(foo);
      \twait_for_completion(&foo->done);
      \treturn 0;
      }
      int start(struct foo *foo) { return request_irq(foo->irq, handler, 0, "foo", foo); }

      """
    let helper = """
      u32 read_reg(struct foo *foo)
      {
      \tu32 value;

      \tspin_lock(&foo->lock);
      \tvalue = foo->n;
      \tspin_unlock(&foo->lock);
      \treturn value;
      }

      """
    let interrupted = found(["d/a.c": types + handler, other: types + helper], "interrupt-unsafe-lock")
    #expect(interrupted == (other.hasPrefix("d/") ? ["read_reg"] : []))
  }

  @Test("a trylock's result decides")
  func trylock() {
    let source =
      types
        + """
        int f(struct foo *foo)
        {
        	if (!mutex_trylock(&foo->lock))
        		return -EBUSY;
        	mutex_unlock(&foo->lock);
        	return 0;
        }
        """
    #expect(findings(source, "lock-imbalance").isEmpty)
  }

  @Test("guards release on every way out")
  func guards() {
    let source =
      types
        + """
        int f(struct foo *foo, int n)
        {
        	guard(mutex)(&foo->lock);
        	if (n)
        		return -EINVAL;
        	scoped_guard(spinlock, &foo->slock) {
        		if (n > 1)
        			return 1;
        	}
        	return 0;
        }
        int g(struct foo *foo)
        {
        	return f(foo, 1);
        }
        int h(struct foo *foo)
        {
        	guard(mutex)(&foo->lock);
        	return g(foo);
        }
        """
    #expect(findings(source, "lock-imbalance").isEmpty)
    #expect(findings(source, "double-lock") == ["h:20"])
  }

  @Test("reading an rwsem twice through an operations table is a deadlock")
  func sharedThroughTable() {
    let source =
      types
        + """
        struct ops { int (*run)(struct foo *foo); };
        static int reader(struct foo *foo)
        {
        	down_read(&foo->sem);
        	up_read(&foo->sem);
        	return 0;
        }
        static struct ops ops = { .run = reader };
        int f(struct foo *foo, struct ops *o)
        {
        	int r;

        	down_read(&foo->sem);
        	r = o->run(foo);
        	up_read(&foo->sem);
        	return r;
        }
        """
    #expect(findings(source, "double-lock") == ["f:15"])
  }

  @Test("#ifdef groups with one condition go the same way")
  func preprocessor() {
    let source =
      types
        + """
        int f(struct foo *foo)
        {
        #ifdef CONFIG_FOO
        	mutex_lock(&foo->lock);
        #endif
        	use(foo);
        #ifdef CONFIG_FOO
        	mutex_unlock(&foo->lock);
        #endif
        	return 0;
        }
        """
    #expect(findings(source, "lock-imbalance").isEmpty)
  }

  @Test("a callee that wants the lock only for another argument is no deadlock")
  func argument() {
    let source =
      types
        + """
        static void g(struct foo *foo, bool locked)
        {
        	if (!locked)
        		mutex_lock(&foo->lock);
        	use(foo);
        	if (!locked)
        		mutex_unlock(&foo->lock);
        }
        void f(struct foo *foo)
        {
        	mutex_lock(&foo->lock);
        	g(foo, true);
        	mutex_unlock(&foo->lock);
        }
        """
    #expect(findings(source, "double-lock").isEmpty)
    #expect(findings(source.replacingTrue(), "double-lock") == ["f:13"])
  }

  @Test("free_irq() waits for a handler that takes the lock")
  func handler() {
    let source =
      types
        + """
        static irqreturn_t handler(int irq, void *data)
        {
        	struct foo *foo = data;

        	mutex_lock(&foo->lock);
        	mutex_unlock(&foo->lock);
        	return IRQ_HANDLED;
        }
        int f(struct foo *foo)
        {
        	mutex_lock(&foo->lock);
        	if (request_threaded_irq(1, NULL, handler, 0, "foo", foo))
        		goto out;
        	free_irq(1, foo);
        out:
        	mutex_unlock(&foo->lock);
        	return 0;
        }
        """
    #expect(findings(source, "double-lock") == ["f:15"])
  }

  @Test("the same result whatever the order of the files")
  func order() {
    let lint = KernelLint()
    let a = lint.facts(
      of: Array(
        (types + "void g(struct foo *foo)\n{\n\tmutex_lock(&foo->lock);\n\tmutex_unlock(&foo->lock);\n}\n").utf8),
      path: "a.c")
    let b = lint.facts(
      of: Array(
        (types + "void f(struct foo *foo)\n{\n\tmutex_lock(&foo->lock);\n\tg(foo);\n\tmutex_unlock(&foo->lock);\n}\n")
          .utf8), path: "b.c")
    let rules = Set(lint.rules.map(\.id))
    let forward = lint.check([a, b], focus: ["a.c", "b.c"], rules: rules).findings
    let backward = lint.check([b, a], focus: ["a.c", "b.c"], rules: rules).findings
    #expect(forward == backward)
    #expect(forward.map(\.rule) == ["double-lock"])
  }
}

extension String {
  fileprivate func replacingTrue() -> String {
    split(separator: "\n", omittingEmptySubsequences: false)
      .map { $0.contains("g(foo, true)") ? "\tg(foo, false);" : String($0) }.joined(separator: "\n")
  }
}
