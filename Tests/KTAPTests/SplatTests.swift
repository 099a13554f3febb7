import KTAP
import Testing

private func splats(_ log: String) -> [Splat] { KernelLog(Array(log.utf8)).splats }

@Suite struct SplatTests {
  @Test(arguments: [
    ("WARNING: possible circular locking dependency detected", Splat.Kind.circularLocking),
    ("WARNING: possible recursive locking detected", .recursiveLocking),
    ("WARNING: inconsistent lock state", .inconsistentLockState),
    ("WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected", .irqLockInversion),
    ("[ BUG: Invalid wait context ]", .invalidWaitContext), ("WARNING: held lock freed!", .heldLockFreed),
    ("WARNING: bad unlock balance detected!", .unlockImbalance),
    ("WARNING: lock held when returning to user space!", .lockLeak), ("WARNING: suspicious RCU usage", .suspiciousRCU),
    ("BUG: MAX_LOCKDEP_ENTRIES too low!", .lockdepOff),
    ("WARNING: CPU: 1 PID: 42 at virt/kvm/guest_memfd.c:123 kvm_gmem_get_pfn+0x1/0x2", .warning),
    ("kernel BUG at mm/filemap.c:10!", .bug), ("BUG: Bad page state in process init  pfn:1000", .badPage),
    ("BUG: sleeping function called from invalid context at kernel/locking/rwsem.c:1", .atomicSleep),
    ("BUG: kernel NULL pointer dereference, address: 0000000000000008", .badAccess),
    ("BUG: unable to handle page fault for address: ffffc90000000000", .badAccess),
    ("Oops: general protection fault, probably for non-canonical address 0x1: 0000 [#1] SMP", .badAccess),
    ("Unable to handle kernel paging request at virtual address 0000000000000010", .badAccess),
    ("BUG: KASAN: slab-use-after-free in kvm_gmem_release+0x10/0x20", .kasan),
    ("UBSAN: shift-out-of-bounds in virt/kvm/kvm_main.c:1:2", .ubsan), ("BUG: KCSAN: data-race in a / b", .kcsan),
    ("rcu: INFO: rcu_preempt self-detected stall on CPU", .rcuStall),
    ("rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 1-... }", .rcuStall),
    ("watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [test:77]", .softLockup),
    ("watchdog: Watchdog detected hard LOCKUP on cpu 1", .hardLockup),
    ("INFO: task kvm:81 blocked for more than 120 seconds.", .hungTask),
    ("BUG: workqueue lockup - pool cpus=0", .workqueueStall),
    ("kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)", .kmemleak),
    ("Out of memory: Killed process 77 (test)", .outOfMemory), ("Kernel panic - not syncing: Fatal exception", .panic),
  ])
  func everyKindIsKnown(title: String, kind: Splat.Kind) {
    let found = splats("[    1.000000] booting\n[    2.000000][   T77] \(title)\n[    3.000000] quiet\n")
    #expect(found.map(\.kind) == [kind])
    #expect(found.first?.title == title)
  }

  @Test(arguments: [
    "WARNING: you are running an unsupported kernel", "INFO: task management loaded",
    "kmemleak: Kernel memory leak detector initialized",
    "A BUG in the machine", "Internal errors: none", "Kernel panics are bad",
    "warning: `x' uses deprecated capabilities",
  ])
  func whatOnlySoundsLikeOne(line: String) {
    #expect(splats("[    1.000000] \(line)\n").isEmpty)
  }

  @Test func aLockdepReportIsCutOut() throws {
    let log = """
      [    4.100000] gmemkit: start 3 guest_memfd_test
      [    4.200000] kvm: harmless
      [    4.500000]
      [    4.500001] ======================================================
      [    4.500002] WARNING: possible circular locking dependency detected
      [    4.500003] 6.12.117+ #1 Not tainted
      [    4.500004] ------------------------------------------------------
      [    4.500005] guest_memfd_tes/77 is trying to acquire lock:
      [    4.500006] ffff888001 (&mm->mmap_lock){++++}-{3:3}, at: __might_fault+0x58/0x80
      [    4.500007]
      [    4.500008] but task is already holding lock:
      [    4.500009] ffff888002 (mapping.invalidate_lock#2){++++}-{3:3}, at: kvm_gmem_populate+0x9a/0x3d0
      [    4.500010]
      [    4.500011] which lock already depends on the new lock.
      [    4.500012]
      [    4.500013] stack backtrace:
      [    4.500014] CPU: 1 UID: 0 PID: 77 Comm: guest_memfd_tes Not tainted 6.12.117+ #1
      [    4.500015] Call Trace:
      [    4.500016]  <TASK>
      [    4.500017]  dump_stack_lvl+0x6f/0xa0
      [    4.500018]  ? stale_entry+0x1/0x10
      [    4.500019]  kvm_gmem_populate+0x120/0x3d0 [kvm]
      [    4.500020] RIP: 0033:0x41a2bd
      [    4.500021] RSP: 002b:00007ffc2 EFLAGS: 00000246 ORIG_RAX: 0000000000000010
      [    4.500022]  </TASK>
      [    4.600000] gmemkit: end 3 guest_memfd_test
      [    4.700000] gmemkit: done
      """
    let found = try #require(splats(log).first)
    #expect(splats(log).count == 1)
    #expect(found.kind == .circularLocking && found.kind.isLocking)
    #expect(found.test == "guest_memfd_test")
    #expect(found.lines == 4...25)
    #expect(found.text.first == "======================================================")
    #expect(found.text.last == " </TASK>")
    #expect(
      found.trace.filter(\.isReliable).map(\.function) == [
        "__might_fault", "kvm_gmem_populate", "dump_stack_lvl", "kvm_gmem_populate",
      ])
    #expect(found.trace.last?.module == "kvm" && found.trace.last?.offset == 0x120 && found.trace.last?.size == 0x3d0)
  }

  @Test func anOopsIsOneSplatAndThePanicAnother() {
    let log = """
      [    9.000000] BUG: kernel NULL pointer dereference, address: 0000000000000008
      [    9.000001] #PF: supervisor read access in kernel mode
      [    9.000002] PGD 0 P4D 0
      [    9.000003] Oops: Oops: 0000 [#1] SMP
      [    9.000004] CPU: 0 PID: 5 Comm: t Not tainted
      [    9.000005] RIP: 0010:kvm_gmem_release+0x12/0x34
      [    9.000006] Call Trace:
      [    9.000007]  __fput+0x1/0x2
      [    9.000008] ---[ end trace 0000000000000000 ]---
      [    9.000009] Kernel panic - not syncing: Fatal exception
      [    9.000010] Kernel Offset: disabled
      [    9.000011] ---[ end Kernel panic - not syncing: Fatal exception ]---
      """
    let found = splats(log)
    #expect(found.map(\.kind) == [.badAccess, .panic])
    #expect(found.map(\.lines) == [1...9, 10...12])
    #expect(found[0].trace.map(\.function) == ["kvm_gmem_release", "__fput"])
  }

  @Test func aWarningWithAMessageBeginsAtTheCut() throws {
    let log = """
      [    1.000000] ------------[ cut here ]------------
      [    1.000001] bad order 9
      [    1.000002] WARNING: CPU: 0 PID: 1 at virt/kvm/guest_memfd.c:77 kvm_gmem_init+0x1/0x2
      [    1.000003] Modules linked in:
      [    1.000004] ---[ end trace 0000000000000000 ]---
      [    1.000005] after
      """
    let found = try #require(splats(log).first)
    #expect(splats(log).count == 1 && found.kind == .warning && found.lines == 1...5)
    #expect(found.text[1] == "bad order 9")
  }

  @Test func kunitNamesTheTestAfterwards() {
    let log = """
      [    1.000000] KTAP version 1
      [    1.000000] 1..1
      [    1.000000]     KTAP version 1
      [    1.000000]     # Subtest: locks
      [    1.000000]     1..2
      [    1.000000]     ok 1 fine
      [    1.000000] WARNING: suspicious RCU usage
      [    1.000000] 6.12 #1 Not tainted
      [    1.000000]     ok 2 dirty
      [    1.000000] ok 1 locks
      """
    #expect(splats(log).map(\.test) == ["locks/dirty"])
  }

  @Test func anEndlessReportStaysBounded() throws {
    let body = (0..<100_000).map { "[    1.000000]  f\($0)+0x1/0x2\n" }.joined()
    let found = splats("[    1.000000] BUG: workqueue lockup\n[    1.000000] Call Trace:\n" + body)
    #expect(found.count == 1)
    #expect(found[0].text.count <= 200)
  }

  @Test func theSameSplatTwiceIsTwo() {
    let one =
      "[    1.000000] BUG: scheduling while atomic: t/1/0x2\n[    1.000000] Call Trace:\n[    1.000000]  f+0x1/0x2\n"
    #expect(splats(one + one).count == 2)
  }
}
