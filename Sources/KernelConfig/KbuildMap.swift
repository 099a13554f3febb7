/// Which object files a kernel tree builds under which configuration, read from its Kbuild makefiles as they are written
/// (Documentation/kbuild/makefiles.rst).
public struct KbuildMap: Sendable {
  /// The condition of each object, by its path relative to the tree.
  public private(set) var objects: [String: ConfigExpression] = [:]
  /// The module that an object is linked into, where it is not one of its own.
  private var modules: [String: String] = [:]
  /// The makefiles that were read.
  public private(set) var makefiles: [String] = []
  private var walked: Set<String> = []

  /// Walks the tree's makefiles from the top.
  ///
  /// - Parameters:
  ///   - sourceArchitecture: the directory below `arch/`.
  ///   - directories: only descend into these and what is above and below them; `nil` walks everything.
  ///   - read: a file's bytes by its path in the tree.
  public init(sourceArchitecture: String, within directories: [String]? = nil, read: (String) -> [UInt8]?) {
    let variables = ["SRCARCH": sourceArchitecture, "srctree": "", "src": "", "obj": "", "BITS": "64"]
    let scope = directories.map { $0.map { $0 + "/" } }
    var pending: [(String, ConfigExpression)] = [("arch/\(sourceArchitecture)", .always), ("lib", .always)]
    for makefile in ["Kbuild", "arch/\(sourceArchitecture)/Makefile"] {
      guard let bytes = read(makefile) else { continue }
      makefiles.append(makefile)
      var reader = KbuildReader(directory: "", variables: variables)
      reader.parse(bytes, read: read)
      pending += reader.descents()
    }
    while let (directory, condition) = pending.popLast() {
      let name = directory + "/"
      if let scope, !scope.contains(where: { $0.hasPrefix(name) || name.hasPrefix($0) }) { continue }
      guard walked.insert("\(directory) \(condition)").inserted, walked.count < 20_000 else { continue }
      for file in ["Kbuild", "Makefile"] {
        guard let bytes = read(name + file) else { continue }
        makefiles.append(name + file)
        var reader = KbuildReader(directory: directory, variables: variables)
        reader.parse(bytes, read: read)
        for (object, own, module) in reader.objects() {
          if let module { modules[object] = module }
          let whole = condition.and(own)
          objects[object] = objects[object].map { $0.or(whole) } ?? whole
        }
        pending += reader.descents().map { ($0.0, condition.and($0.1)) }
        break
      }
    }
  }

  /// The condition under which a source file is compiled on its own; `nil` when no rule names its object.
  public func condition(ofSource path: String) -> ConfigExpression? {
    guard let dot = path.lastIndex(of: ".") else { return nil }
    return objects[path[..<dot] + ".o"]
  }

  /// The name of the module, as on the kernel command line, that a source file becomes part of.
  public func module(ofSource path: String) -> String? {
    guard let dot = path.lastIndex(of: ".") else { return nil }
    return modules[path[..<dot] + ".o"]?.replacing("-", with: "_")
  }
}
