import ByteText

/// What a folder says of the files in it, found out once for files that come in the order of their paths.
struct FolderVerdicts {
  private var folder: String?
  private var verdict = false

  /// What `judge` says of the folder of a file.
  mutating func verdict(of path: String, _ judge: (Substring) -> Bool) -> Bool {
    if let folder, TreePath.lies(path, in: folder) { return verdict }
    let folder = TreePath.folder(path)
    self.folder = String(folder)
    verdict = judge(folder)
    return verdict
  }
}
