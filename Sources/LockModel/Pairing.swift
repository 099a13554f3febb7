import KernelC

/// A call that another call in the same function undoes, judged by their names (`…_get` and `…_put`).
struct Pairing: Hashable {
  /// Names that undo it.
  let closers: Set<Symbol>
  /// The place that stands for the resource: the first argument's value, or the local that holds the result.
  let resource: Place
  /// The resource is what the call returns.
  let isResult: Bool
  /// The call has no arguments: what it opens is one for all.
  var isBare = false
  /// The function itself never undoes it: whatever may keep the resource ends the watch.
  var isStrict = false
  /// The names are the kernel's own and well known.
  var isKnown = false
  /// The function undoes it for this very resource somewhere.
  var isClosedHere = false
  /// Members that the resource was stored in and that the function undoes it by.
  var stored: Set<Place> = []
  /// It must be undone when the call fails.
  var opensOnFailure = false
  /// It must be undone when the call succeeds.
  var opensOnSuccess = true
  /// The resource is a reference, not memory: whoever does not hand it on must drop it whatever the outcome.
  var isReference = false
}

/// Which names undo which, as data: parts of names between underscores.
struct PairingTable {
  private static let opposites: [String: [String]] = [
    "lock": ["unlock"], "trylock": ["unlock"], "get": ["put"], "hold": ["put", "release", "drop"],
    "acquire": ["release"],
    "create": ["destroy", "del", "delete", "free", "remove"], "alloc": ["free", "put", "destroy", "release"],
    "allocate": ["free", "destroy"], "deassert": ["assert"], "on": ["off"], "want": ["drop"],
    "enable": ["disable"], "start": ["stop", "finish", "end", "done"], "begin": ["end", "finish", "cancel", "abort"],
    "open": ["close", "release"], "register": ["unregister"], "suspend": ["resume"], "pause": ["resume", "unpause"],
    "freeze": ["unfreeze", "thaw"], "pin": ["unpin"], "map": ["unmap"], "attach": ["detach"],
    "enter": ["exit", "leave"],
    "prepare": ["unprepare"], "request": ["free", "release"], "reserve": ["release", "unreserve"],
    "block": ["unblock"], "quiesce": ["unquiesce"], "charge": ["uncharge"], "mask": ["unmask"],
    "grab": ["put", "drop", "release"], "ref": ["unref", "put"], "isolate": ["putback", "unisolate"],
    "pending": ["done"],
    "protect": ["unprotect"], "claim": ["release", "unclaim"], "kmalloc": ["kfree"], "disable": ["enable"],
  ]
  private static let fixed: [String: [String]] = [
    "kmalloc": ["kfree", "kfree_sensitive"], "kzalloc": ["kfree", "kfree_sensitive"], "kcalloc": ["kfree"],
    "kmalloc_array": ["kfree"], "kmemdup": ["kfree"], "kstrdup": ["kfree"], "kasprintf": ["kfree"],
    "kstrndup": ["kfree"], "kvmalloc": ["kvfree"], "kvzalloc": ["kvfree"], "kvcalloc": ["kvfree"],
    "kvmalloc_array": ["kvfree"], "vmalloc": ["vfree"], "vzalloc": ["vfree"], "memdup_user": ["kfree"],
    "kmem_cache_alloc": ["kmem_cache_free"], "kmem_cache_zalloc": ["kmem_cache_free"], "memdup_user_nul": ["kfree"],
    "strndup_user": ["kfree"], "vmemdup_user": ["kvfree"], "kmemdup_nul": ["kfree"], "alloc_page": ["__free_page"],
    "fget": ["fput"], "dget": ["dput"], "igrab": ["iput"], "ihold": ["iput"], "mntget": ["mntput"],
    "of_find_node_by_name": ["of_node_put"], "of_parse_phandle": ["of_node_put"], "of_get_parent": ["of_node_put"],
    "of_get_child_by_name": ["of_node_put"], "of_find_node_by_path": ["of_node_put"], "bio_alloc": ["bio_put"],
    "of_find_compatible_node": ["of_node_put"], "bus_find_device": ["put_device"], "alloc_skb": ["kfree_skb"],
    "nlmsg_new": ["nlmsg_free", "kfree_skb"], "genlmsg_new": ["nlmsg_free"], "find_get_pid": ["put_pid"],
    "get_task_struct": ["put_task_struct"], "get_task_mm": ["mmput"], "pci_get_device": ["pci_dev_put"],
    "alloc_workqueue": ["destroy_workqueue"], "filp_open": ["filp_close"], "clk_get": ["clk_put"],
    "ioremap": ["iounmap"], "dev_get_by_index": ["dev_put"], "dev_get_by_name": ["dev_put"],
    "eventfd_ctx_fdget": ["eventfd_ctx_put"], "sb_bread": ["brelse"], "sb_getblk": ["brelse"], "__bread": ["brelse"],
    "ext4_bread": ["brelse"], "usb_alloc_urb": ["usb_free_urb"], "alloc_etherdev": ["free_netdev"],
    "alloc_netdev": ["free_netdev"], "input_allocate_device": ["input_free_device"], "netdev_alloc_skb": ["kfree_skb"],
    "dev_alloc_skb": ["kfree_skb", "dev_kfree_skb"], "kthread_create": ["kthread_stop"],
    "of_iomap": ["iounmap"], "ioremap_wc": ["iounmap"], "class_create": ["class_destroy"],
    "request_threaded_irq": ["free_irq"], "request_irq": ["free_irq"], "gpio_request": ["gpio_free"],
    "pm_runtime_get_sync": pmRuntimePuts, "pm_runtime_resume_and_get": pmRuntimePuts,
    "clk_prepare_enable": ["clk_disable_unprepare"], "clk_bulk_prepare_enable": ["clk_bulk_disable_unprepare"],
    "kthread_run": ["kthread_stop"], "alloc_pages": ["__free_pages"], "get_zeroed_page": ["free_page"],
    "__get_free_pages": ["free_pages"], "__get_free_page": ["free_page"],
    "platform_device_add": ["platform_device_del"],
    "device_add": ["device_del"], "cdev_add": ["cdev_del"], "i2c_add_adapter": ["i2c_del_adapter"],
    "usb_add_hcd": ["usb_remove_hcd"], "usb_create_hcd": ["usb_put_hcd"], "snd_card_new": ["snd_card_free"],
    "spi_alloc_host": ["spi_controller_put"], "spi_alloc_target": ["spi_controller_put"], "of_clk_get": ["clk_put"],
    "of_clk_get_by_name": ["clk_put"], "clk_get_sys": ["clk_put"], "dma_request_chan": ["dma_release_channel"],
    "dma_request_channel": ["dma_release_channel"], "dma_request_slave_channel": ["dma_release_channel"],
    "phy_init": ["phy_exit"], "memremap": ["memunmap"], "vmap": ["vunmap"], "kobject_create_and_add": ["kobject_put"],
    "pci_iomap": ["pci_iounmap"], "ioremap_np": ["iounmap"], "alloc_candev": ["free_candev"],
    "v4l2_ctrl_handler_init": ["v4l2_ctrl_handler_free"], "kstrdup_const": ["kfree_const"],
    "acpi_dev_get_first_match_dev": ["acpi_dev_put"], "sockfd_lookup": ["sockfd_put", "fput"],
    "lookup_one_len": ["dput"], "dget_parent": ["dput"], "class_find_device_by_name": ["put_device"],
    "bus_find_device_by_name": ["put_device"], "get_pid_task": ["put_task_struct"], "pidfd_get_pid": ["put_pid"],
    "alloc_fcdev": ["free_netdev"], "alloc_hdlcdev": ["free_netdev"], "scsi_alloc_sdev": ["scsi_device_put"],
    "device_get_next_child_node": ["fwnode_handle_put"], "fwnode_get_named_child_node": ["fwnode_handle_put"],
    "of_get_next_child": ["of_node_put"], "of_get_next_available_child": ["of_node_put"],
    "of_cpu_device_node_get": ["of_node_put"], "of_find_device_by_node": ["put_device", "platform_device_put"],
    "of_graph_get_remote_node": ["of_node_put"], "of_graph_get_endpoint_by_regs": ["of_node_put"],
    "acpi_get_first_physical_node": ["put_device"], "pci_get_domain_bus_and_slot": ["pci_dev_put"],
    "pci_get_slot": ["pci_dev_put"], "vmalloc_user": ["vfree"], "dma_alloc_coherent": ["dma_free_coherent"],
    "crypto_alloc_shash": ["crypto_free_shash"], "crypto_alloc_ahash": ["crypto_free_ahash"],
    "scsi_host_alloc": ["scsi_host_put"], "platform_device_alloc": ["platform_device_put"],
  ]
  static let pmRuntimePuts = [
    "pm_runtime_put", "pm_runtime_put_sync", "pm_runtime_put_noidle", "pm_runtime_put_autosuspend",
    "pm_runtime_put_sync_suspend", "pm_runtime_put_sync_autosuspend",
  ]
  /// Allocators whose results a function owns until it hands them on, whether or not it frees them itself.
  private static let owned: Set<String> = [
    "kmalloc", "kzalloc", "kcalloc", "kmalloc_array", "kmemdup", "kstrdup", "kasprintf", "kstrndup", "kvmalloc",
    "kvzalloc", "kvcalloc", "kvmalloc_array", "vmalloc", "vzalloc", "memdup_user", "kmem_cache_alloc",
    "kmem_cache_zalloc", "memdup_user_nul", "strndup_user", "vmemdup_user", "kmemdup_nul", "of_parse_phandle",
    "of_get_parent", "of_get_child_by_name", "of_find_node_by_path", "of_find_compatible_node", "sb_bread",
    "usb_alloc_urb", "alloc_etherdev", "input_allocate_device", "alloc_skb", "nlmsg_new", "genlmsg_new", "filp_open",
    "of_find_node_by_name", "of_find_device_by_node", "acpi_get_first_physical_node", "pci_get_domain_bus_and_slot",
  ]

  /// Whether `name` is an allocator of the kernel's own.
  static func isOwned(_ name: String) -> Bool { owned.contains(name) }

  /// Whether `name` sounds like something that returns what its caller must get rid of.
  static func soundsLikeOpener(_ name: String) -> Bool {
    // What an object carries for its driver is no reference.
    guard !name.hasPrefix("devm_"), !name.hasPrefix("drmm_"), !name.hasSuffix("data") else { return false }
    return name.split(separator: "_").contains {
      ["get", "find", "lookup", "alloc", "create", "new", "open", "dup", "clone", "copy", "grab", "acquire"].contains(
        $0)
        || $0.hasSuffix("alloc")
    }
  }

  /// Whether `name` sounds like something that makes what it returns, as opposed to finding it.
  static func makesMemory(_ name: String) -> Bool {
    name.split(separator: "_").contains {
      ["create", "new", "dup", "clone", "copy"].contains($0) || $0.hasSuffix("alloc")
    }
  }

  /// Whether `name` sounds like the end of what it is given.
  static func soundsLikeEnd(_ name: String) -> Bool {
    guard let last = name.split(separator: "_").last(where: { $0 != "rcu" && $0 != "sync" && $0 != "locked" }) else {
      return false
    }
    return ["put", "free", "release", "destroy", "kfree", "kvfree", "close", "unref", "dput", "iput", "fput"].contains(
      last)
      || name == "kfree_skb" || name == "put_device" || name == "free_netdev"
  }

  /// Whether `name` returns a reference to something that others own too.
  static func isReference(_ name: String) -> Bool {
    name.hasPrefix("of_") || name.hasPrefix("pci_get_") || name.hasPrefix("bus_find") || name == "filp_open"
      || name == "acpi_get_first_physical_node"
  }

  /// Well known openers that return 0 or an errno; the others return a pointer.
  private static let numeric: Set<String> = [
    "request_threaded_irq", "request_irq", "gpio_request", "pm_runtime_get_sync", "pm_runtime_resume_and_get",
    "clk_prepare_enable", "clk_bulk_prepare_enable", "platform_device_add", "device_add", "cdev_add", "i2c_add_adapter",
    "usb_add_hcd", "snd_card_new", "phy_init", "v4l2_ctrl_handler_init", "get_task_struct", "ihold",
  ]

  /// Whether `name` is a well known opener that returns what its closer takes.
  static func returnsPointer(_ name: String) -> Bool { fixed[name] != nil && !numeric.contains(name) }

  /// Whether the pair is one of the kernel's own and well known.
  static func isKnown(_ name: String) -> Bool {
    fixed[name] != nil || name.hasPrefix("clk_") || name.hasPrefix("regulator_") || name.hasPrefix("phy_")
      || name.hasPrefix("pci_enable") || name.hasPrefix("reset_control_")
  }
  private static let disposing: Set<String> = [
    "free", "destroy", "release", "cleanup", "put", "exit", "fini", "uninit", "teardown", "abort", "error", "fail",
    "unwind", "remove", "del", "delete", "close", "stop", "disable", "reset", "shutdown", "kill", "drop", "cancel",
    "undo", "rollback", "detach", "unregister", "dispose", "deinit", "unmap", "unlock", "kfree", "discard", "clear",
    "disconnect", "detach", "unprepare", "unref", "err", "dec", "finish", "end", "complete", "purge", "flush",
    "consume",
    "unload", "down", "putback", "deactivate", "unpin", "off", "unbind", "revert", "restore", "retire", "term", "clean",
  ]
  private static let transferring: Set<String> = [
    "add", "insert", "link", "register", "queue", "attach", "enqueue", "submit", "schedule", "publish", "store", "set",
    "install", "assign", "push", "install", "join", "append", "send", "xmit", "post", "init", "replace", "move",
    "splice", "xchg", "cmpxchg",
    "give", "take", "return", "track", "save", "bind", "connect", "put", "adopt", "consume", "alloc", "run", "start",
    "setup", "create", "write", "enter", "new", "reply", "insertion", "tail", "issue", "defer", "wrap",
  ]

  private var closerNames: [Symbol: Set<Symbol>] = [:]
  var heldCursors: [Symbol: (position: Int, closers: Set<Symbol>)] = [:]
  var failures: [Symbol: Set<Symbol>] = [:]
  private var traits: [Symbol: (disposes: Bool, transfers: Bool)] = [:]

  /// The names that may undo `name`; empty when it does not sound like something to undo.
  mutating func closers(of name: Symbol, _ symbols: SymbolTable) -> Set<Symbol> {
    if let known = closerNames[name] { return known }
    let text = symbols.text(name)
    var result: Set<Symbol> = []
    if !text.hasPrefix("devm_"), !text.hasPrefix("trace_"), !text.hasPrefix("atomic") {
      if let fixed = Self.fixed[text] { result = Set(fixed.map(symbols.intern)) }
      let parts = text.split(separator: "_", omittingEmptySubsequences: false).map(String.init)
      // `suspend_and_lock` is undone by `unlock_and_resume`.
      if let middle = parts.firstIndex(of: "and"), middle > 0, middle + 1 < parts.count {
        for first in Self.opposites[parts[middle + 1]] ?? [] {
          for second in Self.opposites[parts[middle - 1]] ?? [] {
            var other = parts
            other[middle - 1] = first
            other[middle + 1] = second
            result.insert(symbols.intern(other.joined(separator: "_")))
          }
        }
      }
      for (position, part) in parts.enumerated() {
        guard let opposites = Self.opposites[part] ?? Self.oppositeLock(part).map({ [$0] }) else { continue }
        for opposite in opposites {
          var other = parts
          other[position] = opposite
          result.insert(symbols.intern(other.joined(separator: "_")))
          // `foo_lock_interruptible` is undone by `foo_unlock`.
          if opposite.hasSuffix("unlock") { result.insert(symbols.intern(other[...position].joined(separator: "_"))) }
          for drop in ["try", "and", "new", "interruptible", "killable", "sync", "by", "all"] {
            if let index = other.firstIndex(of: drop) {
              var shorter = other
              shorter.remove(at: index)
              result.insert(symbols.intern(shorter.joined(separator: "_")))
            }
          }
          if text.hasPrefix("__") {
            result.insert(symbols.intern(String(other.joined(separator: "_").dropFirst(2))))
          }
        }
      }
    }
    result.remove(name)
    closerNames[name] = result
    return result
  }

  /// `iunlock` for `ilock`; nil for a word that is no lock.
  static func oppositeLock(_ word: String) -> String? {
    guard isLockWord(word) else { return nil }
    return word.dropLast(4) + "unlock"
  }

  /// Whether a part of a name says that something is locked, under a prefix of its own.
  static func isLockWord(_ word: some StringProtocol) -> Bool {
    word.utf8.count > 4 && word.utf8.count < 9 && word.hasSuffix("lock") && !word.hasSuffix("unlock")
      && !["block", "clock", "flock", "deadlock", "trylock", "hwclock", "unblock", "iblock", "sblock"].contains(word)
  }

  /// Whether the name sounds like the end of something, or like something that keeps what it is given.
  mutating func traits(of name: Symbol, _ symbols: SymbolTable) -> (disposes: Bool, transfers: Bool) {
    if let known = traits[name] { return known }
    let parts = symbols.text(name).lowercased().split(separator: "_").map(String.init)
    let disposes = parts.contains { Self.disposing.contains($0) || $0.hasSuffix("free") || $0.hasSuffix("put") }
    let result = (disposes, parts.contains { Self.transferring.contains($0) })
    traits[name] = result
    return result
  }
}
