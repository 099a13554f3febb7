import ByteText

/// Finds the test programs that use what a series touches, by the names they share.
struct TestRanking {
  /// A program with the names that speak for it.
  struct Match {
    let program: String
    let score: Double
    let names: [String]
  }

  /// Constants of the user interface near the changed lines.
  private var constants: Set<String> = []
  /// Names of touched files, such as `guest_memfd`.
  private var stems: Set<String> = []
  /// The words of touched files' names and of the directory they are in, such as `hugetlb` and `futex`.
  private var words: Set<String> = []

  /// Learns from the changed kernel files.
  ///
  /// - Parameter interface: whether a constant is one of the user interface's.
  init(files: [ChangedFile], interface: (String) -> Bool = { _ in true }) {
    for file in files {
      guard let new = file.new else { continue }
      let base = file.path.split(separator: "/").last.map(String.init) ?? file.path
      let stem = String(base.prefix { $0 != "." })
      if stem.contains("_"), stem.count >= 6 { stems.insert(stem) }
      let directory = file.path.split(separator: "/").dropLast().last ?? ""
      words.formUnion((stem.split { $0 == "_" || $0 == "-" } + [directory]).map(String.init).filter(Self.tells))
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
      }
    }
    constants = constants.filter { interface($0) && !Self.everybodys.contains($0) }
  }

  /// The programs whose own names have a word of a touched file's, best first; a word that most of them have tells nothing.
  func named(among programs: [String]) -> [Match] {
    let split = programs.map { Set($0.split { "_-/".contains($0) }.map { String($0).lowercased() }) }
    var matches: [Match] = []
    for (program, own) in zip(programs, split) {
      let shared = words.filter { word in
        own.contains { $0 == word || ($0.hasPrefix(word) && word.count >= 4) }
          && split.filter { $0.contains(word) }.count * 4 <= max(programs.count * 3, 12)
      }
      if !shared.isEmpty {
        matches.append(Match(program: program, score: Double(shared.count), names: shared.sorted()))
      }
    }
    return matches.sorted { ($0.score, $1.program) > ($1.score, $0.program) }
  }

  /// Constants that are in some header for user space and belong to no subsystem.
  private static let everybodys: Set<String> = [
    "PAGE_SIZE", "PAGE_SHIFT", "PAGE_MASK", "INT_MAX", "INT_MIN", "UINT_MAX", "LONG_MAX", "ULONG_MAX", "PATH_MAX",
    "CLOCK_MONOTONIC", "CLOCK_REALTIME", "TASK_COMM_LEN", "BITS_PER_LONG", "CONFIG_SMP",
  ]

  private static func tells(_ word: some StringProtocol) -> Bool {
    word.count >= 3
      && !["core", "main", "lib", "kernel", "common", "init", "util", "utils", "test", "linux"].contains(word)
  }

  /// The programs that share rare names with the change, best first.
  func matches(among programs: [(name: String, source: [UInt8])]) -> [Match] {
    let vocabularies = programs.map { Identifiers.all(in: $0.source + [0x0A]) }
    var frequency: [String: Int] = [:]
    for vocabulary in vocabularies {
      for name in vocabulary where constants.contains(name) { frequency[name, default: 0] += 1 }
    }
    var matches: [Match] = []
    for (program, vocabulary) in zip(programs, vocabularies) {
      var score = 0.0
      var reasons: [(Double, String)] = []
      for name in vocabulary where constants.contains(name) {
        let users = frequency[name] ?? 1
        // A name that every second test has says nothing about this series.
        guard users * 4 <= max(programs.count, 4) else { continue }
        let weight = 1.0 / Double(users)
        score += weight
        reasons.append((weight, name))
      }
      for stem in stems {
        let carriers = vocabulary.filter { $0.lowercased().contains(stem) }
        guard let carrier = carriers.min() ?? (program.name.contains(stem) ? stem : nil) else { continue }
        score += program.name.contains(stem) ? 4 : 2
        reasons.append((4, carrier))
      }
      if score > 0 {
        let names = reasons.sorted { ($0.0, $1.1) > ($1.0, $0.1) }.prefix(3).map(\.1)
        matches.append(Match(program: program.name, score: score, names: names))
      }
    }
    return matches.sorted { ($0.score, $1.program) > ($1.score, $0.program) }
  }
}
