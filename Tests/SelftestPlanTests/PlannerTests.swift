import KernelConfig
import SelftestPlan
import Testing

/// A tree with one driver, its selftests and their maintainers' entry; nothing of it is KVM.
private let base: [String: String] = [
  "Kconfig": "source \"arch/x86/Kconfig\"\nsource \"drivers/Kconfig\"\n",
  "arch/x86/Kconfig": "config 64BIT\n\tbool \"64-bit\"\n",
  "drivers/Kconfig": """
  config WIDGET
  	tristate "widgets"
  	depends on 64BIT
  config WIDGET_RING
  	bool
  config WIDGET_TEST
  	bool "rings"
  	depends on WIDGET
  	select WIDGET_RING
  config BIG
  	bool "big"
  config ODD
  	bool "odd"
  config EVEN
  	bool "even"
  	depends on !ODD
  """,
  "Kbuild": "obj-y += drivers/\n",
  "drivers/Makefile":
    "obj-$(CONFIG_WIDGET) += widget.o\nwidget-y := core.o\nwidget-$(CONFIG_WIDGET_RING) += widget_ring.o\n",
  "drivers/widget_ring.c":
    "#include <linux/ring.h>\nint x;\nlong f(int nr)\n{\n\tif (nr == WIDGET_IOC_POP)\n\t\treturn 1;\n\treturn 0;\n}\n",
  "include/linux/ring.h": "static inline void ring_grow(int x)\n{\n\tif (!IS_ENABLED(CONFIG_BIG))\n\t\treturn;\n}\n",
  "include/uapi/linux/widget.h": "#define WIDGET_IOC_POP 1\n",
  "MAINTAINERS": """
  List of maintainers

  WIDGETS
  M:	A <a@example.org>
  F:	drivers/widget*
  F:	tools/testing/selftests/widget/

  THE REST
  M:	B <b@example.org>
  F:	*
  F:	*/
  """,
  "tools/testing/selftests/widget/Makefile":
    "TEST_GEN_PROGS := ring_test \\\n\tother_test\nTEST_GEN_PROGS_s390x += far_test\nTEST_GEN_PROGS += pop_test\n",
  "tools/testing/selftests/widget/config": "CONFIG_WIDGET=y\nCONFIG_NOT_HERE=y\n",
  "tools/testing/selftests/widget/settings": "timeout=77\n",
  "tools/testing/selftests/widget/ring_test.c": "int main(void) { return widget_ring_open(); }\n",
  "tools/testing/selftests/widget/pop_test.c": "int main(void) { return ioctl(0, WIDGET_IOC_POP); }\n",
  "tools/testing/selftests/widget/other_test.c": "int main(void) { return 0; }\n",
  "tools/testing/selftests/widget/far_test.c": "int main(void) { return WIDGET_IOC_POP; }\n",
]

/// The plan for a tree with `edits`, of which those that `isChange` names are the series'.
private func planned(_ edits: [String: String?], isChange: (String) -> Bool = { _ in true }) throws -> SelftestPlan {
  var tip = base
  for (path, text) in edits { tip[path] = text }
  let files = tip
  let changes = edits.keys.sorted().filter(isChange).map { path in
    ChangedFile(path: path, old: base[path].map { Array($0.utf8) }, new: files[path].map { Array($0.utf8) })
  }
  let tree = TreeReader(paths: files.keys.sorted()) { files[$0].map { Array($0.utf8) } }
  let machine = [SelftestPlanner.BaseOption(line: "CONFIG_64BIT=y", reason: "machine")].compactMap { $0 }
  return try SelftestPlanner(tree: tree, architecture: "x86").plan(changes, base: machine)
}

private func ring(_ added: String) -> [String: String?] {
  ["drivers/widget_ring.c": (base["drivers/widget_ring.c"] ?? "") + added]
}

struct PlannerTests {
  @Test("a changed file leads to the symbols that compile it, through what selects them")
  func symbols() throws {
    let plan = try planned(ring("int y;\n"))
    #expect(plan.fragment.order == ["64BIT", "WIDGET", "WIDGET_TEST"])
    #expect(plan.files.map(\.condition) == ["WIDGET && WIDGET_RING"])
    #expect(plan.fragmentText.contains("# compiles drivers/widget_ring.c, for WIDGET_RING\nCONFIG_WIDGET_TEST=y\n"))
  }

  @Test("tests are those of the maintainers' entry that share names; other architectures' are not built")
  func tests() throws {
    let plan = try planned(ring("int y;\n"))
    #expect(plan.tests.map(\.name) == ["ring_test", "pop_test"])
    #expect(plan.tests.map(\.timeout) == [77, 77])
    #expect(plan.tests.last?.reason == "uses WIDGET_IOC_POP")
    #expect(plan.uncovered == ["CONFIG_NOT_HERE of tools/testing/selftests/widget/config: cannot be set on x86"])
  }

  @Test("a directory in the subsystem's own counts if it is close to the change, one named after the file always")
  func directoriesBelow() throws {
    let tests = "tools/testing/selftests/"
    var edits = ring("int y;\n")
    edits[tests + "widget/pop/Makefile"] = "TEST_GEN_PROGS := near\n"
    edits[tests + "widget/pop/near.c"] = "int main(void) { return WIDGET_IOC_POP; }\n"
    edits[tests + "widget/far/Makefile"] = "TEST_GEN_PROGS := far\n"
    edits[tests + "widget/far/far.c"] = "int main(void) { return 0; }\n"
    edits["kernel/gadget.c"] = "int z;\n"
    edits["kernel/Makefile"] = "obj-y += gadget.o\n"
    edits["Kbuild"] = "obj-y += drivers/ kernel/\n"
    edits[tests + "misc/gadget/Makefile"] = "TEST_GEN_PROGS := turn\n"
    edits[tests + "misc/gadget/turn.c"] = "int main(void) { return 0; }\n"
    let added: Set = ["widget/pop", "widget/far", "misc/gadget"]
    let names = try planned(edits) { path in !added.contains { path.hasPrefix(tests + $0) } }
      .tests.map { "\($0.directory):\($0.name)" }
    #expect(names.contains("widget/pop:near"))
    #expect(names.contains("misc/gadget:turn"))
    #expect(!names.contains("widget/far:far"))
  }

  @Test("programs that a makefile's patterns name are found, one of each source before the second")
  func patterns() throws {
    let tests = "tools/testing/selftests/widget/"
    var edits = ring("int y;\n")
    edits[tests + "Makefile"] = """
      BOTH := pop_test
      BOTH += other_test
      OLD := $(BOTH:%=%_32)
      NEW := $(patsubst %,$(OUTPUT)/%_64,$(BOTH))
      TEST_GEN_PROGS := $(BOTH:%=%_ipv4) $(BOTH:%=%_ipv6)
      TEST_PROGS += $(OLD) $(NEW) run.sh
      $(OUTPUT)/%_ipv4: %.c
      \t$(CC) $< -o $@
      $(OUTPUT)/%_ipv6: %.c
      $(OLD): $(OUTPUT)/%_32: %.c helpers.h
      $(NEW): $(OUTPUT)/%_64: %.c helpers.h
      """
    let names = try planned(edits) { $0.hasPrefix("drivers/") }.tests.map(\.name)
    #expect(names == ["pop_test_64", "pop_test_ipv4", "pop_test_ipv6"])
    edits[tests + "other_test.c"] = "int main(void) { return 1; }\n"
    let changed = try planned(edits) { $0 == tests + "other_test.c" }.tests
    #expect(changed.map(\.name) == ["other_test_ipv4", "other_test_ipv6", "other_test_64"])
    #expect(changed.filter { !$0.isOfSeries }.isEmpty)
  }

  @Test("a makefile whose lists multiply, or refer to each other without end, is read to its end")
  func hostileMakefile() throws {
    var edits = ring("int y;\n")
    let doubling = String(repeating: "A := $(A)$(A)\nB := x$(B)$(B)\n", count: 60)
    let nested = String(repeating: "$(C:%=$(sort ", count: 5000) + String(repeating: "))", count: 5000)
    edits["tools/testing/selftests/widget/Makefile"] =
      "A := a b\nB := b\n\(doubling)C := \(nested)\nTEST_GEN_PROGS := $(A) $(B) $(C) ring_test\n"
    let plan = try planned(edits) { $0 == "drivers/widget_ring.c" }
    #expect(plan.tests.map(\.name) == ["ring_test"])
    #expect(plan.uncovered.contains("selftests widget: its Makefile's lists are too long; programs may be missing"))
    #expect(try !planned(ring("int y;\n")).uncovered.contains { $0.hasPrefix("selftests widget: its Makefile") })
  }

  @Test("a time limit of 0 is none, not no time")
  func unlimited() throws {
    var edits = ring("int y;\n")
    edits["tools/testing/selftests/widget/settings"] = "timeout=0\n"
    #expect(try planned(edits) { $0 == "drivers/widget_ring.c" }.tests.map(\.timeout) == [300, 300])
  }

  @Test("the algorithms that a directory's tests name are set")
  func algorithms() throws {
    var edits = ring("int y;\n")
    edits["tools/testing/selftests/widget/other_test.c"] =
      "const char *a[] = { \"cmac(aes128)\", \"hmac(sha3-512)\", \"f(%d)\", \"main()\" };\n"
    edits["drivers/Kconfig"] =
      (base["drivers/Kconfig"] ?? "")
      + ["AES", "CMAC", "SHA1", "SHA3"].map { "\nconfig CRYPTO_\($0)\n\tbool \"c\"" }.joined() + "\n"
    let plan = try planned(edits) { $0 == "drivers/widget_ring.c" }
    #expect(plan.fragment["CRYPTO_AES"] == "y")
    #expect(plan.fragment["CRYPTO_CMAC"] == "y")
    #expect(plan.fragment["CRYPTO_SHA3"] == "y")
    #expect(plan.fragment["CRYPTO_SHA1"] == nil)
    #expect(plan.options.contains { $0.reason == "tests of widget use cmac(aes128)" })
  }

  @Test("a source that another one includes is compiled with that one")
  func included() throws {
    var edits: [String: String?] = ["drivers/grease.c": "int grease = 1;\n"]
    edits["drivers/widget_ring.c"] = "#ifdef CONFIG_BIG\n# include <linux/ring.h>\n# include \"grease.c\"\n#endif\n"
    let plan = try planned(edits) { $0 == "drivers/grease.c" }
    #expect(plan.files.map(\.condition) == ["WIDGET && WIDGET_RING && BIG"])
    #expect(plan.fragment["BIG"] == "y")
    #expect(plan.fragment["WIDGET_TEST"] == "y")
  }

  @Test("a directory named like the file is not taken from another architecture")
  func foreignDirectory() throws {
    let tests = "tools/testing/selftests/"
    var edits: [String: String?] = ["kernel/gadget.c": "int z;\n", "kernel/Makefile": "obj-y += gadget.o\n"]
    edits["Kbuild"] = "obj-y += drivers/ kernel/\n"
    edits["arch/powerpc/Kconfig"] = "config PPC\n\tbool\n"
    for directory in ["powerpc/gadget", "misc/gadget"] {
      edits[tests + directory + "/Makefile"] = "TEST_GEN_PROGS := turn\n"
      edits[tests + directory + "/turn.c"] = "int main(void) { return 0; }\n"
    }
    let plan = try planned(edits) { $0 == "kernel/gadget.c" }
    #expect(plan.tests.map(\.directory) == ["misc/gadget"])
  }

  @Test("what a chosen program uses of the kernel is set, if it comes cheap, and named if not")
  func needs() throws {
    var edits = ring("int y;\n")
    edits["tools/testing/selftests/widget/pop_test.c"] =
      "int main(void) { unshare(CLONE_NEWNET); syscall(__NR_userfaultfd, WIDGET_IOC_POP); return AF_INET6; }\n"
    edits["tools/testing/selftests/widget/lib/setup.c"] = "void f(void) { unshare(CLONE_NEWPID | AF_INET); }\n"
    edits["drivers/Kconfig"] =
      (base["drivers/Kconfig"] ?? "")
      + "\nconfig PID_NS\n\tbool \"p\"\nconfig INET\n\tbool \"4\"\nconfig NET_NS\n\tbool \"n\"\nconfig USERFAULTFD\n\tbool \"u\"\n"
      + "config IPV6\n\tbool \"6\"\n\tdepends on " + (0..<5).map { "P\($0)" }.joined(separator: " && ")
      + (0..<5).map { "\nconfig P\($0)\n\tbool \"p\"" }.joined() + "\n"
    let plan = try planned(edits) { $0 == "drivers/widget_ring.c" }
    #expect(plan.fragment["NET_NS"] == "y")
    #expect(plan.fragment["USERFAULTFD"] == "y")
    #expect(plan.fragment["PID_NS"] == "y")
    #expect(plan.fragment["INET"] == nil)
    #expect(plan.options.contains { $0.reason == "widget:pop_test uses CLONE_NEWNET" })
    #expect(plan.fragment["IPV6"] == nil)
    #expect(plan.uncovered.contains { $0.hasPrefix("CONFIG_IPV6, for AF_INET6 in widget:pop_test: left off") })
  }

  @Test("a program called like the file has room beside those that share a constant")
  func namesakes() throws {
    let tests = "tools/testing/selftests/widget/"
    var edits: [String: String?] = [
      "drivers/widget_ring.c": "int f(void) { return WIDGET_IOC_POP + WIDGET_IOC_PUSH; }\n"
    ]
    edits["include/uapi/linux/widget.h"] = "#define WIDGET_IOC_POP 1\n#define WIDGET_IOC_PUSH 2\n"
    edits[tests + "Makefile"] =
      "TEST_GEN_PROGS := a b c d e f g h widget-ring " + (0..<30).map { "x\($0)" }.joined(separator: " ")
    for name in ["a", "b", "c", "d", "e", "f", "g", "h"] { edits[tests + name + ".c"] = "int x = WIDGET_IOC_POP;\n" }
    for number in 0..<30 { edits[tests + "x\(number).c"] = "int x;\n" }
    edits[tests + "widget-ring.c"] = "int x;\n"
    let names = try planned(edits) { $0.hasPrefix("drivers/") }.tests.map(\.name)
    #expect(names.count == 8)
    #expect(names.prefix(2) == ["a", "widget-ring"])
  }

  @Test("where a file or its folder has a directory of its own, the subsystem's at large is left alone")
  func closerDirectory() throws {
    let tests = "tools/testing/selftests/"
    var edits: [String: String?] = ["kernel/pump/valve.c": "int x = WIDGET_IOC_POP;\n"]
    edits["MAINTAINERS"] = "WIDGETS\nF:\tkernel/pump/\nF:\ttools/testing/selftests/widget/\n"
    edits["Kbuild"] = "obj-y += kernel/pump/\n"
    edits["kernel/pump/Makefile"] = "obj-y += valve.o\n"
    edits[tests + "widget/hand_pump/Makefile"] = "TEST_GEN_PROGS := turn\n"
    edits[tests + "widget/hand_pump/turn.c"] = "int main(void) { return 0; }\n"
    func titles(of edits: [String: String?]) throws -> [String] {
      try planned(edits) { $0.hasSuffix("valve.c") }.tests.map { "\($0.directory):\($0.name)" }
    }
    #expect(try titles(of: edits) == ["widget/hand_pump:turn"])
    edits[tests + "widget/valve/Makefile"] = "TEST_GEN_PROGS := open\n"
    edits[tests + "widget/valve/open.c"] = "int main(void) { return 0; }\n"
    #expect(try titles(of: edits) == ["widget/valve:open"])
  }

  @Test(
    "a file that nothing leads from has the tests of the whole tree that share rare names with it, if they come cheap")
  func farTests() throws {
    let tests = "tools/testing/selftests/"
    var edits: [String: String?] = [
      "kernel/gadget.c": "SYSCALL_DEFINE2(turn_gadget, int, how, int, far)\n{\n\treturn how == GADGET_TURN_LEFT;\n}\n"
    ]
    edits["kernel/Makefile"] = "obj-y += gadget.o\n"
    edits["Kbuild"] = "obj-y += drivers/ kernel/\n"
    edits["include/uapi/linux/gadget.h"] = "#define GADGET_TURN_LEFT 1\n"
    for (directory, text) in [
      ("motion", "turn_gadget(GADGET_TURN_LEFT, 1);"), ("power", "turn_gadget(0, 1);"),
      ("powerpc", "turn_gadget(0, 2);"),
      ("bpf", "turn_gadget(0, 3);"), ("still", "return 0;"),
    ] {
      edits[tests + directory + "/Makefile"] = "TEST_GEN_PROGS := t\n"
      edits[tests + directory + "/t.c"] = "int main(void) { \(text) }\n"
    }
    edits["arch/powerpc/Kconfig"] = "config PPC\n\tbool\n"
    edits[tests + "power/config"] = (0..<5).map { "CONFIG_POWER_\($0)=y\n" }.joined()
    edits["drivers/Kconfig"] =
      (base["drivers/Kconfig"] ?? "")
      + (0..<5).map { "\nconfig POWER_\($0)\n\tbool \"p\"\n" }.joined()
    let isChange = { (path: String) in path == "kernel/gadget.c" }
    let plan = try planned(edits, isChange: isChange)
    #expect(plan.tests.map(\.directory) == ["motion"])
    #expect(
      plan.tests.first?.reason == "uses turn_gadget, GADGET_TURN_LEFT"
        || plan.tests.first?.reason == "uses GADGET_TURN_LEFT, turn_gadget")
    edits[tests + "power/config"] = nil as String?
    #expect(try planned(edits, isChange: isChange).tests.map(\.directory) == ["motion", "power"])
  }

  @Test("what a directory without a test builds is a helper of other scripts, not a test")
  func helpers() throws {
    var edits = ring("int y;\n")
    edits["tools/testing/selftests/widget/Makefile"] = "TEST_GEN_FILES := pop_test\n"
    let plan = try planned(edits) { $0.hasPrefix("drivers/") }
    #expect(plan.tests.isEmpty)
    #expect(plan.uncovered.first?.hasSuffix("no program is built here that can run alone") == true)
  }

  @Test("a test that the series adds comes first, whatever it shares")
  func addedTest() throws {
    let plan = try planned([
      "tools/testing/selftests/widget/Makefile": "TEST_GEN_PROGS := fresh_test\n",
      "tools/testing/selftests/widget/fresh_test.c": "int main(void) { return 0; }\n",
    ])
    #expect(plan.tests.map(\.name) == ["fresh_test"])
    #expect(plan.tests.first?.isNew == true)
  }

  @Test(
    "a boolean parameter is run with its other value",
    arguments: [
      ("static bool grow;\nmodule_param(grow, bool, 0644);\n", "widget.grow=1", "0"),
      (
        "/* With widget.grow=0 on the command line; it stays small. */\nstatic bool grow = true;\n"
          + "module_param(grow, bool, 0444);\n", "widget.grow=0", "1"
      ),
      ("static bool __read_mostly g = true;\nmodule_param_named(grow, g, bool, 0444);\n", "widget.grow=0", "1"),
    ])
  func parameters(added: String, word: String, value: String) throws {
    let plan = try planned(ring(added))
    #expect(plan.parameters.map(\.defaultValue) == [value])
    #expect(plan.runs.map(\.name) == ["default", word])
  }

  @Test("a parameter that was there before makes no run")
  func oldParameter() throws {
    let plan = try planned(["MAINTAINERS": nil])
    #expect(plan.runs.map(\.name) == ["default"])
  }

  @Test("an option that a called inline function tests is set")
  func interface() throws {
    let plan = try planned(ring("void g(void)\n{\n\tring_grow(1);\n}\n"))
    #expect(plan.fragment["BIG"] == "y")
    #expect(plan.options.last?.reason == "ring_grow() in include/linux/ring.h does nothing without it")
  }

  @Test("an option that would switch another one off that was asked for is left off, and named")
  func contradiction() throws {
    let change = ring("void g(void)\n{\n\tif (IS_ENABLED(CONFIG_ODD))\n\t\treturn;\n}\n")
    var edits = change
    edits["tools/testing/selftests/widget/config"] = "CONFIG_EVEN=y\n"
    let plan = try planned(edits) { $0.hasPrefix("drivers/") }
    #expect(plan.fragment["EVEN"] == "y")
    #expect(plan.fragment["ODD"] == nil)
    #expect(
      plan.uncovered.contains { $0.hasPrefix("CONFIG_ODD ") && $0.hasSuffix("other options of the plan exclude it") })
    #expect(try planned(change).fragment["ODD"] == "y")
  }

  @Test("the kernel's own tests of a file are built in, and its console is read")
  func bootTests() throws {
    let plan = try planned([
      "drivers/widget_ring.c": "int other;\n",
      "drivers/Kconfig": (base["drivers/Kconfig"] ?? "")
        + "\nconfig KUNIT\n\tbool \"KUnit\"\nconfig RING_KUNIT_TEST\n\tbool \"t\"\n\tdepends on KUNIT\n",
      "drivers/Makefile": (base["drivers/Makefile"] ?? "") + "obj-$(CONFIG_RING_KUNIT_TEST) += widget_ring_kunit.o\n",
    ])
    #expect(plan.fragment["RING_KUNIT_TEST"] == "y")
    #expect(plan.runsKUnit)
    #expect(plan.bootTests.map(\.source) == ["drivers/widget_ring_kunit.c"])
    #expect(plan.bootTests.map(\.subject) == ["drivers/widget_ring.c"])
    #expect(plan.runs.map(\.commandLine) == [["loglevel=7", "kunit.enable=1", "kunit.autorun=1"]])
  }

  @Test("a changed test of the kernel's own is the test of its change")
  func changedBootTest() throws {
    let plan = try planned([
      "drivers/widget_ring_test.c": "int other;\n",
      "drivers/Kconfig": (base["drivers/Kconfig"] ?? "") + "\nconfig RING_TEST\n\tbool \"t\"\n",
      "drivers/Makefile": (base["drivers/Makefile"] ?? "") + "obj-$(CONFIG_RING_TEST) += widget_ring_test.o\n",
    ])
    #expect(plan.bootTests.map(\.source) == ["drivers/widget_ring_test.c"])
    #expect(plan.runs.map(\.commandLine) == [["loglevel=7"]])
    #expect(!plan.uncovered.contains { $0.hasPrefix("no test of the tree") })
  }

  @Test("what can only be a module is compiled as one")
  func moduleOnly() throws {
    let plan = try planned([
      "drivers/Kconfig": (base["drivers/Kconfig"] ?? "")
        + "\nconfig MODULES\n\tbool \"m\"\nconfig LOOSE\n\ttristate \"l\"\n\tdepends on m\n",
      "drivers/Makefile": "obj-$(CONFIG_LOOSE) += loose.o\n", "drivers/loose.c": "int x;\n",
    ])
    #expect(plan.fragment["LOOSE"] == "m")
    #expect(plan.fragment["MODULES"] == "y")
    #expect(plan.moduleObjects == ["drivers/loose.o"])
  }

  @Test("a directory whose tests are scripts has the programs that the scripts start alone")
  func scripts() throws {
    let plan = try planned([
      "drivers/widget_ring.c": "int other;\n",
      "tools/testing/selftests/widget/Makefile":
        "TEST_PROGS := run.sh\nTEST_GEN_FILES := other_test\nTEST_GEN_FILES += far_test\n",
      "tools/testing/selftests/widget/run.sh": "run_test ./other_test\nrun_test ./far_test -x 1\n",
    ])
    #expect(plan.tests.map(\.name) == ["other_test"])
  }

  @Test("programs that the runner starts by itself run alone, however a script beside them starts them")
  func programsBesideAScript() throws {
    let plan = try planned([
      "drivers/widget_ring.c": "int other;\n",
      "tools/testing/selftests/widget/Makefile":
        "TEST_GEN_PROGS := \\\n\tother_test \\\n\tfar_test\n\nTEST_PROGS := run.sh\n",
      "tools/testing/selftests/widget/run.sh": "./other_test $COLOR\n./far_test $COLOR -b\n",
    ])
    #expect(plan.tests.map(\.name) == ["other_test", "far_test"])
  }

  @Test("a file of another architecture is named and brings no tests")
  func foreign() throws {
    let plan = try planned(["arch/arm64/kvm/mmu.c": "int x;\n"])
    #expect(plan.tests.isEmpty)
    #expect(plan.uncovered.contains { $0.contains("belongs to arm64") })
  }

  @Test("what no configuration compiles is named")
  func uncovered() throws {
    let hunk = try planned(ring("#ifdef CONFIG_NOWHERE\nint y;\n#endif\n"))
    #expect(hunk.uncovered.contains { $0.contains("widget_ring.c:10: under '#if NOWHERE'") })
    let file = try planned(["drivers/lonely.c": "int z;\n"])
    #expect(file.uncovered.contains { $0.contains("drivers/lonely.c: no Kbuild rule") })
    #expect(file.files.first?.compiled == false)
  }
}

struct ChangedFileTests {
  @Test(
    "added lines have the numbers of the new file",
    arguments: [
      ("a\nb\nc\n", "a\nx\nb\nc\n", [2]), ("a\nb\n", "a\nb\n", []), ("", "a\nb\n", [1, 2]),
      ("a\nb\nc\nd\n", "a\nc\nx\nd\ny\n", [3, 5]), ("a\n", "", []),
    ])
  func added(old: String, new: String, lines: [Int]) {
    #expect(ChangedFile(path: "f", old: Array(old.utf8), new: Array(new.utf8)).addedLines() == lines)
  }

  @Test("in a big file with changes far apart only what changed is added")
  func bigFile() {
    var lines = (0..<15_000).map { "\($0 % 7 == 0 ? 0 : $0)" }
    let old = lines.joined(separator: "\n")
    lines[14_001] = "changed"
    lines.insert("new", at: 5)
    let new = lines.joined(separator: "\n")
    #expect(ChangedFile(path: "f", old: Array(old.utf8), new: Array(new.utf8)).addedLines() == [6, 14_003])
  }

  @Test("a big file without a line to hold on to is all new")
  func nothingInCommon() {
    let old = String(repeating: "a\nb\n", count: 3_000)
    let new = String(repeating: "b\nc\n", count: 3_000)
    let lines = ChangedFile(path: "f", old: Array(old.utf8), new: Array(new.utf8)).addedLines()
    #expect(lines == Array(1...6_000))
  }
}
