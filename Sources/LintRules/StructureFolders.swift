import ByteText
import KernelC
import LockModel

/// Where structures are defined: what only one folder knows, nobody else can have locked.
struct StructureFolders {
  private var folders: [Symbol: Substring] = [:]

  init(_ context: RuleContext) {
    for file in context.program.files {
      let folder = TreePath.folder(file.path)
      for structure in file.structures where structure.name.exists { folders[structure.name] = folder }
    }
  }

  /// Whether a lock of the class is of no use to code outside the folder that both functions lie in.
  func isPrivate(_ lockClass: LockClass, to id: FunctionID, _ other: FunctionID, _ context: RuleContext) -> Bool {
    guard lockClass.structure.exists else { return false }
    let here = TreePath.folder(context.program.file(of: id).path)
    guard areTogether(id, other, context) else { return false }
    return folders[lockClass.structure].map { $0 == here } ?? !Self.shared.contains(context.text(lockClass.structure))
  }

  /// Whether the folder of the function defines the structure.
  func isDefined(_ structure: Symbol, beside id: FunctionID, _ context: RuleContext) -> Bool {
    folders[structure] == TreePath.folder(context.program.file(of: id).path)
  }

  /// Whether both functions lie in one folder.
  func areTogether(_ id: FunctionID, _ other: FunctionID, _ context: RuleContext) -> Bool {
    TreePath.folder(context.program.file(of: id).path) == TreePath.folder(context.program.file(of: other).path)
  }

  /// Structures whose locks the callers of operations tables hold, for when the headers are not there.
  private static let shared: Set<String> = [
    "device", "inode", "address_space", "mm_struct", "sock", "super_block", "net_device", "request_queue", "dentry",
    "file", "tty_struct", "tty_port", "uart_port", "Scsi_Host", "wiphy", "hci_dev", "usb_device", "usb_hcd",
    "phy_device",
    "gendisk", "block_device", "rq", "task_struct", "signal_struct", "v4l2_ctrl_handler", "video_device", "mii_bus",
    "spi_controller", "i2c_adapter", "snd_pcm_substream", "snd_card", "dma_resv", "dma_fence", "kvm", "kvm_vcpu",
    "config_group", "configfs_subsystem", "regmap", "clk_core", "input_dev", "rfkill", "led_classdev", "mddev",
  ]
}
