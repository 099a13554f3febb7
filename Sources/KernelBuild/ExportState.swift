import ByteText
import KernelTree

/// What `source/` holds: the files of a base tree, those that differ from it, and those that a killed export left open.
///
/// On disk: the rules by which files were chosen, `base <tree>`, then a line `<mode> <blob> <path>` per file that differs (`0 - <path>` for one that is not there),
/// `? <path>` per file in question, `?` alone if every file is.
struct ExportState: Sendable {
  private(set) var base: ObjectID?
  private(set) var overlay: [String: TreeEntry?] = [:]
  private(set) var inQuestion: Set<String> = []
  private(set) var allInQuestion = false

  /// Changes whenever other files than before are left out of an export.
  private static let rules = 2

  private static func head(_ architecture: String) -> String { "export \(rules) \(architecture)" }

  /// Reads the state; one that cannot be read, or was made by other rules, puts every file in question.
  init(contents: [UInt8]?, architecture: String) {
    guard let contents, contents.starts(with: Array((Self.head(architecture) + "\n").utf8)) else {
      allInQuestion = true
      return
    }
    for range in contents.lineRanges() {
      let parts = contents[range].text.split(separator: " ", maxSplits: 2)
      switch (parts.first, parts.count) {
      case ("base", 2): base = ObjectID(hex: parts[1])
      case ("?", 1): allInQuestion = true
      case ("?", 2...): inQuestion.insert(contents[range].dropFirst(2).text)
      case (_, 3):
        let path = String(parts[2])
        guard let mode = UInt32(parts[0], radix: 8) else { continue }
        overlay[path] = .some(ObjectID(hex: parts[1]).map { TreeEntry(mode: mode, id: $0) })
      default: continue
      }
    }
    if base == nil { allInQuestion = true }
  }

  private init(base: ObjectID, overlay: [String: TreeEntry?], inQuestion: Set<String>, all: Bool) {
    self.base = base
    self.overlay = overlay
    self.inQuestion = inQuestion
    allInQuestion = all
  }

  /// The state as it is kept on disk.
  func serialised(for architecture: String) -> [UInt8] {
    var text = Self.head(architecture) + "\n"
    text += base.map { "base \($0.hex)\n" } ?? ""
    if allInQuestion { text += "?\n" }
    for (path, entry) in overlay.sorted(by: { $0.key < $1.key }) {
      text += entry.map { "\(String($0.mode, radix: 8)) \($0.id.hex) \(path)\n" } ?? "0 - \(path)\n"
    }
    for path in inQuestion.sorted() { text += "? \(path)\n" }
    return Array(text.utf8)
  }

  /// Plans the way from this state to `tree`.
  func step(
    to tree: ObjectID, over newBase: ObjectID, in repository: KernelRepository, needed: (String) -> Bool
  ) async throws(TreeError) -> ExportStep {
    let after = try await Self.difference(from: newBase, to: tree, in: repository, needed: needed)
    let reached = ExportState(base: newBase, overlay: after, inQuestion: [], all: false)
    guard let base, !allInQuestion,
      let target = try? await Self.difference(
        from: base, to: tree, in: repository, needed: needed)
    else {
      let all = try await repository.changes(from: nil, to: tree).filter { needed($0.path) }
      return ExportStep(
        changes: all, during: ExportState(base: newBase, overlay: [:], inQuestion: [], all: true), after: reached,
        inQuestion: .all)
    }
    var touched = inQuestion
    for (path, entry) in target where overlay[path] != .some(entry) { touched.insert(path) }
    for path in overlay.keys where target[path] == nil { touched.insert(path) }
    var changes: [TreeChange] = []
    for path in touched.sorted() {
      let entry = try await repository.entry(at: path, in: tree)
      changes.append(TreeChange(path: path, old: nil, new: entry))
    }
    let during = ExportState(
      base: base, overlay: overlay.filter { !touched.contains($0.key) }, inQuestion: touched, all: false)
    return ExportStep(changes: changes, during: during, after: reached, inQuestion: .some(inQuestion))
  }

  private static func difference(
    from base: ObjectID, to tree: ObjectID, in repository: KernelRepository, needed: (String) -> Bool
  ) async throws(TreeError) -> [String: TreeEntry?] {
    var difference: [String: TreeEntry?] = [:]
    for change in try await repository.changes(from: base, to: tree) where needed(change.path) {
      difference[change.path] = .some(change.new)
    }
    return difference
  }
}

/// The way from one state of `source/` to the next.
struct ExportStep: Sendable {
  /// Files whose content on disk cannot be taken for granted.
  enum Questionable: Sendable {
    case all
    case some(Set<String>)

    func contains(_ path: String) -> Bool {
      switch self {
      case .all: true
      case .some(let paths): paths.contains(path)
      }
    }
  }

  /// What to write (`new`) or remove (`new` is nil).
  let changes: [TreeChange]
  /// The state while it happens.
  let during: ExportState
  /// The state once it has happened.
  let after: ExportState
  /// What a killed export left open.
  let inQuestion: Questionable
}
