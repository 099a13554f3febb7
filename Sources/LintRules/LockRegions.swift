import KernelC

/// Where a function holds which locks, as its text shows: from a call that locks to the last that unlocks, under a guard to
/// the end of the guard's block.
struct LockRegions {
  /// How much else a spinlock's holder keeps away.
  enum Strength: Int, Comparable {
    case plain, bottomHalves, interrupts

    static func < (left: Strength, right: Strength) -> Bool { left.rawValue < right.rawValue }
  }

  /// A lock as the text names it, the same for all ways to take it.
  struct Key: Hashable {
    let text: String
  }

  /// One acquisition and what lies under it.
  struct Region {
    let key: Key
    /// The call that takes the lock.
    let node: NodeID
    /// The name of the function, or of the guard's class.
    let name: String
    /// Everything between, as tokens.
    let tokens: ClosedRange<UInt32>
    /// Only for spinlocks; nil for the others.
    let strength: Strength?
  }

  /// Something that is done, as the text has it.
  struct Action {
    let node: NodeID
    let text: String
    let name: String
    let token: UInt32
    /// A member is set, as opposed to a call.
    let isWrite: Bool
    /// Only computes, only logs, or is about the task that runs: the same with a lock and without.
    let needsNoLock: Bool
  }

  private(set) var regions: [Region] = []
  private(set) var actions: [Action] = []
  private let file: ParsedFile
  private let symbols: SymbolTable
  private let withActions: Bool

  /// Reads a function; what it does is left out where only its locks are wanted.
  init(_ function: FunctionDefinition, _ file: ParsedFile, _ symbols: SymbolTable, withActions: Bool = true) {
    self.withActions = withActions
    self.file = file
    self.symbols = symbols
    let nodes = function.nodes.sorted { file[$0].token < file[$1].token }
    collectCalls(nodes)
    for id in nodes { collectGuard(id, function) }
    regions.sort { $0.tokens.lowerBound < $1.tokens.lowerBound }
  }

  /// Whether the lock is held at a token.
  func covers(_ key: Key, _ token: UInt32) -> Bool { regions.contains { $0.key == key && $0.tokens.contains(token) } }

  /// How often an action is taken outside the lock.
  func countOutside(_ key: Key, _ text: String) -> Int {
    actions.count { $0.text == text && !covers(key, $0.token) }
  }

  // MARK: Calls

  private mutating func collectCalls(_ nodes: [NodeID]) {
    var open: [Key: (region: Region, last: UInt32?)] = [:]
    func close(_ key: Key) {
      guard let (region, last) = open.removeValue(forKey: key), let last else { return }
      regions.append(
        Region(
          key: key, node: region.node, name: region.name, tokens: region.tokens.lowerBound...last,
          strength: region.strength))
    }
    for id in nodes {
      let token = file[id].token
      guard file[id].kind == .call, file[file[id].a].kind == .name else {
        if file[id].kind == .assign, isMember(file[id].a) { note(id, "=", token) }
        continue
      }
      let name = symbols.text(Symbol(file[file[id].a].a))
      let arguments = Array(file.list(file[id].b, file[id].c))
      if Self.unlocks(name) {
        let key = key(Self.base(name), arguments)
        if open[key] != nil { open[key]?.last = token }
      } else if Self.locks(name) {
        let key = key(Self.base(name), arguments)
        close(key)
        open[key] = (
          Region(key: key, node: id, name: name, tokens: token...token, strength: Self.strength(name)), nil
        )
      } else if name != "guard" && name != "scoped_guard" {
        note(id, name, token)
      }
    }
    for key in open.keys.sorted(by: { $0.text < $1.text }) { close(key) }
  }

  /// A member, or an element of one.
  private func isMember(_ id: NodeID) -> Bool {
    file[id].kind == .member || file[id].kind == .index && file[file[id].a].kind == .member
  }

  private mutating func note(_ id: NodeID, _ name: String, _ token: UInt32) {
    guard withActions else { return }
    let text = SourceText.text(of: id, file, symbols)
    let arguments = file[id].kind == .call ? Array(file.list(file[id].b, file[id].c)) : []
    let isOfTask = arguments.count == 1 && SourceText.text(of: arguments[0], file, symbols) == "current"
    actions.append(
      Action(
        node: id, text: text, name: name == "=" ? SourceText.text(of: file[id].a, file, symbols) : name, token: token,
        isWrite: name == "=",
        needsNoLock: Self.computations.contains(name) || Statements.isLog(name) || Self.isAssertion(name)
          || isOfTask))
  }

  private static func isAssertion(_ name: String) -> Bool { name.hasPrefix("WARN_ON") || name.hasPrefix("BUG_ON") }

  private func key(_ base: String, _ arguments: [NodeID]) -> Key {
    let subject = arguments.first.map { SourceText.text(of: $0, file, symbols) } ?? ""
    return Key(text: subject.isEmpty ? base : subject)
  }

  static func locks(_ name: String) -> Bool {
    let words = name.split(separator: "_")
    if sections.contains(where: { $0.begins == name }) { return true }
    let isRegion = words.contains("read") || words.contains("bh") || words.contains("section")
    return words.contains("lock") || words.contains("trylock") || name.hasPrefix("down_") && isRegion
      || ["down_write", "down", "down_interruptible", "down_killable"].contains(name)
  }

  static func unlocks(_ name: String) -> Bool {
    name.split(separator: "_").contains("unlock") || name.hasPrefix("up_") || name == "up"
      || sections.contains { $0.ends == name }
  }

  private static let sections: [(begins: String, ends: String)] = [
    ("local_irq_save", "local_irq_restore"), ("local_irq_disable", "local_irq_enable"),
    ("preempt_disable", "preempt_enable"), ("local_bh_disable", "local_bh_enable"), ("lock_sock", "release_sock"),
    ("lock_sock_nested", "release_sock"), ("get_online_mems", "put_online_mems"),
    ("mem_hotplug_begin", "mem_hotplug_done"), ("kernel_fpu_begin", "kernel_fpu_end"), ("get_cpu", "put_cpu"),
    ("sdio_claim_host", "sdio_release_host"), ("mmc_claim_host", "mmc_release_host"),
  ]

  /// The name of a lock that no argument names.
  private static func base(_ name: String) -> String {
    if let section = sections.first(where: { $0.begins == name || $0.ends == name }) { return section.ends }
    if name.hasPrefix("rcu_read") { return "rcu" }
    return name.split(separator: "_").map { $0 == "unlock" ? "lock" : $0 }.joined(separator: "_")
  }

  static func strength(_ name: String) -> Strength? {
    guard
      name.hasPrefix("spin_lock") || name.hasPrefix("raw_spin_lock") || name.hasPrefix("spinlock")
        || name.hasPrefix("raw_spinlock") || name.hasPrefix("read_lock") || name.hasPrefix("write_lock")
    else { return nil }
    if name.hasSuffix("_irqsave") || name.hasSuffix("_irq") { return .interrupts }
    return name.hasSuffix("_bh") ? .bottomHalves : .plain
  }

  // MARK: Guards

  /// `guard(class)(lock);` and `scoped_guard(class, lock) …`.
  private mutating func collectGuard(_ id: NodeID, _ function: FunctionDefinition) {
    let node = file[id]
    if node.kind == .call, file[node.a].kind == .call, isNamed(file[node.a].a, "guard") {
      let start = node.token
      let block = function.nodes.filter { file[$0].kind == .block && spans($0, id) }.max {
        file[$0].token < file[$1].token
      }
      let end = block.map { lastToken(of: $0) } ?? start
      add(file[node.a], Array(file.list(node.b, node.c)), id, start...max(start, end))
    } else if node.kind == .macroLoop, node.a >= 0, file[node.a].kind == .call, isNamed(file[node.a].a, "scoped_guard")
    {
      let head = file[node.a]
      let arguments = Array(file.list(head.b, head.c))
      add(head, Array(arguments.dropFirst()), node.a, head.token...max(head.token, lastToken(of: node.b)))
    }
  }

  private mutating func add(_ head: Node, _ lock: [NodeID], _ id: NodeID, _ tokens: ClosedRange<UInt32>) {
    guard let first = file.list(head.b, head.c).first, file[first].kind == .name else { return }
    let name = symbols.text(Symbol(file[first].a))
    regions.append(
      Region(key: key(name, lock), node: id, name: name, tokens: tokens, strength: Self.strength(name)))
  }

  private func isNamed(_ id: NodeID, _ name: String) -> Bool {
    file[id].kind == .name && symbols.text(Symbol(file[id].a)) == name
  }

  private func spans(_ block: NodeID, _ id: NodeID) -> Bool {
    file[block].token <= file[id].token && lastToken(of: block) >= file[id].token
  }

  private func lastToken(of id: NodeID, _ depth: Int = 0) -> UInt32 {
    guard id >= 0, depth < 150 else { return 0 }
    return file.children(of: id).reduce(file[id].token) { max($0, lastToken(of: $1, depth + 1)) }
  }

  /// What these yield depends on their arguments or on the running task alone: no lock protects it.
  private static let computations: Set<String> = [
    "min", "max", "min_t", "max_t", "min3", "max3", "clamp", "clamp_t", "clamp_val", "abs", "round_up", "round_down",
    "roundup", "rounddown", "ALIGN", "IS_ALIGNED", "DIV_ROUND_UP", "ilog2", "BIT", "ARRAY_SIZE", "IS_ENABLED",
    "IS_ERR", "IS_ERR_OR_NULL", "PTR_ERR", "ERR_PTR", "ERR_CAST", "container_of", "sizeof", "offsetof", "likely",
    "unlikely", "need_resched", "cond_resched", "schedule", "might_sleep", "cpu_relax", "barrier", "ktime_get",
  ]
}
