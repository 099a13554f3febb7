import KernelConfig
import Testing

/// A small tree in the shapes that the kernel's own files have.
private let files: [String: String] = [
  "Kconfig": """
  mainmenu "Linux/$(ARCH) Kernel Configuration"
  source "arch/$(SRCARCH)/Kconfig"
  source "missing/Kconfig"

  menu "General"
  	visible if !HIDDEN

  config EXPERT
  	bool "Expert"
  	help
  	  config FAKE
  	    bool "not a symbol, this is help text"

  	  depends on NOTHING

  endmenu

  choice
  	prompt "Compression"
  	default PACK_A

  config PACK_A
  	bool "a"
  config PACK_B
  	bool "b"
  endchoice
  """,
  "arch/x86/Kconfig": """
  config 64BIT
  	bool "64-bit kernel" if "$(ARCH)" = "x86"
  	default "$(ARCH)" != "i386"

  config X86_64
  	def_bool y
  	depends on 64BIT

  if VIRTUALIZATION
  config VM
  	tristate "virtual machines"
  	depends on LAPIC && \\
  		(EXPERT || X86_64)
  config VM_VENDOR
  	bool "vendor" if VM
  config VM_CORE
  	def_tristate VM if VM_VENDOR != n
  	select VM_PRIVATE if VM_TEST
  config VM_TEST
  	bool "test"
  	depends on EXPERT
  	depends on VM && X86_64
  endif

  config VM_PRIVATE
  	bool
  config VIRTUALIZATION
  	bool "Virtualization"
  config LAPIC
  	def_bool y
  	depends on X86_64 || SMP
  config PLUGIN
  	def_bool $(cc-option,-fplugin)
  config OLD
  	bool "old"
  	depends on !X86_64
  """,
]

private func tree() throws -> KconfigTree {
  try KconfigTree(sourceArchitecture: "x86") { files[$0].map { Array($0.utf8) } }
}

struct KconfigTests {
  @Test("symbols, help texts, missing sources")
  func parse() throws {
    let tree = try tree()
    #expect(tree.symbols["FAKE"] == nil)
    #expect(tree.symbols["EXPERT"]?.hasPrompt == true)
    #expect(tree.symbols["X86_64"]?.hasPrompt == false)
    #expect(tree.symbols["VM"]?.dependencies.description == "VIRTUALIZATION && LAPIC && (EXPERT || X86_64)")
    #expect(tree.missing.map(\.description) == ["Kconfig:3"])
    #expect(tree.choices.map(\.members) == [["PACK_A", "PACK_B"]])
    #expect(tree.selectors["VM_PRIVATE"]?.first?.condition.description == "VM_TEST && VIRTUALIZATION")
  }

  @Test("a symbol without a prompt is reached through the one that selects it")
  func resolve() throws {
    var resolver = ConfigResolver(tree: try tree())
    resolver.set("64BIT", "y", reason: "profile")
    let found = resolver.require(.symbol("VM_PRIVATE"), reason: "compiles private.c")
    #expect(found)
    #expect(resolver.fragment.order == ["64BIT", "VIRTUALIZATION", "VM", "VM_VENDOR", "EXPERT", "VM_TEST"])
    #expect(resolver.requests.last?.reason == "compiles private.c, for VM_PRIVATE")
  }

  @Test("what cannot be set leaves no trace", arguments: ["OLD", "NOT_THERE"])
  func impossible(name: String) throws {
    var resolver = ConfigResolver(tree: try tree())
    resolver.set("64BIT", "y", reason: "profile")
    let possible = resolver.require(.symbol("X86_64"), reason: "first")
    let before = resolver.fragment
    let impossible = resolver.require(.symbol(name), reason: "second")
    #expect(possible)
    #expect(!impossible)
    #expect(resolver.fragment == before)
  }

  @Test(
    "a dropped option names its unmet dependency",
    arguments: [
      ("CONFIG_VM_TEST=y", "CONFIG_EXPERT is not set\nCONFIG_VM=y", "depends on EXPERT (EXPERT=n)"),
      ("CONFIG_NOPE=y", "", "no Kconfig file of this tree and architecture defines it"),
      ("CONFIG_VM_PRIVATE=y", "", "it has no prompt; it is selected by CONFIG_VM_CORE"),
      ("CONFIG_PACK_B=y", "CONFIG_PACK_A=y", "the choice at Kconfig:18 has CONFIG_PACK_A"),
      ("# CONFIG_LAPIC is not set", "CONFIG_LAPIC=y", "it has no prompt and its default says so"),
    ])
  func dropped(request: String, also: String, reason: String) throws {
    let final = DotConfig(
      parsing: Array("CONFIG_64BIT=y\nCONFIG_X86_64=y\nCONFIG_VIRTUALIZATION=y\nCONFIG_VM=y\n\(also)\n".utf8))
    let dropped = try tree().dropped(from: DotConfig(parsing: Array(request.utf8)), in: final)
    #expect(dropped.map(\.reason) == [reason])
  }

  @Test("granted options are not reported; n and absent are the same")
  func granted() throws {
    let request = DotConfig(parsing: Array("CONFIG_A=y\n# CONFIG_B is not set\nCONFIG_S=\"x y\"\nCONFIG_N=8".utf8))
    let final = DotConfig(parsing: Array("# comment\nCONFIG_A=y\nCONFIG_S=\"x y\"\nCONFIG_N=8\n".utf8))
    #expect(try tree().dropped(from: request, in: final).isEmpty)
    #expect(request.order.map { DotConfig.line($0, request[$0] ?? "") }.last == "CONFIG_N=8")
  }

  @Test("a tree without Kconfig is refused")
  func notAKernel() {
    #expect(throws: ConfigError.self) { try KconfigTree(sourceArchitecture: "x86") { _ in nil } }
  }

  @Test("no input traps the parser", arguments: [0, 1, 2, 3])
  func total(seed: Int) throws {
    var state = UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 &+ 1
    let pieces = [
      "config ", "A", "\n", "\t", " if ", "(", ")", "!", "&&", "||", "$(", "\"", "choice", "endif", "=", "\\\n",
      "help\n", "depends on ",
    ]
    for _ in 0..<300 {
      var text = ""
      for _ in 0..<60 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        text += pieces[Int(state >> 33) % pieces.count]
      }
      let tree = try KconfigTree(sourceArchitecture: "x86") { $0.hasSuffix("Kconfig") ? Array(text.utf8) : nil }
      #expect(tree.files.first == "Kconfig")
      _ = PreprocessorConditions(of: Array(text.utf8)).condition(atLine: 3)
    }
  }
}

struct SelectorTests {
  @Test("every near selector of a hidden symbol that comes cheap is set, others are not")
  func selectors() throws {
    let files = [
      "Kconfig": "source \"arch/x86/Kconfig\"\nsource \"virt/widget/Kconfig\"\nsource \"drivers/Kconfig\"\n",
      "arch/x86/Kconfig": "source \"arch/x86/widget/Kconfig\"\n",
      "virt/widget/Kconfig": "config PRIVATE\n\tbool\nconfig GENERIC\n\tselect PRIVATE\n\tbool\n",
      "arch/x86/widget/Kconfig":
        "config SOFT\n\tbool \"s\"\n\tselect GENERIC\nconfig VENDOR\n\tbool \"v\"\n\tselect PRIVATE\n"
        + "config CORE\n\tdef_bool y\n\tselect GENERIC if TESTING\nconfig TESTING\n\tbool \"t\"\n",
      "drivers/Kconfig": "config FAR\n\tbool \"f\"\n\tselect PRIVATE\n",
    ]
    let tree = try KconfigTree(sourceArchitecture: "x86") { files[$0].map { Array($0.utf8) } }
    var resolver = ConfigResolver(tree: tree)
    let isReachable = resolver.require(.symbol("PRIVATE"), reason: "r")
    #expect(isReachable)
    resolver.requireSelectors(of: "PRIVATE", reason: "r")
    #expect(resolver.fragment["SOFT"] == "y")
    #expect(resolver.fragment["VENDOR"] == "y")
    #expect(resolver.fragment["TESTING"] == "y")
  }

  @Test("a symbol without a prompt is reached through the one that implies it, if its own dependencies allow")
  func implied() throws {
    let files = [
      "Kconfig": "source \"arch/x86/Kconfig\"\n",
      "arch/x86/Kconfig":
        "config FAST\n\tbool \"f\"\n\timply MUTEX\n\timply NEVER\nconfig MUTEX\n\tbool\n"
        + "config NEVER\n\tbool\n\tdepends on ABSENT\n",
    ]
    var resolver = ConfigResolver(tree: try KconfigTree(sourceArchitecture: "x86") { files[$0].map { Array($0.utf8) } })
    let isReachable = resolver.require(.symbol("MUTEX"), reason: "r")
    #expect(isReachable)
    #expect(resolver.fragment.order == ["FAST"])
    let isForbidden = resolver.require(.symbol("NEVER"), reason: "r")
    #expect(!isForbidden)
  }

  @Test("what excludes a symbol is named")
  func obstacle() throws {
    let files = [
      "Kconfig": "source \"arch/x86/Kconfig\"\n",
      "arch/x86/Kconfig": "config SMP\n\tbool \"s\"\nconfig TINY\n\tbool\n\tdefault y if !SMP\n\tdepends on !SMP\n",
    ]
    let tree = try KconfigTree(sourceArchitecture: "x86") { files[$0].map { Array($0.utf8) } }
    var resolver = ConfigResolver(tree: tree)
    resolver.set("SMP", "y", reason: "profile")
    let isReachable = resolver.require(.symbol("TINY"), reason: "r")
    #expect(!isReachable)
    #expect(resolver.obstacle(to: .symbol("TINY")) == "TINY depends on !SMP")
  }
}
