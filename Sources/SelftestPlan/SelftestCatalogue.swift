import ByteText

/// The tree's own selftests: which directories belong to a file, which programs a directory builds, what they use.
struct SelftestCatalogue: Sendable {
  /// Where the tree keeps them.
  static let root = "tools/testing/selftests/"

  private let tree: TreeReader
  private let architecture: String
  /// The other architectures.
  private let others: Set<String>

  /// - Parameter architecture: the directory below `arch/`, by which per-architecture lists are told apart.
  init(tree: TreeReader, architecture: String) {
    self.tree = tree
    self.architecture = architecture
    let names = tree.paths(below: "arch/").filter { $0.hasSuffix("/Kconfig") }.map { $0.split(separator: "/") }
    others = Set(names.filter { $0.count == 3 }.map { String($0[1]) }).subtracting([architecture])
  }

  /// The selftest directory that a path below the root belongs to: the nearest one upwards with a Makefile.
  func directory(of path: String) -> String? {
    guard path.hasPrefix(Self.root) else { return nil }
    var parts = path.dropFirst(Self.root.count).split(separator: "/").dropLast()
    while !parts.isEmpty {
      let name = parts.joined(separator: "/")
      if tree.read(Self.root + name + "/Makefile") != nil { return name }
      parts.removeLast()
    }
    return nil
  }

  /// The selftest directories that MAINTAINERS puts into the same entries as the file, with the entry's title.
  func directories(maintainedWith path: String) -> [(directory: String, entry: String)] {
    guard let bytes = tree.read("MAINTAINERS") else { return [] }
    var found: [(String, String)] = []
    var title = ""
    var matches = false
    var selftests: [String] = []
    var candidates: [(Int, String, [String])] = []
    var depth = 0
    func close() {
      if matches, !selftests.isEmpty { candidates.append((depth, title, selftests)) }
      (matches, selftests, depth) = (false, [], 0)
    }
    for range in bytes.lineRanges() {
      let line = bytes[range]
      guard let first = line.first else { continue }
      if line.starts(with: [UInt8(ascii: "F"), UInt8(ascii: ":")]) {
        let pattern = line.dropFirst(2).text.filter { !$0.isWhitespace }
        if Self.matches(path, pattern) {
          matches = true
          depth = max(depth, pattern.split(separator: "/").count)
        }
        if pattern.hasPrefix(Self.root) { selftests.append(pattern) }
      } else if line.dropFirst().first != UInt8(ascii: ":"), first != 0x20, first != 0x09 {
        close()
        title = line.text
      }
    }
    close()
    // The entry whose pattern names the file most closely comes first; "THE REST" and its like have no selftests.
    for (_, entry, patterns) in candidates.sorted(by: { $0.0 > $1.0 }) {
      for pattern in patterns {
        let probe = pattern.hasSuffix("/") ? pattern + "x" : pattern
        if let directory = directory(of: probe), !found.contains(where: { $0.0 == directory }) {
          found.append((directory, entry))
        }
      }
    }
    return found.map { (directory: $0.0, entry: $0.1) }
  }

  /// A directory with those that its Makefile's `SUBDIRS` names.
  func withSubdirectories(_ directory: String) -> [String] {
    [directory]
      + words(of: ["SUBDIRS"], in: directory).map { directory + "/" + $0.filter { $0 != "/" } }
      .filter { tree.read(Self.root + $0 + "/Makefile") != nil }
  }

  /// The directories below one that have a Makefile of their own and that its Makefile does not name.
  func nested(below directory: String) -> [String] {
    let prefix = Self.root + directory + "/"
    let named = Set(withSubdirectories(directory))
    return tree.paths(below: prefix).filter { $0.hasSuffix("/Makefile") }
      .map { String($0.dropFirst(Self.root.count).dropLast("/Makefile".count)) }.filter { !named.contains($0) }
  }

  /// The directories within some others that are named like the directory that the file is in: `net/unix/garbage.c` has
  /// `net/af_unix` within `net`.
  func directories(within directories: [String], namedLikeFolderOf path: String) -> [String] {
    guard let folder = path.split(separator: "/").dropLast().last, !Self.everywhere.contains(String(folder)) else {
      return []
    }
    return directories.flatMap(nested).filter { nested in
      let words = nested.split(separator: "/").last?.split { "_-".contains($0) } ?? []
      return words.contains(folder) && !(programs(in: nested).isEmpty && scripts(in: nested).isEmpty)
    }
  }

  /// The directories named like the file itself, wherever they are: `fs/eventfd.c` has `filesystems/eventfd`.
  ///
  /// Names of hardware code are short and many; they prove nothing.
  func directories(namedAfter path: String) -> [String] {
    let parts = path.split(separator: "/")
    guard let base = parts.last, !["drivers", "sound", "arch"].contains(parts.first ?? "") else { return [] }
    let stem = base.prefix { $0 != "." }
    guard stem.count >= 4, !Self.everywhere.contains(String(stem)) else { return [] }
    return tree.paths(below: Self.root).filter { $0.hasSuffix("/\(stem)/Makefile") }
      .map { String($0.dropFirst(Self.root.count).dropLast("/Makefile".count)) }.filter { !isForeign($0) }
  }

  /// Names of files and directories that stand for no subject.
  private static let everywhere: Set<String> = ["core", "common", "devices", "kernel", "include", "size"]

  /// The programs that a directory's Makefile builds for this architecture.
  ///
  /// Where the directory's own tests are scripts only, what it builds for them (`TEST_GEN_FILES`) counts.
  func programs(in directory: String) -> [String] {
    let own = ownPrograms(in: directory)
    return own.isEmpty ? sources(among: words(of: ["TEST_GEN_FILES"], in: directory), in: directory) : own
  }

  /// Those of a directory's programs that can run by themselves: kselftest's runner starts `TEST_GEN_PROGS` without
  /// arguments, of the others it is known only if a script does.
  func runnablePrograms(in directory: String) -> [String] {
    if Self.isBuiltByClang(directory) { return [] }
    let own = ownPrograms(in: directory)
    guard own.isEmpty else { return own }
    let scripts = scripts(in: directory)
    // What a directory without a test of its own builds is a helper of other directories' scripts.
    if scripts.isEmpty { return [] }
    guard let alone = programsWithoutArguments(in: directory, scripts) else { return programs(in: directory) }
    return programs(in: directory).filter(alone.contains)
  }

  private func ownPrograms(in directory: String) -> [String] {
    let suffixes =
      architecture == "x86"
      ? ["", "_x86_64", "_x86"] : architecture == "arm64" ? ["", "_aarch64", "_arm64"] : ["", "_" + architecture]
    // `TEST_PROGS` are run as they stand; most are scripts, which have no source.
    return sources(
      among: words(of: suffixes.map { "TEST_GEN_PROGS" + $0 } + ["TEST_PROGS"], in: directory), in: directory)
  }

  /// The scripts that are tests of a directory, or run its programs.
  func scripts(in directory: String) -> [String] {
    words(of: ["TEST_PROGS"], in: directory).filter { $0.hasSuffix(".sh") || $0.hasSuffix(".py") }
  }

  /// The programs that a directory's scripts start without an argument; `nil` if none of them starts programs.
  private func programsWithoutArguments(in directory: String, _ scripts: [String]) -> Set<String>? {
    var alone: Set<String> = []
    var calls = 0
    for script in scripts {
      for line in (tree.read(Self.root + directory + "/" + script) ?? []).text.split(separator: "\n") {
        let words = line.split(whereSeparator: \.isWhitespace)
        guard let call = words.firstIndex(where: { $0.hasPrefix("./") }) else { continue }
        calls += 1
        if call == words.count - 1 { alone.insert(String(words[call].dropFirst(2))) }
      }
    }
    return calls == 0 ? nil : alone
  }

  private func makefile(of directory: String) -> SelftestMakefile? {
    let base = Self.root + directory
    return tree.read(base + "/Makefile").map { bytes in
      SelftestMakefile(bytes) { tree.files(in: base).map { String($0.dropFirst(base.count + 1)) } }
    }
  }

  /// Whether a directory's Makefile has more than is read of one.
  func isCut(_ directory: String) -> Bool { makefile(of: directory)?.isCut == true }

  /// The words that a directory's Makefile assigns to variables.
  private func words(of wanted: [String], in directory: String) -> [String] {
    makefile(of: directory)?.words(of: wanted) ?? []
  }

  /// The words that are programs with a source, each once.
  private func sources(among words: [String], in directory: String) -> [String] {
    guard let makefile = makefile(of: directory) else { return [] }
    var seen: Set<String> = []
    return words.filter { word in
      guard let source = sourcePath(of: word, in: directory, makefile) else { return false }
      // `%_32` beside `%_64`: the same for the machine's older instruction set, which the guest's compiler need not have.
      let isOlder = word.hasSuffix("_32") && !source.hasSuffix("_32.c")
      return !isOlder && seen.insert(word).inserted
    }
  }

  private func sourcePath(of program: String, in directory: String, _ makefile: SelftestMakefile) -> String? {
    let base = Self.root + directory + "/"
    return ([program + ".c"] + makefile.sources(of: program)).map { base + $0 }.first(
      where: tree.paths.contains(sorted:))
  }

  /// Directories named like a directory on the way to the file: `arch/x86/mm/…` has `x86` and `mm`, the nearest first.
  func directories(namedLike path: String) -> [String] {
    let parts = path.split(separator: "/").map(String.init)
    var candidates: [String] = []
    for start in parts.indices.dropLast() {
      candidates.append(parts[start...].dropLast().joined(separator: "/"))
    }
    for part in parts.dropLast().reversed() { candidates += ["filesystems/" + part, part] }
    let found = candidates.filter {
      !["lib", "core", "kernel", "include"].contains($0) && tree.read(Self.root + $0 + "/Makefile") != nil
    }
    return found.isEmpty ? [] : [found[0]]
  }

  /// The options that a directory's `config` file asks for.
  func configuration(of directory: String) -> [UInt8]? { tree.read(Self.root + directory + "/config") }

  /// The seconds that a directory's `settings` file allows a program; 0 there is as long as it takes, here as long as
  /// anybody would wait.
  func timeout(of directory: String) -> Int? {
    let lines = (tree.read(Self.root + directory + "/settings") ?? []).text.split(separator: "\n")
    let seconds = lines.compactMap { $0.hasPrefix("timeout=") ? Int($0.dropFirst(8)) : nil }.last
    return seconds == 0 ? 300 : seconds
  }

  /// The source of a program, which its name may have more than: `connect_ipv4` is made from `connect.c`.
  func source(of program: String, in directory: String) -> (path: String, text: [UInt8])? {
    guard let makefile = makefile(of: directory), let path = sourcePath(of: program, in: directory, makefile) else {
      return nil
    }
    return tree.read(path).map { (path, $0) }
  }

  /// The programs of a directory that can run alone, with what their sources name.
  func rankedPrograms(in directory: String) -> [TestRanking.Program] {
    runnablePrograms(in: directory).compactMap { name in
      source(of: name, in: directory).map { source in
        TestRanking.Program(
          directory: directory, name: name, source: source.path, vocabulary: Identifiers.all(in: source.text + [0x0A]))
      }
    }
  }

  /// What the sources name that a directory keeps in `lib/` for its programs.
  func sharedNames(of directory: String) -> Set<String> {
    sources(below: directory + "/lib").reduce(into: []) { $0.formUnion(Identifiers.all(in: $1 + [0x0A])) }
  }

  /// The texts of the C sources that stand in a directory itself.
  func sources(below directory: String) -> [[UInt8]] {
    tree.files(in: Self.root + directory).filter { $0.hasSuffix(".c") }.compactMap(tree.read)
  }

  /// All directories with programs that this architecture can run, for changes that no name leads from.
  func everyDirectory() -> [String] {
    tree.paths(below: Self.root).filter { $0.hasSuffix("/Makefile") }
      .map { String($0.dropFirst(Self.root.count).dropLast("/Makefile".count)) }
      .filter { !isForeign($0) && !Self.isBuiltByClang($0) }
  }

  /// Whether a directory is called like another architecture, `powerpc/ptrace`; `sparc64` is of sparc.
  private func isForeign(_ directory: String) -> Bool {
    guard let first = directory.split(separator: "/").first, !first.hasPrefix(architecture) else { return false }
    return others.contains { first.hasPrefix($0) }
  }

  /// Whether a directory's programs are built by clang with the kernel's type information, which is not done here.
  static func isBuiltByClang(_ directory: String) -> Bool {
    directory.split(separator: "/").first.map { ["bpf", "sched_ext", "hid"].contains($0) } ?? false
  }

  /// A pattern of MAINTAINERS: a directory with everything below, or a glob that stops at slashes.
  private static func matches(_ path: String, _ pattern: String) -> Bool {
    if pattern.hasSuffix("/") { return path.hasPrefix(pattern) }
    guard pattern.contains("*") || pattern.contains("?") else {
      return path == pattern || path.hasPrefix(pattern + "/")
    }
    return glob(Array(pattern.utf8)[...], Array(path.utf8)[...])
  }

  private static func glob(_ pattern: ArraySlice<UInt8>, _ text: ArraySlice<UInt8>) -> Bool {
    guard let first = pattern.first else { return text.isEmpty }
    if first == UInt8(ascii: "*") {
      let rest = pattern.drop { $0 == UInt8(ascii: "*") }
      var tail = text
      while true {
        if glob(rest, tail) { return true }
        guard let next = tail.first, next != UInt8(ascii: "/") else { return false }
        tail = tail.dropFirst()
      }
    }
    guard let next = text.first, next == first || (first == UInt8(ascii: "?") && next != UInt8(ascii: "/")) else {
      return false
    }
    return glob(pattern.dropFirst(), text.dropFirst())
  }
}

extension TreeReader {
  /// The paths of the files that stand in a directory itself.
  public func files(in directory: String) -> [String] {
    let prefix = directory + "/"
    return paths(below: prefix).filter { !$0.dropFirst(prefix.count).contains("/") }
  }

  /// The paths that begin with `prefix`, found by bisection.
  public func paths(below prefix: String) -> ArraySlice<String> {
    var low = 0
    var high = paths.count
    while low < high {
      let middle = (low + high) / 2
      if paths[middle] < prefix { low = middle + 1 } else { high = middle }
    }
    let end = paths[low...].firstIndex { !$0.hasPrefix(prefix) } ?? paths.endIndex
    return paths[low..<end]
  }
}

extension [String] {
  /// Whether the sorted array has the element.
  fileprivate func contains(sorted element: String) -> Bool {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if self[middle] < element { low = middle + 1 } else { high = middle }
    }
    return low < count && self[low] == element
  }
}
