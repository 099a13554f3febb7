import Findings
import LintRules
import Testing

/// Several states of one tree, judged together, against each of them judged alone.
@Suite("States of a tree")
struct StateTests {
  /// The files of the first state: a lock taken through a wrapper, a header's macro, a table and a callback.
  private static let base: [String: String] = [
    "foo.h": """
    struct bar { struct mutex lock; int n; };
    struct pool { spinlock_t lock; };
    struct foo { struct mutex lock; struct bar *bar; struct pool *pool; const struct foo_ops *ops; int flags; };
    struct foo_ops { int (*run)(struct foo *foo); };
    #define foo_take(f) mutex_lock(&(f)->lock)
    static inline void foo_give(struct foo *foo)
    {
    	mutex_unlock(&foo->lock);
    }
    """,
    "a.c": """
    void a_touch(struct foo *foo)
    {
    	foo->flags = 1;
    }

    static int a_run(struct foo *foo)
    {
    	a_touch(foo);
    	return 0;
    }

    static const struct foo_ops a_ops = { .run = a_run };
    """,
    "b.c": """
    int b_outer(struct foo *foo)
    {
    	int ret;

    	foo_take(foo);
    	ret = foo->ops->run(foo);
    	foo_give(foo);
    	return ret;
    }

    void b_each(struct foo *foo, void (*fn)(struct foo *foo))
    {
    	mutex_lock(&foo->lock);
    	fn(foo);
    	mutex_unlock(&foo->lock);
    }

    void b_all(struct foo *foo)
    {
    	b_each(foo, a_touch);
    }

    int b_leak(struct foo *foo)
    {
    	mutex_lock(&foo->bar->lock);
    	if (foo->flags)
    		return -EINVAL;
    	mutex_unlock(&foo->bar->lock);
    	return 0;
    }
    """,
    // What a function far from the declarations does hangs on the types of members and globals.
    "c.c": """
    extern spinlock_t all_lock;

    void c_under_pool(struct foo *foo)
    {
    	lockdep_assert_held(&foo->pool->lock);
    	kmalloc(8, GFP_KERNEL);
    }

    void c_under_all(void)
    {
    	lockdep_assert_held(&all_lock);
    	kmalloc(8, GFP_KERNEL);
    }
    """,
    // The function that registers stays as it is where only the table changes.
    "late.c": """
    static int late_get(struct foo *foo)
    {
    	mutex_lock(&foo->lock);
    	mutex_unlock(&foo->lock);
    	return 0;
    }

    static const struct foo_ops late_ops = { .run = NULL };

    int late_probe(struct foo *foo)
    {
    	foo->ops = &late_ops;
    	foo_register(foo);
    	mutex_init(&foo->lock);
    	return 0;
    }
    """,
  ]

  /// A path, what is replaced in its file, and by what.
  private static let edits: [(String, String, String)] = [
    // Everything below moves.
    ("b.c", "int b_outer", "/* two\n * lines */\nint b_outer"),
    // Behind a table and a callback, a lock that their callers hold.
    ("a.c", "\tfoo->flags = 1;\n", "\tmutex_lock(&foo->lock);\n\tfoo->flags = 1;\n\tmutex_unlock(&foo->lock);\n"),
    // A wrapper stops doing what it did.
    ("foo.h", "\tmutex_unlock(&foo->lock);\n", ""),
    // A macro takes another lock.
    ("foo.h", "mutex_lock(&(f)->lock)", "mutex_lock(&(f)->bar->lock)"),
    // A member has another type: the lock is none of this class any more.
    (
      "foo.h", "struct bar { struct mutex lock; int n; };",
      "struct baz { struct mutex lock; };\nstruct bar { int n; };"
    ),
    ("foo.h", "struct pool { spinlock_t lock; };", "struct pool { struct mutex lock; };"),
    ("c.c", "extern spinlock_t all_lock;", "extern struct mutex all_lock;"),
    // The table holds another function.
    ("a.c", ".run = a_run", ".run = a_stop"),
    ("a.c", "static int a_run", "static int a_stop(struct foo *foo)\n{\n\treturn 0;\n}\n\nstatic int a_run"),
    ("late.c", ".run = NULL", ".run = late_get"),
    // A function goes.
    ("b.c", "void b_all(struct foo *foo)\n{\n\tb_each(foo, a_touch);\n}\n", ""),
    ("b.c", "\t\treturn -EINVAL;\n", "\t\tgoto out;\n"),
    ("b.c", "\tmutex_unlock(&foo->bar->lock);\n\treturn 0;", "out:\n\tmutex_unlock(&foo->bar->lock);\n\treturn 0;"),
  ]

  private struct Generator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return state ^ state >> 29
    }
  }

  private static func lines(_ outcome: LintOutcome) -> [String] {
    outcome.findings.map { finding in
      let evidence = finding.evidence.map { "\($0.place) \($0.message)" }.joined(separator: "|")
      return "\(finding.place) \(finding.rule) \(finding.message) \(evidence)"
    } + outcome.notAnalysed.map { "\($0)" }
  }

  @Test("judged together they give what each gives alone, whatever the number of jobs", arguments: 0..<12)
  func togetherAndAlone(seed: UInt64) async {
    var generator = Generator(state: seed &* 77 &+ 5)
    var states = [Self.base]
    for (path, old, new) in Self.edits.shuffled(using: &generator) {
      var next = states[states.count - 1]
      next[path] = next[path]?.replacing(old, with: new)
      states.append(next)
    }
    let alone = await Self.expectTogetherAsAlone(states)
    #expect(Set(alone).count > 3)
  }

  /// Many edits at a time can hide that one of them went unnoticed.
  @Test("one edit at a time, there and back", arguments: edits.indices)
  func oneEdit(index: Int) async {
    let (path, old, new) = Self.edits[index]
    var edited = Self.base
    edited[path] = edited[path]?.replacing(old, with: new)
    #expect(edited != Self.base)
    _ = await Self.expectTogetherAsAlone([Self.base, edited])
    _ = await Self.expectTogetherAsAlone([edited, Self.base])
  }

  /// Judges `states` alone and together, expects the same, and returns what each of them gave.
  private static func expectTogetherAsAlone(_ states: [[String: String]]) async -> [String] {
    let lint = KernelLint()
    let texts = Set(states.flatMap { $0.map { [$0.key, $0.value] } }).sorted { $0.lexicographicallyPrecedes($1) }
    let files = texts.map { lint.facts(of: Array($0[1].utf8), path: $0[0]) }
    let indices = states.map { state in texts.indices.filter { state[texts[$0][0]] == texts[$0][1] } }
    let rules = Set(lint.rules.map(\.id))
    let focus = Set(base.keys)
    let alone = indices.map { state in
      lines(lint.check(state.map { files[$0] }, focus: focus, callers: [:], rules: rules))
    }
    for jobs in [1, 3] {
      let together = await lint.check(
        files, states: indices, focus: focus, callers: [:], rules: rules, jobs: jobs)
      #expect(together.map(lines) == alone)
    }
    return alone.map { $0.joined(separator: "\n") }
  }
}
