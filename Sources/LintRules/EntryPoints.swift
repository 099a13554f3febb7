import KernelC
import LockModel

/// Functions that the kernel's core calls with no lock held but its own: probe and remove, power management, files,
/// attributes, work.
struct EntryPoints {
  /// Structures all of whose members are such, or those that are.
  private static let members: [String: Set<String>] = [
    "platform_driver": ["probe", "remove", "remove_new", "shutdown", "suspend", "resume"],
    "i2c_driver": ["probe", "remove", "shutdown"], "spi_driver": ["probe", "remove", "shutdown"],
    "usb_driver": ["probe", "disconnect", "suspend", "resume", "reset_resume"],
    "auxiliary_driver": ["probe", "remove", "shutdown"], "virtio_driver": ["probe", "remove", "freeze", "restore"],
    "mdio_driver": ["probe", "remove"], "amba_driver": ["probe", "remove"], "of_platform_driver": ["probe", "remove"],
    "file_operations": [
      "open", "release", "read", "write", "unlocked_ioctl", "compat_ioctl", "read_iter", "write_iter",
    ],
    "proc_ops": ["proc_open", "proc_release", "proc_read", "proc_write", "proc_ioctl"],
    "dev_pm_ops": [
      "suspend", "resume", "freeze", "thaw", "poweroff", "restore", "suspend_late", "resume_early", "suspend_noirq",
      "resume_noirq", "prepare", "complete", "runtime_suspend", "runtime_resume", "runtime_idle",
    ],
  ]
  /// A parameter of one of these types: an attribute's function, or a work item's.
  private static let parameters: Set<String> = ["device_attribute", "kobj_attribute", "work_struct"]
  /// Structures whose locks the core itself may hold there.
  private static let core: Set<String> = [
    "device", "inode", "super_block", "mm_struct", "file", "dentry", "kernfs_node", "usb_device", "task_struct",
    "wiphy",
    "devlink",
  ]

  private let callers: CallerTable
  private let context: RuleContext

  init(_ context: RuleContext, _ callers: CallerTable) {
    self.context = context
    self.callers = callers
  }

  /// Whether the kernel's core may hold a lock of the class around functions that it calls.
  func isOfCore(_ lockClass: LockClass) -> Bool { Self.core.contains(context.text(lockClass.structure)) }

  /// Whether every way to the function begins where nobody can hold a lock of the class.
  func isOutside(_ lockClass: LockClass, _ id: FunctionID) -> Bool {
    if isOfCore(lockClass) { return false }
    var visited: Set<FunctionID> = [id]
    var work = [id]
    while let current = work.popLast() {
      guard visited.count < 60, isEntry(current) != false else { return false }
      let above = callers.calls(of: current)
      if above.isEmpty, isEntry(current) != true { return false }
      for (caller, _) in above where visited.insert(caller).inserted { work.append(caller) }
    }
    return true
  }

  /// Whether a function is an entry; nil for one that nothing but calls by name leads to.
  private func isEntry(_ id: FunctionID) -> Bool? {
    let definition = context.program.definition(id)
    if definition.parameters.contains(where: {
      $0.type.base == .structure && Self.parameters.contains(context.text($0.type.name))
    }) {
      return true
    }
    let members = context.solver.callbacks.members(holding: id)
    if members.isEmpty { return context.solver.callbacks.isPassed(id) ? false : nil }
    return members.allSatisfy { Self.members[context.text($0.structure)]?.contains(context.text($0.member)) == true }
  }
}
