import ByteText
import KernelC
import LockModel

/// What folders have of their own: operations structures that they fill, and lock classes that the tree splits.
///
/// Found out when first asked for, and kept for the rules of one run.
final class FolderTables {
  private let solver: Solver
  private lazy var folders: [Symbol: Set<Substring>] = {
    solver.callbacks.functionsByStructure().mapValues { functions in
      Set(functions.map { TreePath.folder(solver.program.file(of: $0).path) })
    }
  }()
  private lazy var split: Set<LockClass> = splitLocks()

  init(_ solver: Solver) { self.solver = solver }

  /// Folders whose code is everybody's: what it calls through a member may be any driver's.
  private static let core: Set<Substring> = [
    "fs", "block", "mm", "kernel", "lib", "net/core", "net/ipv4", "net/ipv6", "net/sched", "drivers/base",
    "drivers/usb/core", "drivers/gpu/drm", "drivers/tty", "sound/core", "sound/soc",
  ]

  /// Whether code of `home` has functions of its own in structures of the type, so that it does not get to another's.
  func fills(_ structure: Symbol, _ home: Substring) -> Bool {
    !Self.core.contains(home) && folders[structure]?.contains(home) == true
  }

  /// Whether the tree gives some locks of the member a class of their own, for lockdep: they may be taken in one another.
  func isSplit(_ lockClass: LockClass) -> Bool { split.contains(lockClass) }

  private static let splitters = [
    "lockdep_set_class", "lockdep_set_class_and_name", "lockdep_set_subclass", "lockdep_set_class_and_subclass",
    "lockdep_set_novalidate_class",
  ]

  private func splitLocks() -> Set<LockClass> {
    let program = solver.program
    let names = Self.splitters.map(program.symbols.intern)
    let files = program.files.indices.filter { index in
      program.files[index].tokens.contains { names.contains($0.symbol) }
    }
    guard !files.isEmpty else { return [] }
    let paths = Set(files.map { program.files[$0].path })
    var result: Set<LockClass> = []
    for id in program.allFunctions where paths.contains(program.file(of: id).path) {
      let definition = program.definition(id)
      let file = program.file(of: id)
      guard !definition.isMacro else { continue }
      for node in definition.nodes
      where file[node].kind == .call && file[file[node].a].kind == .name && names.contains(Symbol(file[file[node].a].a))
      {
        guard let lock = file.list(file[node].b, file[node].c).first,
          let lockClass = solver.lockClass(ofArgument: lock, in: id), lockClass.structure.exists
        else { continue }
        result.insert(lockClass)
      }
    }
    return result
  }
}
