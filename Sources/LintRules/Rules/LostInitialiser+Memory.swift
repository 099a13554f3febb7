import Findings
import KernelC

// Memory that came zeroed and does not any more.
extension LostInitialiser {
  /// `p = kzalloc(…)` has become `p = kmalloc(…)`, and nothing new fills the whole.
  func unzeroed(_ old: FunctionText, _ new: FunctionText, _ change: FileChange) -> [Finding] {
    let gone = Dictionary(
      grouping: old.lines.filter { new.counts[$0.text, default: 0] < old.counts[$0.text, default: 0] }
    ) { String($0.text.prefix { $0 != "=" }) }
    guard !gone.isEmpty else { return [] }
    return new.lines.compactMap { line -> Finding? in
      guard old.counts[line.text, default: 0] < new.counts[line.text, default: 0],
        let equals = line.text.firstRange(of: " = "), case let target = String(line.text[..<equals.lowerBound]),
        let was = gone["\(target) "]?.first(where: { Self.isZeroing($0.text, insteadOf: line.text, target) }),
        !new.lines(mentioning: target).contains(where: { old.counts[$0.text] == nil && $0.text.hasPrefix("mem") })
      else { return nil }
      let text = Self.value(line.text).prefix { $0 != "(" }
      return finding(
        at: line.node, new.definition, "the memory that '\(text)' gives is not zeroed, as it was before the patch",
        Evidence(change.placeBefore(was.node), "zeroed memory was asked for here"), key: "\(target) \(text)", change)
    }
  }

  /// Whether a line is another one but for the zeroes.
  private static func isZeroing(_ line: String, insteadOf other: String, _ target: String) -> Bool {
    guard line.hasPrefix("\(target) = ") else { return false }
    let (was, now) = (value(line), value(other))
    let (callee, plain) = (was.prefix { $0 != "(" }, now.prefix { $0 != "(" })
    if callee == plain {
      return was.contains("__GFP_ZERO") && !now.contains("__GFP_ZERO")
        && FunctionText.arguments(was).count == FunctionText.arguments(now).count
    }
    return zeroing[String(callee)]?.contains(String(plain)) == true
  }

  /// What is stored, without a cast around it.
  private static func value(_ line: String) -> String {
    let value = FunctionText.value(line)
    return value.hasPrefix("(cast)") ? String(value.dropFirst(6)) : value
  }

  private static let zeroing: [String: [String]] = [
    "kzalloc": ["kmalloc", "kmalloc_array"], "kcalloc": ["kmalloc_array", "kmalloc"], "vzalloc": ["vmalloc"],
    "kvzalloc": ["kvmalloc", "kvmalloc_array"], "kvcalloc": ["kvmalloc_array", "kvmalloc"],
    "kzalloc_node": ["kmalloc_node"], "kmem_cache_zalloc": ["kmem_cache_alloc"], "devm_kzalloc": ["devm_kmalloc"],
    "devm_kcalloc": ["devm_kmalloc_array"], "get_zeroed_page": ["__get_free_page", "__get_free_pages"],
    "vcalloc": ["vmalloc_array"],
  ]

  /// `x->reserved = 0;` that is gone while the members beside it are set as before.
  func padding(_ old: FunctionText, _ new: FunctionText, _ change: FileChange) -> [Finding] {
    old.lines.compactMap { line -> Finding? in
      guard line.text.hasSuffix(" = 0"), new.counts[line.text, default: 0] < old.counts[line.text, default: 0],
        case let target = line.text.dropLast(4), let end = target.lastIndex(where: { $0 == ">" || $0 == "." }),
        case let member = target[target.index(after: end)...].lowercased(),
        member.split(separator: "_").contains(where: Self.isUnused),
        case let owner = String(target[...end]),
        !new.lines.contains(where: { $0.text.hasPrefix("mem") && FunctionText.mentions($0.text, Self.object(owner)) }),
        let beside = new.lines.last(where: {
          $0.text.hasPrefix(owner) && $0.text.contains(" = ") && old.counts[$0.text] != nil
        })
      else { return nil }
      return finding(
        at: beside.node, new.definition, "nothing sets '\(target)' any more, which goes where the rest goes",
        Evidence(change.placeBefore(line.node), "it was set to 0 here"), key: "\(target)", change)
    }
  }

  /// Whether a word of a member's name says that there is nothing in it: `reserved1`, `pad`.
  private static func isUnused(_ word: Substring) -> Bool {
    let plain = word.prefix { !$0.isNumber }
    return ["reserved", "reserve", "rsvd", "resv", "rsv", "pad", "padding", "unused", "mbz"].contains(String(plain))
  }

  /// `x` for `x->` and `x.`.
  private static func object(_ owner: String) -> String {
    String(owner.hasSuffix("->") ? owner.dropLast(2) : owner.dropLast())
  }

  /// `x->m = v;` that is gone for an `x` which the function has just allocated, and whose `m` others of the file look at.
  func members(_ old: FunctionText, _ new: FunctionText, _ change: FileChange) -> [Finding] {
    var seen: Set<Substring> = []
    return old.lines.compactMap { line -> Finding? in
      guard new.counts[line.text, default: 0] < old.counts[line.text, default: 0],
        let (path, value) = Self.store(line.text), case let names = FunctionText.names(in: path), names.count == 2,
        path == "\(names[0])->\(names[1])", new.lines(mentioning: path).isEmpty,
        let made = new.lines.first(where: { Self.allocates(String(names[0]), $0.text) }), old.counts[made.text] != nil,
        !(["0", "NULL", "false"].contains(value) && Self.isZeroed(made.text)),
        !new.lines(mentioning: String(names[0])).contains(where: {
          $0.text.hasPrefix("mem") && FunctionText.subject($0.text) == names[0]
            || $0.text.hasPrefix("*\(names[0]) = ") || old.counts[$0.text] == nil
        }), Self.isMessage(made.text) || isLookedAt(names[1], except: new.definition.name, change),
        seen.insert(names[1]).inserted
      else { return nil }
      return finding(
        at: made.node, new.definition, "nothing sets '\(path)' any more in what is made here, which others look at",
        Evidence(change.placeBefore(line.node), "it was set here"), key: path, change)
    }
  }

  /// What is stored where: `x->m = v` or `WRITE_ONCE(x->m, v)`.
  private static func store(_ text: String) -> (path: String, value: String)? {
    if text.hasPrefix("WRITE_ONCE(") {
      let arguments = FunctionText.arguments(text)
      return arguments.count == 2 ? (arguments[0], arguments[1]) : nil
    }
    return text.firstRange(of: " = ").map { (String(text[..<$0.lowerBound]), String(text[$0.upperBound...])) }
  }

  private static func allocates(_ name: String, _ text: String) -> Bool {
    text.hasPrefix("\(name) = ") && (text.prefix { $0 != "(" }.contains("alloc") || isMessage(text))
  }

  /// Room in a message, which holds what was there before: whoever receives it reads all of it.
  private static func isMessage(_ text: String) -> Bool {
    [" = nlmsg_data(", " = skb_put(", " = genlmsg_put(", " = skb_push("].contains(where: text.contains)
  }

  private static func isZeroed(_ text: String) -> Bool {
    text.contains("zalloc") || text.contains("calloc") || text.contains("__GFP_ZERO")
  }

  /// Whether another function of the file reads a member of the name.
  private func isLookedAt(_ member: Substring, except name: Symbol, _ change: FileChange) -> Bool {
    let file = change.after
    let symbol = change.symbols.intern(String(member))
    return file.functions.contains { function in
      guard !function.isMacro, function.name != name else { return false }
      let targets = Set(
        function.nodes.filter { file[$0].kind == .assign && file[$0].operation == .equal }.map { file[$0].a })
      return function.nodes.contains {
        file[$0].kind == .member && Symbol(file[$0].b) == symbol && !targets.contains($0)
      }
    }
  }

  /// An array that started with a value, is filled under a condition and is used behind it.
  func array(_ declaration: NodeID, _ function: FunctionText, _ change: FileChange) -> (NodeID, String)? {
    let name = change.symbols.text(Symbol(change.after[declaration].a))
    let mentions = function.lines.filter {
      change.after[$0.node].token > change.after[declaration].token && FunctionText.mentions($0.text, name)
    }
    guard let first = mentions.first, change.after[first.node].kind == .expressionStatement,
      let branch = function.definition.nodes.first(where: { node in
        change.after[node].kind == .ifStatement && change.after[node].c < 0
          && function.shapes.leaving(change.after[node].b) == nil
          && function.shapes.contains(change.after[node].b, first.node)
      }), let use = mentions.first(where: { !function.shapes.contains(branch, $0.node) }),
      !use.text.hasPrefix("mem"), !use.text.hasPrefix("str"), !use.text.hasPrefix("\(name)[")
    else { return nil }
    return (
      use.node, "'\(name)' is only filled where the condition above holds: the patch takes away what it started with"
    )
  }
}
