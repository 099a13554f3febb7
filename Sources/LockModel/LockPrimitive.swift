import KernelC

/// What kind of lock it is: decides whether its holder may sleep and whether it nests in itself.
public enum LockKind: UInt8, Sendable, CaseIterable {
  case mutex, rwsem, semaphore, spin, raw, rwlock, seqlock, bit, rcu, srcu, preempt, irq, softirq, socket, ww
  /// Page faults disabled: what touches memory of the user fails where it would sleep.
  case fault
  /// Not a lock of the kernel's own: two functions whose names say that one undoes the other.
  case pair

  /// Whether sleeping under it is a mistake.
  public var isAtomic: Bool {
    switch self {
    case .spin, .raw, .rwlock, .seqlock, .bit, .rcu, .preempt, .irq, .softirq: true
    default: false
    }
  }

  /// Whether taking it twice is allowed.
  public var nests: Bool {
    switch self {
    case .rcu, .srcu, .preempt, .irq, .softirq, .ww, .fault, .pair: true
    default: false
    }
  }

  /// Whether the holder is the one who must release it, in the same function unless stated otherwise.
  public var isSection: Bool {
    switch self {
    case .rcu, .srcu, .preempt, .irq, .softirq, .fault: true
    default: false
    }
  }
}

/// How a lock is held.
public enum LockMode: UInt8, Sendable { case exclusive, shared }

/// What a primitive does to its lock.
public enum LockOperation: UInt8, Sendable {
  case acquire
  /// Takes the lock when it returns non-zero.
  case tryAcquire
  /// Takes the lock when it returns zero.
  case acquireOrFail
  case release
  /// Keeps the lock, now shared.
  case downgrade
  /// States that the lock is held.
  case assertHeld
}

/// One row of the table of primitives.
public struct LockPrimitive: Sendable {
  /// What calling it does to the lock.
  public let operation: LockOperation
  /// The kind of lock it works on.
  public let kind: LockKind
  /// Whether it works on the lock as its only holder or as one of many.
  public let mode: LockMode
  /// Index of the argument that is the lock; -1 when the lock is the global `global`.
  public let argument: Int
  /// A member of what the argument points to.
  public let member: Symbol
  /// The structure that has the member, for files that do not show what the argument is; none where it may be several.
  public let structure: Symbol
  /// The name that stands for the lock when no argument does; none otherwise.
  public let global: Symbol
  /// Whether it may sleep while it waits, so that it must not be called in atomic context.
  public let sleeps: Bool
}

/// The kernel's lock primitives, as data: a name, what it does, and to which lock.
///
/// Wrappers are not listed, they are learnt from their bodies; a few are, because their bodies are far away from most of
/// their callers or hide the lock in assembly.
public struct LockTable: Sendable {
  private let rows: [Symbol: LockPrimitive]
  /// Classes of `guard()` and `scoped_guard()`.
  private let guards: [Symbol: LockPrimitive]

  /// Interns the table.
  public init(_ symbols: SymbolTable) {
    var rows: [Symbol: LockPrimitive] = [:]
    for line in Self.text.split(separator: "\n") {
      let fields = line.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
      guard fields.count >= 4 else { continue }
      for name in fields[3...] { rows[symbols.intern(name)] = Self.row(fields, symbols) }
    }
    self.rows = rows
    var guards: [Symbol: LockPrimitive] = [:]
    for line in Self.guardText.split(separator: "\n") {
      let fields = line.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
      guard fields.count >= 4 else { continue }
      for name in fields[3...] { guards[symbols.intern(name)] = Self.row(fields, symbols) }
    }
    self.guards = guards
  }

  /// The row of a function or macro called `name`.
  public subscript(name: Symbol) -> LockPrimitive? { rows[name] }

  /// What `guard(name)` takes.
  func guardClass(_ name: Symbol) -> LockPrimitive? { guards[name] }

  private static func row(_ fields: [String], _ symbols: SymbolTable) -> LockPrimitive {
    let operations: [Character: LockOperation] = [
      "+": .acquire, "?": .tryAcquire, "0": .acquireOrFail, "-": .release, "v": .downgrade, "=": .assertHeld,
    ]
    let operation = fields[0].first.flatMap { operations[$0] } ?? .acquire
    let kindName = fields[1].hasSuffix("!") ? String(fields[1].dropLast()) : fields[1]
    let kind = LockKind.allCases.first { "\($0)" == kindName } ?? .mutex
    var argument = -1
    var member = Symbol.none
    var structure = Symbol.none
    var global = Symbol.none
    if fields[2].hasPrefix("@") {
      global = symbols.intern(String(fields[2].dropFirst()))
    } else {
      let parts = fields[2].split(separator: ".")
      argument = Int(parts[0]) ?? 0
      if parts.count > 1 {
        let names = parts[1].split(separator: ":")
        if names.count > 1 { structure = symbols.intern(String(names[0])) }
        member = symbols.intern(String(names[names.count - 1]))
      }
    }
    return LockPrimitive(
      operation: operation, kind: kind, mode: fields[0].hasSuffix("s") ? .shared : .exclusive, argument: argument,
      member: member, structure: structure, global: global, sleeps: fields[1].hasSuffix("!"))
  }

  /// operation (`+` takes, `?` tries, `0` takes or fails, `-` releases, `v` downgrades, `=` asserts; `s` shared),
  /// kind (`!` may sleep), lock (argument, argument.member, argument.structure:member or
  /// @global), names.
  private static let text = """
    + mutex! 0 mutex_lock mutex_lock_nested mutex_lock_nest_lock mutex_lock_io mutex_lock_io_nested rt_mutex_lock
    0 mutex! 0 mutex_lock_interruptible mutex_lock_killable mutex_lock_interruptible_nested mutex_lock_killable_nested
    0 mutex! 0 rt_mutex_lock_interruptible rt_mutex_lock_killable
    ? mutex 0 mutex_trylock mutex_trylock_recursive rt_mutex_trylock atomic_dec_and_mutex_lock_
    - mutex 0 mutex_unlock rt_mutex_unlock
    + rwsem! 0 down_write down_write_nested down_write_nest_lock percpu_down_write
    +s rwsem! 0 down_read down_read_nested down_read_non_owner percpu_down_read
    0 rwsem! 0 down_write_killable
    0s rwsem! 0 down_read_killable down_read_interruptible
    ? rwsem 0 down_write_trylock
    ?s rwsem 0 down_read_trylock percpu_down_read_trylock
    - rwsem 0 up_write percpu_up_write
    -s rwsem 0 up_read up_read_non_owner percpu_up_read
    v rwsem 0 downgrade_write
    + semaphore! 0 down
    0 semaphore! 0 down_interruptible down_killable down_timeout
    - semaphore 0 up
    + spin 0 spin_lock spin_lock_nested spin_lock_irq spin_lock_bh spin_lock_irqsave spin_lock_irqsave_nested
    + spin 0 spin_lock_nest_lock
    ? spin 0 spin_trylock spin_trylock_irq spin_trylock_bh spin_trylock_irqsave
    - spin 0 spin_unlock spin_unlock_irq spin_unlock_bh spin_unlock_irqrestore
    + raw 0 raw_spin_lock raw_spin_lock_nested raw_spin_lock_irq raw_spin_lock_bh raw_spin_lock_irqsave
    + raw 0 raw_spin_lock_irqsave_nested arch_spin_lock _raw_spin_lock _raw_spin_lock_irq _raw_spin_lock_irqsave
    - raw 0 _raw_spin_unlock _raw_spin_unlock_irq _raw_spin_unlock_irqrestore
    ? raw 0 raw_spin_trylock raw_spin_trylock_irq raw_spin_trylock_irqsave
    - raw 0 raw_spin_unlock raw_spin_unlock_irq raw_spin_unlock_bh raw_spin_unlock_irqrestore arch_spin_unlock
    + rwlock 0 write_lock write_lock_irq write_lock_bh write_lock_irqsave write_lock_nested
    +s rwlock 0 read_lock read_lock_irq read_lock_bh read_lock_irqsave
    ? rwlock 0 write_trylock write_trylock_irqsave
    ?s rwlock 0 read_trylock
    - rwlock 0 write_unlock write_unlock_irq write_unlock_bh write_unlock_irqrestore
    -s rwlock 0 read_unlock read_unlock_irq read_unlock_bh read_unlock_irqrestore
    + seqlock 0 write_seqlock write_seqlock_irq write_seqlock_bh write_seqlock_irqsave
    +s seqlock 0 read_seqlock_excl read_seqlock_excl_irq read_seqlock_excl_bh
    - seqlock 0 write_sequnlock write_sequnlock_irq write_sequnlock_bh write_sequnlock_irqrestore
    -s seqlock 0 read_sequnlock_excl read_sequnlock_excl_irq read_sequnlock_excl_bh
    + bit 1 bit_spin_lock
    - bit 1 bit_spin_unlock __bit_spin_unlock
    ? bit 1 bit_spin_trylock
    +s rcu @rcu_read_lock rcu_read_lock rcu_read_lock_bh rcu_read_lock_sched
    -s rcu @rcu_read_lock rcu_read_unlock rcu_read_unlock_bh rcu_read_unlock_sched
    +s srcu 0 srcu_read_lock srcu_read_lock_nmisafe
    -s srcu 0 srcu_read_unlock srcu_read_unlock_nmisafe
    + preempt @preempt_disable preempt_disable preempt_disable_notrace get_cpu get_cpu_ptr get_cpu_var
    - preempt @preempt_disable sched_preempt_enable_no_resched preempt_enable_no_resched_notrace
    - preempt @preempt_disable preempt_enable preempt_enable_notrace preempt_enable_no_resched put_cpu put_cpu_ptr put_cpu_var
    + irq @local_irq local_irq_disable local_irq_save
    - irq @local_irq local_irq_enable local_irq_restore
    + fault @pagefault_disable pagefault_disable
    - fault @pagefault_disable pagefault_enable
    + softirq @local_bh local_bh_disable
    - softirq @local_bh local_bh_enable
    + socket! 0 lock_sock lock_sock_nested
    - socket 0 release_sock
    + spin 0.sock:sk_lock bh_lock_sock bh_lock_sock_nested
    - spin 0.sock:sk_lock bh_unlock_sock
    + spin 0.root_lock sch_tree_lock
    - spin 0.root_lock sch_tree_unlock
    + spin 0.task_struct:alloc_lock task_lock
    - spin 0.task_struct:alloc_lock task_unlock
    + spin 0.xa_lock xa_lock xa_lock_bh xa_lock_irq xa_lock_irqsave
    - spin 0.xa_lock xa_unlock xa_unlock_bh xa_unlock_irq xa_unlock_irqrestore
    + spin 0.net_device:tx_global_lock netif_tx_lock netif_tx_lock_bh
    - spin 0.net_device:tx_global_lock netif_tx_unlock netif_tx_unlock_bh
    + spin 0.net_device:addr_list_lock netif_addr_lock netif_addr_lock_bh
    - spin 0.net_device:addr_list_lock netif_addr_unlock netif_addr_unlock_bh
    + mutex! 0.hci_dev:lock hci_dev_lock
    - mutex 0.hci_dev:lock hci_dev_unlock
    + mutex! 0.l2cap_chan:lock l2cap_chan_lock
    - mutex 0.l2cap_chan:lock l2cap_chan_unlock
    + mutex! 0.wiphy:mtx wiphy_lock
    - mutex 0.wiphy:mtx wiphy_unlock
    + mutex! 0.devlink:lock devl_lock
    ? mutex 0.devlink:lock devl_trylock
    - mutex 0.devlink:lock devl_unlock
    + spin 0.uart_port:lock uart_port_lock uart_port_lock_irq uart_port_lock_irqsave
    ? spin 0.uart_port:lock uart_port_trylock uart_port_trylock_irqsave
    - spin 0.uart_port:lock uart_unlock_and_check_sysrq uart_unlock_and_check_sysrq_irqrestore
    - spin 0.uart_port:lock uart_port_unlock uart_port_unlock_irq uart_port_unlock_irqrestore
    + mutex! 0.tty_struct:legacy_mutex tty_lock
    - mutex 0.tty_struct:legacy_mutex tty_unlock
    + mutex! @pci_rescan_remove_lock pci_lock_rescan_remove
    - mutex @pci_rescan_remove_lock pci_unlock_rescan_remove
    + rwsem! 0.address_space:i_mmap_rwsem i_mmap_lock_write
    +s rwsem! 0.address_space:i_mmap_rwsem i_mmap_lock_read
    - rwsem 0.address_space:i_mmap_rwsem i_mmap_unlock_write
    -s rwsem 0.address_space:i_mmap_rwsem i_mmap_unlock_read
    + mutex! 0.device:mutex device_lock
    0 mutex! 0.device:mutex device_lock_interruptible
    ? mutex 0.device:mutex device_trylock
    - mutex 0.device:mutex device_unlock
    + rwsem! 0.inode:i_rwsem inode_lock inode_lock_nested
    +s rwsem! 0.inode:i_rwsem inode_lock_shared
    ? rwsem 0.inode:i_rwsem inode_trylock
    ?s rwsem 0.inode:i_rwsem inode_trylock_shared
    - rwsem 0.inode:i_rwsem inode_unlock
    -s rwsem 0.inode:i_rwsem inode_unlock_shared
    + rwsem! 0.mm_struct:mmap_lock mmap_write_lock mmap_write_lock_nested
    +s rwsem! 0.mm_struct:mmap_lock mmap_read_lock
    0 rwsem! 0.mm_struct:mmap_lock mmap_write_lock_killable
    0s rwsem! 0.mm_struct:mmap_lock mmap_read_lock_killable
    ?s rwsem 0.mm_struct:mmap_lock mmap_read_trylock
    - rwsem 0.mm_struct:mmap_lock mmap_write_unlock
    -s rwsem 0.mm_struct:mmap_lock mmap_read_unlock mmap_read_unlock_non_owner
    v rwsem 0.mm_struct:mmap_lock mmap_write_downgrade
    + rwsem! 0.address_space:invalidate_lock filemap_invalidate_lock
    +s rwsem! 0.address_space:invalidate_lock filemap_invalidate_lock_shared
    ?s rwsem 0.address_space:invalidate_lock filemap_invalidate_trylock_shared
    - rwsem 0.address_space:invalidate_lock filemap_invalidate_unlock
    -s rwsem 0.address_space:invalidate_lock filemap_invalidate_unlock_shared
    + mutex! @rtnl_mutex rtnl_lock
    0 mutex! @rtnl_mutex rtnl_lock_killable
    ? mutex @rtnl_mutex rtnl_trylock
    - mutex @rtnl_mutex rtnl_unlock
    +s rwsem! @cpu_hotplug_lock cpus_read_lock
    -s rwsem @cpu_hotplug_lock cpus_read_unlock
    +s rwsem! @mem_hotplug_lock get_online_mems
    -s rwsem @mem_hotplug_lock put_online_mems
    0 ww! 0 ww_mutex_lock_interruptible
    - ww 0 ww_mutex_unlock
    = spin 0 assert_spin_locked assert_raw_spin_locked
    =s mutex 0 lockdep_assert_held lockdep_assert_held_once rwsem_assert_held lockdep_assert_held_read
    =s mutex 0 rwsem_assert_held_read
    = mutex 0 lockdep_assert_held_write rwsem_assert_held_write rwsem_assert_held_write_nolockdep
    = mutex @rtnl_mutex ASSERT_RTNL rtnl_dereference
    = mutex 0.devlink:lock devl_assert_locked
    = mutex 0.wiphy:mtx lockdep_assert_wiphy
    =s rwsem @cpu_hotplug_lock lockdep_assert_cpus_held
    =s rcu @rcu_read_lock rcu_dereference rcu_dereference_bh rcu_dereference_sched
    = mutex 0.device:mutex device_lock_assert
    =s rwsem 0.mm_struct:mmap_lock mmap_assert_locked
    = rwsem 0.mm_struct:mmap_lock mmap_assert_write_locked
    """

  private static let guardText = """
    + mutex! 0 mutex
    + mutex! 0 mutex_intr mutex_kill
    ? mutex 0 mutex_try
    + rwsem! 0 rwsem_write
    +s rwsem! 0 rwsem_read rwsem_read_intr
    + rwsem! 0 rwsem_write_kill
    ? rwsem 0 rwsem_write_try
    ?s rwsem 0 rwsem_read_try
    + spin 0 spinlock spinlock_irq spinlock_irqsave spinlock_bh
    + raw 0 raw_spinlock raw_spinlock_irq raw_spinlock_irqsave raw_spinlock_nested raw_spinlock_bh
    + rwlock 0 write_lock write_lock_irq write_lock_irqsave write_lock_bh
    +s rwlock 0 read_lock read_lock_irq read_lock_irqsave read_lock_bh
    + mutex! @rtnl_mutex rtnl
    + mutex! 0.wiphy:mtx wiphy
    +s rcu @rcu_read_lock rcu
    +s srcu 0 srcu
    + preempt @preempt_disable preempt preempt_notrace
    + irq @local_irq irq irqsave
    + mutex! 0.device:mutex device
    +s rwsem! @cpu_hotplug_lock cpus_read_lock
    """
}
