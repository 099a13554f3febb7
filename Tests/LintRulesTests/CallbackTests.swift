import Findings
import LintRules
import Testing

/// Locks behind functions that travel as values, across files.
@Suite("Locks through callbacks")
struct CallbackTests {
  private func check(_ files: [String: String], _ rule: String) -> [Finding] {
    let lint = KernelLint()
    let read = files.sorted { $0.key < $1.key }.map { lint.facts(of: Array($0.value.utf8), path: $0.key) }
    return lint.check(read, focus: Set(files.keys), rules: [rule]).findings
  }

  private func found(_ files: [String: String], _ rule: String = "double-lock") -> [String] {
    check(files, rule).map { "\($0.place.path):\($0.function):\($0.place.line)" }
  }

  private static let header = """
    struct foo { struct mutex lock; struct foo_ops *ops; int (*run)(struct foo *foo); };
    struct foo_ops { int (*start)(struct foo *foo); };
    """

  private static let holder = """
    int hold(struct foo *foo)
    {
    	int r;

    	mutex_lock(&foo->lock);
    	r = foo->run(foo);
    	mutex_unlock(&foo->lock);
    	return r;
    }
    """

  private static func taker(_ store: String) -> String {
    """
    static int take(struct foo *foo)
    {
    	mutex_lock(&foo->lock);
    	mutex_unlock(&foo->lock);
    	return 0;
    }

    void setup(struct foo *foo)
    {
    	\(store)
    }
    """
  }

  @Test(
    "a function that is stored in a member, in another file",
    arguments: [
      "foo->run = take;", "foo->run = &take;", "*foo = (struct foo){ .run = take };", "keep(foo, take);",
      "keep_through(foo, take);",
    ])
  func storedInAMember(store: String) {
    let keeper = """
      void keep(struct foo *foo, int (*fn)(struct foo *foo))
      {
      	foo->run = fn;
      }
      void keep_through(struct foo *foo, int (*fn)(struct foo *foo))
      {
      	keep(foo, fn);
      }
      """
    #expect(
      found(["a.h": Self.header, "b.c": Self.holder, "c.c": Self.taker(store), "d.c": keeper]) == ["b.c:hold:6"])
  }

  @Test("a function that nobody stores there is not called there")
  func notStored() {
    #expect(
      found(["a.h": Self.header, "b.c": Self.holder, "c.c": Self.taker("foo->other = take;")]).isEmpty)
  }

  private static let walker = """
    struct foo { struct mutex lock; };
    typedef int (*visit_t)(struct foo *foo, void *data);

    int visit(struct foo *foo, visit_t fn, void *data)
    {
    	int r;

    	mutex_lock(&foo->lock);
    	r = fn(foo, data);
    	mutex_unlock(&foo->lock);
    	return r;
    }

    int visit_all(struct foo *foo, visit_t fn, void *data)
    {
    	return visit(foo, fn, data);
    }
    """

  @Test("a callback that is handed on through a function")
  func handedOn() {
    let user = """
      static int take(struct foo *foo, void *data)
      {
      	mutex_lock(&foo->lock);
      	mutex_unlock(&foo->lock);
      	return 0;
      }

      int go(struct foo *foo)
      {
      	return visit_all(foo, take, NULL);
      }
      """
    let findings = check(["a.c": Self.walker, "b.c": user], "double-lock")
    #expect(findings.map { "\($0.place.path):\($0.function):\($0.place.line)" } == ["a.c:visit:9"])
    #expect(
      findings.first?.evidence.map(\.message) == [
        "'foo->lock' is taken here", "'go' passes 'take' as 'fn'", "'visit' calls 'take' through 'fn'",
        "'foo->lock' is taken again here",
      ])
  }

  @Test("the caller's own lock, taken by the callback that it passes")
  func callersLock() {
    let user = """
      struct bar { struct mutex lock; };

      static int take(struct foo *foo, void *data)
      {
      	struct bar *bar = data;

      	mutex_lock(&bar->lock);
      	mutex_unlock(&bar->lock);
      	return 0;
      }

      int go(struct foo *foo, struct bar *bar)
      {
      	int r;

      	mutex_lock(&bar->lock);
      	r = visit_all(foo, take, bar);
      	mutex_unlock(&bar->lock);
      	return r;
      }
      """
    #expect(found(["a.c": Self.walker, "b.c": user]) == ["b.c:go:17"])
    // What one caller passes does not concern another.
    let other = """
      static int nothing(struct foo *foo, void *data)
      {
      	return 0;
      }

      int quiet(struct foo *foo, struct bar *bar)
      {
      	int r;

      	mutex_lock(&bar->lock);
      	r = visit_all(foo, nothing, bar);
      	mutex_unlock(&bar->lock);
      	return r;
      }
      """
    #expect(found(["a.c": Self.walker, "b.c": user, "c.c": other]) == ["b.c:go:17"])
  }

  @Test("a chain of twenty calls is not too long")
  func longChain() {
    var source =
      "struct foo { struct mutex lock; };\nvoid f0(struct foo *foo)\n{\n\tmutex_lock(&foo->lock);\n"
      + "\tmutex_unlock(&foo->lock);\n}\n"
    for index in 1...18 { source += "void f\(index)(struct foo *foo)\n{\n\tf\(index - 1)(foo);\n}\n" }
    source += "void g(struct foo *foo)\n{\n\tmutex_lock(&foo->lock);\n\tf18(foo);\n\tmutex_unlock(&foo->lock);\n}\n"
    #expect(check(["a.c": source], "double-lock").map(\.function) == ["g"])
    // The order of the definitions is no matter.
    let parts = source.components(separatedBy: "void ")
    let turned = parts[0] + parts.dropFirst().reversed().map { "void " + $0 }.joined()
    #expect(check(["a.c": turned], "double-lock").map(\.function) == ["g"])
  }

  @Test("two locks in both orders, one of them behind a callback")
  func orderBehindACallback() {
    let user = """
      static int take(struct foo *foo, void *data)
      {
      	mutex_lock(&foo->other);
      	mutex_unlock(&foo->other);
      	return 0;
      }

      int go(struct foo *foo)
      {
      	return visit(foo, take, NULL);
      }

      void other(struct foo *foo)
      {
      	mutex_lock(&foo->other);
      	mutex_lock(&foo->lock);
      	mutex_unlock(&foo->lock);
      	mutex_unlock(&foo->other);
      }
      """
    #expect(Set(found(["a.c": Self.walker, "b.c": user], "lock-order")) == ["a.c:visit:9", "b.c:other:16"])
  }

  @Test("a lock that a callee drops before it takes the other is not held then")
  func droppedOnTheWay() {
    let source = """
      struct foo { struct mutex lock; struct mutex other; };

      static void change(struct foo *foo)
      {
      	mutex_unlock(&foo->lock);
      	mutex_lock(&foo->other);
      	mutex_unlock(&foo->other);
      	mutex_lock(&foo->lock);
      }

      void f(struct foo *foo)
      {
      	mutex_lock(&foo->lock);
      	change(foo);
      	mutex_unlock(&foo->lock);
      }

      void g(struct foo *foo)
      {
      	mutex_lock(&foo->other);
      	mutex_lock(&foo->lock);
      	mutex_unlock(&foo->lock);
      	mutex_unlock(&foo->other);
      }
      """
    #expect(found(["a.c": source], "lock-order").isEmpty)
  }

  @Test("a read that depends on a parameter which is set anew says nothing")
  func readUnderAParameterThatIsSet() {
    let source = """
      static struct item *next(struct list *list, struct item *item, int *error)
      {
      	if (!item)
      		*error = 0;
      	else
      		WARN_ON_ONCE(*error > 0);
      	item = take(list);
      	return item;
      }

      int f(struct list *list)
      {
      	struct item *item = NULL;
      	int error;

      	while ((item = next(list, item, &error)))
      		error = use(item);
      	return error;
      }
      """
    #expect(found(["a.c": source], "uninitialised-inout").isEmpty)
  }

  @Test("a pointer that was handed on is not read first")
  func handedOnBeforeItIsRead() {
    let source = """
      int lookup(struct tree *tree, int *stat);

      static int get(struct tree *tree, int *stat)
      {
      	int error;

      	error = lookup(tree, stat);
      	if (*stat == 1)
      		mark(tree);
      	return error;
      }

      int f(struct tree *tree)
      {
      	int i;

      	return get(tree, &i);
      }
      """
    #expect(found(["a.c": source], "uninitialised-inout").isEmpty)
  }
}

extension String {
  fileprivate func components(separatedBy separator: String) -> [String] {
    var parts: [String] = []
    var rest = self[...]
    while let range = rest.firstRange(of: separator) {
      parts.append(String(rest[..<range.lowerBound]))
      rest = rest[range.upperBound...]
    }
    return parts + [String(rest)]
  }
}
