import KernelC
import LockModel

/// Functions that the kernel's core calls with no lock held but its own: probe and remove, power management, files,
/// attributes, work.
struct EntryPoints {
  /// Structures all of whose members are such, or those that are.
  private static let members: [String: Set<String>] = [
    "platform_driver": ["suspend", "resume"], "usb_driver": ["suspend", "resume", "reset_resume"],
    "virtio_driver": ["freeze", "restore"],
    "file_operations": [
      "open", "release", "read", "write", "unlocked_ioctl", "compat_ioctl", "read_iter", "write_iter",
    ],
    "proc_ops": ["proc_open", "proc_release", "proc_read", "proc_write", "proc_ioctl"],
    "dev_pm_ops": [
      "suspend", "resume", "freeze", "thaw", "poweroff", "restore", "suspend_late", "resume_early", "suspend_noirq",
      "resume_noirq", "prepare", "complete", "runtime_suspend", "runtime_resume", "runtime_idle",
    ],
  ]
  /// Of the drivers of any bus.
  private static let driverMembers: Set<String> = ["probe", "remove", "remove_new", "disconnect", "shutdown"]
  /// Buses that hold locks of their own around their drivers.
  private static let holdingDrivers: Set<String> = ["phy_driver", "pci_driver", "usb_device_driver", "device_driver"]
  /// A parameter of one of these types: an attribute's function, or a work item's.
  private static let parameters: Set<String> = ["device_attribute", "kobj_attribute", "work_struct"]
  /// Structures whose locks the core itself may hold there.
  private static let core: Set<String> = [
    "device", "inode", "super_block", "mm_struct", "file", "dentry", "kernfs_node", "usb_device", "task_struct",
    "wiphy",
    "devlink",
  ]

  private let callers: CallerTable
  private let folders: StructureFolders
  private let context: RuleContext

  init(_ context: RuleContext, _ callers: CallerTable, _ folders: StructureFolders) {
    self.context = context
    self.callers = callers
    self.folders = folders
  }

  /// Whether the kernel's core may hold a lock of the class around functions that it calls.
  func isOfCore(_ lockClass: LockClass) -> Bool { Self.core.contains(context.text(lockClass.structure)) }

  /// Whether every way to the function begins where nobody can hold a lock of the class.
  func isOutside(_ lockClass: LockClass, _ id: FunctionID) -> Bool {
    if isOfCore(lockClass) { return false }
    var visited: Set<FunctionID> = [id]
    var work = [id]
    while let current = work.popLast() {
      let isEntry = isEntry(current)
      guard visited.count < 60, isEntry != false else { return false }
      // Of those that call an entry through its table nothing is to be said, as of the core itself.
      let above = callers.calls(of: current).filter {
        isEntry != true || !$0.isGuess && !$0.call.isIndirect
      }
      if above.isEmpty, isEntry != true { return false }
      for (caller, _, _) in above where visited.insert(caller).inserted { work.append(caller) }
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
    let others = members.filter { !isEntry($0) }
    if others.isEmpty { return true }
    // What a driver keeps in a structure of its own, it calls itself.
    return others.allSatisfy { folders.isDefined($0.structure, beside: id, context) } ? nil : false
  }

  private func isEntry(_ key: MemberKey) -> Bool {
    let structure = context.text(key.structure)
    let member = context.text(key.member)
    if Self.members[structure]?.contains(member) == true { return true }
    return structure.hasSuffix("_driver") && !Self.holdingDrivers.contains(structure)
      && Self.driverMembers.contains(member)
  }
}
