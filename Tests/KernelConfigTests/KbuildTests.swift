import KernelConfig
import Testing

private let files: [String: String] = [
  "Kbuild": "obj-y += mm/\nobj-$(CONFIG_NET) += net/\nobj-y += arch/$(SRCARCH)/\n",
  "arch/x86/Makefile": "drivers-$(CONFIG_PCI) += arch/x86/pci/\n",
  "arch/x86/Kbuild": "obj-$(CONFIG_KVM) += kvm/\nobj-$(subst m,y,$(CONFIG_HYPERV)) += hyperv/\n",
  "arch/x86/kvm/Makefile": """
  # comment with obj-y += wrong.o
  include $(srctree)/virt/kvm/Makefile.kvm
  kvm-y += x86.o \\
  	mmu/mmu.o
  ifdef CONFIG_SPECIAL
  kvm-y += special.o
  else
  kvm-y += plain.o
  endif
  ifeq ($(CONFIG_A),y)
  obj-$(CONFIG_B) += ab.o
  endif
  obj-$(CONFIG_KVM_X86) += kvm.o
  """,
  "virt/kvm/Makefile.kvm": "KVM ?= ../../../virt/kvm\nkvm-$(CONFIG_PRIVATE) += $(KVM)/guest.o\n",
  "arch/x86/pci/Makefile": "obj-y := common.o",
  "arch/x86/hyperv/Makefile": "obj-y := hv.o",
  "mm/Makefile":
    "mmu-y := nommu.o\nmmu-$(CONFIG_MMU) := memory.o\nobj-y := filemap.o entry_$(BITS).o $(mmu-y)\nobj-$(CONFIG_THP) += huge.o\nobj-$(CONFIG_OTHER) += huge.o",
  "net/Makefile": "obj-$(CONFIG_INET) := ipv4/",
  "net/ipv4/Makefile": "obj-y := tcp.o",
]

struct KbuildTests {
  @Test(
    "the condition of a source file is the whole way down to it",
    arguments: [
      ("virt/kvm/guest.c", "KVM && KVM_X86 && PRIVATE"), ("arch/x86/kvm/mmu/mmu.c", "KVM && KVM_X86"),
      ("arch/x86/kvm/special.c", "KVM && KVM_X86 && SPECIAL"), ("arch/x86/kvm/plain.c", "KVM && KVM_X86 && !SPECIAL"),
      ("arch/x86/kvm/ab.c", "KVM && A && B"), ("arch/x86/pci/common.c", "PCI"), ("arch/x86/hyperv/hv.c", "HYPERV"),
      ("mm/filemap.c", "y"), ("mm/memory.c", "MMU"), ("mm/nommu.c", "y"), ("mm/entry_64.c", "y"),
      ("mm/huge.c", "THP || OTHER"), ("net/ipv4/tcp.c", "NET && INET"),
    ])
  func condition(path: String, expected: String) {
    let map = KbuildMap(sourceArchitecture: "x86") { files[$0].map { Array($0.utf8) } }
    #expect(map.condition(ofSource: path)?.description == expected)
  }

  @Test("a file that no rule names has no condition")
  func unnamed() {
    let map = KbuildMap(sourceArchitecture: "x86") { files[$0].map { Array($0.utf8) } }
    #expect(map.condition(ofSource: "virt/kvm/wrong.c") == nil)
  }
}

struct PreprocessorConditionsTests {
  @Test(
    "lines stand under the conditions around them",
    arguments: [
      ("#ifdef CONFIG_A\nx\n#endif", 2, "A"), ("#ifndef CONFIG_A\n#else\nx\n#endif", 3, "A"),
      ("#if IS_ENABLED(CONFIG_A) && defined(CONFIG_B)\nx\n#endif", 2, "A && B"),
      ("#if defined CONFIG_A || \\\n  CONFIG_C\nx\n#else\ny\n#endif", 5, "!A && !C"),
      ("#ifdef CONFIG_A\n#elif defined(CONFIG_B)\nx\n#endif\ny", 3, "!A && B"),
      ("#ifdef CONFIG_A\n#endif\nx", 3, "y"), ("#if 0\nx\n#endif", 2, "n"),
      ("#  ifdef CONFIG_A /* why */\n# ifdef CONFIG_B\nx", 3, "A && B"),
      ("#endif\n#else\nx", 3, "y"),
    ])
  func conditions(source: String, line: Int, expected: String) {
    #expect(PreprocessorConditions(of: Array(source.utf8)).condition(atLine: line).description == expected)
  }

  @Test("what only the compiler knows stays open, also when negated")
  func opaque() {
    let conditions = PreprocessorConditions(of: Array("#ifndef _H\nx\n#endif\n#if PAGE_SHIFT == 12\ny\n#endif".utf8))
    #expect(conditions.condition(atLine: 2).value(in: DotConfig()) == .yes)
    #expect(conditions.condition(atLine: 5).value(in: DotConfig()) == .yes)
  }
}
