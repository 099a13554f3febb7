import KernelC

/// Number of a place in the `PlaceTable`; -1 for "not a place we can name".
public typealias Place = Int32

/// An access path: where a value lives, in terms of a function's parameters, its locals, or globals.
public struct PlaceStep: Hashable, Sendable {
  /// How the place is reached from its base.
  public enum Kind: UInt8, Sendable {
    /// value: index of the parameter
    case parameter
    /// value: symbol
    case local
    /// value: symbol
    case global
    /// value: member's symbol
    case member
    /// what the base points to
    case pointee
    /// an element of the base, any index
    case element
    /// what the function `value` returns for the argument `base`
    case call
    /// what the function `value` returns for `base` and arguments that the place does not name
    case derived
    /// the value of the call node `value` in the function under analysis
    case result
    /// the address of the base
    case address
  }

  /// How this step leads on from `base`, and with it what `value` means.
  public let kind: Kind
  /// The place the step starts from; -1 where the path begins.
  public let base: Place
  /// Index, symbol, node or element tag that the step goes by, as its kind says; 0 where there is none.
  public let value: Int32

  /// One number for all parts: places are looked up at every step.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(Int(base) &<< 32 ^ Int(value) &<< 4 ^ Int(kind.rawValue))
  }

  /// The file that alone can name a global; nil for one that is known everywhere.
  var owner: Int32? { kind == .global && base < -1 ? -2 - base : nil }
}

/// All places of a run, interned: equal places have equal numbers.
public struct PlaceTable: Sendable {
  private(set) var steps: [PlaceStep] = []
  private var index: [PlaceStep: Place] = [:]

  /// The number of a step from `base`.
  mutating func intern(_ kind: PlaceStep.Kind, _ base: Place = -1, _ value: Int32 = 0) -> Place {
    let step = PlaceStep(kind: kind, base: base, value: value)
    if let known = index[step] { return known }
    // Longer paths than anybody writes come from loops through a list; they stop here.
    if depth(base) > 12 { return -1 }
    let place = Place(steps.count)
    steps.append(step)
    index[step] = place
    return place
  }

  /// A variable that only `file` can name: those of another file are others, whatever their names.
  mutating func internOwned(_ name: Int32, file: Int32) -> Place { intern(.global, -2 - file, name) }

  subscript(place: Place) -> PlaceStep { steps[Int(place)] }

  private func depth(_ place: Place) -> Int {
    var place = place
    var count = 0
    while place >= 0 {
      place = steps[Int(place)].base
      count += 1
    }
    return count
  }

  /// Marks an element whose index is the value at `index`.
  static func elementTag(_ index: Place) -> Int32 { -2 &- index }

  /// What `value` points to; the address of something points to that.
  mutating func pointee(of value: Place) -> Place {
    guard value >= 0 else { return -1 }
    if steps[Int(value)].kind == .address { return steps[Int(value)].base }
    return intern(.pointee, value)
  }

  mutating func address(of place: Place) -> Place {
    guard place >= 0 else { return -1 }
    if steps[Int(place)].kind == .pointee { return steps[Int(place)].base }
    return intern(.address, place)
  }

  /// Whether `place` is `part` or lies behind it.
  func depends(_ place: Place, on part: Place) -> Bool {
    var place = place
    while place >= 0 {
      if place == part { return true }
      let step = steps[Int(place)]
      if step.kind == .element, step.value == Self.elementTag(part) { return true }
      place = step.base
    }
    return false
  }

  /// Whether the place lies behind a pointer, so that others may write to it; what goes by a name may be a constant.
  func isShared(_ place: Place) -> Bool {
    var place = place
    while place >= 0 {
      let step = steps[Int(place)]
      if step.kind == .pointee { return true }
      place = step.base
    }
    return false
  }

  /// The step at the far end of the path.
  func root(of place: Place) -> PlaceStep? {
    var place = place
    while place >= 0 {
      let step = steps[Int(place)]
      if step.base < 0 { return step }
      place = step.base
    }
    return nil
  }

  /// Whether a caller can name the place: it starts at a parameter or a global.
  func isPortable(_ place: Place) -> Bool {
    guard let root = root(of: place) else { return false }
    return root.kind == .parameter || root.kind == .global
  }

  /// A caller's place in the terms of a callee that is given `arguments`; -1 when the callee cannot name it.
  mutating func calleePlace(of place: Place, _ arguments: [Place]) -> Place {
    guard place >= 0 else { return -1 }
    if let position = arguments.firstIndex(of: place) { return intern(.parameter, -1, Int32(position)) }
    let step = steps[Int(place)]
    if step.kind == .global { return place }
    guard step.base >= 0 else { return -1 }
    // What an argument points to: the argument is the address.
    if let position = arguments.firstIndex(where: { $0 >= 0 && pointee(of: $0) == place }) {
      return intern(.pointee, intern(.parameter, -1, Int32(position)))
    }
    let base = calleePlace(of: step.base, arguments)
    guard base >= 0 else { return -1 }
    switch step.kind {
    case .pointee: return pointee(of: base)
    case .address: return address(of: base)
    default: return intern(step.kind, base, step.value)
    }
  }

  /// The place in a caller's terms, given the values of the arguments; -1 when it cannot be said.
  mutating func substitute(_ place: Place, _ arguments: [Place]) -> Place {
    guard place >= 0 else { return -1 }
    let step = steps[Int(place)]
    switch step.kind {
    case .parameter:
      let position = Int(step.value)
      return position < arguments.count ? arguments[position] : -1
    case .global: return place
    case .local, .result: return -1
    case .pointee: return pointee(of: substitute(step.base, arguments))
    case .address: return address(of: substitute(step.base, arguments))
    case .member, .element, .call, .derived:
      if step.base < 0 { return place }
      let base = substitute(step.base, arguments)
      return base < 0 ? -1 : intern(step.kind, base, step.value)
    }
  }
}
