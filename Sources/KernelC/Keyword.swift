/// C keywords and the kernel's declaration attributes; a keyword's symbol is its raw value in every run.
enum Keyword: Int32, CaseIterable {
  // statements
  case `if`, `else`, `while`, `do`, `for`, `switch`, `case`, `default`, goto, `return`, `break`, `continue`
  // operators
  case sizeof, alignof, _Alignof, __alignof__, typeof, __typeof__, __typeof, typeof_unqual, offsetof, _Generic
  // inline assembly
  case asm, __asm__, asm_inline, __asm
  // types
  case `struct`, union, `enum`, void, char, short, int, long, float, double, signed, unsigned, _Bool, bool, __int128
  case u8, u16, u32, u64, s8, s16, s32, s64, uint, ulong, ushort, __signed__
  case ssize_t, loff_t, off_t, int8_t, int16_t, int32_t, int64_t, __s8, __s16, __s32, __s64
  case size_t, dma_addr_t, phys_addr_t, resource_size_t, sector_t, pgoff_t, u_char, u_short, u_int, u_long
  case uint8_t, uint16_t, uint32_t, uint64_t, uintptr_t, __u8, __u16, __u32, __u64, __le16, __le32, __le64
  case __be16, __be32, __be64, __auto_type
  // qualifiers and storage
  case const, volatile, `static`, inline, __inline, __inline__, __always_inline, noinline, extern, register, auto
  case typedef, restrict, __restrict, __const, __volatile__, __extension__, _Noreturn, _Static_assert, static_assert
  // attributes without arguments
  case __attribute__, __init, __exit, __user, __iomem, __percpu, __rcu, __must_check, __maybe_unused, __force
  case __noreturn, __cold, __hot, __read_mostly, __ro_after_init, __initdata, __initconst, __exitdata, __weak, __visible
  case __sched, __pure, __packed, __kernel, __private, __always_unused, __used, __malloc, __meminit, __cpuinit
  case __ref, __refdata, asmlinkage, noinstr, notrace, __nocast, __bitwise, __safe, __latent_entropy, __kprobes
  case __net_init, __net_exit, __irq_entry, __softirq_entry, __init_or_module, __init_memblock, __flatten
  case nokprobe_inline, noinline_for_stack, fastcall, __cpuidle, __lockfunc, __noclone, __no_kcsan, __tlbi, __bpf_kfunc
  case __ipv6_addr_type, __counted_by, __free, __acquires, __releases, __must_hold, __cond_acquires, __printf, __scanf
  case __aligned, __section, __alloc_size, __releases_shared, __acquires_shared, __must_hold_shared, __cleanup
  case __guarded_by, __pt_guarded_by, __no_sanitize_address, __no_sanitize_memory, __naked, __ksym, __hidden

  var spelling: String { "\(self)" }
  var symbol: Symbol { Symbol(rawValue) }

  init?(_ symbol: Symbol) {
    guard symbol.rawValue >= 0, symbol.rawValue <= Keyword.__hidden.rawValue else { return nil }
    self.init(rawValue: symbol.rawValue)
  }

  var startsStatement: Bool { rawValue <= Keyword.continue.rawValue }
  var isAggregate: Bool { self == .struct || self == .union || self == .enum }
  var isType: Bool { rawValue >= Keyword.struct.rawValue && rawValue <= Keyword.__auto_type.rawValue }
  var isUnsigned: Bool {
    switch self {
    case .unsigned, .u8, .u16, .u32, .u64, .uint, .ulong, .ushort: true
    default: rawValue >= Keyword.size_t.rawValue && rawValue <= Keyword.__be64.rawValue
    }
  }
  var isTypeof: Bool { rawValue >= Keyword.typeof.rawValue && rawValue <= Keyword.typeof_unqual.rawValue }
  var isQualifier: Bool { rawValue >= Keyword.const.rawValue && rawValue <= Keyword._Noreturn.rawValue }
  var isAttribute: Bool { rawValue >= Keyword.__attribute__.rawValue }
  var isAssembly: Bool { rawValue >= Keyword.asm.rawValue && rawValue <= Keyword.__asm.rawValue }
}
