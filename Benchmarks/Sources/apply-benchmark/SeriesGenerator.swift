import Foundation

/// Makes a series of any length for a kernel tree, the same one for the same seed.
///
/// A patch changes one to four files: lines are replaced or inserted, now and then a file is new. One patch in three comes
/// back to a file that an earlier one has touched, as a real series does.
struct SeriesGenerator {
  let repository: String
  private var random: SplitMix
  private var touched: [String] = []
  private var contents: [String: [String]] = [:]
  private let paths: [String]

  init(repository: String, base: String, seed: UInt64) throws {
    self.repository = repository
    random = SplitMix(state: seed)
    let listing = try Child.git(["ls-tree", "-r", "-l", base], in: repository)
    paths = listing.split(separator: "\n").compactMap { line in
      let parts = line.split(separator: "\t", maxSplits: 1)
      guard parts.count == 2, parts[1].hasSuffix(".c") || parts[1].hasSuffix(".h"),
        let size = parts[0].split(separator: " ").last.flatMap({ Int($0) }), (400...120_000).contains(size)
      else { return nil }
      return String(parts[1])
    }
  }

  /// Commits `count` patches onto `base` as `branch`, and writes them as an mbox.
  mutating func write(_ count: Int, onto base: String, as branch: String, to mbox: String) throws {
    let stream = mbox + ".fast-import"
    defer { unlink(stream) }
    guard FileManager.default.createFile(atPath: stream, contents: nil),
      let file = FileHandle(forWritingAtPath: stream)
    else { throw BenchmarkError(what: "cannot write \(stream)") }
    var previous = base
    for number in 1...count {
      file.write(Data(try commit(number, of: count, onto: previous, base: base, branch: branch).utf8))
      previous = ""
    }
    try file.close()
    try Child.git(["fast-import", "--quiet", "--force"], in: repository, input: stream)
    let cost = try Child.run(
      // b4 finds the patches of a series by their ids.
      ["git", "format-patch", "--stdout", "--thread", "--no-signature", "\(base)..\(branch)"], in: repository,
      output: mbox)
    guard cost.status == 0 else { throw BenchmarkError(what: "git format-patch failed") }
  }

  private mutating func commit(
    _ number: Int, of count: Int, onto previous: String, base: String, branch: String
  ) throws -> String {
    let date = 1_730_000_000 + number * 60
    let message =
      "subsys: change number \(number) of \(count)\n\nA generated change.\n\nSigned-off-by: A Author <a@example.org>\n"
    var text = "commit refs/heads/\(branch)\ncommitter A Author <a@example.org> \(date) +0000\n"
    text += "data \(message.utf8.count)\n\(message)\n"
    if !previous.isEmpty { text += "from \(previous)\n" }
    var paths: Set<String> = []
    while paths.count < 1 + Int(random.next() % 4) {
      paths.insert(random.next() % 3 == 0 && !touched.isEmpty ? pick(touched) : pick(self.paths))
    }
    for path in paths.sorted() {
      var lines = try contents[path] ?? self.content(of: path, base: base)
      for _ in 0...Int(random.next() % 2) { edit(&lines, number) }
      contents[path] = lines
      touched.append(path)
      text += data(lines, path)
    }
    if number % 10 == 0 {
      let path = "drivers/generated/file-\(number).c"
      let lines = (0..<40).map { "int generated_\(number)_\($0);" }
      contents[path] = lines
      touched.append(path)
      text += data(lines, path)
    }
    return text
  }

  private func data(_ lines: [String], _ path: String) -> String {
    let content = lines.joined(separator: "\n") + "\n"
    return "M 100644 inline \(path)\ndata \(content.utf8.count)\n\(content)\n"
  }

  private mutating func edit(_ lines: inout [String], _ number: Int) {
    let place = Int(random.next() % UInt64(max(1, lines.count)))
    let line = "/* change \(number).\(random.next() % 1000) */"
    if random.next() % 2 == 0, place < lines.count { lines[place] = line } else { lines.insert(line, at: place) }
  }

  private func content(of path: String, base: String) throws -> [String] {
    try Child.git(["show", "\(base):\(path)"], in: repository)
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  private mutating func pick(_ list: [String]) -> String { list[Int(random.next() % UInt64(list.count))] }
}

/// A small generator whose numbers are the same everywhere (Steele, Lea and Flood, 2014).
struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
