import KernelC

/// A lock that the kernel holds whenever it calls through a member of one of its interfaces.
public struct HeldByInterface: Sendable {
  /// The lock's class.
  public let lockClass: LockClass
  /// How it is held at least.
  public let mode: LockMode
}

extension KernelInterface {
  /// What may fault on the memory of the current task and has not got its lock already.
  static let faulterText = """
    copy_from_user copy_to_user clear_user get_user put_user strncpy_from_user strnlen_user strndup_user memdup_user
    vmemdup_user copy_struct_from_user copy_from_sockptr copy_to_sockptr fault_in_readable fault_in_writeable might_fault
    get_user_pages_fast pin_user_pages_fast get_user_pages_unlocked pin_user_pages_unlocked vm_mmap vm_munmap
    """

  /// Structure, lock class, mode, members.
  private static let contexts: [(String, String, String, LockMode, String)] = [
    ("vm_operations_struct", "mm_struct", "mmap_lock", .shared, "fault huge_fault map_pages page_mkwrite pfn_mkwrite"),
    ("vm_operations_struct", "mm_struct", "mmap_lock", .exclusive, "open close mprotect may_split mremap"),
    ("file_operations", "mm_struct", "mmap_lock", .exclusive, "mmap"),
    (
      "net_device_ops", "", "rtnl_mutex", .exclusive,
      """
      ndo_init ndo_uninit ndo_open ndo_stop ndo_set_mac_address ndo_change_mtu ndo_eth_ioctl ndo_set_features
      ndo_vlan_rx_add_vid ndo_vlan_rx_kill_vid ndo_bpf ndo_add_slave ndo_del_slave ndo_set_vf_mac ndo_set_vf_vlan
      ndo_set_vf_rate ndo_set_vf_spoofchk ndo_set_vf_trust ndo_set_vf_link_state ndo_change_carrier ndo_set_config
      """
    ),
    (
      "ethtool_ops", "", "rtnl_mutex", .exclusive,
      """
      get_link_ksettings set_link_ksettings get_ringparam set_ringparam get_coalesce set_coalesce get_pauseparam
      set_pauseparam get_channels set_channels self_test nway_reset set_features get_rxnfc set_rxnfc get_rxfh set_rxfh
      get_eee set_eee set_wol get_wol reset set_priv_flags get_ethtool_stats get_eeprom set_eeprom set_phys_id
      """
    ),
    ("rtnl_link_ops", "", "rtnl_mutex", .exclusive, "newlink changelink dellink slave_changelink"),
    (
      "cfg80211_ops", "wiphy", "mtx", .exclusive,
      """
      add_virtual_intf del_virtual_intf change_virtual_intf add_key del_key start_ap stop_ap scan connect disconnect
      set_wiphy_params suspend resume join_ibss leave_ibss add_station del_station change_station set_power_mgmt
      set_default_key change_bss set_tx_power change_beacon auth assoc deauth disassoc update_ft_ies set_channel
      set_bitrate_mask set_cqm_rssi_config mgmt_tx remain_on_channel set_qos_map join_ocb leave_ocb join_mesh leave_mesh
      """
    ),
    (
      "thermal_zone_device_ops", "thermal_zone_device", "lock", .exclusive,
      "get_temp set_trips set_trip_temp change_mode"
    ),
    (
      "rtc_class_ops", "rtc_device", "ops_lock", .exclusive,
      "read_time set_time read_alarm set_alarm alarm_irq_enable read_offset set_offset"
    ),
    (
      "devlink_ops", "devlink", "lock", .exclusive,
      "reload_down reload_up eswitch_mode_set eswitch_inline_mode_set eswitch_encap_mode_set port_split port_unsplit"
    ),
    ("ff_device", "input_dev", "event_lock", .exclusive, "set_gain set_autocenter playback"),
    ("input_dev", "input_dev", "mutex", .exclusive, "open close"),
  ]

  /// Members whose functions rely on the lock that the kernel holds around them: they change what it protects.
  private static let relying: [String: Set<Substring>] = [
    "net_device_ops": ["ndo_open", "ndo_stop", "ndo_change_mtu", "ndo_set_features"]
  ]

  /// Locks that are known everywhere, and what asserts or needs them.
  ///
  /// Exported functions of 6.12 that assert a global lock (`ASSERT_RTNL()`) before their first branch, and some that need one
  /// and do not say so.
  static let demandTable: [(String, String)] = [
    (
      "rtnl_mutex",
      """
      __dev_change_net_namespace __ethtool_get_link_ksettings __ip_mc_dec_group __netdev_notify_peers __netpoll_free
      br_fdb_clear_offload br_fdb_find_port br_mst_get_info br_mst_get_state br_port_get_stp_state br_vlan_get_info
      br_vlan_get_pvid call_netdevice_notifiers call_switchdev_blocking_notifiers cfg80211_register_netdevice
      cfg80211_shutdown_all_interfaces dev_addr_add dev_addr_del dev_change_flags dev_change_net_namespace dev_close
      dev_deactivate dev_getbyhwaddr dev_open dev_set_allmulti dev_set_mtu dev_set_promiscuity
      ethtool_dev_mm_supported ethtool_set_ethtool_phy_ops garp_init_applicant garp_uninit_applicant ip_mc_leave_group
      mrp_init_applicant mrp_uninit_applicant netdev_change_features netdev_has_any_upper_dev netdev_has_upper_dev
      netdev_is_rx_handler_busy netdev_lower_state_changed netdev_master_upper_dev_get netdev_master_upper_dev_link
      netdev_offload_xstats_disable netdev_offload_xstats_enable netdev_offload_xstats_enabled
      netdev_offload_xstats_get netdev_offload_xstats_push_delta netdev_rx_handler_register
      netdev_rx_handler_unregister netdev_state_change netdev_update_features netdev_upper_dev_link
      netdev_upper_dev_unlink phylink_disconnect_phy phylink_ethtool_get_eee phylink_ethtool_get_pauseparam
      phylink_ethtool_get_wol phylink_ethtool_ksettings_get phylink_ethtool_ksettings_set phylink_ethtool_nway_reset
      phylink_ethtool_set_eee phylink_ethtool_set_pauseparam phylink_ethtool_set_wol phylink_get_eee_err
      phylink_mii_ioctl phylink_resume phylink_speed_down phylink_speed_up phylink_start phylink_stop phylink_suspend
      register_netdevice regulatory_set_wiphy_regd_sync rtnl_delete_link rtnl_offload_xstats_notify sfp_get_name
      switchdev_bridge_port_offload switchdev_bridge_port_replay switchdev_bridge_port_unoffload
      switchdev_deferred_process switchdev_port_obj_act_is_deferred tap_del_queues udp_tunnel_notify_add_rx_port
      udp_tunnel_notify_del_rx_port unregister_netdevice unregister_netdevice_many unregister_netdevice_queue
      vlan_for_each vlan_uses_dev vlan_vid_add vlan_vid_del vlan_vids_add_by_dev vlan_vids_del_by_dev
      """
    ),
    (
      "pci_bus_sem",
      "pci_disable_link_state_locked pci_enable_link_state_locked pci_set_power_state_locked pci_walk_bus_locked"
    ),
    ("mtd_table_mutex", "add_mtd_blktrans_dev del_mtd_blktrans_dev"),
    (
      "pci_rescan_remove_lock",
      "pci_stop_root_bus pci_remove_root_bus pci_stop_and_remove_bus_device pci_rescan_bus pci_rescan_bus_bridge_resize"
    ),
  ]

  static func heldAround(_ symbols: SymbolTable) -> [MemberKey: HeldByInterface] {
    var result: [MemberKey: HeldByInterface] = [:]
    for (structure, holder, lock, mode, members) in contexts {
      let lockClass = LockClass(
        structure: holder.isEmpty ? .none : symbols.intern(holder), name: symbols.intern(lock))
      for member in members.split(whereSeparator: { $0 == " " || $0 == "\n" }) {
        let key = MemberKey(structure: symbols.intern(structure), member: symbols.intern(String(member)))
        result[key] = HeldByInterface(lockClass: lockClass, mode: mode)
      }
    }
    return result
  }
}

extension KernelInterface {
  static func isRelying(_ structure: String, _ member: Substring) -> Bool {
    relying[structure]?.contains(member) == true
  }
}

extension Solver {
  /// The global lock that a function relies on, as it is stored where the kernel calls it with that held; none otherwise.
  func reliesOn(_ function: FunctionID) -> Symbol {
    guard let (key, held) = heldAround(function), !held.lockClass.structure.exists,
      KernelInterface.isRelying(program.symbols.text(key.structure), program.symbols.text(key.member)[...])
    else { return .none }
    return held.lockClass.name
  }

  /// What the kernel holds around a function that is stored in a member of one of its interfaces; nil where that is not known.
  public func heldAround(_ function: FunctionID) -> (member: MemberKey, held: HeldByInterface)? {
    func text(_ key: MemberKey) -> String { program.symbols.text(key.structure) + program.symbols.text(key.member) }
    let known = callbacks.members(holding: function).filter { interface.heldAround[$0] != nil }
    guard let member = known.min(by: { text($0) < text($1) }), let held = interface.heldAround[member] else {
      return nil
    }
    return (member, held)
  }
}
