import ByteText

/// How each kind of splat begins. Knowledge about the kernel's wording lives here and nowhere else; the strings are those of
/// kernel/locking, kernel/rcu, kernel/watchdog.c, kernel/hung_task.c, kernel/panic.c, mm, lib and arch, with the older
/// forms (`[ INFO: … ]`) that long-term kernels still print.
enum SplatTitles {
  typealias Line = Slice<UnsafeBufferPointer<UInt8>>

  /// What a line begins.
  struct Opening: Equatable {
    var kind: Splat.Kind
    /// Whether the words are common enough for a program to print them too.
    var isVague = false
  }

  /// What follows `BUG: `, `WARNING: `, `INFO: ` or `[ BUG: `: the severity has changed over the years, the words have not.
  private static let reports: [(StaticString, Splat.Kind)] = [
    ("possible circular locking dependency detected", .circularLocking),
    ("possible recursive locking detected", .recursiveLocking),
    ("inconsistent lock state", .inconsistentLockState),
    ("possible irq lock inversion dependency detected", .irqLockInversion),
    ("Invalid wait context", .invalidWaitContext),
    ("held lock freed!", .heldLockFreed),
    ("bad unlock balance detected!", .unlockImbalance),
    ("bad contention detected!", .unlockImbalance),
    ("Nested lock was not taken", .unlockImbalance),
    ("lock held when returning to user space!", .lockLeak),
    ("lock held at task exit time!", .lockLeak),
    ("suspicious RCU usage", .suspiciousRCU),
    ("MAX_LOCK", .lockdepOff), ("MAX_STACK_TRACE_ENTRIES too low", .lockdepOff),
    ("trying to register non-static key", .lockdepOff),
    ("lockdep is turned off", .lockdepOff), ("chain_key collision", .lockdepOff),
    ("spinlock ", .lockMisuse), ("rwlock ", .lockMisuse), ("mutex ", .lockMisuse),
    ("sleeping function called from invalid context", .atomicSleep),
    ("scheduling while atomic", .atomicSleep),
    ("scheduling in a non-blocking section", .atomicSleep),
    ("workqueue leaked atomic, lock or RCU", .atomicSleep),
    ("using smp_processor_id() in preemptible", .atomicSleep),
    ("using __this_cpu", .atomicSleep),
    ("KASAN: ", .kasan), ("KCSAN: ", .kcsan), ("KMSAN: ", .kmsan), ("KFENCE: ", .kfence),
    ("kernel NULL pointer dereference", .badAccess), ("Kernel NULL pointer dereference", .badAccess),
    ("unable to handle ", .badAccess), ("Unable to handle kernel", .badAccess),
    ("soft lockup", .softLockup), ("workqueue lockup", .workqueueStall),
    ("Bad page ", .badPage), ("Bad rss-counter", .badPage), ("non-zero pgtables_bytes", .badPage),
    ("non-zero nr_ptes", .badPage), ("non-zero nr_pmds", .badPage),
    ("TASK stack guard page was hit", .stackOverflow), ("IRQ stack guard page was hit", .stackOverflow),
    ("stack guard page was hit", .stackOverflow),
    ("mempool element poison mismatch", .slabCorruption),
    ("rcu", .rcuStall),
  ]

  /// Openings that begin their line with no severity in front.
  private static let statements: [(StaticString, Opening)] = [
    ("kernel BUG at ", Opening(kind: .bug)),
    ("Kernel panic - not syncing", Opening(kind: .panic)),
    ("Unable to handle kernel ", Opening(kind: .badAccess)),
    ("Internal error: ", Opening(kind: .oops, isVague: true)),
    ("general protection fault, ", Opening(kind: .badAccess)),
    ("general protection fault: 0", Opening(kind: .badAccess)),
    ("divide error: 0", Opening(kind: .oops)), ("invalid opcode: 0", Opening(kind: .oops)),
    ("stack segment: 0", Opening(kind: .oops)), ("int3: 0", Opening(kind: .oops)),
    ("alignment check: 0", Opening(kind: .oops)), ("segment not present: 0", Opening(kind: .oops)),
    ("control protection fault: 0", Opening(kind: .oops)), ("Missing ENDBR: ", Opening(kind: .oops)),
    ("CFI failure at ", Opening(kind: .oops)), ("SError Interrupt on CPU", Opening(kind: .oops)),
    ("Bad mode in ", Opening(kind: .oops, isVague: true)),
    ("PANIC: double fault", Opening(kind: .stackOverflow)), ("double fault: 0", Opening(kind: .stackOverflow)),
    ("Insufficient stack space to handle exception!", Opening(kind: .stackOverflow)),
    ("Kernel stack overflow", Opening(kind: .stackOverflow)),
    ("Watchdog detected hard LOCKUP", Opening(kind: .hardLockup)),
    ("Watchdog CPU:", Opening(kind: .hardLockup)),
    ("Out of memory: Kill", Opening(kind: .outOfMemory)),
    ("Memory cgroup out of memory: Kill", Opening(kind: .outOfMemory)),
    ("unreferenced object 0x", Opening(kind: .kmemleak)),
    ("unregister_netdevice: waiting for ", Opening(kind: .deviceLeak)),
    ("VFS: Busy inodes after unmount", Opening(kind: .bug)),
    ("sysfs: cannot create duplicate filename", Opening(kind: .warning)),
  ]

  /// The kind of splat that a line begins, if one; `line` without the console's prefix.
  static func opening(_ line: Line) -> Opening? {
    guard let first = line.first, isFirstByte(first) else { return nil }
    var rest = subject(of: line)
    let isBracketed = KTAPLine.starts(rest, "[ ")
    if isBracketed { rest = rest.dropFirst(2) }
    for severity in Severity.all where KTAPLine.starts(rest, severity.word) {
      return reported(rest.dropFirst(severity.word.utf8CodeUnitCount), severity, isBracketed: isBracketed)
    }
    return isBracketed ? nil : stated(rest)
  }

  private struct Severity {
    let word: StaticString
    let fallback: Splat.Kind?

    /// `Oops: ` stands in front of every exception since 6.10.
    static let all = [
      Severity(word: "BUG: ", fallback: .bug), Severity(word: "WARNING: ", fallback: nil),
      Severity(word: "INFO: ", fallback: nil), Severity(word: "Oops: ", fallback: .oops),
      Severity(word: "Oops - ", fallback: .oops), Severity(word: "Oops [#", fallback: .oops),
    ]
  }

  private static func reported(_ rest: Line, _ severity: Severity, isBracketed: Bool) -> Opening? {
    for (words, kind) in reports where KTAPLine.starts(rest, words) {
      if kind == .rcuStall, !contains(rest, "stall") { return nil }
      if kind == .lockMisuse, !contains(rest, " on CPU#") { continue }
      return Opening(kind: kind)
    }
    switch severity.word.utf8Start[0] {
    case UInt8(ascii: "W"):
      if contains(rest, "-unsafe lock order detected") { return Opening(kind: .irqLockInversion) }
      if contains(rest, " still has locks held!") { return Opening(kind: .lockLeak) }
      if KTAPLine.starts(rest, "kernel stack ") { return Opening(kind: .warning) }
      let isOld = KTAPLine.starts(rest, "CPU: ") || KTAPLine.starts(rest, "at ")
      // Since 6.19: "WARNING: mm/filemap.c:10 at f+0x1/0x2, CPU#1: task/42".
      return isOld || (contains(rest, " at ") && contains(rest, ", CPU#")) ? Opening(kind: .warning) : nil
    case UInt8(ascii: "I"):
      if contains(rest, "-unsafe lock order detected") { return Opening(kind: .irqLockInversion) }
      let isHung = KTAPLine.starts(rest, "task ") && contains(rest, " blocked for more than ")
      return isHung ? Opening(kind: .hungTask) : nil
    case UInt8(ascii: "O"):
      return stated(rest) ?? severity.fallback.map { Opening(kind: $0, isVague: true) }
    default:
      return severity.fallback.map { Opening(kind: $0, isVague: true) }
    }
  }

  private static func stated(_ line: Line) -> Opening? {
    for (words, opening) in statements where KTAPLine.starts(line, words) { return opening }
    if KTAPLine.starts(line, "UBSAN: ") { return contains(line, " in ") ? Opening(kind: .ubsan) : nil }
    if KTAPLine.starts(line, "kmemleak: ") {
      return contains(line, " new suspected memory leaks") ? Opening(kind: .kmemleak) : nil
    }
    // "BUG kmalloc-64 (Not tainted): Left Redzone overwritten"
    if KTAPLine.starts(line, "BUG ") {
      return contains(line, "ainted") && contains(line, "): ") ? Opening(kind: .slabCorruption) : nil
    }
    // "CPU 0 Unable to handle kernel …" (mips), "CPU 1 Hard LOCKUP" (powerpc), "CPU3: Watchdog detected …"
    if KTAPLine.starts(line, "CPU"), contains(line, "Unable to handle kernel ") { return Opening(kind: .badAccess) }
    if KTAPLine.starts(line, "CPU"), contains(line, "ard LOCKUP") { return Opening(kind: .hardLockup) }
    return nil
  }

  /// Reports whose line begins with the name of a task, a driver or an interrupt.
  ///
  /// - Complexity: O(`line.count`); only for lines of the kernel.
  static func namedOpening(_ line: Line) -> Opening? {
    if contains(line, " invoked oom-killer: ") { return Opening(kind: .outOfMemory) }
    if contains(line, ": page allocation failure: order:") { return Opening(kind: .allocationFailure) }
    if KTAPLine.starts(line, "irq "), contains(line, ": nobody cared ") { return Opening(kind: .unhandledInterrupt) }
    return nil
  }

  /// The kind that a warning's own message makes of it.
  static func refined(_ kind: Splat.Kind, message: Line) -> Splat.Kind {
    guard kind == .warning || kind == .bug else { return kind }
    if KTAPLine.starts(message, "refcount_t: ") { return .refcount }
    if KTAPLine.starts(message, "list_add ") || KTAPLine.starts(message, "list_del ")
      || contains(message, " list corruption") || contains(message, "_add corruption")
      || contains(message, "_del corruption")
    {
      return .listCorruption
    }
    if KTAPLine.starts(message, "ODEBUG: ") { return .objectMisuse }
    if KTAPLine.starts(message, "DEBUG_LOCKS_WARN_ON(") { return .lockMisuse }
    if KTAPLine.starts(message, "do not call blocking ops") { return .atomicSleep }
    if KTAPLine.starts(message, "Voluntary context switch within RCU") { return .suspiciousRCU }
    return kind
  }

  /// A line that may stand right before `cut here` and says what the report is about.
  static func isForeword(_ line: Line) -> Bool {
    switch line.first {
    case UInt8(ascii: "l"): KTAPLine.starts(line, "list_add ") || KTAPLine.starts(line, "list_del ")
    case UInt8(ascii: "u"): KTAPLine.starts(line, "usercopy: ")
    case UInt8(ascii: "s"): KTAPLine.starts(line, "skbuff: skb_")
    case UInt8(ascii: "p"): KTAPLine.starts(line, "page dumped because: ")
    default: false
    }
  }

  /// Whether a line separates a splat from what was before it.
  static func isRule(_ line: Line) -> Bool {
    KTAPLine.starts(line, "==========") || KTAPLine.starts(line, "----------")
  }

  /// `------------[ cut here ]------------`
  static func isCutHere(_ line: Line) -> Bool {
    KTAPLine.starts(line, "------------[ cut here")
  }

  /// `---[ end trace 0000000000000000 ]---`
  static func isEndTrace(_ line: Line) -> Bool {
    KTAPLine.starts(line, "---[ end ")
  }

  /// A heading of a trace.
  static func isTraceHeading(_ line: Line) -> Bool {
    switch line.first {
    case UInt8(ascii: "C"): KTAPLine.starts(line, "Call Trace:") || KTAPLine.starts(line, "Call trace:")
    case 0x20: KTAPLine.starts(line, "  backtrace")
    default: false
    }
  }

  static func contains(_ line: Line, _ text: StaticString) -> Bool {
    let count = text.utf8CodeUnitCount
    guard line.count >= count else { return false }
    return ByteSearch.contains(line, text.utf8Start, count)
  }

  /// The line without the name of the subsystem that some reports begin with.
  private static func subject(of line: Line) -> Line {
    let names: [StaticString] = ["watchdog: ", "NMI watchdog: ", "rcu: ", "traps: ", "kernel: "]
    for name in names where KTAPLine.starts(line, name) { return line.dropFirst(name.utf8CodeUnitCount) }
    return line
  }

  private static func isFirstByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "W"), UInt8(ascii: "["), UInt8(ascii: "B"), UInt8(ascii: "I"), UInt8(ascii: "k"),
      UInt8(ascii: "U"), UInt8(ascii: "g"), UInt8(ascii: "O"), UInt8(ascii: "w"), UInt8(ascii: "N"), UInt8(ascii: "V"),
      UInt8(ascii: "r"), UInt8(ascii: "K"), UInt8(ascii: "d"), UInt8(ascii: "i"), UInt8(ascii: "s"), UInt8(ascii: "M"),
      UInt8(ascii: "a"), UInt8(ascii: "c"), UInt8(ascii: "C"), UInt8(ascii: "S"), UInt8(ascii: "P"), UInt8(ascii: "t"),
      UInt8(ascii: "u"):
      true
    default: false
    }
  }
}
