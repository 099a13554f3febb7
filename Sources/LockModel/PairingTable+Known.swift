/// The kernel's own pairs, as data: what undoes, and what it undoes.
extension PairingTable {
  static let pmRuntimePuts = [
    "pm_runtime_put", "pm_runtime_put_sync", "pm_runtime_put_noidle", "pm_runtime_put_autosuspend",
    "pm_runtime_put_sync_suspend", "pm_runtime_put_sync_autosuspend",
  ]

  /// Openers that return new memory or a new object, which their caller owns until it hands it on.
  static let makers = table(
    """
    kfree,kfree_sensitive: kmalloc kzalloc kmemdup memdup_user
    kfree: kcalloc kmalloc_array kstrdup kasprintf kstrndup memdup_user_nul strndup_user kmemdup_nul kmalloc_node
    kfree: kzalloc_node kcalloc_node kvasprintf krealloc_array kmemdup_array
    kvfree: kvmalloc kvzalloc kvcalloc kvmalloc_array vmemdup_user kvmalloc_node kvzalloc_node kvmemdup
    vfree: vmalloc vzalloc vmalloc_user vzalloc_node vmalloc_node vmalloc_32
    kfree_const: kstrdup_const
    kmem_cache_free: kmem_cache_alloc kmem_cache_zalloc kmem_cache_alloc_node
    mempool_free: mempool_alloc
    free_percpu: alloc_percpu
    usb_free_urb: usb_alloc_urb
    usb_free_coherent: usb_alloc_coherent
    free_netdev: alloc_etherdev alloc_netdev alloc_etherdev_mq alloc_netdev_mqs alloc_fcdev alloc_hdlcdev
    free_candev: alloc_candev
    input_free_device: input_allocate_device
    rc_free_device: rc_allocate_device
    hid_destroy_device: hid_allocate_device
    hci_free_dev: hci_alloc_dev
    nfc_free_device: nfc_allocate_device
    ieee80211_free_hw: ieee80211_alloc_hw
    wiphy_free: wiphy_new
    framebuffer_release: framebuffer_alloc
    platform_device_put: platform_device_alloc
    spi_controller_put: spi_alloc_host spi_alloc_target spi_alloc_master spi_alloc_slave
    scsi_host_put: scsi_host_alloc
    mmc_free_host: mmc_alloc_host
    mdiobus_free: mdiobus_alloc
    iio_device_free: iio_device_alloc
    video_device_release: video_device_alloc
    usb_put_hcd: usb_create_hcd
    put_disk: alloc_disk blk_alloc_disk blk_mq_alloc_disk
    kfree_skb,consume_skb,dev_kfree_skb,dev_kfree_skb_any,nlmsg_free: alloc_skb netdev_alloc_skb dev_alloc_skb nlmsg_new genlmsg_new
    kfree_skb,consume_skb,dev_kfree_skb,dev_kfree_skb_any,nlmsg_free: skb_clone skb_copy
    bio_put: bio_alloc bio_kmalloc
    brelse: sb_bread sb_getblk __bread ext4_bread
    crypto_free_shash: crypto_alloc_shash
    crypto_free_ahash: crypto_alloc_ahash
    crypto_free_skcipher: crypto_alloc_skcipher
    crypto_free_aead: crypto_alloc_aead
    crypto_free_sync_skcipher: crypto_alloc_sync_skcipher
    ahash_request_free: ahash_request_alloc
    skcipher_request_free: skcipher_request_alloc
    aead_request_free: aead_request_alloc
    put_cred,abort_creds: prepare_creds prepare_kernel_cred
    filp_close,fput: filp_open
    bitmap_free: bitmap_zalloc bitmap_alloc
    kmem_cache_destroy: kmem_cache_create
    dma_pool_destroy: dma_pool_create
    mempool_destroy: mempool_create mempool_create_slab_pool mempool_create_kmalloc_pool mempool_create_page_pool
    gen_pool_destroy: gen_pool_create
    free_pages_exact: alloc_pages_exact
    folio_put: folio_alloc filemap_alloc_folio
    kfree: nvmem_cell_read match_strdup nla_strdup memdup_array_user xenbus_read kstrdup_and_replace drm_get_edid
    kvfree: vmemdup_array_user
    kfree_skb,consume_skb,dev_kfree_skb,dev_kfree_skb_any,nlmsg_free: __dev_alloc_skb netdev_alloc_skb_ip_align bt_skb_alloc
    kfree_skb,consume_skb,dev_kfree_skb,dev_kfree_skb_any: __netdev_alloc_skb skb_realloc_headroom pskb_copy __hci_cmd_sync
    btrfs_free_path: btrfs_alloc_path
    btrfs_free_extent_map: alloc_extent_map btrfs_alloc_extent_map
    ext4_free_ext_path: ext4_find_extent
    posix_acl_release: posix_acl_alloc get_inode_acl
    locks_free_lock: locks_alloc_lock
    mpi_free: mpi_alloc
    drm_edid_free: drm_edid_read drm_edid_read_ddc drm_edid_read_custom drm_edid_alloc drm_edid_dup
    drm_atomic_state_put: drm_atomic_state_alloc
    iommu_domain_free: iommu_paging_domain_alloc iommu_domain_alloc
    rfkill_destroy: rfkill_alloc
    edac_mc_free: edac_mc_alloc
    unload_nls: load_nls
    devlink_free: devlink_alloc
    """)

  /// Openers that return a reference to something that others own too.
  static let references = table(
    """
    of_node_put: of_find_node_by_name of_parse_phandle of_get_parent of_get_child_by_name of_find_node_by_path
    of_node_put: of_find_compatible_node of_find_matching_node of_find_node_by_phandle of_get_cpu_node of_get_compatible_child
    of_node_put: of_cpu_device_node_get of_graph_get_remote_node of_graph_get_endpoint_by_regs of_graph_get_remote_port
    of_node_put: of_graph_get_remote_port_parent of_graph_get_remote_endpoint of_graph_get_port_by_id of_find_node_opts_by_path
    of_node_put: of_irq_find_parent of_find_node_with_property of_find_matching_node_and_match
    put_device,platform_device_put: of_find_device_by_node bus_find_device_by_of_node
    put_device: bus_find_device bus_find_device_by_name class_find_device_by_name acpi_get_first_physical_node
    put_device: bus_find_device_by_fwnode class_find_device_by_of_node driver_find_device_by_name of_mdio_find_bus of_phy_find_device
    put_device: of_find_i2c_device_by_node of_find_i2c_adapter_by_node
    pci_dev_put: pci_get_device pci_get_domain_bus_and_slot pci_get_slot pci_get_class pci_get_subsys
    fwnode_handle_put: fwnode_get_named_child_node fwnode_find_reference device_get_named_child_node fwnode_get_parent
    dev_put: dev_get_by_index dev_get_by_name
    i2c_put_adapter: i2c_get_adapter of_get_i2c_adapter_by_node
    eventfd_ctx_put: eventfd_ctx_fdget
    dma_buf_put: dma_buf_get
    fput: fget
    sockfd_put,fput: sockfd_lookup
    mmput: get_task_mm
    put_task_struct: get_pid_task find_get_task_by_vpid
    put_pid: find_get_pid pidfd_get_pid
    acpi_dev_put: acpi_dev_get_first_match_dev
    drm_gem_object_put: drm_gem_object_lookup
    dput: dget_parent lookup_one_len
    folio_put: filemap_get_folio filemap_lock_folio __filemap_get_folio filemap_grab_folio read_mapping_folio read_cache_folio
    put_page: find_get_page find_lock_page find_or_create_page grab_cache_page read_mapping_page read_cache_page
    power_supply_put: power_supply_get_by_name power_supply_get_by_phandle
    cpufreq_cpu_put: cpufreq_cpu_get
    ip_rt_put: ip_route_output_key ip_route_output_flow ip_route_output_ports
    neigh_release: neigh_lookup dst_neigh_lookup
    in_dev_put: in_dev_get
    in6_dev_put: in6_dev_get
    put_net: get_net_ns_by_fd get_net_ns_by_pid
    of_node_put: of_find_node_by_type of_graph_get_port_parent
    fwnode_handle_put: fwnode_graph_get_endpoint_by_id fwnode_graph_get_remote_endpoint fwnode_graph_get_remote_port_parent
    fwnode_handle_put: fwnode_graph_get_remote_port
    put_device: device_find_child device_find_child_by_name class_find_device bus_get_dev_root
    dev_pm_opp_put: dev_pm_opp_find_freq_ceil dev_pm_opp_find_freq_floor dev_pm_opp_find_freq_exact devfreq_recommended_opp
    dev_pm_opp_put: dev_pm_opp_find_level_exact dev_pm_opp_find_level_ceil dev_pm_opp_find_bw_ceil dev_pm_opp_find_bw_floor
    tty_kref_put: tty_port_tty_get
    scsi_device_put: scsi_device_lookup
    scsi_host_put: scsi_host_lookup
    put_cred: get_current_cred
    nfc_put_device: nfc_get_device
    hci_dev_put: hci_get_route hci_dev_get
    dst_release: ip6_route_output
    config_item_put: config_group_find_item
    xfrm_state_put: xfrm_state_lookup
    drm_syncobj_put: drm_syncobj_find
    drm_framebuffer_put: drm_framebuffer_lookup
    dma_fence_put: dma_fence_get_stub drm_syncobj_fence_get sync_file_get_fence
    key_ref_put: lookup_user_key keyring_search
    bpf_prog_put: bpf_prog_get bpf_prog_get_type
    kobject_put: kset_find_obj
    put_filesystem: get_fs_type
    ib_device_put: ib_device_get_by_netdev
    dev_put: ib_device_get_netdev
    iput: ocfs2_get_system_file_inode
    put_mtd_device: get_mtd_device get_mtd_device_nm
    free_extent_buffer: read_tree_block btrfs_read_node_slot btrfs_root_node
    btrfs_put_block_group: btrfs_lookup_block_group
    iommu_group_put: iommu_group_get
    put_pid: get_task_pid
    dput: d_find_alias d_find_any_alias d_lookup ovl_lookup_upper debugfs_lookup
    usb_put_phy: usb_get_phy
    bdev_fput,fput: bdev_file_open_by_dev bdev_file_open_by_path
    btrfs_put_root: btrfs_get_fs_root btrfs_grab_root
    usb_free_urb,usb_put_urb: usb_get_from_anchor
    tty_driver_kref_put: tty_find_polling_driver
    rtc_class_close: rtc_class_open
    """)

  /// Openers that return a pointer; what becomes of it is often another's business.
  private static let pointers = table(
    """
    __free_page,__free_pages: alloc_page alloc_pages
    free_page,free_pages: get_zeroed_page __get_free_pages __get_free_page
    fput: fget
    dput: dget
    iput: igrab
    mntput: mntget
    destroy_workqueue: alloc_workqueue alloc_ordered_workqueue create_singlethread_workqueue create_workqueue
    clk_put: clk_get of_clk_get of_clk_get_by_name clk_get_sys
    iounmap: ioremap of_iomap ioremap_wc ioremap_np
    pci_iounmap: pci_iomap
    memunmap: memremap
    vunmap: vmap
    kthread_stop: kthread_create kthread_run
    class_destroy: class_create
    dma_release_channel: dma_request_chan dma_request_channel dma_request_slave_channel
    dma_free_coherent: dma_alloc_coherent
    kobject_put: kobject_create_and_add
    scsi_device_put: scsi_alloc_sdev
    fwnode_handle_put: device_get_next_child_node
    of_node_put: of_get_next_child of_get_next_available_child
    mbox_free_channel: mbox_request_channel mbox_request_channel_byname
    key_put: keyring_alloc key_alloc request_key
    nvmem_device_put: nvmem_device_get
    nvmem_cell_put: nvmem_cell_get of_nvmem_cell_get
    gpiod_put: gpiod_get gpiod_get_optional gpiod_get_index
    regulator_put: regulator_get regulator_get_optional regulator_get_exclusive
    reset_control_put: reset_control_get reset_control_get_exclusive reset_control_get_shared of_reset_control_get
    pwm_put: pwm_get
    iio_channel_release: iio_channel_get
    irq_domain_remove: irq_domain_add_linear irq_domain_create_linear irq_domain_add_tree
    """)

  /// Openers that return 0 or an errno, or nothing.
  static let numbers = table(
    """
    free_irq: request_threaded_irq request_irq request_any_context_irq
    gpio_free: gpio_request
    clk_disable_unprepare: clk_prepare_enable
    clk_bulk_disable_unprepare: clk_bulk_prepare_enable
    clk_unprepare: clk_prepare
    regulator_disable: regulator_enable
    regulator_bulk_disable: regulator_bulk_enable
    regulator_bulk_free: regulator_bulk_get
    platform_device_del: platform_device_add
    device_del: device_add
    cdev_del: cdev_add
    i2c_del_adapter: i2c_add_adapter
    usb_remove_hcd: usb_add_hcd
    snd_card_free: snd_card_new
    phy_exit: phy_init
    phy_power_off: phy_power_on
    v4l2_ctrl_handler_free: v4l2_ctrl_handler_init
    v4l2_device_unregister,v4l2_device_put: v4l2_device_register
    video_unregister_device: video_register_device
    put_task_struct: get_task_struct
    iput: ihold
    pm_runtime_disable: pm_runtime_enable
    pci_disable_device: pci_enable_device pci_enable_device_mem
    pci_release_regions: pci_request_regions
    usb_autopm_put_interface: usb_autopm_get_interface
    unregister_netdev: register_netdev
    unregister_netdevice: register_netdevice
    misc_deregister: misc_register
    input_unregister_device: input_register_device
    unregister_chrdev_region: alloc_chrdev_region register_chrdev_region
    unregister_chrdev: register_chrdev
    platform_driver_unregister: platform_driver_register
    pci_unregister_driver: pci_register_driver
    i2c_del_driver: i2c_add_driver
    usb_deregister: usb_register
    reset_control_assert: reset_control_deassert
    component_del: component_add
    fb_destroy_modelist: fb_videomode_to_modelist
    fb_dealloc_cmap: fb_alloc_cmap fb_alloc_cmap_gfp
    """
  ).merging([
    "pm_runtime_get_sync": pmRuntimePuts, "pm_runtime_resume_and_get": pmRuntimePuts,
  ]) { first, _ in first }

  /// Openers that some functions close: what others leave open is another's business.
  private static let closedAtTimes = table(
    """
    put_device: device_initialize
    rdma_destroy_id: rdma_create_id
    ib_dealloc_pd: ib_alloc_pd
    ib_free_cq: ib_alloc_cq
    v4l2_m2m_release: v4l2_m2m_init
    v4l2_m2m_ctx_release: v4l2_m2m_ctx_init
    """)

  /// All of them.
  static let fixed = makers.merging(references) { first, _ in first }.merging(pointers) { first, _ in first }
    .merging(numbers) { first, _ in first }.merging(closedAtTimes) { first, _ in first }
    .merging(brackets) { first, _ in first }

  /// What, by its name anywhere in a file, makes the kernel undo these with the device (drivers/pci/pci.c,
  /// drivers/pci/msi/api.c, drivers/input/input.c).
  static let managers: [String: [String]] = [
    "pci_request_regions": ["pcim_enable_device"], "pci_request_region": ["pcim_enable_device"],
    "pci_enable_msi": ["pcim_enable_device"], "pci_enable_msix_range": ["pcim_enable_device"],
    "pci_alloc_irq_vectors": ["pcim_enable_device"], "input_register_device": ["devm_input_allocate_device"],
  ]

  /// Reads lines of `closer,closer: opener opener`.
  static func table(_ text: String) -> [String: [String]] {
    var result: [String: [String]] = [:]
    for line in text.split(separator: "\n") {
      let halves = line.split(separator: ":", maxSplits: 1)
      guard halves.count == 2 else { continue }
      let closers = halves[0].split(separator: ",").map { $0.trimmed }
      for opener in halves[1].split(separator: " ") { result[String(opener), default: []] += closers }
    }
    return result
  }

  /// Closers that end one thing and nothing that hangs on it.
  private static let plainClosers: Set<String> = Set(
    numbers.values.joined().filter { name in
      !["put", "free", "unregister", "del", "deregister", "remove", "release"].contains { name.contains($0) }
    })

  /// Whether `name` switches off or takes back one thing, and owns nothing.
  static func isPlainCloser(_ name: String) -> Bool { plainClosers.contains(name) }

  /// Whether `name` returns something that its caller owns, whether or not it ever gets rid of it.
  static func isOwned(_ name: String) -> Bool { makers[name] != nil || references[name] != nil }

  /// Whether `name` returns new memory.
  static func isMaker(_ name: String) -> Bool { makers[name] != nil }

  /// Whether `name` returns a reference to something that others own too.
  static func isReference(_ name: String) -> Bool { references[name] != nil || name == "filp_open" }

  /// Whether `name` is a well known opener that returns what its closer takes.
  static func returnsPointer(_ name: String) -> Bool {
    fixed[name] != nil && !isNumber(name) && name != "device_initialize"
  }

  /// Whether `name` is a well known opener that returns a number or nothing.
  static func isNumber(_ name: String) -> Bool { numbers[name] != nil || brackets[name] != nil }

  /// Whether `name` returns a pointer that its caller owns unless it is kept for a device.
  static func isPointer(_ name: String) -> Bool { pointers[name] != nil }

  /// Whether `name` is known to find something that is there already, and to take a reference to it.
  static func isLookUp(_ name: String) -> Bool { isKnown(name) && name.split(separator: "_").contains("get") }

  /// Whether the pair is one of the kernel's own and well known.
  static func isKnown(_ name: String) -> Bool {
    fixed[name] != nil || name.hasPrefix("clk_") || name.hasPrefix("regulator_") || name.hasPrefix("phy_")
      || name.hasPrefix("pci_enable") || name.hasPrefix("reset_control_")
  }
}

extension Substring {
  fileprivate var trimmed: String { String(drop { $0 == " " }) }
}
