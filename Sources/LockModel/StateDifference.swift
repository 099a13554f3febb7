import KernelC

/// Which functions may come to other results in one state of a tree than in another, as far as names tell.
///
/// What a function does follows from its text and from what the names in it mean. So a function is affected when it is new,
/// when a name in it means something else (a type, a member, a definition, what a table holds), or when a name in it is that
/// of an affected function. Calls through members are left out: nearly everything reaches nearly everything by them, and
/// whether what they call has changed for its callers is better asked when that is known.
struct StateDifference: Sendable {
  private static let fewCallers = 32

  /// By function number.
  private(set) var functions: ContiguousArray<Bool>
  /// By symbol: names that an affected function goes by, or that mean something else.
  private var names: ContiguousArray<Bool>
  private var work: [FunctionID] = []

  /// No difference among the states of `linked`'s files.
  init(none linked: LinkedState) {
    functions = ContiguousArray(repeating: false, count: linked.program.functions.count)
    names = ContiguousArray(repeating: false, count: linked.program.symbols.count)
  }

  /// What differs in `new` from `old`.
  init(from old: LinkedState, to new: LinkedState, _ mentions: MentionIndex) {
    self.init(none: new)
    let known = Set(old.program.allFunctions)
    for id in new.program.allFunctions where !known.contains(id) { take(id) }
    compareNames(old, new, mentions)
    compareMembers(old, new, mentions)
    for id in new.callbacks.difference(from: old.callbacks) { take(id) }
    for id in new.teardowns.difference(from: old.teardowns) { take(id) }
    spread(new, mentions)
  }

  func isAffected(_ id: FunctionID) -> Bool { functions[Int(id.rawValue)] }

  func isAffected(_ name: Symbol) -> Bool {
    name.exists && (Int(name.rawValue) >= names.count || names[Int(name.rawValue)])
  }

  /// How many functions are affected.
  var count: Int { functions.count { $0 } }

  /// Counts as affected what is in either.
  mutating func formUnion(_ other: StateDifference) {
    for index in functions.indices where other.functions[index] { functions[index] = true }
    for index in names.indices where other.isAffected(Symbol(Int32(index))) { names[index] = true }
  }

  /// Adds whoever calls through one of `members` of `state`.
  mutating func add(callersThrough members: Set<MemberKey>, in state: LinkedState, _ mentions: MentionIndex) {
    takeUsers(of: members, state.program, state.program, mentions)
    spread(state, mentions)
  }

  /// Adds whoever may call an affected function through a member, where that is a few: they are nearly always affected too.
  mutating func addLikelyCallers(in state: LinkedState, _ mentions: MentionIndex) {
    var members: Set<Symbol> = []
    for id in state.program.allFunctions where isAffected(id) {
      for key in state.callbacks.members(holding: id) { members.insert(key.member) }
    }
    let symbols = state.program.symbols
    for member in members.sorted(by: { symbols.text($0) < symbols.text($1) }) {
      let users = mentions.users(of: [member], state.program)
      guard users.count <= Self.fewCallers else { continue }
      var larger = self
      for id in users { larger.take(id) }
      larger.spread(state, mentions)
      if larger.count <= count + Self.fewCallers { self = larger }
    }
  }

  // MARK: What names mean

  private mutating func compareNames(_ old: LinkedState, _ new: LinkedState, _ mentions: MentionIndex) {
    var changed: Set<Symbol> = []
    func compare<Key: Hashable, Value: Equatable>(_ old: [Key: Value], _ new: [Key: Value], _ note: (Key) -> Void) {
      for (key, value) in new where old[key] != value { note(key) }
      for key in old.keys where new[key] == nil { note(key) }
    }
    compare(old.program.byName, new.program.byName) { changed.insert($0) }
    compare(old.program.aliases, new.program.aliases) { changed.insert($0) }
    compare(old.program.globals, new.program.globals) { changed.insert($0) }
    compare(old.program.returnTypes, new.program.returnTypes) { changed.insert($0) }
    compare(old.program.owned, new.program.owned) { changed.insert($0.name) }
    compare(old.program.typedefs, new.program.typedefs) { name in
      changed.formUnion(new.program.names(ofType: name))
      changed.formUnion(old.program.names(ofType: name))
    }
    for name in changed { take(name, mentions) }
  }

  /// A member that has come, gone or another type, or that holds something else, matters to whoever names it and something
  /// of its structure's type.
  private mutating func compareMembers(_ old: LinkedState, _ new: LinkedState, _ mentions: MentionIndex) {
    var changed: Set<MemberKey> = []
    for (key, type) in new.program.members where old.program.members[key] != type { changed.insert(key) }
    for key in old.program.members.keys where new.program.members[key] == nil { changed.insert(key) }
    for (key, held) in new.callbacks.slots where old.callbacks.slots[key] != held { changed.insert(key) }
    for key in old.callbacks.slots.keys where new.callbacks.slots[key] == nil { changed.insert(key) }
    takeUsers(of: changed, old.program, new.program, mentions)
  }

  private mutating func takeUsers(
    of members: Set<MemberKey>, _ old: Program, _ new: Program, _ mentions: MentionIndex
  ) {
    for (structure, keys) in Dictionary(grouping: members, by: \.structure) {
      let knowing = mentions.users(of: new.names(ofType: structure).union(old.names(ofType: structure)), new)
      for id in mentions.users(of: Set(keys.map(\.member)), new) where knowing.contains(id) { take(id) }
    }
  }

  // MARK: Who is affected

  private mutating func take(_ id: FunctionID) {
    guard !functions[Int(id.rawValue)] else { return }
    functions[Int(id.rawValue)] = true
    work.append(id)
  }

  private mutating func take(_ name: Symbol, _ mentions: MentionIndex) {
    guard name.exists, Int(name.rawValue) < names.count, !names[Int(name.rawValue)] else { return }
    names[Int(name.rawValue)] = true
    for id in mentions.functions(referringTo: name) { take(id) }
  }

  private mutating func spread(_ state: LinkedState, _ mentions: MentionIndex) {
    var otherNames: [Symbol: [Symbol]] = [:]
    for (name, target) in state.program.aliases { otherNames[target, default: []].append(name) }
    while let id = work.popLast() {
      let name = state.program.definition(id).name
      take(name, mentions)
      for other in otherNames[name] ?? [] { take(other, mentions) }
      for starter in state.teardowns.starters(of: id) { take(starter) }
    }
  }
}

extension Program {
  /// The names by which a text can get at something of a structure's or a typedef's type.
  fileprivate func names(ofType type: Symbol) -> Set<Symbol> {
    var types: Set<Symbol> = [type]
    for _ in 0..<3 { for (name, type) in typedefs where types.contains(type.name) { types.insert(name) } }
    var result = types
    for (name, type) in globals where types.contains(type.name) { result.insert(name) }
    for (name, type) in owned where types.contains(type.name) { result.insert(name.name) }
    for (name, type) in returnTypes where types.contains(type.name) { result.insert(name) }
    for (key, type) in members where types.contains(type.name) { result.insert(key.member) }
    return result
  }
}
