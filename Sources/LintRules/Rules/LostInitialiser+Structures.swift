import Findings
import KernelC

// Structures that started with a value as a whole, and do not any more.
extension LostInitialiser {
  /// Where what such a structure holds by chance is used, and what is to be said of it.
  func structure(
    _ declaration: NodeID, _ old: FunctionText, _ new: FunctionText, _ change: FileChange
  ) -> (NodeID, String)? {
    let name = Symbol(change.after[declaration].a)
    let text = change.symbols.text(name)
    if let alias = onlyAlias(of: name, new.definition, change) {
      return (
        alias, "nothing in the function fills '\(text)', to which this points: the patch takes away its initialiser"
      )
    }
    if let use = usedInPart(declaration, old, new, change) {
      return (use, "only parts of '\(text)' are set before this: the patch takes away its initialiser")
    }
    if let use = handedOn(declaration, old, new, change) {
      return (
        use,
        "whatever has filled '\(text)' before this need not have set all of it: the patch takes away its initialiser"
      )
    }
    return copiedOut(name, new.definition, change).map { copy in
      (
        copy,
        "'\(text)' leaves the kernel here with what the stack held where nothing else has filled it: the patch "
          + "takes away its initialiser"
      )
    }
  }

  /// `memset(&x, 0, sizeof(x));` that is gone, with nothing else in the function that sets the whole.
  func cleared(_ old: FunctionText, _ new: FunctionText, _ change: FileChange) -> [Finding] {
    let after = new.definition
    let kept = Set(new.lines.map(\.text))
    return old.lines.compactMap { line -> Finding? in
      guard line.text.hasPrefix("memset(&"), line.text.contains(", 0, "), !kept.contains(line.text),
        case let name = FunctionText.subject(line.text), name.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" }),
        let declaration = after.nodes.first(where: {
          change.after[$0].kind == .variable && change.symbols.text(Symbol(change.after[$0].a)) == name
        }), change.after[declaration].c < 0 || isCopiedOut(name, new),
        !new.lines.contains(where: {
          $0.node != declaration && $0.text.hasPrefix("\(name) = ")
            || $0.text.hasPrefix("mem") && FunctionText.subject($0.text) == name
        })
      else { return nil }
      let message =
        change.after[declaration].c < 0
        ? "nothing clears '\(name)' any more before parts of it are set"
        : "what lies between the members of '\(name)' is not cleared any more, and all of it is copied out"
      return finding(
        at: declaration, after, message,
        Evidence(change.placeBefore(line.node), "it was cleared here"), key: "\(name) cleared", change)
    }
  }

  /// Whether all of a structure goes to user space or into a message.
  private func isCopiedOut(_ name: String, _ function: FunctionText) -> Bool {
    let copies = ["copy_to_user(", "put_cmsg(", "nla_put(", "memcpy_to_msg(", "copy_to_iter(", "skb_put_data("]
    return function.lines(mentioning: name).contains { line in
      copies.contains(where: line.text.contains) && line.text.contains("&\(name)")
    }
  }

  /// Where a structure of which only some members are ever set is used as a whole; nil where anything new fills it.
  private func usedInPart(
    _ declaration: NodeID, _ old: FunctionText, _ new: FunctionText, _ change: FileChange
  ) -> NodeID? {
    let item = change.after[declaration]
    let text = change.symbols.text(Symbol(item.a))
    let known = old.values
    // One more member that is set does not make it whole.
    guard
      new.lines.allSatisfy({
        known.contains($0.text) || !FunctionText.mentions($0.text, text) || $0.text.hasPrefix("\(text).")
      })
    else { return nil }
    let isAddedTo = UninitialisedInout.addedTo.contains(change.symbols.text(change.after.types[Int(item.b)].name))
    var parts = false
    var whole: NodeID?
    for line in new.lines {
      if line.text.hasPrefix("\(text) = ") { return nil }
      guard FunctionText.mentions(line.text, text) else { continue }
      let target = line.text.firstRange(of: " = ").map { line.text[..<$0.lowerBound] } ?? ""
      let isPart = target.hasPrefix("\(text).")
      if isPart { parts = true }
      let value = isPart ? FunctionText.value(line.text) : line.text
      guard FunctionText.mentionsWhole(value, text) || value.contains("&\(text).") else { continue }
      let callee = value.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
      // Cleared, or filled by what is made for it.
      if callee.hasPrefix("memset") || callee.hasPrefix("memcpy") || callee.contains("init") { return nil }
      // Whoever is given it first fills it.
      guard parts || isAddedTo else { return nil }
      if whole == nil { whole = line.node }
    }
    return whole
  }

  /// The second of two calls that are given a structure's address, with nothing else that sets it: the first may fill
  /// what it knows of.
  private func handedOn(
    _ declaration: NodeID, _ old: FunctionText, _ new: FunctionText, _ change: FileChange
  ) -> NodeID? {
    let name = change.symbols.text(Symbol(change.after[declaration].a))
    let lines = new.lines(mentioning: name).filter { $0.node != declaration }
    guard lines.count > 1, lines.allSatisfy({ old.counts[$0.text] != nil && $0.text.contains("&\(name)") }),
      lines.allSatisfy({ line in
        let value = FunctionText.value(line.text)
        let callee = value.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        return !callee.isEmpty && !callee.hasPrefix("mem") && !callee.contains("init") && value.hasSuffix(")")
      })
    else { return nil }
    return lines[1].node
  }

  /// The pointer that starts with the structure's address, where nothing else in the function mentions it: what it is for is the
  /// case in which nobody points elsewhere.
  private func onlyAlias(of name: Symbol, _ function: FunctionDefinition, _ change: FileChange) -> NodeID? {
    let file = change.after
    let mentions = function.nodes.count { file[$0].kind == .name && Symbol(file[$0].a) == name }
    guard mentions == 1 else { return nil }
    return function.nodes.first { node in
      guard file[node].kind == .variable, file[node].c >= 0, case let value = file[file[node].c] else { return false }
      guard value.kind == .unary, value.operation == .ampersand, file[value.a].kind == .name,
        Symbol(file[value.a].a) == name
      else { return false }
      let alias = Symbol(file[node].a)
      func isAlias(_ id: NodeID) -> Bool { file[id].kind == .name && Symbol(file[id].a) == alias }
      let targets = function.nodes.filter { file[$0].kind == .assign }.map { file[$0].a }
      let body = file[function.body]
      // Not filled through the pointer on every way.
      let isFilled = file.list(body.a, body.b).contains { statement in
        guard file[statement].kind == .expressionStatement, case let store = file[file[statement].a],
          store.kind == .assign
        else { return false }
        return file[store.a].kind == .member && isAlias(file[store.a].a)
      }
      return targets.contains(where: isAlias) && !isFilled
    }
  }

  /// The call that copies a structure as a whole to user space; nil where it is cleared or stored as a whole on the way.
  private func copiedOut(_ name: Symbol, _ function: FunctionDefinition, _ change: FileChange) -> NodeID? {
    let shapes = Statements(file: change.after, symbols: change.symbols)
    var copy: NodeID?
    for node in function.nodes {
      let item = change.after[node]
      if item.kind == .assign, change.after[item.a].kind == .name, Symbol(change.after[item.a].a) == name { return nil }
      guard item.kind == .call else { continue }
      let isGiven = change.after.list(item.b, item.c).contains { argument in
        let part = change.after[argument]
        return part.kind == .unary && part.operation == .ampersand && change.after[part.a].kind == .name
          && Symbol(change.after[part.a].a) == name
      }
      guard isGiven else { continue }
      let callee = change.symbols.text(shapes.callee(node))
      if callee.hasPrefix("memset") || callee.hasPrefix("memcpy") || callee.contains("init") { return nil }
      if Self.copies.contains(callee), copy == nil { copy = node }
    }
    return copy
  }

  private static let copies: Set<String> = [
    "copy_to_user", "copy_to_sockptr", "copy_to_sockptr_offset", "copy_to_bpfptr_offset", "copy_to_iter", "nla_put",
    "nla_put_64bit", "put_cmsg", "memcpy_to_msg", "copy_struct_to_user", "user_buffer_copy", "simple_read_from_buffer",
    "iio_push_to_buffers", "iio_push_to_buffers_with_timestamp",
  ]
}
