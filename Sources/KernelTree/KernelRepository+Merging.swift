import Clibgit2

extension KernelRepository {
  /// The three-way merge of two changes of one content; nil when they conflict.
  public func mergeFile(base: [UInt8], ours: [UInt8], theirs: [UInt8]) throws(TreeError) -> [UInt8]? {
    var result = git_merge_file_result()
    defer { git_merge_file_result_free(&result) }
    let status = base.withUnsafeBytes { base in
      ours.withUnsafeBytes { ours in
        theirs.withUnsafeBytes { theirs in
          var ancestor = git_merge_file_input(base)
          var left = git_merge_file_input(ours)
          var right = git_merge_file_input(theirs)
          return git_merge_file(&result, &ancestor, &left, &right, nil)
        }
      }
    }
    try Libgit2.check(status, "merge", "\(ours.count) bytes")
    guard result.automergeable == 1 else { return nil }
    return Array(UnsafeRawBufferPointer(start: result.ptr, count: result.len))
  }
}

extension git_merge_file_input {
  fileprivate init(_ bytes: UnsafeRawBufferPointer) {
    self.init()
    git_merge_file_input_init(&self, UInt32(GIT_MERGE_FILE_INPUT_VERSION))
    ptr = bytes.bindMemory(to: CChar.self).baseAddress
    size = bytes.count
  }
}
