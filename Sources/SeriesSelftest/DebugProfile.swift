import SelftestPlan

/// A named set of debug options: what the kernel watches for while the tests run.
public struct DebugProfile: Sendable {
  /// Its name, also the object directory's.
  public let name: String
  /// What it finds, in a few words.
  public let summary: String
  let options: [SelftestPlanner.BaseOption]

  /// All profiles.
  public static let all = [lockdep, kasan, plain]

  /// The profile of that name.
  public static func named(_ name: String) -> DebugProfile? { all.first { $0.name == name } }

  /// Deadlocks, lock order, sleeping in atomic context, hangs.
  public static let lockdep = DebugProfile(
    "lockdep", "deadlocks, lock order, sleeping in atomic context, hangs",
    common + [
      ("CONFIG_PROVE_LOCKING=y", "lock order and self-deadlocks are reported when they become possible"),
      ("CONFIG_DEBUG_ATOMIC_SLEEP=y", "sleeping where it is forbidden is reported"),
      ("CONFIG_DEBUG_VM=y", "memory management checks itself"),
    ])

  /// lockdep and the use of freed memory.
  public static let kasan = DebugProfile(
    "kasan", "lockdep, and use of freed or foreign memory",
    common + [
      ("CONFIG_PROVE_LOCKING=y", "lock order and self-deadlocks are reported when they become possible"),
      ("CONFIG_KASAN=y", "use of freed or foreign memory is reported"),
    ])

  /// Hangs only; the fastest.
  public static let plain = DebugProfile("plain", "hangs and what a kernel always reports", common)

  private static let common = [
    ("CONFIG_EXPERT=y", "options that only developers see"),
    ("CONFIG_SMP=y", "races need two processors"),
    ("# CONFIG_SLUB_TINY is not set", "tinyconfig's allocator takes a lock for every object, slow with lockdep"),
    ("CONFIG_BUG=y", "BUG and WARN are reported"),
    ("CONFIG_DEBUG_KERNEL=y", "debug options are visible"),
    ("CONFIG_DEBUG_BUGVERBOSE=y", "BUG and WARN say file and line"),
    ("CONFIG_KALLSYMS=y", "traces have names"),
    ("CONFIG_PRINTK_TIME=y", "the console log has times"),
    ("CONFIG_DETECT_HUNG_TASK=y", "a task that does not come back is reported"),
    ("CONFIG_DEFAULT_HUNG_TASK_TIMEOUT=30", "a hung task is reported within a test's time"),
    ("CONFIG_SOFTLOCKUP_DETECTOR=y", "a processor that does not schedule is reported"),
    ("CONFIG_HIGH_RES_TIMERS=y", "timeouts of tests are exact"),
    ("CONFIG_EPOLL=y", "common in tests"), ("CONFIG_EVENTFD=y", "common in tests"),
    ("CONFIG_SIGNALFD=y", "common in tests"), ("CONFIG_TIMERFD=y", "common in tests"),
    ("CONFIG_TRANSPARENT_HUGEPAGE=y", "tests of memory fail without it"), ("CONFIG_AIO=y", "common in tests"),
    ("CONFIG_MEMBARRIER=y", "common in tests"),
    ("CONFIG_RSEQ=y", "the C library uses it"), ("CONFIG_ADVISE_SYSCALLS=y", "madvise in tests"),
    ("CONFIG_PROC_SYSCTL=y", "tests read and set limits"), ("CONFIG_PROC_PAGE_MONITOR=y", "pagemap in tests"),
    ("CONFIG_MEMFD_CREATE=y", "memfd in tests"), ("CONFIG_BINFMT_SCRIPT=y", "tests that are scripts"),
  ]

  private init(_ name: String, _ summary: String, _ options: [(String, String)]) {
    self.name = name
    self.summary = summary
    self.options = options.compactMap { SelftestPlanner.BaseOption(line: $0.0, reason: $0.1) }
  }
}
