import KernelC

extension Solver {
  /// Arranges for something to be undone later, by a function that is not looked into.
  func isDeferredAction(_ name: Symbol) -> Bool {
    let text = program.symbols.text(name)
    return text.hasPrefix("devm_add_action") || text.hasPrefix("drmm_add_action")
  }

  private static let exclusions: Set<Substring> = [
    "lock", "trylock", "suspend", "freeze", "quiesce", "block", "enter", "begin", "pause", "acquire",
  ]

  /// Whether the name is that of something that excludes others, as opposed to something that owns.
  public func soundsLikeLock(_ name: Symbol) -> Bool {
    let parts = program.symbols.text(name).split(separator: "_")
    if parts.contains("alloc") { return false }
    return parts.contains { Self.exclusions.contains($0) || PairingTable.isLockWord($0) }
  }

  /// Whether the name has a word in it that means a lock, and none that means its end.
  public func isLockByName(_ name: Symbol) -> Bool {
    let words = program.symbols.text(name).split(separator: "_")
    return words.contains { $0 == "lock" || PairingTable.isLockWord($0) } && !words.contains { $0.hasSuffix("unlock") }
  }

  /// Whether the name stands for a lock that its primitives do not name, as `rtnl_lock()` does.
  public func isNamelessLock(_ name: Symbol) -> Bool {
    ["rtnl_mutex", "pci_rescan_remove_lock", "cpu_hotplug_lock"].contains(program.symbols.text(name))
  }

  /// Whether the name is that of a lock or of its end, or of something that comes in such pairs.
  public func comesInPairs(_ name: Symbol) -> Bool {
    let words = program.symbols.text(name).split(separator: "_")
    return words.contains {
      $0.hasSuffix("lock") || ["enable", "disable", "end", "begin", "enter", "leave", "exit"].contains($0)
    }
  }

  /// Calls that work on memory they are given and keep nothing of it.
  func isBorrower(_ name: Symbol) -> Bool {
    if let known = borrowers[name] { return known }
    let text = program.symbols.text(name)
    let prefixes = [
      "usb_control_msg", "usb_bulk_msg", "of_property_read", "of_address_to", "of_device_is", "of_match",
      "of_get_property",
      "fwnode_property", "device_property", "regmap_", "i2c_transfer", "i2c_master", "spi_sync", "spi_write",
      "scnprintf",
      "sprintf", "seq_", "sg_init", "get_unaligned", "put_unaligned", "le16", "le32", "be32", "cpu_to", "crc",
      "hid_hw_raw",
      "pci_read_config", "pci_write_config", "of_node_name", "of_alias", "of_irq_get", "of_n_", "of_count", "dev_name",
      "of_node_full", "of_machine", "resource_size", "memremap", "ioremap", "iowrite", "ioread", "pci_resource",
      "hid_hw_output", "usb_endpoint", "init_completion", "mutex_init", "spin_lock_init", "_dev_", "netdev_", "wait_",
      "simple_write_to", "simple_read_from", "kstrto", "sscanf", "nla_", "nlmsg_put", "genlmsg_put", "skb_reserve",
    ]
    let result = prefixes.contains { text.hasPrefix($0) }
    borrowers[name] = result
    return result
  }

  /// Calls that look something up by an object or a node, or take a reference of their own to it.
  public func borrowsReference(_ name: Symbol) -> Bool {
    if let known = referenceBorrowers[name] { return known }
    let text = program.symbols.text(name)
    let result = Self.referenceBorrowers.contains { text.hasPrefix($0) }
    referenceBorrowers[name] = result
    return result
  }

  private static let referenceBorrowers = [
    "of_find_device_by_node", "of_find_i2c", "bus_find_device", "of_get_property", "of_iomap", "of_io_request",
    "irq_of_parse", "of_irq_", "of_clk_", "of_parse_", "of_get_child", "of_get_parent",
    "of_graph_", "of_platform_", "of_dma_", "of_reset_", "of_phy_", "of_translate", "of_device_", "of_genpd_",
    "syscon_node_to", "irq_domain_add_", "irq_domain_create_", "rtc_read_", "rtc_set_", "regulator_get", "clk_get",
    "gpiod_get", "reset_control_get", "dma_request_chan", "dev_get_", "power_supply_get_property",
    "usb_submit_urb", "usb_anchor_urb",
  ]

  /// Works on a page or a folio and leaves its references alone, whatever its name sounds like.
  func worksOnPage(_ name: Symbol) -> Bool {
    if let known = pageOperations[name] { return known }
    let text = program.symbols.text(name)
    let result =
      Self.pageOperations.contains { text.hasPrefix($0) }
      && !["put", "free", "add", "insert", "unlock_batch"].contains { text.contains($0) }
    pageOperations[name] = result
    return result
  }

  private static let pageOperations = [
    "folio_unlock", "folio_lock", "folio_trylock", "folio_mark", "folio_wait", "folio_test", "folio_clear",
    "folio_set_",
    "folio_zero", "folio_end_", "folio_start_", "folio_pos", "folio_size", "folio_nr", "folio_order", "folio_file_",
    "folio_next", "folio_page", "folio_address", "folio_contain", "folio_mapping", "folio_inode", "folio_buffers",
    "folio_shift", "flush_dcache_", "unlock_page", "lock_page", "SetPage", "ClearPage", "Page", "set_page_dirty",
    "page_address", "page_offset", "page_to_", "kmap", "zero_user", "wait_on_page", "end_page_writeback",
    "truncate_pagecache", "mark_page_accessed", "offset_in_folio", "memcpy_from_folio", "memcpy_to_folio",
  ]

  /// Prints what it is given.
  func isMessage(_ name: Symbol) -> Bool {
    if let known = messages[name] { return known }
    let text = program.symbols.text(name)
    let result =
      ["_dbg", "_err", "_warn", "_info", "_notice", "_err_ratelimited", "_crit"].contains { text.hasSuffix($0) }
      || ["printk", "DRM_ERROR", "DRM_DEBUG", "DRM_DEV_ERROR", "dev_err_probe", "dprintk"].contains(text)
      || text.hasPrefix("pr_") || text.hasPrefix("DRM_DEBUG")
    messages[name] = result
    return result
  }

  /// Prints what it is given, by one of the kernel's own families of names.
  func isLog(_ name: Symbol) -> Bool {
    guard isMessage(name) else { return false }
    let text = program.symbols.text(name)
    return ["dev_", "_dev_", "pr_", "netdev_", "netif_", "drm_", "DRM_", "printk"].contains { text.hasPrefix($0) }
  }

  /// Frees or puts what it is given and looks at it first, so that an error pointer is followed.
  func freesPlainly(_ name: Symbol) -> Bool {
    if let known = plainFrees[name] { return known }
    let result = judgePlainFree(program.symbols.text(name)) && !acceptsErrors(name)
    plainFrees[name] = result
    return result
  }

  private func judgePlainFree(_ text: String) -> Bool {
    guard PairingTable.endsByLastWord(text) || text == "kthread_stop" || text == "iounmap" else { return false }
    // These accept error pointers.
    let accepting = [
      "debugfs", "fwnode", "regulator", "clk", "reset_control", "dev_pm", "gpiod", "phy", "pwm", "of_", "mbox", "nvmem",
    ]
    return !accepting.contains { text.hasPrefix($0) }
  }

  /// Whether the body asks whether its first argument is an error.
  private func acceptsErrors(_ name: Symbol) -> Bool {
    program.definitions(of: name).contains { id in
      let definition = program.definition(id)
      guard !definition.isMacro, let parameter = definition.parameters.first?.name, parameter.exists else {
        return false
      }
      let file = program.file(of: id)
      return definition.nodes.contains { node in
        guard file[node].kind == .call, file[file[node].a].kind == .name,
          [names.isErr, names.isErrOrNull].contains(Symbol(file[file[node].a].a)),
          let first = file.list(file[node].b, file[node].c).first
        else { return false }
        return file[first].kind == .name && Symbol(file[first].a) == parameter
      }
    }
  }

  /// Whether the body has only one way to end, and that with a constant, or with what such a function returns: the result
  /// tells nothing.
  public func cannotFail(_ name: Symbol, _ fromFile: Int, depth: Int = 0) -> Bool {
    guard name.exists, depth < 4, let target = program.resolve(name, fromFile: fromFile),
      !program.definition(target).isMacro
    else { return false }
    let file = program.file(of: target)
    let returns = program.definition(target).nodes.filter { file[$0].kind == .returnStatement }
    guard returns.count == 1, file[returns[0]].a >= 0 else { return false }
    let value = file[file[returns[0]].a]
    if value.kind == .call, file[value.a].kind == .name {
      return cannotFail(
        Symbol(file[value.a].a), Int(program.functions[Int(target.rawValue)].file), depth: depth + 1)
    }
    return value.kind == .number && value.a == 0
      || value.kind == .name && file.tokens[Int(value.token)].traits.contains(.upperCase)
  }

  /// Whether all that a function fails with is that something is not there.
  public func onlyLooksUp(_ name: Symbol, fromFile: Int) -> Bool {
    guard let target = program.resolve(name, fromFile: fromFile), !program.definition(target).isMacro else {
      return false
    }
    let file = program.file(of: target)
    var isFound = false
    for node in program.definition(target).nodes {
      let item = file[node]
      guard item.kind == .unary, item.operation == .minus, file[item.a].kind == .name,
        isErrnoName(Symbol(file[item.a].a))
      else { continue }
      guard ["ENOENT", "ENODEV", "ENXIO"].contains(program.symbols.text(Symbol(file[item.a].a))) else { return false }
      isFound = true
    }
    return isFound
  }

  /// Whether the name is that of a list's or a tree's primitive.
  func isListOperation(_ name: Symbol) -> Bool {
    if let known = listOperations[name] { return known }
    let text = program.symbols.text(name)
    let result =
      ["list_", "hlist_", "rb_", "__list_", "xa_", "idr_"].contains { text.hasPrefix($0) } && !text.hasSuffix("_init")
      && !text.contains("_rcu")
    listOperations[name] = result
    return result
  }

  /// Whether the function may keep the pointer that it is given: it stores it, returns it or hands it on.
  func mayKeep(_ id: FunctionID, _ arguments: [Place], _ resource: Place) -> Bool {
    guard !program.definition(id).isMacro,
      let position = arguments.firstIndex(of: resource)
        ?? arguments.firstIndex(where: {
          $0 >= 0 && places[$0].kind == .address && places.depends($0, on: resource)
        })
    else { return true }
    let key = KeepKey(function: id, position: position)
    if let known = keeps[key] { return known }
    keeps[key] = true
    let result = judgeKeeping(id, position)
    keeps[key] = result
    return result
  }

  private func judgeKeeping(_ id: FunctionID, _ position: Int) -> Bool {
    let scope = scopes(id)
    guard position < scope.definition.parameters.count else { return true }
    let name = scope.definition.parameters[position].name
    guard name.exists, scope.parameters[name] == position, !scope.addressTaken.contains(name) else { return true }
    let file = scope.file
    // `dr = container_of(res, …)`, `tail = name + n`: what it is in, or a place in it.
    var views: Set<Symbol> = [name]
    for id in scope.definition.nodes {
      let node = file[id]
      let (local, value): (Symbol, NodeID)
      switch node.kind {
      case .variable where node.c >= 0: (local, value) = (Symbol(node.a), node.c)
      case .assign where file[node.a].kind == .name: (local, value) = (Symbol(file[node.a].a), node.b)
      default: continue
      }
      var inner = file[value].kind == .cast ? file[value].b : value
      if file[inner].kind == .binary, !file[inner].operation.isComparison { inner = file[inner].a }
      if file[inner].kind == .call, file[file[inner].a].kind == .name,
        names.containers.contains(Symbol(file[file[inner].a].a)),
        let first = file.list(file[inner].b, file[inner].c).first
      {
        inner = first
      }
      if inner >= 0, file[inner].kind == .name, views.contains(Symbol(file[inner].a)) { views.insert(local) }
    }
    func isIt(_ node: NodeID) -> Bool {
      guard node >= 0 else { return false }
      let item = file[node]
      switch item.kind {
      case .name: return views.contains(Symbol(item.a))
      case .cast: return isIt(item.b)
      // `(void *)p + bits`
      case .binary where !item.operation.isComparison: return isIt(item.a) || isIt(item.b)
      case .unary where item.operation == .ampersand: return isInside(item.a)
      default: return false
      }
    }
    func isInside(_ node: NodeID) -> Bool {
      let item = file[node]
      return item.kind == .member || item.kind == .index ? isInside(item.a) : isIt(node)
    }
    for id in scope.definition.nodes {
      let node = file[id]
      switch node.kind {
      case .returnStatement where isIt(node.a), .designator where isIt(node.b): return true
      case .assign where isIt(node.b):
        if file[node.a].kind != .name || scope.localTypes[Symbol(file[node.a].a)] == nil { return true }
      case .call where file.list(node.b, node.c).contains(where: isIt):
        let callee = file[node.a]
        guard callee.kind == .name else { return true }
        let calleeName = Symbol(callee.a)
        if locks[calleeName] != nil || isHarmless(calleeName) || isBorrower(calleeName) || borrowsReference(calleeName)
        {
          continue
        }
        return true
      default: continue
      }
    }
    return false
  }
}

struct KeepKey: Hashable, Sendable {
  let function: FunctionID
  let position: Int
}
