import KernelC

/// A call that another call in the same function undoes, judged by their names (`…_get` and `…_put`).
struct Pairing: Hashable {
  /// Names that undo it.
  let closers: Set<Symbol>
  /// The place that stands for the resource: the first argument's value, or the local that holds the result.
  let resource: Place
  /// The resource is what the call returns.
  let isResult: Bool
}

/// Which names undo which, as data: parts of names between underscores.
struct PairingTable {
  private static let opposites: [String: [String]] = [
    "lock": ["unlock"], "trylock": ["unlock"], "get": ["put"], "hold": ["put", "release", "drop"],
    "acquire": ["release"],
    "create": ["destroy", "del", "delete", "free", "remove"], "alloc": ["free", "put", "destroy"],
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
    "eventfd_ctx_fdget": ["eventfd_ctx_put"],
  ]
  private static let disposing: Set<String> = [
    "free", "destroy", "release", "cleanup", "put", "exit", "fini", "uninit", "teardown", "abort", "error", "fail",
    "unwind", "remove", "del", "delete", "close", "stop", "disable", "reset", "shutdown", "kill", "drop", "cancel",
    "undo", "rollback", "detach", "unregister", "dispose", "deinit", "unmap", "unlock", "kfree", "discard", "clear",
    "disconnect", "detach", "unprepare", "unref", "err", "dec", "finish", "end", "complete", "purge", "flush",
    "consume",
    "unload", "down", "deactivate", "unpin", "off", "unbind", "revert", "restore", "retire", "term", "clean",
  ]
  private static let transferring: Set<String> = [
    "add", "insert", "link", "register", "queue", "attach", "enqueue", "submit", "schedule", "publish", "store", "set",
    "install", "assign", "push", "install", "join", "append", "send", "xmit", "post", "init", "replace", "move",
    "splice",
    "give", "take", "return", "track", "save", "bind", "connect", "put", "adopt", "consume", "alloc", "run", "start",
    "setup", "create", "write", "enter", "new", "reply", "insertion", "tail", "issue", "defer", "wrap",
  ]

  private var closerNames: [Symbol: Set<Symbol>] = [:]
  private var traits: [Symbol: (disposes: Bool, transfers: Bool)] = [:]

  /// The names that may undo `name`; empty when it does not sound like something to undo.
  mutating func closers(of name: Symbol, _ symbols: SymbolTable) -> Set<Symbol> {
    if let known = closerNames[name] { return known }
    let text = symbols.text(name)
    var result: Set<Symbol> = []
    if !text.hasPrefix("devm_"), !text.hasPrefix("trace_"), !text.hasPrefix("atomic") {
      if let fixed = Self.fixed[text] { result = Set(fixed.map(symbols.intern)) }
      let parts = text.split(separator: "_", omittingEmptySubsequences: false).map(String.init)
      for (position, part) in parts.enumerated() {
        guard let opposites = Self.opposites[part] else { continue }
        for opposite in opposites {
          var other = parts
          other[position] = opposite
          result.insert(symbols.intern(other.joined(separator: "_")))
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

extension Explorer {
  /// Finds the calls whose undoing also stands in this function.
  mutating func findPairs() {
    guard !scope.definition.isMacro else { return }
    var present: Set<Symbol> = []
    for node in scope.calls where discarded.contains(node) { present.insert(calleeName(node)) }
    guard !present.isEmpty else { return }
    var holders: [NodeID: NodeID] = [:]
    for id in scope.definition.nodes {
      let node = scope.file[id]
      if node.kind == .assign, node.operation == .equal { holders[stripped(node.b)] = node.a }
      if node.kind == .variable, node.c >= 0 { holders[stripped(node.c)] = id }
    }
    for node in scope.calls {
      let name = calleeName(node)
      guard name.exists, solver.locks[name] == nil else { continue }
      let closers = solver.pairing.closers(of: name, solver.program.symbols).intersection(present)
      guard !closers.isEmpty else { continue }
      if let target = solver.program.resolve(name, fromFile: scope.fileIndex), let summary = solver.summary(target),
        summary.exits.contains(where: { exit in exit.effects.contains { $0.kind != .pair } })
      {
        continue
      }
      addPair(node, closers, holders[node])
    }
  }

  private func stripped(_ id: NodeID) -> NodeID {
    scope.file[id].kind == .cast ? stripped(scope.file[id].b) : id
  }

  private mutating func addPair(_ node: NodeID, _ closers: Set<Symbol>, _ holder: NodeID?) {
    let call = scope.file[node]
    let returnsPointer =
      solver.returnType(of: calleeName(node), scope.fileIndex)?.isPointer ?? false
      || solver.names.allocators.contains(calleeName(node))
    if returnsPointer {
      guard let holder else { return }
      let item = scope.file[holder]
      let name = Symbol(item.a)
      guard item.kind == .name || item.kind == .variable, scope.localTypes[name] != nil,
        !scope.cleanedUp.contains(name), !scope.otherwiseSet.contains(name), item.kind != .variable || item.op & 1 == 0
      else { return }
      pairs[node] = Pairing(closers: closers, resource: localPlace(name), isResult: true)
    } else {
      guard let first = scope.file.list(call.b, call.c).first else { return }
      let resource = place(of: first)
      guard resource >= 0 else { return }
      pairs[node] = Pairing(closers: closers, resource: resource, isResult: false)
    }
  }

  /// Whether a callee may undo the pair; one that is not known may.
  private func mayClose(_ target: FunctionID?, _ pairing: Pairing) -> Bool {
    guard let target else { return true }
    return solver.mayCall(target, pairing.closers)
  }

  /// What a call means for the pairs that are open.
  mutating func settlePairs(
    _ node: NodeID, _ name: Symbol, _ arguments: [Place], _ target: FunctionID?, _ state: inout PathState
  ) {
    guard state.held.contains(where: { $0.kind == .pair }) else { return }
    let traits = solver.pairing.traits(of: name, solver.program.symbols)
    state.held.removeAll { held in
      guard held.kind == .pair, let pairing = pairs[held.site] ?? lentPairs[held.site], held.site != node else {
        return false
      }
      if pairing.closers.contains(name) {
        if arguments.contains(pairing.resource) {
          if !state.closed.contains(held.place) { state.closed.append(held.place) }
          return true
        }
        return false
      }
      let touches = arguments.contains { argument in
        argument >= 0
          && (solver.places.depends(argument, on: pairing.resource)
            || solver.places.depends(pairing.resource, on: argument))
      }
      if touches, traits.disposes || target != nil, mayClose(target, pairing) { return true }
      return touches && pairing.isResult && traits.transfers && !solver.isHarmless(name)
    }
  }
}
