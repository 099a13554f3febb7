// Functions whose documentation says that they may sleep, or whose bodies begin with might_sleep() or a mutex.

extension KernelInterface {
  /// Sleep whatever their arguments are, by the documentation; what a header has instead of one decides where there is such a
  /// body.
  static let documentedSleeperText = """
    kvfree kvfree_sensitive vfree vmap ioremap iounmap memremap alloc_percpu
    gpiod_set_value_cansleep gpiod_get_value_cansleep gpiod_set_raw_value_cansleep gpiod_get_raw_value_cansleep
    gpio_set_value_cansleep gpio_get_value_cansleep gpiod_set_array_value_cansleep
    clk_set_rate clk_set_parent clk_round_rate clk_bulk_prepare clk_bulk_unprepare
    pwm_apply_might_sleep pwm_config pwm_enable pwm_disable
    regulator_set_voltage regulator_get_voltage regulator_bulk_enable regulator_bulk_disable
    pm_runtime_force_suspend pm_runtime_force_resume pm_runtime_barrier
    i2c_smbus_read_byte i2c_smbus_read_byte_data i2c_smbus_read_word_data i2c_smbus_read_block_data
    i2c_smbus_read_i2c_block_data i2c_smbus_write_byte i2c_smbus_write_byte_data i2c_smbus_write_word_data
    i2c_smbus_write_block_data i2c_smbus_write_i2c_block_data i2c_smbus_xfer i2c_transfer_buffer_flags
    spi_write_then_read mdiobus_read mdiobus_write
    disable_work_sync disable_delayed_work_sync kthread_cancel_work_sync kthread_cancel_delayed_work_sync
    kthread_flush_work napi_synchronize
    wait_event_interruptible_timeout wait_event_killable_timeout wait_event_freezable wait_event_idle
    wait_event_idle_timeout wait_var_event io_wait_event swait_event_interruptible_timeout swait_event_timeout_exclusive
    usleep_range_state kfree_rcu_mightsleep kvfree_rcu_mightsleep
    sysfs_create_group sysfs_create_groups sysfs_remove_group sysfs_remove_groups sysfs_create_file sysfs_remove_file
    sysfs_create_link sysfs_remove_link device_create_file device_remove_file device_create device_destroy
    debugfs_create_file debugfs_create_dir debugfs_remove proc_create proc_create_data proc_remove remove_proc_entry
    kmem_cache_create kmem_cache_destroy mempool_create mempool_destroy dma_pool_create dma_pool_destroy
    dma_request_chan dma_release_channel crypto_alloc_shash crypto_alloc_skcipher crypto_alloc_aead crypto_alloc_ahash
    get_user_pages pin_user_pages get_user_pages_fast pin_user_pages_fast
    kernel_sendmsg kernel_recvmsg sock_create_kern filp_close
    usb_bulk_msg usb_interrupt_msg usb_control_msg_send usb_control_msg_recv usb_clear_halt usb_get_descriptor
    usb_autopm_get_interface usb_autopm_put_interface usb_driver_release_interface
    hid_hw_request hid_hw_raw_request hid_hw_output_report hid_hw_open hid_hw_close hid_hw_wait
    phy_init phy_exit phy_power_on phy_power_off phy_set_mode_ext phy_configure
    pci_enable_device pci_enable_device_mem pci_set_power_state pci_enable_sriov pci_disable_sriov pci_alloc_irq_vectors
    pinctrl_select_state pinctrl_pm_select_default_state pinctrl_pm_select_sleep_state
    nvmem_cell_read nvmem_cell_write static_branch_enable static_branch_disable
    request_module
    """
}
