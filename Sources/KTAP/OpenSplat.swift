import ByteText

/// A report that is being told.
struct OpenSplat {
  typealias Line = Slice<UnsafeBufferPointer<UInt8>>

  /// How a report's last line is known.
  enum End {
    /// `---[ end trace`.
    case endTrace
    /// A line of `=`.
    case rule
    /// What follows a trace and cannot be part of it.
    case trace
    /// `Killed process`.
    case killed
    /// It is one line.
    case line
  }

  let caller: UInt64
  private(set) var first: Int
  private(set) var kind: Splat.Kind?
  /// The kind as the title has it, which a message may have made more precise.
  private var opened: Splat.Kind?
  private(set) var end = End.endTrace
  var test: String?
  /// Whether only a trace proves that the kernel wrote it.
  var needsEvidence = false

  private var title = ""
  private var titleLine = 0
  private var titleIndex = 0
  private var message: String?
  private var place: SourcePlace?
  private var task: String?
  private var head: [String] = []
  private var tail: [String] = []
  private var count = 0
  private var last: Int
  private var trace: [TraceFrame] = []
  private var inTrace = false
  private var hasEvidence = false
  /// Lines since the last one that belongs to a trace.
  private var idle = 0

  private static let headLimit = 120
  private static let tailLimit = 60
  private static let lineLimit = 600
  private static let frameLimit = 256
  /// A report without an end mark is over after this many lines that no trace can contain.
  private static let patience = 3
  /// And one with an end mark after these, if the mark was lost.
  private static let endTracePatience = 40

  init(_ line: ConsoleLines.Line, test: String?) {
    caller = line.caller
    first = line.number
    last = line.number
    self.test = test
  }

  /// Takes over the line before it: a separator, or a message that was printed first.
  mutating func precede(_ text: String, _ number: Int, isMessage: Bool) {
    first = min(first, number)
    head.append(text)
    count += 1
    if isMessage { message = text }
  }

  /// The line that says what it is.
  mutating func name(_ kind: Splat.Kind, _ line: ConsoleLines.Line) {
    opened = kind
    titleLine = line.number
    titleIndex = head.count
    self.kind = message.map { text in Self.refined(kind, text) } ?? kind
    title = line.text.text
    place = SourcePlace(naming: line.text)
    end =
      switch kind {
      case .badAccess, .oops, .ubsan, .panic, .stackOverflow: .endTrace
      case .warning, .bug: Self.hasEndTrace(line.text) ? .endTrace : .trace
      case .badPage: KTAPLine.starts(line.text, "BUG: Bad page") ? .trace : .line
      case .kasan, .kcsan, .kfence, .kmsan: .rule
      case .outOfMemory: SplatTitles.contains(line.text, "Kill") ? .line : .killed
      case .lockdepOff, .deviceLeak: .line
      case .kmemleak: KTAPLine.starts(line.text, "kmemleak: ") ? .line : .trace
      default: .trace
      }
  }

  private static func hasEndTrace(_ title: Line) -> Bool {
    KTAPLine.starts(title, "WARNING: ") || KTAPLine.starts(title, "kernel BUG at ")
  }

  /// Whether a line that looks like a beginning begins another report. An oops is told in several lines that each look
  /// like one.
  func isEnded(by next: Splat.Kind) -> Bool {
    guard let opened else { return true }
    switch (opened, next) {
    case (.badAccess, .oops), (.bug, .oops), (.oops, .badAccess), (.oops, .oops), (.stackOverflow, .oops),
      (.oops, .stackOverflow), (.badAccess, .stackOverflow), (.stackOverflow, .stackOverflow),
      (.outOfMemory, .outOfMemory), (_, .lockdepOff):
      return false
    // The detail lines of a stall report begin like it.
    case (.rcuStall, .rcuStall): return idle > 0
    default: return true
    }
  }

  /// Whether it is over when a line of somebody else comes.
  mutating func isDone(after lines: Int) -> Bool {
    if kind == nil { return true }
    guard inTrace || end == .endTrace else {
      idle += lines
      return idle > Self.patience
    }
    idle += lines
    return idle > (end == .endTrace ? Self.endTracePatience : Self.patience)
  }

  /// Takes the next line of its caller if it belongs to it; `false` if the report is over.
  mutating func follow(_ line: ConsoleLines.Line) -> Bool {
    if SplatTitles.isEndTrace(line.text) {
      take(line)
      return false
    }
    switch end {
    case .line: return false
    case .rule where KTAPLine.starts(line.text, "=========="),
      .endTrace where kind == .ubsan && KTAPLine.starts(line.text, "=========="):
      take(line)
      return false
    // The rule above the next report.
    case .trace where kind?.isLocking == true && KTAPLine.starts(line.text, "=========="): return false
    case .killed where SplatTitles.contains(line.text, "Killed process"):
      take(line)
      return false
    default: break
    }
    if kind == nil, message == nil, !line.text.isEmpty { message = line.text.text }
    if SplatTitles.isTraceHeading(line.text) {
      inTrace = true
      hasEvidence = true
      idle = 0
    } else if inTrace, !Self.belongsToTrace(line.text) {
      idle += 1
    } else {
      idle = 0
    }
    guard end == .trace else {
      let limit = end == .killed ? Self.lineLimit : Self.endTracePatience
      guard idle < limit, count < Self.lineLimit else { return false }
      take(line)
      return true
    }
    // After the trace of a report without an end mark come lines of somebody else.
    if idle == 0 {
      guard count < (inTrace ? Self.lineLimit : linesBeforeTrace) else { return false }
      take(line)
      return true
    }
    guard idle < Self.patience, Self.isContinuation(line.text), count < Self.lineLimit else { return false }
    take(line)
    inTrace = false
    idle = 0
    return true
  }

  /// What may stand between the title and the trace: a lock's history or a slab's bytes are long.
  private var linesBeforeTrace: Int {
    guard let kind else { return Self.endTracePatience }
    return kind.isLocking || kind == .slabCorruption ? 400 : Self.endTracePatience
  }

  mutating func take(_ line: ConsoleLines.Line) {
    count += 1
    last = max(last, line.number)
    if trace.count < Self.frameLimit, !Self.isHistory(line.text), let frame = TraceFrame(line.text, number: line.number)
    {
      trace.append(frame)
    }
    noteTask(line.text)
    if head.count < Self.headLimit {
      head.append(line.text.text)
      return
    }
    tail.append(line.text.text)
    if tail.count > Self.tailLimit * 2 { tail.removeFirst(Self.tailLimit) }
  }

  /// The report, if it is one.
  func splat(isFull: Bool) -> Splat? {
    // "cut here" with nothing recognisable behind it is a warning all the same.
    guard let kind = kind ?? (count > 2 ? .warning : nil) else { return nil }
    if needsEvidence, !hasEvidence, trace.isEmpty { return nil }
    if self.end == .trace, !hasEvidence, !kind.isLocking, ![.rcuStall, .workqueueStall].contains(kind) {
      // Nothing that a report has followed: it was one line, and the rest is somebody else's.
      return Splat(
        kind: kind, title: title, message: message, place: place, task: task, lines: first...max(first, titleLine),
        text: Array(head.prefix(titleIndex + 1)), trace: trace.filter { $0.line == titleLine }, test: test)
    }
    let end = Array(tail.suffix(Self.tailLimit))
    let left = count - head.count - end.count
    let text = head + (left > 0 ? ["[... \(left) lines ...]"] : []) + end
    return Splat(
      kind: kind, title: title.isEmpty ? (message ?? head.first ?? "") : title,
      message: title.isEmpty ? nil : message, place: place, task: task, lines: first...max(first, last),
      text: isFull ? text : [], trace: isFull ? trace : Array(trace.prefix(8)), test: test)
  }

  private static func refined(_ kind: Splat.Kind, _ message: String) -> Splat.Kind {
    Array(message.utf8).withUnsafeBufferPointer { SplatTitles.refined(kind, message: $0[...]) }
  }

  /// `CPU: 1 UID: 0 PID: 77 Comm: guest_memfd_tes Not tainted 6.12.117+ #1`
  private mutating func noteTask(_ line: Line) {
    guard task == nil, KTAPLine.starts(line, "CPU: "), SplatTitles.contains(line, " Comm: "),
      let found = line.firstRange(of: Array(" Comm: ".utf8))
    else { return }
    hasEvidence = true
    let rest = line[found.upperBound...].text
    for end in [" Not tainted", " Tainted:", " Kdump:"] {
      if let range = rest.firstRange(of: end) {
        task = String(rest[..<range.lowerBound])
        return
      }
    }
    task = rest.split(separator: " ").first.map(String.init)
  }

  /// Positions that say when interrupts were last switched, not where anything stood.
  private static func isHistory(_ line: Line) -> Bool {
    KTAPLine.starts(line, "hardirqs last") || KTAPLine.starts(line, "softirqs last")
  }

  private static func belongsToTrace(_ line: Line) -> Bool {
    if line.isEmpty || line.first == 0x20 || TraceFrame(line, number: 0) != nil { return true }
    return registers.contains { KTAPLine.starts(line, $0) }
  }

  private static let registers: [StaticString] = [
    "RIP: ", "RSP: ", "RAX: ", "RDX: ", "RBP: ", "R10: ", "R13: ", "FS: ", "CS: ", "CR2: ", "DR0: ", "DR3: ", "PKRU: ",
    "Code: ", "ORIG_RAX", "EFLAGS", "<TASK>", "</TASK>", "<IRQ>", "</IRQ>", "<NMI>", "</NMI>", "pc : ", "lr : ",
    "sp : ", "pstate: ", "x2", "x1", "x0", "x5", "x8", "Modules linked in", "irq event stamp", "hardirqs last",
    "softirqs last",
  ]

  /// Some reports have a second part after a first trace.
  private static func isContinuation(_ line: Line) -> Bool {
    continuations.contains { KTAPLine.starts(line, $0) }
  }

  private static let continuations: [StaticString] = [
    "Sending NMI", "NMI backtrace", "CPU: ", "Hardware name", "rcu: ", "Showing all", "Showing busy", "Allocated by",
    "Freed by", "Call Trace:", "Call trace:", "task:",
  ]
}

extension SourcePlace {
  /// The place that a title names: `… at mm/filemap.c:10 …`, `UBSAN: … in mm/filemap.c:10:4`,
  /// `WARNING: mm/filemap.c:10 at …`; `nil` if it names none.
  init?(naming title: Slice<UnsafeBufferPointer<UInt8>>) {
    for word in title.split(separator: 0x20) {
      var word = word
      while let last = word.last, last == UInt8(ascii: "!") || last == UInt8(ascii: ",") { word = word.dropLast() }
      let fields = word.split(separator: UInt8(ascii: ":"))
      guard fields.count >= 2, let dot = fields[0].lastIndex(of: UInt8(ascii: ".")),
        Self.suffixes.contains(fields[0][(dot + 1)...].text), let line = Int(fields[1].text), line > 0
      else { continue }
      file = fields[0].text
      self.line = line
      return
    }
    return nil
  }

  private static let suffixes: Set<String> = ["c", "h", "S", "rs"]
}
