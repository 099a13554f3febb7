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
  ]

  static func heldAround(_ symbols: SymbolTable) -> [MemberKey: HeldByInterface] {
    var result: [MemberKey: HeldByInterface] = [:]
    for (structure, holder, lock, mode, members) in contexts {
      let lockClass = LockClass(structure: symbols.intern(holder), name: symbols.intern(lock))
      for member in members.split(separator: " ") {
        let key = MemberKey(structure: symbols.intern(structure), member: symbols.intern(String(member)))
        result[key] = HeldByInterface(lockClass: lockClass, mode: mode)
      }
    }
    return result
  }
}

extension Solver {
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
