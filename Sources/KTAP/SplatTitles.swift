/// How each kind of splat begins. Knowledge about the kernel's wording lives here and nowhere else; the strings are those of
/// kernel/locking/lockdep.c, kernel/rcu, kernel/watchdog.c, kernel/hung_task.c, mm/kasan and lib/ubsan.c.
enum SplatTitles {
  private static let openings: [(StaticString, Splat.Kind)] = [
    ("WARNING: possible circular locking dependency detected", .circularLocking),
    ("WARNING: possible recursive locking detected", .recursiveLocking),
    ("WARNING: inconsistent lock state", .inconsistentLockState),
    ("WARNING: possible irq lock inversion dependency detected", .irqLockInversion),
    ("WARNING: HARDIRQ-", .irqLockInversion),
    ("WARNING: SOFTIRQ-", .irqLockInversion),
    ("[ BUG: Invalid wait context ]", .invalidWaitContext),
    ("BUG: Invalid wait context", .invalidWaitContext),
    ("WARNING: held lock freed!", .heldLockFreed),
    ("WARNING: bad unlock balance detected!", .unlockImbalance),
    ("WARNING: bad contention detected!", .unlockImbalance),
    ("WARNING: lock held when returning to user space!", .lockLeak),
    ("WARNING: Nested lock was not taken", .unlockImbalance),
    ("BUG: held lock freed!", .heldLockFreed),
    ("BUG: lock held", .lockLeak),
    ("WARNING: suspicious RCU usage", .suspiciousRCU),
    ("BUG: MAX_LOCK", .lockdepOff),
    ("BUG: MAX_STACK_TRACE_ENTRIES too low", .lockdepOff),
    ("INFO: trying to register non-static key", .lockdepOff),
    ("INFO: lockdep is turned off", .lockdepOff),
    ("INFO: possible irq lock inversion", .irqLockInversion),
    ("WARNING: CPU: ", .warning),
    ("WARNING: at ", .warning),
    ("kernel BUG at ", .bug),
    ("BUG: KASAN: ", .kasan),
    ("BUG: KCSAN: ", .kcsan),
    ("BUG: KMSAN: ", .kmsan),
    ("BUG: KFENCE: ", .kfence),
    ("UBSAN: ", .ubsan),
    ("kmemleak: ", .kmemleak),
    ("BUG: sleeping function called from invalid context", .atomicSleep),
    ("BUG: scheduling while atomic", .atomicSleep),
    ("BUG: kernel NULL pointer dereference", .badAccess),
    ("BUG: unable to handle", .badAccess),
    ("Unable to handle kernel", .badAccess),
    ("general protection fault", .badAccess),
    ("Oops: general protection fault", .badAccess),
    ("BUG: soft lockup", .softLockup),
    ("watchdog: BUG: soft lockup", .softLockup),
    ("watchdog: Watchdog detected hard LOCKUP", .hardLockup),
    ("Watchdog detected hard LOCKUP", .hardLockup),
    ("NMI watchdog: Watchdog detected hard LOCKUP", .hardLockup),
    ("BUG: workqueue lockup", .workqueueStall),
    ("rcu: INFO: rcu", .rcuStall),
    ("INFO: rcu_", .rcuStall),
    ("Out of memory: ", .outOfMemory),
    ("Kernel panic - not syncing", .panic),
    ("Oops: ", .oops),
    ("Internal error: ", .oops),
    ("divide error: ", .oops),
    ("invalid opcode: ", .oops),
    ("stack segment: ", .oops),
    ("int3: ", .oops),
    ("double fault: ", .oops),
    ("BUG: ", .bug),
  ]

  /// The kind of splat that a line begins, if one; `line` without the console's prefix.
  static func kind(_ line: Slice<UnsafeBufferPointer<UInt8>>) -> Splat.Kind? {
    guard let first = line.first, isOpening(first) else { return nil }
    for (opening, kind) in openings where KTAPLine.starts(line, opening) {
      if kind == .kmemleak, !contains(line, "new suspected memory leaks") { return nil }
      return kind
    }
    // "INFO: task init:1 blocked for more than 120 seconds."
    if KTAPLine.starts(line, "INFO: task "), contains(line, " blocked for more than ") { return .hungTask }
    return nil
  }

  /// Whether a line separates a splat from what was before it.
  static func isRule(_ line: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    guard line.count >= 10 else { return false }
    return KTAPLine.starts(line, "==========") || KTAPLine.starts(line, "----------") || isCutHere(line)
  }

  /// `------------[ cut here ]------------`
  static func isCutHere(_ line: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    KTAPLine.starts(line, "------------[ cut here")
  }

  /// `---[ end trace 0000000000000000 ]---`
  static func isEndTrace(_ line: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    KTAPLine.starts(line, "---[ end ")
  }

  /// A heading of a trace.
  static func isTraceHeading(_ line: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    KTAPLine.starts(line, "Call Trace:") || KTAPLine.starts(line, "Call trace:")
  }

  static func contains(_ line: Slice<UnsafeBufferPointer<UInt8>>, _ text: String) -> Bool {
    line.firstRange(of: Array(text.utf8)) != nil
  }

  private static func isOpening(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "W"), UInt8(ascii: "["), UInt8(ascii: "B"), UInt8(ascii: "I"), UInt8(ascii: "k"),
      UInt8(ascii: "U"), UInt8(ascii: "g"), UInt8(ascii: "O"), UInt8(ascii: "w"), UInt8(ascii: "N"),
      UInt8(ascii: "r"), UInt8(ascii: "K"), UInt8(ascii: "d"), UInt8(ascii: "i"), UInt8(ascii: "s"):
      true
    default: false
    }
  }
}
