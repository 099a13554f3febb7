import ByteText

/// Finds the test programs that use what a series touches, by the names they share.
struct TestRanking {
  /// A program as the ranking sees it.
  struct Program {
    let directory: String
    let name: String
    /// The path of its source, which several programs may be made from.
    let source: String
    /// The identifiers of its source.
    let vocabulary: Set<String>
  }

  /// A program with the names that speak for it.
  struct Match {
    let directory: String
    let program: String
    let score: Double
    let names: [String]
    /// Whether the program is called like a whole touched file: `mremap_test` of `mm/mremap.c`.
    var isNamesake = false
  }

  /// Constants of the user interface near the changed lines.
  private var constants: Set<String> = []
  /// The system calls that a touched file defines.
  private var calls: Set<String> = []
  /// Names of touched files, such as `guest_memfd`.
  private var stems: Set<String> = []
  /// The words of each touched file's name, such as `guest` and `memfd`.
  private var fileNames: Set<Set<String>> = []
  /// The names of the directories they are in, such as `futex`.
  private var folders: Set<String> = []
  /// In how many of all programs in question each of these names is.
  private var users: [String: Int] = [:]
  private var population = 0

  /// Learns from the changed kernel files.
  ///
  /// - Parameters:
  ///   - programs: all that are to be compared.
  ///   - interface: whether a constant is one of the user interface's.
  init(files: [ChangedFile], among programs: [Program], interface: (String) -> Bool) {
    for file in files {
      guard let new = file.new else { continue }
      let base = file.path.split(separator: "/").last.map(String.init) ?? file.path
      let stem = String(base.prefix { $0 != "." })
      if stem.contains("_"), stem.count >= 6 { stems.insert(stem) }
      fileNames.insert(Set(stem.split { $0 == "_" || $0 == "-" }.map(String.init).filter(Self.tells)))
      folders.formUnion(file.path.split(separator: "/").dropLast().suffix(1).map(String.init).filter(Self.tells))
      let ranges = new.lineRanges()
      // Small files are one subject; of a large one only the surroundings of the change are.
      var near: Set<Int> = []
      if ranges.count <= 1_500 {
        near = Set(ranges.indices)
      } else {
        for line in file.addedLines() { near.formUnion(max(0, line - 30)..<min(ranges.count, line + 30)) }
      }
      for index in near {
        constants.formUnion(Identifiers.all(in: new[ranges[index]] + [0x0A]).filter(Identifiers.isConstant))
        if let call = Self.systemCall(new[ranges[index]].text) { calls.insert(call) }
      }
    }
    constants = constants.filter { interface($0) && !Self.everybodys.contains($0) }
    population = programs.count
    for program in programs {
      for name in program.vocabulary where constants.contains(name) || calls.contains(name) || !stemsIn(name).isEmpty {
        users[name, default: 0] += 1
      }
    }
  }

  /// The programs whose own names have a word of a touched file's, best first; a word that most of them have, or that is
  /// their directory's, tells nothing.
  func named(among programs: [String], in directory: String) -> [Match] {
    let home = directory.split(separator: "/").last.map(String.init) ?? directory
    let split = programs.map(Self.words)
    let fileWords = fileNames.reduce(into: Set<String>()) { $0.formUnion($1) }
    func shared(_ words: Set<String>, _ own: Set<String>) -> [String] {
      words.filter { word in
        word != home && own.contains { $0 == word || ($0.hasPrefix(word) && word.count >= 4) }
          && split.filter { $0.contains(word) }.count * 4 <= max(programs.count * 3, 12)
      }.sorted()
    }
    var matches: [Match] = []
    for (program, own) in zip(programs, split) {
      let (file, folder) = (shared(fileWords, own), shared(folders.subtracting(fileWords), own))
      if !file.isEmpty || !folder.isEmpty {
        // What is called like the file is closer than what is called like its directory.
        let score = Double(2 * file.count + folder.count)
        let isNamesake = fileNames.contains { !$0.isDisjoint(with: file) && $0.isSubset(of: own.union(file)) }
        matches.append(
          Match(
            directory: directory, program: program, score: score, names: file + folder, isNamesake: isNamesake))
      }
    }
    let ordered = matches.sorted {
      ($0.score, -Self.distance($0), $1.program) > ($1.score, -Self.distance($1), $0.program)
    }
    // By turns, so that a file with many namesakes leaves room for another one's.
    var turns: [[String]: Int] = [:]
    let turn = ordered.map { match in
      turns[match.names, default: 0] += 1
      return turns[match.names] ?? 0
    }
    return ordered.indices.sorted { (turn[$0], $0) < (turn[$1], $1) }.map { ordered[$0] }
  }

  /// How much more than the shared words is in a program's name: `mremap_test` is closer to mremap than `hugepage-mremap`.
  private static func distance(_ match: Match) -> Int {
    let words = match.program.split { "_-/".contains($0) }.map { $0.lowercased() }
    let last = match.program.split(separator: "/").last ?? ""
    return 2 * words.count + (match.names.contains { last.hasPrefix($0) } ? 0 : 1)
  }

  /// Constants that are in some header for user space and belong to no subsystem.
  private static let everybodys: Set<String> = [
    "PAGE_SIZE", "PAGE_SHIFT", "PAGE_MASK", "INT_MAX", "INT_MIN", "UINT_MAX", "LONG_MAX", "ULONG_MAX", "PATH_MAX",
    "CLOCK_MONOTONIC", "CLOCK_REALTIME", "TASK_COMM_LEN", "BITS_PER_LONG", "CONFIG_SMP", "ARRAY_SIZE",
    "O_CLOEXEC", "O_NONBLOCK", "S_IRUSR", "S_IWUSR", "S_IXUSR", "S_IRGRP", "S_IWGRP", "S_IROTH", "S_IRUGO", "S_IWUGO",
    "S_IFMT", "S_IFREG", "S_IFDIR",
  ]

  private static func tells(_ word: some StringProtocol) -> Bool {
    word.count >= 2
      && !["core", "main", "lib", "kernel", "common", "init", "util", "utils", "test", "linux"].contains(word)
  }

  private static func words(_ name: String) -> Set<String> {
    Set(name.split { "_-/".contains($0) }.map { $0.lowercased() })
  }

  /// `setitimer` in `SYSCALL_DEFINE3(setitimer, …`.
  private static func systemCall(_ line: String) -> String? {
    guard line.hasPrefix("SYSCALL_DEFINE"), let open = line.firstIndex(of: "(") else { return nil }
    let name = line[line.index(after: open)...].prefix { $0.isLetter || $0.isNumber || $0 == "_" }
    return name.isEmpty ? nil : String(name)
  }

  private func stemsIn(_ name: String) -> [String] {
    stems.isEmpty ? [] : stems.filter(name.lowercased().contains)
  }

  /// The programs that share rare names with the change, best first.
  ///
  /// - Parameter rarity: the number of programs that may share a name; a quarter of all if it is not given.
  func matches(among programs: [Program], rarity: Int? = nil) -> [Match] {
    let most = rarity ?? max(population, 16) / 4
    var here: [String: Int] = [:]
    for program in programs {
      // A name that every second test has says nothing about this series.
      for name in program.vocabulary where users[name, default: 0] > 0 && users[name, default: 0] <= most {
        here[name, default: 0] += 1
      }
    }
    var matches: [Match] = []
    for program in programs {
      var score = 0.0
      var reasons: [(Double, String)] = []
      for name in program.vocabulary {
        guard let count = here[name], constants.contains(name) || calls.contains(name) else { continue }
        score += 1 / Double(count)
        reasons.append((1 / Double(count), name))
      }
      for stem in stems {
        let carriers = program.vocabulary.filter { here[$0] != nil && stemsIn($0).contains(stem) }
        let isNamed = program.name.contains(stem)
        guard let carrier = carriers.min() ?? (isNamed ? stem : nil) else { continue }
        score += isNamed ? 4 : 2
        reasons.append((4, carrier))
      }
      if score > 0 {
        var names: [String] = []
        for (_, name) in reasons.sorted(by: { ($0.0, $1.1) > ($1.0, $0.1) }) where !names.contains(name) {
          names.append(name)
        }
        matches.append(
          Match(
            directory: program.directory, program: program.name, score: score, names: Array(names.prefix(3))))
      }
    }
    return matches.sorted {
      ($0.score, $1.directory, $1.program) > ($1.score, $0.directory, $0.program)
    }
  }
}
