import Findings
import KernelC

// Errnos that callers do not get any more.
extension ChangedReturn {
  /// A function that returned errnos of its own has become void, and what failed is as before.
  func silenced(_ old: FunctionDefinition, _ new: FunctionDefinition, _ change: FileChange) -> Finding? {
    guard old.returnType.base == .integer, !old.returnType.isPointer, new.returnType.base == .void,
      !new.returnType.isPointer
    else { return nil }
    let before = FunctionText(old, change.before, change.symbols)
    let after = FunctionText(new, change.after, change.symbols)
    let kept = Set(after.exits.map(\.key))
    let lost = before.exits.filter { exit in
      guard kept.contains(exit.key), change.before[exit.node].kind == .returnStatement, change.before[exit.node].a >= 0
      else { return false }
      let value = before.text(change.before[exit.node].a)
      return value.hasPrefix("-E") || exit.callee.exists && Statements.errorNames.contains(value)
    }
    guard let first = lost.first else { return discarded(before, after, change) }
    let now = after.exits.first { $0.key == first.key }?.node ?? new.body
    return Finding(
      rule: description.id, severity: description.severity, confidence: description.confidence,
      place: change.place(now), function: change.symbols.text(new.name),
      message: "'\(change.symbols.text(new.name))' fails here as before the patch, and returns nothing now",
      evidence: [Evidence(change.placeBefore(first.node), "the errno was returned here")], key: "void")
  }

  /// `ret = start(); if (ret) return ret;` that has become `start();` in a function that tells nothing any more.
  private func discarded(_ before: FunctionText, _ after: FunctionText, _ change: FileChange) -> Finding? {
    let file = change.before
    for exit in before.exits where exit.callee.exists && !change.changed.contains(exit.callee) {
      guard file[exit.node].kind == .returnStatement, file[exit.node].a >= 0,
        Statements.errorNames.contains(before.text(file[exit.node].a)),
        let call = before.definition.nodes.first(where: {
          file[$0].kind == .call && before.shapes.callee($0) == exit.callee && file[$0].token < file[exit.node].token
        }), let now = after.lines.first(where: { $0.text == before.text(call) })
      else { continue }
      return Finding(
        rule: description.id, severity: description.severity, confidence: description.confidence,
        place: change.place(now.node), function: change.symbols.text(after.definition.name),
        message:
          "the failure of '\(change.symbols.text(exit.callee))' was returned before the patch, and nobody is told now",
        evidence: [Evidence(change.placeBefore(exit.node), "the errno was returned here")], key: "void \(now.text)")
    }
    return nil
  }

  /// `return irq;` behind `if (irq < 0)` that has become `return -ENODEV;`.
  func replaced(_ old: FunctionDefinition, _ new: FunctionDefinition, _ change: FileChange) -> [Finding] {
    let before = FunctionText(old, change.before, change.symbols)
    let after = FunctionText(new, change.after, change.symbols)
    let known = Dictionary(before.exits.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first })
    return after.exits.compactMap { exit -> Finding? in
      guard let previous = known[exit.key], let was = errno(previous, before), let now = errno(exit, after),
        !was.hasPrefix("-"), now.hasPrefix("-E"), now != "-EPROBE_DEFER",
        [was, "\(was) < 0", "\(was) != 0", "IS_ERR(\(pointer(in: was)))"].contains(exit.condition)
      else { return nil }
      return Finding(
        rule: description.id, severity: description.severity, confidence: description.confidence,
        place: change.place(exit.node), function: change.symbols.text(new.name),
        message: "'\(was)' was returned here before the patch, and '\(now)' is now, whatever the failure was",
        evidence: [Evidence(change.placeBefore(previous.node), "the errno was handed on here")], key: "\(was) \(now)")
    }
  }

  /// The errno that a way out returns, `dev_err_probe()` or not.
  private func errno(_ exit: FunctionText.Exit, _ text: FunctionText) -> String? {
    let file = text.shapes.file
    guard file[exit.node].kind == .returnStatement, case let value = file[exit.node].a, value >= 0 else { return nil }
    guard file[value].kind == .call, text.text(value).hasPrefix("dev_err_probe(") else { return text.text(value) }
    let arguments = Array(file.list(file[value].b, file[value].c))
    return arguments.count > 1 ? text.text(arguments[1]) : nil
  }

  private func pointer(in text: String) -> String {
    text.hasPrefix("PTR_ERR(") ? String(text.dropFirst(8).dropLast()) : text
  }
}
