import SelftestHarness
import SelftestPlan
import Testing

@Suite struct HarnessTests {
  private static let driver = """
    #include <linux/probe.h>

    static DEFINE_MUTEX(probe_lock);

    static int probe_inner(int value)
    {
    \tmutex_lock(&probe_lock);
    \trcu_read_lock();
    \tvalue++;
    \tmutex_unlock(&probe_lock);
    \treturn value;
    }

    static long probe_fallocate(struct file *file, int mode, loff_t offset, loff_t len)
    {
    \treturn probe_inner(mode);
    }

    static long probe_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
    {
    \tswitch (cmd) {
    \tcase PROBE_CREATE:
    \t\treturn probe_make();
    \tcase PROBE_RUN:
    \t\treturn probe_inner(arg);
    \t}
    \treturn -ENOTTY;
    }

    static const struct file_operations probe_fops = {
    \t.unlocked_ioctl = probe_ioctl,
    \t.fallocate = probe_fallocate,
    };

    static struct miscdevice probe_device = {
    \tMISC_DYNAMIC_MINOR, "probe", &probe_fops,
    };

    SYSCALL_DEFINE1(probe_call, int, value)
    {
    \treturn probe_inner(value);
    }
    """
  private static let header = """
    #define PROBE_CREATE _IO('p', 1)
    #define PROBE_RUN _IOW('p', 2, int)
    """

  private static func harness(
    touching line: String, suspicions: [Suspicion] = [], parameters: [ModuleParameter] = []
  ) -> SelftestHarness {
    let new = Array(driver.utf8)
    let old = Array(driver.replacing(line, with: "").utf8)
    let files = ["include/uapi/linux/probe.h": Array(header.utf8), "drivers/misc/probe.c": new]
    return SelftestHarness(
      for: [ChangedFile(path: "drivers/misc/probe.c", old: old, new: new)],
      in: TreeReader(paths: files.keys.sorted()) { files[$0] }, architecture: "x86", parameters: parameters,
      suspicions: suspicions, title: "probe: a title")
  }

  @Test func waysToATouchedFunctionAreFound() {
    let harness = Self.harness(touching: "\tvalue++;\n")
    #expect(harness.facts.touched == ["probe_inner"])
    #expect(
      Set(harness.facts.interfaces.map { "\($0.kind.rawValue) \($0.owner) \($0.name)" }) == [
        "ioctl /dev/probe PROBE_RUN", "file /dev/probe fallocate", "syscall  probe_call",
      ])
    #expect(harness.facts.locks.map(\.expression) == ["&probe_lock", "rcu_read_lock"])
    #expect(harness.facts.ioctls["/dev/probe"] == ["PROBE_CREATE", "PROBE_RUN"])
  }

  /// A device of a file in the same directory, with and without a call between the two.
  @Test(arguments: [("probe_start();", true), ("other_start();", false)])
  func aDeviceBesideServesOnlyWhatItKnows(call: String, isServed: Bool) {
    let touched = Self.driver.replacing(
      "static struct miscdevice probe_device = {\n\tMISC_DYNAMIC_MINOR, \"probe\", &probe_fops,\n};\n",
      with: "int probe_start(void)\n{\n\treturn 0;\n}\n")
    let beside = """
      static struct miscdevice beside = {
      \tMISC_DYNAMIC_MINOR, "beside", &beside_fops,
      };

      static int beside_init(void)
      {
      \treturn \(call)
      }
      """
    let new = Array(touched.utf8)
    let files = [
      "drivers/misc/beside.c": Array(beside.utf8), "drivers/misc/probe.c": new,
      "include/uapi/linux/probe.h": Array(Self.header.utf8),
    ]
    let harness = SelftestHarness(
      for: [
        ChangedFile(
          path: "drivers/misc/probe.c", old: Array(touched.replacing("\tvalue++;\n", with: "").utf8), new: new)
      ],
      in: TreeReader(paths: files.keys.sorted()) { files[$0] }, architecture: "x86", parameters: [], suspicions: [],
      title: "t")
    let ways = harness.facts.interfaces.filter { $0.kind == .ioctl }.map { "\($0.owner) \($0.name)" }
    #expect(ways == (isServed ? ["/dev/beside PROBE_RUN"] : []))
  }

  @Test func aFunctionThatOnlyLostLinesIsTouched() {
    let file = ChangedFile(
      path: "mm/x.c", old: Array("int a(void)\n{\n\tb();\n\treturn 0;\n}\n\nint c(void)\n{\n\treturn 1;\n}\n".utf8),
      new: Array("int a(void)\n{\n\treturn 0;\n}\n\nint c(void)\n{\n\treturn 1;\n}\n".utf8))
    #expect(TouchedFunctions.names(of: file) == ["a"])
    let added = ChangedFile(path: "mm/x.c", old: file.new, new: file.old)
    #expect(TouchedFunctions.names(of: added) == ["a"])
    #expect(TouchedFunctions.names(of: ChangedFile(path: "mm/x.rst", old: nil, new: file.new)).isEmpty)
  }

  @Test func programsIncludeWhatDefinesTheirConstants() throws {
    let harness = Self.harness(touching: "\tvalue++;\n")
    let source = try #require(harness.files.first { $0.name == "drive_probe.c" })
    #expect(source.text.contains("#include <linux/probe.h>"))
    #expect(source.text.contains("{ \"PROBE_RUN\", PROBE_RUN, true }"))
    #expect(source.text.contains("{ \"PROBE_CREATE\", PROBE_CREATE, false }"))
    #expect(source.text.contains("drive_syscall(_metadata, __NR_probe_call)"))
    #expect(harness.programs == ["drive_probe"])
    #expect(harness.files.contains { $0.name == "Makefile" && $0.text.contains("TEST_GEN_PROGS := drive_probe\n") })
  }

  @Test func suspicionsBecomeTests() throws {
    let known = Suspicion(
      rule: "double-lock", function: "probe_inner", path: "drivers/misc/probe.c", line: 7, message: "*/ twice")
    let unknown = Suspicion(rule: "lock-order", function: "elsewhere", path: "mm/x.c", line: 1, message: "m")
    let harness = Self.harness(touching: "\tvalue++;\n", suspicions: [known, unknown])
    let source = try #require(harness.files.first { $0.name == "drive_suspicions.c" })
    #expect(source.text.contains("TEST(suspicion_1_double_lock_by_descriptors_of_dev_probe)"))
    #expect(source.text.contains("TEST(suspicion_2_lock_order)"))
    #expect(source.text.contains("SKIP(return"))
    #expect(!source.text.contains("*/ twice"))
  }

  @Test func nothingToDriveIsNoProgram() {
    let change = ChangedFile(path: "Documentation/x.rst", old: nil, new: [0x0A])
    let harness = SelftestHarness(
      for: [change], in: TreeReader(paths: []) { _ in nil }, architecture: "x86", parameters: [], suspicions: [],
      title: "t")
    #expect(harness.files.isEmpty)
  }
}
