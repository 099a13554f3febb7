import KernelC

/// Calls that let others in: who interrupts, starts a thread or registers something, and what it is given.
struct Registrations {
  /// Request an interrupt for the functions that they are given.
  static let interruptRequests: Set<String> = [
    "request_irq", "request_threaded_irq", "devm_request_irq", "devm_request_threaded_irq", "request_any_context_irq",
    "devm_request_any_context_irq", "request_percpu_irq", "pci_request_irq",
  ]
  static let threadStarts: Set<String> = ["kthread_run"]
  /// Let in what the tables hold that they are given, and do not say so in their names.
  static let makers: Set<String> = [
    "proc_create", "proc_create_data", "debugfs_create_file", "device_create_file", "sysfs_create_file",
    "sysfs_create_group", "devm_gpiochip_add_data", "gpiochip_add_data",
  ]
  /// Words beside "register" of which it is the object: `foo_write_register()` writes one of the hardware's.
  private static let accesses: Set<Substring> = [
    "read", "write", "get", "set", "update", "modify", "clear", "poll", "dump", "save", "restore", "load", "store",
    "mask",
    "wait", "bits",
  ]

  private let interrupts: Set<Symbol>
  private let threads: Set<Symbol>
  private let makers: Set<Symbol>

  init(_ symbols: SymbolTable) {
    interrupts = Set(Self.interruptRequests.map(symbols.intern))
    threads = Set(Self.threadStarts.map(symbols.intern))
    makers = Set(Self.makers.map(symbols.intern))
  }

  /// Whether the call lets in the functions among its arguments, and nothing that a table holds.
  func takesFunctions(_ name: Symbol) -> Bool { interrupts.contains(name) || threads.contains(name) }

  /// Whether the call lets in what the tables hold that it is given; `text` is its name's.
  func registers(_ name: Symbol, _ text: String) -> Bool { makers.contains(name) || Self.saysRegister(text) }

  /// Of a call's arguments those by which the functions that it lets in find their object.
  func objects(of name: Symbol, _ text: String, among arguments: [NodeID]) -> ArraySlice<NodeID> {
    if threads.contains(name) { return arguments.dropFirst().prefix(1) }
    if text == "pci_request_irq" { return arguments.dropFirst(4).prefix(1) }
    return interrupts.contains(name) ? arguments.suffix(1) : arguments[...]
  }

  /// Whether the name says that something is registered, and not that a register of the hardware is read or written.
  static func saysRegister(_ name: String) -> Bool {
    let words = name.split(separator: "_")
    return words.contains("register") && !words.contains(where: accesses.contains)
  }
}
