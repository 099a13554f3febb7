import Findings
import KernelC
import LockModel

/// A lock or a work item that is set up after something has been registered that uses it.
struct LateInit: Rule {
  let description = RuleDescription(
    id: "late-init",
    summary: "a lock, a completion or a work item is initialised after what uses it has been registered",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Reads what a function does in order, calls into its own file included: where it requests an interrupt, starts a \
      thread or registers something with operations, and only then initialises a lock, a completion, a wait queue or a \
      work item that the handler or one of the operations uses (itself, or in what it calls by name in that file), the \
      initialisation is reported.
      """,
    whyItMatters: "Whoever comes in early takes a lock that is not one yet, or has the lock set up under it.",
    accepts: [
      "interrupts that are requested disabled", "handlers that ask for a member which is set later",
      "objects that another function initialises as well",
      "an initialisation on another branch than the registration",
    ],
    knownFalsePositives: ["hardware that cannot raise its interrupt yet, on a line that nobody shares"],
    triggering: Self.triggering + [Self.throughTable], nonTriggering: Self.nonTriggering)

  func check(_ context: RuleContext) -> [Finding] {
    let names = Names(context)
    var files: [Int32: FileReader] = [:]
    return context.functions.flatMap { id -> [Finding] in
      let number = context.program.functions[Int(id.rawValue)].file
      let reader = files[number] ?? FileReader(context, names, number, rule: description.id)
      files[number] = reader
      return reader.lateInits(in: id).map { late in
        let object = reader.text(late.initialised.object, of: late.initialised.function)
        let registrar = context.text(late.registration.name)
        var evidence = [
          Evidence(context.place(id, late.registration.site), "registered here"),
          Evidence(context.place(late.use.function, late.use.node), "used here"),
        ]
        if let place = reader.inCallee(late.initialised, of: id) {
          evidence.append(Evidence(place, "initialised here"))
        }
        return context.finding(
          description, id, late.initialised.site,
          "'\(object)' is initialised after '\(registrar)()' has let '\(context.name(late.handler))' in, which uses it",
          evidence: evidence, key: "\(object) \(registrar)")
      }
    }
  }

  /// What the functions are called that this is about.
  final class Names {
    let initialisers: Set<Symbol>
    /// Calls that use an object, by the argument that it is.
    let users: [Symbol: Int]
    let guardCall: Symbol
    private let registrations: Registrations
    private let symbols: SymbolTable
    private var registrars: [Symbol: Bool] = [:]

    init(_ context: RuleContext) {
      let symbols = context.program.symbols
      self.symbols = symbols
      registrations = Registrations(symbols)
      func set(_ text: String) -> Set<Symbol> { Set(text.split(separator: " ").map { symbols.intern(String($0)) }) }
      initialisers = set(
        "spin_lock_init raw_spin_lock_init rwlock_init mutex_init devm_mutex_init rt_mutex_init init_rwsem sema_init "
          + "init_completion init_waitqueue_head INIT_WORK INIT_DELAYED_WORK INIT_DEFERRABLE_WORK tasklet_setup timer_setup "
          + "seqlock_init seqcount_init kthread_init_work init_irq_work")
      let first = set(
        "complete complete_all wait_for_completion wait_for_completion_timeout wait_for_completion_interruptible "
          + "wait_for_completion_interruptible_timeout wake_up wake_up_interruptible wake_up_all wake_up_interruptible_all "
          + "schedule_work schedule_delayed_work mod_timer add_timer tasklet_schedule tasklet_hi_schedule up down "
          + "irq_work_queue")
      let second = set("queue_work queue_delayed_work mod_delayed_work scoped_guard kthread_queue_work")
      users = Dictionary(uniqueKeysWithValues: first.map { ($0, 0) } + second.map { ($0, 1) })
      guardCall = symbols.intern("guard")
    }

    /// Whether a call lets in the functions that it is given, and not what a table holds.
    func takesFunctions(_ name: Symbol) -> Bool { registrations.takesFunctions(name) }

    /// Whether a call lets others in that its arguments name.
    func letsIn(_ name: Symbol) -> Bool {
      if let known = registrars[name] { return known }
      let result = takesFunctions(name) || registrations.registers(name, symbols.text(name))
      registrars[name] = result
      return result
    }

    func objects(of name: Symbol, among arguments: [NodeID]) -> ArraySlice<NodeID> {
      registrations.objects(of: name, symbols.text(name), among: arguments)
    }
  }
}
