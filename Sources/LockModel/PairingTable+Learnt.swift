// Learnt from linux-6.12 by counting over the whole tree what callers do (Benchmarks/lint-recall/learn-pairs): in at least four
// functions of at least two files, and in seven of ten that do not hand the result on, it ends in a call of these. What read
// wrong was left out by hand, and six that it counts too low were kept (`clk_hw_get_clk`, `wl1251_ps_elp_wakeup` …).

extension PairingTable {
  /// Openers whose result most callers end, which no table of the kernel's own pairs names.
  static let learnt = table(
    """
    aa_put_buffer: aa_get_buffer
    aa_put_label: aa_get_newest_cred_label aa_get_newest_label
    aa_put_ns: aa_get_current_ns
    aac_fib_free: aac_fib_alloc
    affs_brelse: affs_bread
    amdgpu_ctx_put: amdgpu_ctx_get
    amdgpu_put_xgmi_hive: amdgpu_get_xgmi_hive
    amdgpu_vm_put_task_info: amdgpu_vm_get_task_info_pasid
    argv_free: argv_split
    audit_log_end: audit_log_start netlbl_audit_start netlbl_audit_start_common xfrm_audit_start
    ax25_dev_put: ax25_addr_ax25dev
    ax25_uid_put: ax25_findbyuid
    batadv_gw_node_put: batadv_gw_get_selected_gw_node batadv_gw_node_get
    batadv_hardif_neigh_put: batadv_hardif_neigh_get
    batadv_hardif_put: batadv_hardif_get_by_netdev batadv_primary_if_get_selected
    batadv_neigh_ifinfo_put: batadv_neigh_ifinfo_get
    batadv_neigh_node_put: batadv_orig_router_get
    batadv_orig_ifinfo_put: batadv_orig_ifinfo_get
    batadv_orig_node_put: batadv_orig_hash_find
    bch2_dev_put: bch2_dev_tryget
    blk_mq_free_request: blk_mq_alloc_request scsi_alloc_request
    blkdev_put_no_open: blkdev_get_no_open
    bpf_jit_binary_free: bpf_jit_binary_alloc
    bpf_jit_binary_pack_free: bpf_jit_binary_pack_hdr
    bpf_map_put: bpf_map_get
    bpf_map_put_with_uref: bpf_map_get_with_uref
    bpf_prog_put: bpf_prog_get_type_dev
    brcmf_free_vif: brcmf_alloc_vif
    brelse: __getblk gfs2_meta_new omfs_bread
    brelse,put_bh: sb_find_get_block
    btf_put: btf_get_by_fd
    btrfs_end_transaction,btrfs_abort_transaction: btrfs_join_transaction btrfs_start_transaction
    btrfs_free_chunk_map: btrfs_find_chunk_map btrfs_get_chunk_map
    btrfs_free_dummy_fs_info: btrfs_alloc_dummy_fs_info
    btrfs_free_dummy_root: btrfs_alloc_dummy_root
    btrfs_free_extent_map: btrfs_get_extent lookup_extent_mapping
    btrfs_put_ordered_extent: btrfs_lookup_first_ordered_range btrfs_lookup_ordered_range
    cache_destroy_net: cache_create_net
    ceph_free_cap_flush: ceph_alloc_cap_flush
    ceph_mdsc_put_request: ceph_mdsc_create_request
    ceph_osdc_put_request: ceph_osdc_alloc_request ceph_osdc_new_request
    ceph_pagelist_release: ceph_pagelist_alloc
    ceph_put_mds_session: __ceph_lookup_mds_session
    cifsFileInfo_put: find_writable_file
    cifs_put_tlink: cifs_sb_tlink
    clk_put: clk_hw_get_clk
    command_put: ibmasm_new_command
    config_item_put: configfs_get_config_item
    consume_skb,dev_kfree_skb,dev_kfree_skb_any,kfree_skb,nlmsg_free: dst_neigh_lookup_skb
    cpufreq_cpu_release: cpufreq_cpu_acquire
    crypto_free_ahash: crypto_spawn_ahash
    crypto_mod_put: crypto_alg_mod_lookup
    dasd_sfree_request: dasd_smalloc_request
    dev_kfree_skb,consume_skb,dev_kfree_skb_any,kfree_skb,nlmsg_free: ath11k_wmi_alloc_skb
    dev_kfree_skb,dev_kfree_skb_any,consume_skb,kfree_skb,nlmsg_free: iwpm_create_nlmsg
    dev_kfree_skb_any,consume_skb,dev_kfree_skb,kfree_skb,nlmsg_free: ath10k_htc_alloc_skb ath11k_htc_alloc_skb
    dev_kfree_skb_any,consume_skb,dev_kfree_skb,kfree_skb,nlmsg_free: ath12k_htc_alloc_skb
    dev_kfree_skb_any,kfree_skb,consume_skb,dev_kfree_skb,nlmsg_free: mwifiex_alloc_dma_align_buf
    dev_pm_opp_put_opp_table: _find_opp_table
    dev_put: ip_dev_find rxe_ib_device_get_netdev
    devres_free: devres_alloc devres_alloc_node
    dlm_put_lockspace: dlm_find_lockspace_local
    dma_buf_put: i915_gem_prime_export
    dma_fence_put: dma_fence_get_rcu_safe dma_fence_unwrap_merge i915_active_fence_get
    dput: lookup_one lookup_one_qstr_excl ovl_create_temp
    dqput: dqget
    drm_dev_put: drm_dev_alloc
    drm_edid_free: drm_bridge_edid_read
    drm_minor_release: drm_minor_acquire
    drm_property_blob_put: drm_property_create_blob
    dst_release: sk_dst_get udp_tunnel6_dst_lookup
    ecc_free_point: ecc_alloc_point
    edac_device_free_ctl_info: edac_device_alloc_ctl_info
    ethtool_rx_flow_rule_destroy: ethtool_rx_flow_rule_create
    f2fs_put_page: f2fs_get_lock_data_page f2fs_get_meta_page f2fs_get_new_data_page f2fs_get_node_page
    f2fs_put_page: f2fs_get_tmp_page f2fs_grab_cache_page f2fs_grab_meta_page
    fnd_put: fnd_get
    folio_put: damon_get_folio vma_alloc_folio
    fput: get_mm_exe_file ovl_path_open
    free_arcdev: alloc_arcdev
    free_dentry_path: alloc_dentry_path
    free_extent_buffer: btrfs_alloc_tree_block
    free_netdev: ____alloc_ei_netdev alloc_ei_netdev alloc_etherdev_mqs rtnl_create_link
    free_sja1000dev: alloc_sja1000dev
    fsnotify_put_mark,fsnotify_free_mark: fsnotify_find_inode_mark
    fwnode_handle_put: fwnode_graph_get_next_endpoint
    gb_connection_destroy: gb_connection_create
    gb_operation_put: gb_operation_create gb_operation_create_flags
    hci_free_xfer: hci_alloc_xfer
    hfi1_rcd_put: hfi1_rcd_get_by_index
    hfs_bnode_put: hfs_bmap_alloc hfs_bnode_find hfs_bnode_split
    hl_cb_put: hl_cb_kernel_create
    hl_ctx_put: hl_get_compute_ctx
    hsi_free_msg: hsi_alloc_msg
    i915_gem_object_put: __i915_gem_object_create_user i915_gem_object_create_internal i915_gem_object_create_lmem
    i915_gem_object_put: i915_gem_object_create_region i915_gem_object_create_shmem
    i915_vm_put: i915_gem_context_get_eb_vm
    ib_free_send_mad: ib_create_send_mad
    ice_put_vf: ice_get_vf_by_id
    in6_ifa_put: ipv6_get_ifaddr
    intel_context_put: intel_context_create
    ip6_rt_put: rt6_lookup
    ip_rt_put: ip_route_output
    ipe_free_policy: ipe_new_policy
    iput: alloc_anon_inode btrfs_iget btrfs_new_test_inode ceph_find_inode ext4_iget f2fs_iget_retry fuse_ilookup
    iput: ilookup ilookup5 ntfs_iget5 ubifs_iget ubifs_new_inode
    irq_domain_free_fwnode: irq_domain_alloc_fwnode
    irq_put_desc_busunlock: irq_get_desc_buslock
    irq_put_desc_unlock: irq_get_desc_lock
    iscsi_put_endpoint: iscsi_lookup_endpoint
    ishtp_cl_free,ishtp_cl_destroy_connection: ishtp_cl_allocate
    jbd2_journal_put_journal_head: jbd2_journal_grab_journal_head
    jffs2_free_full_dirent: jffs2_alloc_full_dirent
    kernfs_put: kernfs_find_and_get kernfs_find_and_get_ns kernfs_new_node
    key_put: afs_request_key
    kfd_unref_process: kfd_lookup_process_by_mm kfd_lookup_process_by_pasid
    kfree: ath11k_wmi_tlv_parse_alloc audioreach_alloc_apm_cmd_pkt audioreach_alloc_cmd_pkt dcn31_afmt_create
    kfree: dcn31_apg_create dcn31_vpg_create esp_alloc_tmp fb_ddc_read get_wmiobj_pointer hid_alloc_report_buf
    kfree: ieee802_11_parse_elems ieee802_11_parse_elems_full
    kfree: ip6t_alloc_initial_table ipt_alloc_initial_table kobject_get_path kstrdup_quotable_cmdline memdup_sockptr
    kfree: nfc_llcp_build_tlv pci_vpd_alloc psp_copy_user_blob rdma_zalloc_drv_obj scsi_bios_ptable
    kfree: squashfs_read_table xenbus_directory
    kfree,lwtstate_free: lwtunnel_state_alloc
    kfree_skb,consume_skb,dev_kfree_skb,dev_kfree_skb_any,nlmsg_free: __hci_cmd_sync_ev __pskb_copy_fclone
    kfree_skb,consume_skb,dev_kfree_skb,dev_kfree_skb_any,nlmsg_free: cfg80211_testmode_alloc_event_skb
    kfree_skb,consume_skb,dev_kfree_skb,dev_kfree_skb_any,nlmsg_free: cfg80211_testmode_alloc_reply_skb
    kfree_skb,consume_skb,dev_kfree_skb,dev_kfree_skb_any,nlmsg_free: cfg80211_vendor_cmd_alloc_reply_skb
    kfree_skb,consume_skb,dev_kfree_skb,dev_kfree_skb_any,nlmsg_free: digital_skb_alloc llc_alloc_frame
    kfree_skb,consume_skb,dev_kfree_skb,dev_kfree_skb_any,nlmsg_free: nfc_vendor_cmd_alloc_reply_skb
    kfree_skb,consume_skb,dev_kfree_skb,dev_kfree_skb_any,nlmsg_free: sock_alloc_send_pskb sock_alloc_send_skb
    kfree_skb,consume_skb,dev_kfree_skb,dev_kfree_skb_any,nlmsg_free: sock_wmalloc
    kfree_skb,dev_kfree_skb,dev_kfree_skb_any,consume_skb,nlmsg_free: skb_share_check
    kpp_request_free: kpp_request_alloc
    kunit_put_resource: kunit_find_resource
    kvmppc_gsb_free: kvmppc_gsb_new
    l2tp_tunnel_put: l2tp_tunnel_get
    mdesc_release: mdesc_grab
    mdiobus_free: mdiobus_alloc_size
    memstick_free_host: memstick_alloc_host
    mgmt_pending_free: mgmt_pending_new
    mlx5e_tir_builder_free: mlx5e_tir_builder_alloc
    mmput: mm_access
    mpi3mr_tgtdev_put: mpi3mr_get_tgtdev_by_handle
    mpol_cond_put: get_vma_policy
    neigh_release: __neigh_lookup
    net_zcopy_put_abort,net_zcopy_put: msg_zerocopy_realloc
    netfs_put_request: netfs_alloc_request
    nf_ct_expect_put: nf_ct_expect_alloc nf_ct_expect_find_get
    nfc_llcp_local_put: nfc_llcp_find_local
    nfp_nsp_close: nfp_nsp_open
    nfs_free_server: nfs_alloc_server
    nfs_put_lock_context: nfs_get_lock_context
    nlmsg_free: ethnl_reply_init
    nvmem_device_put: nvmem_device_find
    o2nm_node_put: o2nm_get_node_by_num
    of_node_put: __of_node_dup of_find_next_cache_node of_get_cpu_state_node of_get_next_parent
    of_node_put: of_nvmem_layout_get_container
    op_release: op_alloc
    opal_async_release_token: opal_async_get_token_interruptible
    opinfo_put: opinfo_get
    ovs_vport_free: ovs_vport_alloc
    p9_fid_put: v9fs_fid_lookup
    panthor_vm_put: panthor_vm_pool_get_vm
    pci_dev_put: acpi_get_pci_dev
    pci_free_host_bridge: pci_alloc_host_bridge
    phy_device_free: get_phy_device
    put_anon_vma: folio_get_anon_vma
    put_bh,brelse: ntfs_bread
    put_cred: get_task_cred nfs4_get_clid_cred
    put_device: driver_find_device
    put_fs_context: fs_context_for_mount
    put_net: rtnl_get_net_ns_capable
    put_page: shmem_read_mapping_page_gfp
    put_pid: tty_get_pgrp
    put_task_struct: get_proc_task
    rdma_put_gid_attr: rdma_get_gid_attr
    rdma_user_mmap_entry_put: rdma_user_mmap_entry_get
    release_metapage: read_metapage
    ring_buffer_put: ring_buffer_get
    rpc_put_task: rpc_run_task
    rproc_free: rproc_alloc
    rxe_put: rxe_pool_get_index
    sas_put_local_phy: sas_get_local_phy
    scsi_device_put: __scsi_add_device
    sdhci_free_host: sdhci_alloc_host
    sdw_release_stream: qcom_snd_sdw_get_stream
    serdev_device_put: serdev_device_alloc
    sock_release: sock_alloc
    tb_cfg_request_put: tb_cfg_request_alloc
    tb_property_free_dir: tb_property_parse_dir
    tb_tunnel_free: tb_tunnel_alloc_dma tb_tunnel_alloc_dp tb_tunnel_alloc_pci tb_tunnel_alloc_usb3
    trace_put_event_file: trace_get_event_file
    tty_driver_kref_put: tty_alloc_driver
    tty_kref_put: get_current_tty
    ubi_free_vid_buf: ubi_alloc_vid_buf
    ubifs_scan_destroy: ubifs_scan
    usb_put_function: usb_get_function
    usb_put_function_instance: usb_get_function_instance
    vbg_req_free: vbg_req_alloc
    vcap_free_rule: vcap_alloc_rule
    vm_area_free: vm_area_alloc
    vmci_ctx_put: vmci_ctx_get
    vmci_resource_put: vmci_resource_by_handle
    x25_neigh_put: x25_get_neigh
    xe_bb_free: xe_bb_new
    xe_bo_put: xe_bo_create_user
    xe_exec_queue_put: xe_exec_queue_lookup
    xe_exec_queue_put,xe_exec_queue_kill: xe_exec_queue_create
    xfrm_put_translator: xfrm_get_translator
    xfrm_state_put: xfrm_state_alloc
    xprt_put: xprt_get
    xt_free_table_info: xt_alloc_table_info
    zfcp_ccw_adapter_put: zfcp_ccw_adapter_by_cdev
    """)

  /// Openers by their argument that nearly every function which calls them ends for it, under a name that the words do not give.
  static let brackets = table(
    """
    amdgpu_device_wb_free: amdgpu_device_wb_get
    amdgpu_ib_free: amdgpu_ib_get
    apei_resources_fini: apei_resources_init
    ath9k_htc_ps_restore: ath9k_htc_ps_wakeup
    ath9k_ps_restore: ath9k_ps_wakeup
    b43_mac_enable: b43_mac_suspend
    bch2_bkey_buf_exit: bch2_bkey_buf_init
    blkg_conf_exit: blkg_conf_init
    class_dev_iter_exit: class_dev_iter_init
    destroy_rcu_head_on_stack: init_rcu_head_on_stack
    drm_modeset_acquire_fini: drm_modeset_acquire_init
    i915_gem_ww_ctx_fini: i915_gem_ww_ctx_init
    iio_device_release_direct_mode: iio_device_claim_direct_mode
    iwl_remove_notification,iwl_wait_notification: iwl_init_notification_wait
    kempld_release_mutex: kempld_get_mutex
    netlbl_secattr_destroy: netlbl_secattr_init
    put_task_stack: try_get_task_stack
    radeon_ib_free: radeon_ib_get
    release_dentry_name_snapshot: take_dentry_name_snapshot
    remove_wait_queue: add_wait_queue
    rtw89_chip_resume_sch_tx: rtw89_chip_stop_sch_tx
    sdhci_cleanup_host: sdhci_setup_host
    sdio_release_host: sdio_claim_host
    tpm_buf_destroy: tpm_buf_init
    ubifs_release_budget: ubifs_budget_space
    ubifs_release_lprops: ubifs_get_lprops
    vcpu_put: vcpu_load
    wl1251_ps_elp_sleep: wl1251_ps_elp_wakeup
    """)

  /// What ends the result of `name` by most callers' habit; nil for what has none.
  static func habit(of name: String) -> (closers: [String], isReference: Bool)? {
    // A file system's own `iget`.
    if name.hasSuffix("_iget") { return (["iput", "iget_failed"], true) }
    guard let closers = learnt[name], let first = closers.first else { return nil }
    return (closers, dropsReference(first) && !first.contains("kfree"))
  }
}
