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
      let text = FunctionText.value(line.text).prefix { $0 != "(" }
      return finding(
        at: line.node, new.definition, "the memory that '\(text)' gives is not zeroed, as it was before the patch",
        Evidence(change.placeBefore(was.node), "zeroed memory was asked for here"), key: "\(target) \(text)", change)
    }
  }

  /// Whether a line is another one but for the zeroes.
  private static func isZeroing(_ line: String, insteadOf other: String, _ target: String) -> Bool {
    guard line.hasPrefix("\(target) = ") else { return false }
    let (was, now) = (FunctionText.value(line), FunctionText.value(other))
    let (callee, plain) = (was.prefix { $0 != "(" }, now.prefix { $0 != "(" })
    if callee == plain {
      return was.contains("__GFP_ZERO") && !now.contains("__GFP_ZERO")
        && FunctionText.arguments(was).count == FunctionText.arguments(now).count
    }
    return zeroing[String(callee)]?.contains(String(plain)) == true
  }

  private static let zeroing: [String: [String]] = [
    "kzalloc": ["kmalloc", "kmalloc_array"], "kcalloc": ["kmalloc_array", "kmalloc"], "vzalloc": ["vmalloc"],
    "kvzalloc": ["kvmalloc", "kvmalloc_array"], "kvcalloc": ["kvmalloc_array", "kvmalloc"],
    "kzalloc_node": ["kmalloc_node"], "kmem_cache_zalloc": ["kmem_cache_alloc"], "devm_kzalloc": ["devm_kmalloc"],
    "devm_kcalloc": ["devm_kmalloc_array"], "get_zeroed_page": ["__get_free_page"], "vcalloc": ["vmalloc_array"],
  ]

  /// `x->reserved = 0;` that is gone while the members beside it are set as before.
  func padding(_ old: FunctionText, _ new: FunctionText, _ change: FileChange) -> [Finding] {
    old.lines.compactMap { line -> Finding? in
      guard line.text.hasSuffix(" = 0"), new.counts[line.text, default: 0] < old.counts[line.text, default: 0],
        case let target = line.text.dropLast(4), let end = target.lastIndex(where: { $0 == ">" || $0 == "." }),
        case let member = target[target.index(after: end)...].lowercased(),
        Self.unused.contains(where: member.contains),
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

  private static let unused = ["reserved", "rsvd", "resv", "pad", "unused", "mbz"]

  /// `x` for `x->` and `x.`.
  private static func object(_ owner: String) -> String {
    String(owner.hasSuffix("->") ? owner.dropLast(2) : owner.dropLast())
  }
}
