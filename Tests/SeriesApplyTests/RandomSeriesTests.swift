import Foundation
import KernelTree
import PatchMail
import SeriesApply
import TestSupport
import Testing

/// Random series of every kind of change, put on the tree they were made from by `git am` and by us: the same trees,
/// authors, dates and messages, every time.
@Suite struct RandomSeriesTests {
  static let seeds: ClosedRange<UInt64> = {
    let count = ProcessInfo.processInfo.environment["GMEMKIT_RANDOM_SERIES"].flatMap { UInt64($0) } ?? 12
    return 1...max(1, count)
  }()

  @Test(arguments: seeds) func agreesWithGitAm(seed: UInt64) async throws {
    var work = try RandomWork(seed: seed)
    let fixture = work.fixture
    try work.start()
    let base = try fixture.git("rev-parse", "HEAD")
    for number in 1...3 { try work.commit(number) }
    let mbox = try fixture.git(
      ["format-patch", "--stdout", "--binary"] + work.formatOptions() + ["\(base)..HEAD"])
    guard !mbox.isEmpty else { return }
    let path = fixture.path + ".mbox"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data((mbox + "\n").utf8).write(to: URL(filePath: path))
    try fixture.git("checkout", "-q", "-f", "--detach", base)
    try fixture.git("am", "-q", "-3", "--keep-cr", path)

    let repository = try KernelRepository(opening: fixture.path)
    let series = try await SeriesApplier.apply(
      SeriesInput.series(at: path), to: repository, onto: repository.commit(base))
    #expect(series.patches.allSatisfy { $0.status == .applied }, "\(series.patches.flatMap(\.failedHunks))")
    let expected = try await repository.commits(from: repository.commit(base), to: repository.commit("HEAD"))
    #expect(expected.count == series.patches.count)
    for (commit, patch) in zip(expected, series.patches) {
      let git = try await repository.commitContent(commit)
      let ours = try await repository.commitContent(#require(patch.commit))
      #expect(ours.tree == git.tree)
      #expect(ours.author == git.author)
      #expect(ours.message == git.message)
    }
  }
}

/// A repository that changes at random, the same way for the same seed.
private struct RandomWork {
  let fixture: GitFixture
  private var random: SplitMix
  private var files: [String] = []

  private static let names = [
    "a.c", "dir/b.c", "dir/sub/c.h", "x y.c", "q\"uote.c", "ümlaut.c", "tab\there.c", "back\\slash.c", "-dash.c",
    "dir with space/f.c", "Makefile", " lead.c", "new\nline.c",
  ]
  private static let odd = [
    "", "\t\tfoo(bar);", "}", "-- ", "---", "+++ b/x", "@@ -1 +1 @@", "\\ No newline at end of file", "é", "trailing  ",
    "diff --git a/x b/x", "dos\r",
  ]

  init(seed: UInt64) throws {
    fixture = try GitFixture()
    random = SplitMix(state: seed)
  }

  private mutating func below(_ limit: Int) -> Int { Int(random.next() % UInt64(limit)) }
  private mutating func pick<T>(_ list: [T]) -> T { list[below(list.count)] }

  private mutating func line() -> String { below(4) == 0 ? pick(Self.odd) : "line \(below(1_000_000))" }

  private mutating func content() -> String {
    switch below(8) {
    case 0: return ""
    case 1: return "\u{0}binary \(below(1000))\u{1}" + String(repeating: "x", count: below(200))
    default:
      let text = (0...below(40)).map { _ in line() }.joined(separator: "\n")
      return below(6) == 0 ? text : text + "\n"
    }
  }

  mutating func start() throws {
    for name in Self.names where below(3) > 0 {
      try fixture.write(name, content())
      files.append(name)
    }
    if files.isEmpty {
      try fixture.write("a.c", content())
      files.append("a.c")
    }
    try fixture.commit("base")
  }

  mutating func commit(_ number: Int) throws {
    for _ in 0...below(4) { try change() }
    let subject = pick(["subsys: change \(number)", "mm: [x] ünï 漢字 \(number)", "a:  double  blanks \(number)"])
    let body = pick(["", "\n\nBody.", "\n\n  indented\n\n> quoted\n\nSigned-off-by: A <a@example.org>"])
    try fixture.git("add", "-A", "-f")
    try fixture.git(
      "commit", "-q", "--allow-empty", "--author=Jürgen Ø <j@example.org>", "--date=\(1_600_000_000 + number) -0730",
      "-m", subject + body)
    // format-patch leaves out what changes nothing, and so must the comparison.
    if try fixture.git("diff", "--name-only", "HEAD~1", "HEAD").isEmpty { try fixture.git("reset", "-q", "HEAD~1") }
  }

  private mutating func change() throws {
    guard !files.isEmpty else { return }
    let index = below(files.count)
    let name = files[index]
    let url = URL(filePath: fixture.path + "/" + name)
    switch below(8) {
    case 0:
      let new = "new/\(below(100)).c"
      try fixture.write(new, content())
      if !files.contains(new) { files.append(new) }
    case 1:
      try FileManager.default.removeItem(at: url)
      files.remove(at: index)
    case 2:
      let new = "moved/\(below(1000)) \(url.lastPathComponent)"
      try fixture.write(new, try edited(url))
      try FileManager.default.removeItem(at: url)
      files[index] = new
    case 3:
      let new = "copied/\(below(1000)).c"
      try fixture.write(new, try edited(url))
      if !files.contains(new) { files.append(new) }
    case 4:
      let bits = try FileManager.default.attributesOfItem(atPath: url.path)[.posixPermissions] as? Int ?? 0o644
      try FileManager.default.setAttributes(
        [.posixPermissions: bits & 0o100 == 0 ? 0o755 : 0o644], ofItemAtPath: url.path)
    case 5:
      try FileManager.default.removeItem(at: url)
      try FileManager.default.createSymbolicLink(atPath: url.path, withDestinationPath: "to/\(below(100))")
      files.remove(at: index)
    default:
      let bits = try FileManager.default.attributesOfItem(atPath: url.path)[.posixPermissions] as? Int ?? 0o644
      try fixture.write(name, try edited(url))
      try FileManager.default.setAttributes([.posixPermissions: bits], ofItemAtPath: url.path)
    }
  }

  private mutating func edited(_ url: URL) throws -> String {
    let text = try String(contentsOf: url, encoding: .utf8)
    guard !text.contains("\u{0}"), below(3) > 0 else { return below(2) == 0 ? text : content() }
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let place = below(lines.count)
    if below(2) == 0 { lines.insert(line(), at: place) } else { lines[place] = line() }
    return lines.joined(separator: "\n")
  }

  mutating func formatOptions() -> [String] {
    pick([[], ["-M"], ["-C", "--find-copies-harder"], ["--no-renames"], ["-M", "-B"]])
      + pick([[], [], ["-U1"], ["-W"], ["--full-index"], ["--src-prefix=x/", "--dst-prefix=y/"], ["--attach"]])
  }
}

/// A small generator whose numbers are the same everywhere (Steele, Lea and Flood, 2014).
private struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
