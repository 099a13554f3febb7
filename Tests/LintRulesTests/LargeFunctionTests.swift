import Findings
import LintRules
import Testing

/// One function of a size that nobody writes by hand: every rule must come to its end, in time that grows as the text does.
@Suite("Large functions")
struct LargeFunctionTests {
  /// A function whose body is `count` times what `part` gives, between what stands before and behind them.
  private static func function(_ count: Int, before: String = "", after: String = "", _ part: (Int) -> String)
    -> [UInt8]
  {
    var text = "int big(struct thing *t, int n)\n{\n\tint ret = 0;\n\n\(before)"
    for index in 0..<count { text += part(index) }
    return Array((text + after + "\treturn ret;\n}\n").utf8)
  }

  /// Kinds of bodies, each by the number of its parts.
  private static let bodies: [String: @Sendable (Int) -> [UInt8]] = [
    "statements": { function($0) { "\tt->field\($0 % 50) = helper\($0 % 97)(t, n + \($0));\n" } },
    "cases": {
      function($0, before: "\tswitch (n) {\n", after: "\t}\n") { "\tcase \($0): ret = helper\($0 % 97)(t); break;\n" }
    },
    "else if": { function($0, before: "\tif (n < 0) ret = 1;\n") { "\telse if (n == \($0)) ret = \($0 % 7);\n" } },
    "labels": { count in
      function(count) {
        "label_\($0):\n\tif (t->field\($0 % 50) == \($0)) goto label_\($0 &* 7919 % count);\n"
          + "\tmutex_lock(&t->lock); t->a++; mutex_unlock(&t->lock);\n"
      }
    },
    "conditions": { function($0) { "#ifdef CONFIG_OPTION_\($0)\n\tret += helper\($0 % 97)(t);\n#endif\n" } },
    "allocations": {
      function($0) {
        "\tvoid *p\($0) = kmalloc(\($0), GFP_KERNEL);\n\n\tif (!p\($0)) return -ENOMEM;\n\tkfree(p\($0));\n"
      }
    },
    "outputs": {
      function($0, before: "\tstruct args args;\n") {
        "\tret = read_it\($0 % 97)(t, &args);\n\tif (ret) return ret;\n\tof_node_put(args.np);\n"
      }
    },
    "transfers": {
      function(
        $0, before: "\tstruct device_node *np = of_get_child_by_name(t->np, name);\n", after: "\tof_node_put(np);\n"
      ) { "\tregister_it\($0 % 97)(np, \($0));\n\tt->f\($0 % 50) = view;\n" }
    },
    "results": {
      function($0) { "\tret = helper\($0 % 97)(t, \($0));\n\tif (ret < 0)\n\t\treturn ret;\n" }
    },
    "registrations": {
      function(
        $0,
        before: """
          \tt->ops = &ops;\n\treturn ret;\n}

          static int enter(struct thing *t)\n{\n\tspin_lock(&t->lock7);\n\treturn 0;\n}

          static const struct ops ops = { .enter = enter };

          int other(struct thing *t)\n{\n\tint ret = 0;\n\tt->ops = &ops;

          """
      ) { "\tspin_lock_init(&t->lock\($0));\n\tfoo_register(t, \($0));\n" }
    },
    "unlinks": {
      function($0, before: "\tstruct item *item;\n") {
        "\tspin_lock(&t->lock);\n\titem = list_first_entry(&t->l\($0 % 9), struct item, node);\n"
          + "\tspin_unlock(&t->lock);\n\tlist_del(&item->node);\n"
      }
    },
    "unwinds": {
      function(
        $0, before: "\tret = first(t);\n\tif (ret) goto out;\n",
        after: "out:\n" + (0..<$0).map { "\tclk_disable_unprepare(t->clk\($0));\n" }.joined()
      ) { "\tret = clk_prepare_enable(t->clk\($0));\n\tif (ret) return ret;\n" }
    },
    "ladder": { count in
      function(
        count,
        after: "\treturn 0;\n"
          + (0..<count).reversed().map { "err\($0):\n\tstep\($0)_exit(t->m\($0));\n" }.joined()
      ) { "\tret = step\($0)_init(t->m\($0));\n\tif (ret)\n\t\tgoto err\($0);\n" }
    },
    "one label": { count in
      function(
        count, before: "\tret = first_init(t->m);\n\tif (ret) return ret;\n",
        after: "\tret = last(t);\n\tif (ret) goto undo;\n\treturn 0;\nundo:\n\tfirst_exit(t->m);\n"
      ) { "\tret = step\($0)(t);\n\tif (ret)\n\t\treturn ret;\n" }
    },
    "drops": {
      function(
        $0,
        after: """
          \tspin_lock(&t->lock);\n\tt->a = 1;\n\tspin_unlock(&t->lock);\n\treturn ret;\n}

          static int drop(struct thing *t)\n{\n\tspin_unlock(&t->lock);\n\trun(t);\n\tspin_lock(&t->lock);\n\treturn 0;\n}

          int held(struct thing *t)\n{\n\tint ret;\n\n\tspin_lock(&t->lock);\n\tret = drop(t);\n\tspin_unlock(&t->lock);

          """
      ) { _ in "\tret += drop(t);\n" }
    },
    "optional parts": {
      function($0, before: "\tstruct part *a = one(t), *b = other(t);\n") { _ in
        "\tif (!(a && is_valid(a)) || !(b && is_valid(b)))\n\t\treturn -EINVAL;\n"
      }
    },
    "what could not be made": {
      function($0, before: "\tstruct part *a = kzalloc(4, GFP_KERNEL), *b = other(t);\n") { _ in
        "\tif (!a || b)\n\t\treturn -EINVAL;\n"
      }
    },
    "lists for readers": {
      function(
        $0,
        before: """
          \tlist_for_each_entry_rcu(e, &t->all, node)\n\t\tret += e->n;\n\tlist_del_rcu(&e->node);\n\treturn ret;\n}

          int add(struct thing *t, struct entry *e)\n{\n\tint ret = 0;\n
          """
      ) { _ in "\tlist_add(&e->node, &t->all);\n" }
    },
    "variables": { function($0) { "\tlist_add(&t->n\($0), &all\($0 % 9));\n" } },
    "countdowns": {
      function($0, before: "\tstruct bar *bar;\n\tint i;\n") {
        "\tfor (i = 0; i < \($0); i++)\n\t\tbar = &t->bars[i];\n\twhile (i--)\n\t\tuse(bar);\n"
      }
    },
    "nesting": {
      function($0, after: String(repeating: "}", count: $0)) {
        "if (t->f\($0 % 50) > \($0)) { mutex_lock(&t->l\($0 % 9));\n"
      }
    },
    "parentheses": {
      function($0, before: "\tret = ", after: "n\(String(repeating: ")", count: $0));\n") { _ in "f(-" }
    },
    "one expression": { function($0, before: "\tret = n", after: ";\n") { " + t->field\($0 % 50) * \($0)\n" } },
  ]

  @Test("eight times the text takes far less than sixty-four times as long", arguments: bodies.keys.sorted())
  func growth(kind: String) throws {
    let body = try #require(Self.bodies[kind])
    #expect(
      Growth.isFarBelowQuadratic(from: 500, to: 4000) {
        let lint = KernelLint()
        let file = lint.facts(of: body($0), path: "big.c")
        _ = lint.check([file], focus: ["big.c"], callers: [:], rules: Set(lint.rules.map(\.id)))
      })
  }

  @Test("of very many registrations those are told that were not looked at")
  func registrations() throws {
    let body = try #require(Self.bodies["registrations"])
    func outcome(_ count: Int) -> LintOutcome {
      let lint = KernelLint()
      let file = lint.facts(of: body(count), path: "big.c")
      return lint.check([file], focus: ["big.c"], callers: [:], rules: ["late-init"])
    }
    #expect(outcome(20).findings.count == 1)
    #expect(outcome(20).notAnalysed.isEmpty)
    #expect(outcome(600).notAnalysed.map(\.function) == ["other"])
  }

  @Test(
    "what a rule leaves out of a function is told",
    arguments: [
      (
        "missing-error-check looked at the first 40 checks of another pointer only",
        "\tt->a = kzalloc(8, GFP_KERNEL);\n\tif (!t->b) return -ENOMEM;\n"
      ),
      (
        "uninitialised-inout looked at the first 12 reads that may be short only",
        "\tret = usbnet_read_cmd(t->dev, 1, 2, 3, 4, buf, 6);\n\tif (ret < 0) return ret;\n"
      ),
    ])
  func limits(reason: String, part: String) {
    let lint = KernelLint()
    func reasons(_ count: Int) -> [String] {
      let file = lint.facts(of: Self.function(count, before: "\tu8 buf[6];\n") { _ in part }, path: "big.c")
      return lint.check([file], focus: ["big.c"], callers: [:], rules: Set(lint.rules.map(\.id)))
        .notAnalysed.map(\.reason)
    }
    #expect(reasons(12).isEmpty)
    #expect(reasons(60) == [reason])
  }
}
