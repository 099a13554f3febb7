/// A report of the kernel about itself, found in its log: a lockdep report, a warning, an oops, a panic.
public struct Splat: Sendable, Hashable {
  /// What the kernel reports.
  public enum Kind: String, Sendable, Hashable, CaseIterable {
    /// Two locks are taken in both orders.
    case circularLocking = "circular-locking"
    /// A lock is taken again by its holder.
    case recursiveLocking = "recursive-locking"
    /// A lock is used in and out of interrupts without care.
    case inconsistentLockState = "inconsistent-lock-state"
    /// A lock that is safe in interrupts depends on one that is not.
    case irqLockInversion = "irq-lock-inversion"
    /// A lock that may sleep is taken where sleeping is not allowed.
    case invalidWaitContext = "invalid-wait-context"
    /// Memory with a held lock in it was freed.
    case heldLockFreed = "held-lock-freed"
    /// A lock is released that is not held.
    case unlockImbalance = "unlock-imbalance"
    /// A task went back to user space, or to sleep for good, with a lock held.
    case lockLeak = "lock-leak"
    /// RCU-protected data is used outside a read-side section.
    case suspiciousRCU = "suspicious-rcu"
    /// A lock is used in a way that its own checks forbid (`DEBUG_LOCKS_WARN_ON`, spinlock debugging).
    case lockMisuse = "lock-misuse"
    /// Lockdep gave up, so that later lock errors go unseen.
    case lockdepOff = "lockdep-off"
    /// `WARN_ON` and friends.
    case warning
    /// `BUG_ON` and friends.
    case bug
    /// Something that may sleep was called in atomic context.
    case atomicSleep = "atomic-sleep"
    /// A memory access that no handler covers.
    case badAccess = "bad-access"
    /// Any other exception in the kernel.
    case oops
    /// An exception while an exception was handled, or a stack that overflowed.
    case stackOverflow = "stack-overflow"
    /// A list whose links do not agree.
    case listCorruption = "list-corruption"
    /// A reference count that overflowed, underflowed or was used after zero.
    case refcount
    /// A slab cache whose red zones, poison or free list were overwritten.
    case slabCorruption = "slab-corruption"
    /// Page tables, page flags or counters of an address space that do not agree.
    case badPage = "bad-page"
    /// Something debugobjects forbids, such as freeing an active timer.
    case objectMisuse = "object-misuse"
    /// The address sanitizer.
    case kasan
    /// The undefined behaviour sanitizer.
    case ubsan
    /// The data race detector.
    case kcsan
    /// The uninitialised memory detector.
    case kmsan
    /// The sampling memory error detector.
    case kfence
    /// Memory leaks.
    case kmemleak
    /// A processor or a task keeps RCU from making progress.
    case rcuStall = "rcu-stall"
    /// A processor does not schedule.
    case softLockup = "soft-lockup"
    /// A processor does not take interrupts.
    case hardLockup = "hard-lockup"
    /// A task waits for too long.
    case hungTask = "hung-task"
    /// A workqueue does not get on.
    case workqueueStall = "workqueue-stall"
    /// The kernel, or a memory cgroup, ran out of memory and killed a process.
    case outOfMemory = "out-of-memory"
    /// An allocation failed that did not promise to.
    case allocationFailure = "allocation-failure"
    /// A network device whose references do not go away.
    case deviceLeak = "device-leak"
    /// An interrupt that no handler took.
    case unhandledInterrupt = "unhandled-interrupt"
    /// The end.
    case panic

    /// Whether it is about locks.
    public var isLocking: Bool {
      switch self {
      case .circularLocking, .recursiveLocking, .inconsistentLockState, .irqLockInversion, .invalidWaitContext,
        .heldLockFreed, .unlockImbalance, .lockLeak, .suspiciousRCU, .lockMisuse, .lockdepOff:
        true
      default: false
      }
    }
  }

  /// What it is about.
  public var kind: Kind
  /// The line that names it.
  public var title: String
  /// What the code itself says about it, as in `WARN(…, "message")`; a lockdep report has none.
  public var message: String?
  /// The file and line that the report names, as in `WARNING: … at mm/filemap.c:10`.
  public var place: SourcePlace?
  /// The task that was running, as far as the report says; cut to 15 bytes by the kernel.
  public var task: String?
  /// Its first and last line in the log, from 1.
  public var lines: ClosedRange<Int>
  /// Its text; of a very long one the beginning and the end.
  public var text: [String]
  /// Code positions in it, in order: where it happened, then the call traces.
  public var trace: [TraceFrame]
  /// The test that ran when it came, as far as the log tells.
  public var test: String?
  /// Whether it was asked for: a KUnit suite that tests the reporter itself, and a test in it that passed.
  public var isIntended = false
}

/// A line of source as a report names it.
public struct SourcePlace: Sendable, Hashable, CustomStringConvertible {
  /// The file, as the compiler was given it.
  public var file: String
  /// The line, from 1.
  public var line: Int

  /// `mm/filemap.c:10`
  public var description: String { "\(file):\(line)" }
}

/// A position in kernel code as a trace prints it: `kvm_gmem_get_pfn+0x5a/0x120 [kvm]`.
public struct TraceFrame: Sendable, Hashable {
  /// The function.
  public var function: String
  /// Bytes from its start.
  public var offset: UInt64
  /// Its size in bytes.
  public var size: UInt64
  /// The module, if it is not in the kernel image.
  public var module: String?
  /// Whether the unwinder vouches for it (no `?` in front).
  public var isReliable: Bool
  /// Whether it is where the processor stood (`RIP:`, `pc :`) rather than where a call returns to.
  public var isExact: Bool
  /// The line in the log.
  public var line: Int
}
