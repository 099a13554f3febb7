import KernelC

/// Names whose meaning the analysis knows without reading their bodies, interned once.
struct KnownNames {
  let flow: FlowNames
  let null: Symbol
  let trueName: Symbol
  let falseName: Symbol
  let errPtr: Symbol
  let errCast: Symbol
  let ptrErr: Set<Symbol>
  let errorCode: Symbol
  let isErr: Symbol
  let isErrOrNull: Symbol
  let zeroOrNull: Symbol
  /// Logs the error that it is given and returns it.
  let errorLog: Symbol
  /// End a test unless what they are given holds.
  let assertions: Set<Symbol>
  /// The keyword for assembly in its spellings.
  let assembly: Set<Symbol>
  /// Look at a pointer as such, and at nothing behind it.
  let looks: Set<Symbol>
  /// Pass their first argument's truth through.
  let transparent: Set<Symbol>
  /// Macros whose value is that of their second argument.
  let deviceWarnings: Set<Symbol>
  /// `container_of` and kin: argument 1 names the type of the result.
  let containers: Set<Symbol>
  /// Another name for the page or the folio that they are given.
  let pageViews: Set<Symbol>
  /// Return a valid pointer or NULL.
  let allocators: Set<Symbol>
  /// Sleep whatever their arguments are.
  let sleepers: Set<Symbol>
  /// Take a gfp mask; which argument.
  let allocates: [Symbol: Int]
  let gfpKernel: Set<Symbol>
  /// Calls that end the wait for a handler: free_irq, cancel_work_sync …
  let barriers: [Symbol: Int]
  /// Order reads of memory that others write: what was read before may be something else behind them.
  let readBarriers: Set<Symbol>
  /// Predicates with side effects: two calls need not agree.
  let impure: Set<Symbol>
  /// Return a negative errno made from a pointer, a condition …
  let dereferences: Set<Symbol>
  let socketLock: Symbol
  /// `current->mm->mmap_lock`, a `struct mm_struct`'s.
  let current: Symbol
  /// Stands for an object that nobody can name.
  let someObject: Symbol
  let task: Symbol
  let addressSpace: Symbol
  let addressSpaceTag: Symbol
  let addressSpaceLock: Symbol
  /// Typedefs of locks that are taken by spinning.
  let spinLocks: Set<Symbol>
  /// Poll in a loop; the argument that says how long to sleep in between.
  let polls: [Symbol: Int]
  /// The argument whose target is read and changed, so that it must have had a value.
  let changedInPlace: [Symbol: Int]
  let gfpType: Symbol
  let releases: Symbol
  let mustHold: Symbol
  /// Take locks of their own only, whatever their bodies reach: allocation, printing, queueing.
  let selfContained: Set<Symbol>
  let kfree: Symbol
  /// Free memory, and drop no reference.
  let frees: Set<Symbol>
  /// Fill what their first argument points to.
  let copies: Set<Symbol>
  /// Names that variables for an errno go by.
  let errorVariables: Set<Symbol>
  /// Load a pointer and say in their last argument which lock keeps it as it is.
  let protectedLoads: Set<Symbol>
  /// Stands for the read side of RCU.
  let rcuSection: Symbol
  /// Complain when their argument is true.
  let warnings: Set<Symbol>
  /// Errnos that say that the work goes on.
  let pendings: Set<Symbol>
  /// True where the number that they are given is not 0, and where it is.
  let failureTests: Set<Symbol>
  let successTests: Set<Symbol>
  /// The argument of a guard in the definition of its class.
  let guardArgument: Symbol
  /// Sleep unless the device was declared to be safe for interrupts, and what declares it.
  let powerSleepers: Set<Symbol>
  let interruptSafe: Symbol
  /// The lock in a wound/wait mutex.
  let wrappedLock: Symbol
  let wrapperOfLock: Symbol
  /// Asks which work item runs.
  let runningWork: Symbol
  /// Resolve a fault, and may have dropped the lock of the task's address space when they return.
  let mapDroppers: Set<Symbol>
  /// Ask whether a lock is held.
  let lockQuestions: Set<Symbol>

  init(_ symbols: SymbolTable) {
    func set(_ text: String) -> Set<Symbol> {
      Set(text.split(whereSeparator: { $0 == " " || $0 == "\n" }).map { symbols.intern(String($0)) })
    }
    func positions(_ text: String) -> [Symbol: Int] {
      var result: [Symbol: Int] = [:]
      for item in text.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
        let parts = item.split(separator: ":")
        result[symbols.intern(String(parts[0]))] = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
      }
      return result
    }
    flow = FlowNames(symbols)
    null = symbols.intern("NULL")
    trueName = symbols.intern("true")
    falseName = symbols.intern("false")
    errPtr = symbols.intern("ERR_PTR")
    errCast = symbols.intern("ERR_CAST")
    ptrErr = set("PTR_ERR PTR_ERR_OR_ZERO")
    errorCode = symbols.intern("PTR_ERR")
    isErr = symbols.intern("IS_ERR")
    isErrOrNull = symbols.intern("IS_ERR_OR_NULL")
    zeroOrNull = symbols.intern("ZERO_OR_NULL_PTR")
    errorLog = symbols.intern("dev_err_probe")
    assembly = set("asm __asm__ __asm")
    assertions = set(
      """
      KUNIT_ASSERT_EQ KUNIT_ASSERT_NE KUNIT_ASSERT_TRUE KUNIT_ASSERT_FALSE KUNIT_ASSERT_EQ_MSG KUNIT_ASSERT_NE_MSG
      KUNIT_ASSERT_TRUE_MSG KUNIT_ASSERT_FALSE_MSG KUNIT_ASSERT_GE KUNIT_ASSERT_GT KUNIT_ASSERT_LE KUNIT_ASSERT_LT
      """)
    looks = set("IS_ERR IS_ERR_OR_NULL PTR_ERR PTR_ERR_OR_ZERO ERR_CAST ERR_PTR likely unlikely WARN_ON WARN_ON_ONCE")
    transparent = set(
      """
      likely unlikely WARN_ON WARN_ON_ONCE WARN WARN_ONCE VM_WARN_ON VM_WARN_ON_ONCE KVM_BUG_ON KVM_BUG WARN_ON_FUNCTION
      data_race READ_ONCE rcu_access_pointer VM_BUG_ON
      """)
    deviceWarnings = set("drm_WARN drm_WARN_ON drm_WARN_ONCE drm_WARN_ON_ONCE dev_WARN_ONCE")
    containers = set(
      """
      container_of container_of_const list_entry list_first_entry list_last_entry list_next_entry rb_entry
      hlist_entry list_first_entry_or_null rb_entry_safe from_timer from_tasklet
      """)
    pageViews = set("folio_page folio_file_page page_folio compound_head")
    allocators = set(
      """
      kmalloc kzalloc kcalloc kmalloc_array kvmalloc kvzalloc kvcalloc kvmalloc_array kmem_cache_alloc kmem_cache_zalloc
      kmalloc_node kzalloc_node vmalloc vzalloc kstrdup kmemdup kstrndup devm_kzalloc devm_kmalloc devm_kcalloc
      devm_kmemdup devm_kstrdup devm_kmalloc_array kasprintf devm_kasprintf alloc_page alloc_pages bio_alloc mempool_alloc
      of_find_property of_get_property rb_first rb_next rb_prev rb_last
      """)
    sleepers = set(
      """
      dir_emit dir_emit_dot dir_emit_dotdot dir_emit_dots
      msleep msleep_interruptible ssleep usleep_range fsleep schedule schedule_timeout schedule_timeout_interruptible
      schedule_timeout_uninterruptible might_sleep cond_resched wait_for_completion wait_for_completion_interruptible
      wait_for_completion_timeout wait_for_completion_killable synchronize_rcu synchronize_srcu synchronize_net
      synchronize_irq cancel_work_sync cancel_delayed_work_sync flush_work flush_delayed_work flush_workqueue
      destroy_workqueue free_irq disable_irq copy_from_user copy_to_user get_user put_user wait_event
      wait_event_interruptible wait_event_timeout wait_event_killable wait_on_bit wait_on_page_bit lock_page folio_lock
      vmalloc vzalloc vfree_ kthread_stop msleep_ kernel_read kernel_write request_firmware device_register device_del_
      device_unregister regulator_enable regulator_disable i2c_transfer spi_sync clk_prepare clk_prepare_enable
      clk_unprepare clk_disable_unprepare pm_runtime_get_sync pm_runtime_resume_and_get rcu_barrier
      request_threaded_irq request_irq napi_disable down_write down_read might_fault
      pm_runtime_put_sync usb_autopm_get_interface usb_autopm_put_interface copy_from_sockptr vfree vunmap
      unpin_user_pages_dirty_lock lockdep_unregister_key
      """)
    allocates = positions(
      """
      kmalloc:1 kzalloc:1 kcalloc:2 kmalloc_array:2 kvmalloc:1 kvzalloc:1 kvcalloc:2 kmem_cache_alloc:1
      kmem_cache_zalloc:1 kstrdup:1 kmemdup:2 kstrndup:2 kasprintf:0 alloc_page:0 alloc_pages:0 alloc_skb:1
      kmalloc_node:1 kzalloc_node:1 __get_free_page:0 get_zeroed_page:0 idr_alloc:4 devm_kzalloc:2 devm_kmalloc:2
      devm_kcalloc:3 mempool_alloc:1 bio_alloc:3 nlmsg_new:1 genlmsg_new:1 skb_clone:1 skb_copy:1
      dma_pool_alloc:1 dma_pool_zalloc:1 dma_alloc_coherent:3 usb_alloc_urb:1 usb_submit_urb:1 usb_alloc_coherent:2
      kvmalloc_array:2 krealloc:2 krealloc_array:3 kmemdup_nul:2 kvasprintf:0 kstrdup_const:1 kvmalloc_node:1
      __get_free_pages:0 alloc_pages_node:1 alloc_percpu_gfp:1 __alloc_skb:1 __netdev_alloc_skb:2 pskb_copy:1
      pskb_expand_head:3 skb_copy_expand:3 xa_store:3 xa_insert:3 xa_alloc:4 idr_alloc_cyclic:4 idr_preload:0
      ida_alloc:1 ida_alloc_min:2 ida_alloc_max:2 ida_alloc_range:3 radix_tree_preload:0 kfifo_alloc:2 sg_alloc_table:2
      devm_kmemdup:3 devm_kstrdup:2 devm_kasprintf:1 devm_kmalloc_array:3 sock_kmalloc:2 bio_kmalloc:1
      """)
    gfpKernel = set("GFP_KERNEL GFP_KERNEL_ACCOUNT GFP_USER GFP_HIGHUSER GFP_NOFS GFP_NOIO")
    readBarriers = Set(["smp_rmb", "smp_mb", "rmb", "mb", "smp_mb__after_atomic"].map(symbols.intern))
    barriers = positions(
      """
      free_irq synchronize_irq disable_irq cancel_work_sync cancel_delayed_work_sync flush_work flush_delayed_work
      del_timer_sync timer_delete_sync timer_shutdown_sync hrtimer_cancel tasklet_kill kthread_stop kthread_cancel_work_sync
      disable_work_sync disable_delayed_work_sync napi_disable_ devm_free_irq:1
      """)
    impure = set(
      """
      atomic_dec_and_test refcount_dec_and_test test_and_set_bit test_and_clear_bit test_and_change_bit xchg cmpxchg
      atomic_inc_return atomic_dec_return atomic_add_return atomic_inc_not_zero kref_put kthread_should_stop
      signal_pending need_resched time_after time_before list_empty get_user put_user copy_from_user copy_to_user
      __test_and_set_bit __test_and_clear_bit test_and_set_bit_lock try_module_get atomic_add_unless
      """)
    dereferences = []
    socketLock = symbols.intern("sk_lock")
    current = symbols.intern("current")
    someObject = symbols.intern("?")
    task = symbols.intern("task_struct")
    addressSpace = symbols.intern("mm")
    addressSpaceTag = symbols.intern("mm_struct")
    addressSpaceLock = symbols.intern("mmap_lock")
    spinLocks = set("spinlock_t raw_spinlock_t rwlock_t")
    polls = positions(
      """
      read_poll_timeout:3 readx_poll_timeout:4 readb_poll_timeout:3 readw_poll_timeout:3 readl_poll_timeout:3
      readq_poll_timeout:3 readl_relaxed_poll_timeout:3 readb_relaxed_poll_timeout:3 readw_relaxed_poll_timeout:3
      readq_relaxed_poll_timeout:3 regmap_read_poll_timeout:4 regmap_field_read_poll_timeout:3
      """)
    changedInPlace = positions(
      """
      set_bit:1 __set_bit:1 clear_bit:1 __clear_bit:1 change_bit:1 __change_bit:1 assign_bit:1 __assign_bit:1
      test_and_set_bit:1 __test_and_set_bit:1 test_and_clear_bit:1 __test_and_clear_bit:1 test_bit:1 atomic_inc:0
      atomic_dec:0 atomic_add:1 atomic_sub:1 atomic64_inc:0 atomic64_add:1 refcount_inc:0 le16_add_cpu:0 le32_add_cpu:0
      """)
    gfpType = symbols.intern("gfp_t")
    releases = symbols.intern("__releases")
    mustHold = symbols.intern("__must_hold")
    selfContained = set(
      """
      kfree kvfree kfree_sensitive kmalloc kzalloc kcalloc kvmalloc kvzalloc kmem_cache_alloc kmem_cache_free vmalloc
      vzalloc vfree alloc_page alloc_pages printk _printk
      dev_err dev_warn dev_info dev_dbg pr_err queue_work schedule_work wake_up wake_up_all complete complete_all
      memcpy memset memmove memcmp schedule mod_timer call_rcu synchronize_rcu kfree_rcu msleep usleep_range
      """)
    kfree = symbols.intern("kfree")
    copies = set("memcpy memset memmove")
    frees = set("kfree kvfree vfree kfree_sensitive kvfree_sensitive kfree_rcu")
    rcuSection = symbols.intern("rcu_read_lock")
    protectedLoads = set("rcu_dereference_protected rcu_replace_pointer")
    warnings = set("WARN_ON WARN_ON_ONCE BUG_ON VM_BUG_ON VM_WARN_ON VM_WARN_ON_ONCE")
    pendings = set("EINPROGRESS EIOCBQUEUED")
    failureTests = set("ACPI_FAILURE NT_ERROR")
    successTests = set("ACPI_SUCCESS")
    guardArgument = symbols.intern("_T")
    wrappedLock = symbols.intern("base")
    wrapperOfLock = symbols.intern("ww_mutex")
    powerSleepers = set(
      """
      pm_runtime_get_sync pm_runtime_resume_and_get pm_runtime_put_sync pm_runtime_put_sync_suspend pm_runtime_resume
      pm_runtime_suspend pm_runtime_idle pm_runtime_put_sync_autosuspend
      """)
    interruptSafe = symbols.intern("pm_runtime_irq_safe")
    runningWork = symbols.intern("current_work")
    mapDroppers = set("handle_mm_fault fixup_user_fault faultin_page")
    lockQuestions = set("lockdep_is_held mutex_is_locked rwsem_is_locked spin_is_locked")
    errorVariables = set("ret rc err error r res retval rv status result rval ret_val ret2 errno")
  }
}

extension KnownNames {
  /// Whether a condition on a call to `name` is one on what its first argument is.
  func asksOfFirst(_ name: Symbol) -> Bool {
    name == isErr || name == isErrOrNull || name == zeroOrNull || transparent.contains(name)
      || failureTests.contains(name) || successTests.contains(name)
  }
}
