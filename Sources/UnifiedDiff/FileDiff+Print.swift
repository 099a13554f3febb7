extension FileDiff {
  /// Appends the diff as git prints it. Header lines that were read are printed as they stood.
  public func print(to out: inout [UInt8]) {
    if header.isEmpty {
      printHeader(to: &out)
    } else {
      for line in header {
        out.append(contentsOf: line)
        out.append(0x0A)
      }
    }
    if case .content(let forward, let reverse) = binary {
      out.append(contentsOf: "GIT binary patch\n".utf8)
      for half in [forward, reverse] {
        guard let half else { continue }
        out.append(contentsOf: "\(half.kind.rawValue) \(half.size)\n".utf8)
        GitBase85.encode(half.deflated, into: &out)
        out.append(0x0A)
      }
    }
    for hunk in hunks { hunk.print(to: &out) }
  }

  private func printHeader(to out: inout [UInt8]) {
    func put(_ text: String) { out.append(contentsOf: text.utf8) }
    func octal(_ mode: UInt32) -> String { String(mode, radix: 8) }
    func name(_ prefix: String, _ path: String?) -> String {
      guard let path else { return "/dev/null" }
      return String(decoding: QuotedPath.quoted(prefix + path), as: UTF8.self)
    }
    let old = oldPath ?? newPath
    let new = newPath ?? oldPath
    if isGit {
      put("diff --git \(name("a/", old)) \(name("b/", new))\n")
      switch change {
      case .create: put("new file mode \(octal(newMode ?? 0o100644))\n")
      case .delete: put("deleted file mode \(octal(oldMode ?? 0o100644))\n")
      case .modify, .rename, .copy:
        if let oldMode, let newMode, oldMode != newMode {
          put("old mode \(octal(oldMode))\nnew mode \(octal(newMode))\n")
        }
      }
      if change == .rename || change == .copy {
        if let similarity { put("similarity index \(similarity)%\n") }
        put("\(change.rawValue) from \(name("", oldPath))\n\(change.rawValue) to \(name("", newPath))\n")
      }
      if let oldBlob, let newBlob {
        let mode = modeOnIndexLine ? oldMode.map { " " + octal($0) } ?? "" : ""
        put("index \(oldBlob)..\(newBlob)\(mode)\n")
      }
    }
    if binary == .withheld {
      put("Binary files \(name("a/", oldPath)) and \(name("b/", newPath)) differ\n")
    } else if !hunks.isEmpty {
      // git ends a name that holds a blank with a tab, so that it can be told from a date
      func line(_ mark: String, _ prefix: String, _ path: String?) {
        put("\(mark) \(name(prefix, path))\(path?.contains(" ") == true ? "\t" : "")\n")
      }
      line("---", "a/", oldPath)
      line("+++", "b/", newPath)
    }
  }
}

extension Hunk {
  /// Appends header and lines as git prints them.
  public func print(to out: inout [UInt8]) {
    out.append(contentsOf: header.utf8)
    out.append(contentsOf: section)
    out.append(0x0A)
    for line in lines {
      out.append(line.kind.rawValue)
      out.append(contentsOf: line.text)
      out.append(0x0A)
      if line.noNewlineAtEnd { out.append(contentsOf: "\\ No newline at end of file\n".utf8) }
    }
  }
}
