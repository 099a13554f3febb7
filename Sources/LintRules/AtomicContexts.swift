import KernelC
import LockModel

/// Which functions run where nobody may sleep, by how they are registered: interrupt handlers, timers, tasklets, URB
/// completions, members of operations tables that the kernel calls under a spinlock.
struct AtomicContexts {
  /// The functions, each with what runs it.
  private(set) var reasons: [FunctionID: String] = [:]
  /// Those of them that a call registers, which may run at any time from then on.
  private(set) var registered: [FunctionID: String] = [:]
  static let interrupt = "an interrupt handler"
  /// What runs with interrupts on, unless it disables them.
  static let interruptible: Set<String> = ["a timer", "a tasklet", "a NAPI poller"]
  /// Functions that call one of their arguments in atomic context, and which.
  private let runners: [Symbol: Int]

  /// Registrations: what the function runs as, and name and argument of the call.
  private static let registrations: [(String, [(String, Int)])] = [
    (
      interrupt,
      [
        ("request_irq", 1), ("request_threaded_irq", 1), ("devm_request_irq", 2), ("devm_request_threaded_irq", 2),
      ]
    ),
    ("a timer", [("timer_setup", 1), ("hrtimer_setup", 1), ("setup_timer", 1)]),
    ("a tasklet", [("tasklet_setup", 1), ("tasklet_init", 1)]),
    (
      "a NAPI poller",
      [
        ("netif_napi_add", 2), ("netif_napi_add_weight", 2), ("netif_napi_add_tx", 2), ("netif_napi_add_config", 2),
      ]
    ),
    (
      "the completion of a URB", [("usb_fill_bulk_urb", 5), ("usb_fill_int_urb", 5), ("usb_fill_control_urb", 6)]
    ),
    ("an RCU callback", [("call_rcu", 1)]),
    ("the callback of a fence", [("dma_fence_add_callback", 2)]),
    ("interrupt work", [("init_irq_work", 1)]),
  ]

  /// Members of operations tables, per structure, that are called under a spinlock, in an interrupt or in an RCU section.
  private static let members: [String: [String]] = [
    "net_device_ops": [
      "ndo_start_xmit", "ndo_get_stats64", "ndo_set_rx_mode", "ndo_features_check", "ndo_tx_timeout",
      "ndo_select_queue",
      "ndo_bridge_getlink", "ndo_xdp_xmit",
    ],
    "clk_ops": ["enable", "disable", "is_enabled"],
    "irq_chip": [
      "irq_mask", "irq_unmask", "irq_ack", "irq_eoi", "irq_mask_ack", "irq_set_type", "irq_enable", "irq_disable",
      "irq_startup", "irq_shutdown", "irq_retrigger",
    ],
    "uart_ops": ["start_tx", "stop_tx", "stop_rx", "set_mctrl", "get_mctrl", "enable_ms"],
    "dma_fence_ops": ["enable_signaling", "signaled"],
    "ieee80211_ops": ["tx", "wake_tx_queue", "sta_notify"],
    "hid_driver": ["raw_event"],
    "usb_request": ["complete"], "urb": ["complete"],
    "usb_ep_ops": ["queue", "dequeue"],
    "hc_driver": ["hub_status_data"],
    "dma_device": [
      "device_issue_pending", "device_tx_status", "device_prep_slave_sg", "device_prep_dma_cyclic",
      "device_prep_dma_memcpy", "device_prep_interleaved_dma",
    ],
    "led_classdev": ["brightness_set"],
    "ata_port_operations": ["qc_issue", "qc_prep", "freeze"],
    "drm_crtc_funcs": ["enable_vblank", "disable_vblank", "get_vblank_timestamp"],
    "i2c_algorithm": ["xfer_atomic", "master_xfer_atomic", "smbus_xfer_atomic"],
    "pmu": ["add", "del", "start", "stop", "read"],
    "clock_event_device": [
      "set_next_event", "set_state_periodic", "set_state_oneshot", "set_state_shutdown", "tick_resume",
    ],
    "nf_hook_ops": ["hook"], "xt_target": ["target"], "xt_match": ["match"], "tc_action_ops": ["act"],
    "Qdisc_ops": ["enqueue", "dequeue"], "tcf_proto_ops": ["classify"],
    "dentry_operations": ["d_hash", "d_compare"],
  ]

  private static let runnerNames = [
    "ieee80211_iterate_stations_atomic": 1, "ieee80211_iterate_active_interfaces_atomic": 2,
    "smp_call_function_single": 1, "smp_call_function": 0, "smp_call_function_many": 1, "on_each_cpu": 0,
    "on_each_cpu_mask": 1,
  ]

  init(_ context: RuleContext) {
    let symbols = context.program.symbols
    runners = Dictionary(uniqueKeysWithValues: Self.runnerNames.map { (symbols.intern($0.key), $0.value) })
    var registrations: [Symbol: (reason: String, argument: Int)] = [:]
    for (reason, names) in Self.registrations {
      for (name, argument) in names { registrations[symbols.intern(name)] = (reason, argument) }
    }
    for id in context.surroundings {
      let file = context.program.file(of: id)
      for node in context.program.definition(id).nodes where file[node].kind == .call {
        guard let known = registrations[context.callee(node, in: file)],
          let handler = Self.function(known.argument, of: node, in: id, context)
        else { continue }
        reasons[handler] = known.reason
        registered[handler] = known.reason
      }
    }
    // Who registers it may be elsewhere: nothing else has its parameters.
    let poller = symbols.intern("napi_struct")
    for id in context.surroundings where reasons[id] == nil {
      let definition = context.program.definition(id)
      let parameters = definition.parameters
      guard definition.returnType.base == .integer, parameters.count == 2, parameters[0].type.name == poller,
        parameters[0].type.isPointer, parameters[1].type.base == .integer, !parameters[1].type.isPointer
      else { continue }
      reasons[id] = "a NAPI poller"
      registered[id] = reasons[id]
    }
    for (structure, members) in Self.members {
      for member in members {
        let key = MemberKey(structure: symbols.intern(structure), member: symbols.intern(member))
        for id in context.solver.callbacks.functions(in: key) { reasons[id] = "\(structure).\(member)" }
      }
    }
    // Those of USB input devices run where the URB ends.
    for (id, reason) in reasons where reason == "hid_driver.raw_event" { registered[id] = Self.interrupt }
  }

  /// The function that a call runs in atomic context.
  func run(by node: NodeID, in id: FunctionID, _ context: RuleContext) -> FunctionID? {
    let file = context.program.file(of: id)
    return runners[context.callee(node, in: file)].flatMap { Self.function($0, of: node, in: id, context) }
  }

  private static func function(
    _ position: Int, of node: NodeID, in id: FunctionID, _ context: RuleContext
  ) -> FunctionID? {
    let file = context.program.file(of: id)
    let arguments = Array(file.list(file[node].b, file[node].c))
    guard position < arguments.count else { return nil }
    var item = file[arguments[position]]
    if item.kind == .unary, item.operation == .ampersand { item = file[item.a] }
    guard item.kind == .name else { return nil }
    return context.program.resolve(
      Symbol(item.a), fromFile: Int(context.program.functions[Int(id.rawValue)].file))
  }
}
