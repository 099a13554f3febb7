import SelftestPlan

/// The functions that a change touches, by name.
public enum TouchedFunctions {
  /// The names of the functions of `change` that have lines the old content does not have, or that lost lines; in the order
  /// in which they stand.
  public static func names(of change: ChangedFile) -> [String] {
    guard let new = change.new, change.path.hasSuffix(".c") || change.path.hasSuffix(".h") else { return [] }
    return names(of: change, added: Set(change.addedLines()), in: CodeUnit(path: change.path, bytes: new))
  }

  static func names(of change: ChangedFile, added lines: Set<Int>, in unit: CodeUnit) -> [String] {
    var names = unit.functions.filter { function in lines.contains { function.lines.contains($0) } }.map(\.name)
    // What lost lines only is touched too, if it still exists.
    guard let old = change.old else { return names }
    let removed = ChangedFile(path: change.path, old: change.new, new: old).addedLines()
    let before = CodeUnit(path: change.path, bytes: old).functions
    let lost = Set(before.filter { function in removed.contains { function.lines.contains($0) } }.map(\.name))
    names += unit.functions.map(\.name).filter { lost.contains($0) && !names.contains($0) }
    return names
  }
}
