import ByteText
import KernelC

/// A message that a function is given to keep: whoever frees it on one way out must free it on the others.
extension Explorer {
  /// The buffer among the parameters that this function frees itself somewhere, and what it does so with.
  mutating func findOwnedParameter() {
    guard !scope.definition.isMacro, scope.definition.returnType.pointers == 0 else { return }
    for (position, parameter) in scope.definition.parameters.enumerated()
    where parameter.type.pointers == 1 && parameter.type.base == .structure
      && solver.program.symbols.text(parameter.type.name) == "sk_buff" && scope.parameters[parameter.name] == position
    {
      var closers: Set<Symbol> = []
      for call in scope.calls where discarded.contains(call) {
        let name = calleeName(call)
        guard name.exists, Self.bufferEnds.contains(solver.program.symbols.text(name)),
          let first = scope.file.list(scope.file[call].b, scope.file[call].c).first,
          scope.file[first].kind == .name, Symbol(scope.file[first].a) == parameter.name
        else { continue }
        closers.insert(name)
      }
      guard !closers.isEmpty else { continue }
      let resource = solver.places.intern(.parameter, -1, Int32(position))
      pairs[scope.definition.body] = Pairing(closers: closers, resource: resource, isResult: true, isStrict: true)
      owned = solver.places.intern(.call, resource, parameter.name.rawValue)
      return
    }
  }

  /// The state that the function begins in.
  var initialState: PathState {
    var state = PathState()
    if owned >= 0 { state.change(owned, .pair, .exclusive, by: 1, site: scope.definition.body) }
    return state
  }

  /// Notes that a way out leaves the buffer to nobody, and takes it out of what the exit shows.
  mutating func settleOwned(_ value: NodeID, _ statement: NodeID, _ values: ValueSet, _ state: inout PathState) {
    guard owned >= 0 else { return }
    // Nobody frees what is not there.
    let isThere = state.values(of: solver.places[owned].base)?.contains(.positive) != false
    let isKept = isThere && state.isHeld(owned)
    state.held.removeAll { $0.place == owned }
    let isFreed = state.closed.contains(owned)
    state.closed.removeAll { $0 == owned }
    guard isKept || isFreed else { return }
    facts.ownedExits.insert(
      OwnedExit(
        statement: statement, values: values, constant: returnedConstant(value, state), isFreed: isFreed && !isKept))
  }

  /// Looks into a buffer, or changes what is in it, and keeps nothing.
  func borrowsBuffer(_ name: Symbol) -> Bool {
    guard owned >= 0, name.exists else { return false }
    let text = solver.program.symbols.text(name)
    if Self.bufferViews.contains(where: { text.hasPrefix($0) }) { return true }
    return text.hasSuffix("_hdr") || text.holds("print") || text.holds("dump") || text.holds("dbg")
      || text.hasPrefix("trace_") || solver.isMessage(name)
  }

  static let bufferEnds: Set<String> = [
    "kfree_skb", "dev_kfree_skb", "dev_kfree_skb_any", "dev_kfree_skb_irq", "kfree_skb_reason", "consume_skb",
    "dev_consume_skb_any", "dev_consume_skb_irq", "kfree_skb_list", "dev_kfree_skb_any_reason",
  ]

  private static let bufferViews = [
    "skb_shinfo", "skb_headlen", "skb_is_", "skb_get_", "skb_tailroom", "skb_headroom", "skb_network", "skb_transport",
    "skb_mac_", "skb_frag", "skb_push", "skb_pull", "skb_put", "__skb_put", "__skb_push", "skb_reserve", "skb_trim",
    "skb_reset_", "skb_set_", "skb_checksum_help", "skb_linearize", "skb_tx_timestamp", "skb_inner_", "skb_vlan",
    "skb_end", "skb_tail", "skb_header", "skb_copy_bits", "skb_cow", "skb_dst", "skb_queue_mapping", "skb_pagelen",
    "skb_cloned", "skb_shared", "skb_store_bits", "skb_orphan", "vlan_get", "skb_rx_queue", "skb_tcp_all",
    "netif_msg", "eth_type", "pskb_may_pull", "skb_network_protocol", "IPCB", "IEEE80211_SKB", "__vlan_get",
  ]
}
