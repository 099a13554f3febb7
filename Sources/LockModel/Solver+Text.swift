public import KernelC

extension Solver {
  /// A place as a reader of the function would write it, e.g. `inode->i_mapping->invalidate_lock`.
  public func text(_ place: Place, in function: FunctionID) -> String {
    guard place >= 0 else { return "?" }
    let step = places[place]
    let symbols = program.symbols
    switch step.kind {
    case .parameter:
      let parameters = program.definition(function).parameters
      let index = Int(step.value)
      return index < parameters.count ? symbols.text(parameters[index].name) : "argument \(index + 1)"
    case .local, .global: return symbols.text(Symbol(step.value))
    case .member:
      let base = step.base
      if base >= 0, places[base].kind == .pointee {
        return "\(text(places[base].base, in: function))->\(symbols.text(Symbol(step.value)))"
      }
      return "\(text(base, in: function)).\(symbols.text(Symbol(step.value)))"
    case .pointee: return "*\(text(step.base, in: function))"
    case .address: return "&\(text(step.base, in: function))"
    case .element: return "\(text(step.base, in: function))[]"
    case .call: return "\(symbols.text(Symbol(step.value)))(\(text(step.base, in: function)))"
    case .result: return "a result"
    }
  }

  /// A lock as a message names it: without the `*` of a pointer to a lock.
  public func lockText(_ place: Place, in function: FunctionID) -> String {
    let text = text(place, in: function)
    return text.hasPrefix("*") ? String(text.dropFirst()) : text
  }

  /// The resource of a pair, as a message names it.
  public func resourceText(_ held: HeldLock, in function: FunctionID) -> String {
    let step = places[held.place]
    return text(step.base, in: function)
  }

  /// Whether the path goes through an array element whose index is not known, so that equal paths may be two locks.
  public func isAmbiguous(_ place: Place) -> Bool {
    var place = place
    while place >= 0 {
      let step = places[place]
      if step.kind == .element, step.value == 0 { return true }
      place = step.base
    }
    return false
  }

  /// Whether the lock lives in something reached through a pointer variable, as opposed to a local structure or NULL.
  public func isThroughPointer(_ place: Place) -> Bool {
    guard let root = places.root(of: place) else { return false }
    if root.kind == .global { return Symbol(root.value) != names.null }
    var place = place
    while place >= 0 {
      let step = places[place]
      if step.base >= 0, places[step.base].base < 0 { return step.kind == .pointee || step.kind == .call }
      place = step.base
    }
    return false
  }

  /// Whether a function has a local or parameter that says whether a lock is held.
  public func hasLockFlag(_ id: FunctionID) -> Bool {
    let scope = scopes(id)
    return scope.localTypes.contains { name, type in
      (type.base == .integer || type.base == .boolean) && program.symbols.text(name).contains("lock")
    }
      || scope.definition.parameters.contains { parameter in
        (parameter.type.base == .integer || parameter.type.base == .boolean)
          && program.symbols.text(parameter.name).contains("lock")
      }
  }

  /// Whether a caller can name the place.
  public func isPortable(_ place: Place) -> Bool { places.isPortable(place) }

  /// The far end of the path is a global.
  public func isGlobal(_ place: Place) -> Bool { places.root(of: place)?.kind == .global }

  /// Whether the path starts at `current`, the task that runs.
  public func isOfCurrentTask(_ place: Place) -> Bool {
    guard place >= 0, let root = places.root(of: place) else { return false }
    return root.kind == .global && Symbol(root.value) == names.current
  }

  /// The place in a caller's terms; -1 when it cannot be said.
  public func substitute(_ place: Place, _ arguments: [Place]) -> Place { places.substitute(place, arguments) }

  /// A caller's place in the terms of a callee that is given `arguments`; -1 when the callee cannot name it.
  public func calleePlace(of place: Place, _ arguments: [Place]) -> Place {
    places.calleePlace(of: place, arguments)
  }

  /// The class of a lock that a function holds.
  public func lockClass(of held: HeldLock, in function: FunctionID) -> LockClass? {
    if let known = classes[ClassKey(function: function, place: held.place)] { return known }
    let explorer = Explorer(self, scopes(function))
    let result = explorer.lockClass(of: held.place, kind: held.kind)
    classes[ClassKey(function: function, place: held.place)] = result
    return result
  }

  /// The object a lock lives in: the path without its last member; -1 for a global.
  public func owner(of place: Place) -> Place {
    guard place >= 0, places[place].kind == .member else { return -1 }
    return places[place].base
  }

  /// The last member of a path.
  public func lastMember(of place: Place) -> Symbol {
    guard place >= 0 else { return .none }
    let step = places[place]
    switch step.kind {
    case .member, .global: return Symbol(step.value)
    case .address, .pointee, .element: return lastMember(of: step.base)
    default: return .none
    }
  }

  /// Whether the name is a memory allocator's: a valid pointer or NULL.
  public func isAllocator(_ name: Symbol) -> Bool { names.allocators.contains(name) }

  /// All that is known to be returned by functions called `name`, over all definitions; nil where one is not known.
  public func returns(of name: Symbol) -> ValueSet? {
    if names.allocators.contains(name) { return [.zero, .positive] }
    let definitions = program.definitions(of: name)
    var result: ValueSet = []
    for id in definitions {
      guard let known = summary(id)?.returns else { return interface.returns(name) }
      result.formUnion(known)
    }
    return result.isEmpty ? interface.returns(name) : result
  }

  /// Whether `name` is one of the kernel's lock primitives.
  public func isLockPrimitive(_ name: Symbol) -> Bool { locks[name] != nil }

  /// Whether `name` is a widely used function that returns a pointer.
  public func isKnownPointer(_ name: Symbol) -> Bool {
    interface.errorPointers.contains(name) || interface.nullPointers.contains(name)
  }

  /// Whether a call returns 0 or a negative errno, by its body or by what is known of the kernel.
  public func returnsErrno(_ name: Symbol, fromFile: Int) -> Bool {
    if let target = program.resolve(name, fromFile: fromFile) {
      guard let known = summary(target)?.returns else { return false }
      return known == [.zero, .negative] || known == .negative
    }
    return interface.errnos.contains(name)
  }
}

struct ClassKey: Hashable {
  let function: FunctionID
  let place: Place
}
