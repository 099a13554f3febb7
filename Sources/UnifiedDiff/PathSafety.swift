/// Which paths a patch must not write to, whatever it says.
public enum PathSafety {
  /// Why `path` must not be written in a tree; nil if it may.
  ///
  /// Refused as git does (`core.protectHFS`, `core.protectNTFS` included): empty, absolute, `.` and `..` components, and
  /// `.git` in every spelling that some file system takes for it.
  public static func refusal(of path: String) -> String? {
    if path.isEmpty { return "the path is empty" }
    if path.utf8.first == 0x2F { return "the path is absolute" }
    if path.utf8.contains(0) { return "the path holds a NUL" }
    for component in path.utf8.split(separator: 0x2F, omittingEmptySubsequences: false) {
      if component.isEmpty { return "the path has an empty component" }
      let name = String(Substring(component))
      if name == "." || name == ".." { return "the path has a '\(name)' component" }
      if isDotGit(name) { return "the path leads into '.git'" }
    }
    return nil
  }

  private static func isDotGit(_ name: String) -> Bool {
    // NTFS ends a name at a colon (stream) or backslash (separator) and drops blanks and dots at its end.
    for part in name.split(whereSeparator: { $0 == "\\" || $0 == ":" }) {
      var folded = part.lowercased()
      while folded.last == "." || folded.last == " " { folded.removeLast() }
      if folded == ".git" || folded == "git~1" { return true }
    }
    // HFS+ ignores these code points in names (git's utf8.c lists the same ones).
    let visible = name.unicodeScalars.filter { scalar in
      switch scalar.value {
      case 0x200C...0x200F, 0x202A...0x202E, 0x206A...0x206F, 0xFEFF: false
      default: true
      }
    }
    return String(String.UnicodeScalarView(visible)).lowercased() == ".git"
  }
}
