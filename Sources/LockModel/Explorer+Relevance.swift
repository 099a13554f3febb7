import KernelC

// What is worth remembering.
extension Explorer {
  mutating func findRelevant() {
    var tests: [Place: Int] = [:]
    var conditions = ConditionCounts()
    for block in flow.blocks {
      switch block.exit {
      case .branch(let node, _, _): countTests(node, &tests, &conditions, 0)
      case .leave(let value, _) where value >= 0:
        let key = place(of: value)
        if key >= 0 { relevant.insert(key) }
        if scope.file[value].kind == .call {
          // `return ERR_PTR(err);`
          for argument in scope.file.list(scope.file[value].b, scope.file[value].c) {
            let inner = place(of: argument)
            if inner >= 0 { relevant.insert(inner) }
          }
        }
      case .select(let node, _, _):
        let key = place(of: node)
        if key >= 0 { tests[key, default: 0] += 2 }
      case .preprocessor(let condition, _, _, _): conditions.add(Self.key(ofPreprocessor: condition))
      default: break
      }
    }
    findOrigins(tests)
    for (place, count) in tests {
      let step = solver.places[place]
      let isVariable = step.kind == .local && (scope.assignmentCount[Symbol(step.value)] ?? 0) > 1
      if count > 1 || isVariable || step.kind == .parameter { relevant.insert(place) }
    }
    var flagged = 0
    for key in conditions.order {
      if conditions.times[key, default: 0] > 1 || flagConditions.contains(key) {
        relevantConditions.insert(key)
      } else if flagged < 6, conditionPlaces[key]?.contains(where: { solver.places[$0].kind == .parameter }) == true {
        flagged += 1
        relevantConditions.insert(key)
      }
    }
    let resultNames = Set(
      scope.definition.nodes.compactMap { id -> NodeID? in
        let node = scope.file[id]
        if node.kind == .assign, isCall(node.b) { return node.a }
        return nil
      })
    for node in resultNames {
      let key = place(of: node)
      if key >= 0, tests[key] != nil { relevant.insert(key) }
    }
    // `ret = PTR_ERR_OR_ZERO(x->clk);`: what is known of the one says what the other is.
    for call in scope.calls where solver.names.ptrErr.contains(calleeName(call)) {
      guard let first = scope.file.list(scope.file[call].b, scope.file[call].c).first else { continue }
      let key = place(of: first)
      if key >= 0 { relevant.insert(key) }
    }
    // Members that are tested, and called or looked into.
    for id in scope.definition.nodes {
      let node = scope.file[id]
      guard node.kind == .call || node.kind == .member && node.operation == .arrow,
        scope.file[node.a].kind == .member
      else { continue }
      let key = place(of: node.a)
      if key >= 0, tests[key] != nil { relevant.insert(key) }
    }
    for id in scope.definition.nodes {
      let node = scope.file[id]
      guard node.kind == .variable, node.c >= 0, isCall(node.c) else { continue }
      let key = localPlace(Symbol(node.a))
      if tests[key] != nil { relevant.insert(key) }
    }
  }

  /// The key of an `#if` among those of conditions.
  static func key(ofPreprocessor condition: Symbol) -> Int { Int(condition.rawValue) << 2 | 3 }

  private func isCall(_ id: NodeID) -> Bool {
    scope.file[id].kind == .cast ? isCall(scope.file[id].b) : scope.file[id].kind == .call
  }

  /// How often conditions are asked, by their keys.
  private struct ConditionCounts {
    var times: [Int: Int] = [:]
    /// In the order of the text: keys are hashes of names, whose numbers differ from run to run.
    var order: [Int] = []

    mutating func add(_ key: Int) {
      if times.updateValue(times[key, default: 0] + 1, forKey: key) == nil { order.append(key) }
    }
  }

  private mutating func countTests(
    _ id: NodeID, _ tests: inout [Place: Int], _ conditions: inout ConditionCounts, _ depth: Int
  ) {
    guard id >= 0, depth < 24 else { return }
    let node = scope.file[id]
    switch node.kind {
    case .unary where node.operation == .bang: countTests(node.a, &tests, &conditions, depth + 1)
    case .binary where node.operation == .ampersandAmpersand || node.operation == .pipePipe:
      countTests(node.a, &tests, &conditions, depth + 1)
      countTests(node.b, &tests, &conditions, depth + 1)
    default:
      if node.kind == .call {
        let name = calleeName(id)
        if let inner = testInMacro(id, name) { return countTests(inner, &tests, &conditions, depth + 1) }
        if solver.names.asksOfFirst(name), let first = scope.file.list(node.b, node.c).first {
          return countTests(first, &tests, &conditions, depth + 1)
        }
      }
      var target = id
      if node.kind == .assign { target = node.a }
      if node.kind == .binary, node.operation.isComparison {
        if constant(node.b) != nil { target = node.a } else if constant(node.a) != nil { target = node.b }
        if scope.file[target].kind == .assign { target = scope.file[target].a }
      }
      let key = place(of: target)
      if key >= 0 { tests[key, default: 0] += 1 }
      let condition = conditionKey(id)
      if condition != 0 { conditions.add(condition) }
      if condition != 0, isOfChangedFlag(id) { flagConditions.insert(condition) }
    }
  }
}
