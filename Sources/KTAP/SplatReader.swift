import ByteText

/// Finds splats in a console log, line by line.
struct SplatReader {
  private struct Open {
    var kind: Splat.Kind?
    var title = ""
    var first: Int
    var head: [String] = []
    var tail: [String] = []
    var count = 0
    var trace: [TraceFrame] = []
    var endsWithEndTrace: Bool
    var inTrace = false
    /// Lines since the last one that belongs to a trace.
    var idle = 0
    var last: Int
    var test: String?
  }

  private(set) var splats: [Splat] = []
  private var open: Open?
  /// The last separator, which belongs to the splat that follows it.
  private var rule: (text: String, number: Int)?

  private static let headLimit = 120
  private static let tailLimit = 60
  /// A report without an end mark is over after this many lines that no trace can contain.
  private static let patience = 3
  private static let lineLimit = 600

  /// Takes the next line of the log, without the console's prefix. Returns whether a splat began with it.
  mutating func add(
    _ line: Slice<UnsafeBufferPointer<UInt8>>, number: Int, isBoundary: Bool, test: String?
  ) -> Bool {
    if isBoundary {
      close()
      rule = nil
      return false
    }
    let kind = SplatTitles.kind(line)
    if let kind, begins(kind) {
      start(kind, line, number, test)
      return true
    }
    if SplatTitles.isCutHere(line) {
      close()
      open = Open(first: number, endsWithEndTrace: true, last: number, test: test)
      take(line, number)
      return false
    }
    guard open != nil else {
      rule = SplatTitles.isRule(line) ? (line.text, number) : nil
      return false
    }
    follow(line, number)
    return false
  }

  /// Ends what is open at the end of the log.
  mutating func finish() {
    close()
  }

  /// Attributes the splats from `index` on to a test that the log names only afterwards.
  mutating func attribute(from index: Int, to test: String) {
    for index in splats.indices.dropFirst(index) where splats[index].test == nil { splats[index].test = test }
    if open != nil, open?.test == nil { open?.test = test }
  }

  // MARK: -

  /// An oops is told in several lines that each look like a beginning; they are one splat.
  private func begins(_ kind: Splat.Kind) -> Bool {
    guard let open, let current = open.kind else { return true }
    switch (current, kind) {
    case (.badAccess, .oops), (.bug, .oops), (.oops, .badAccess), (.oops, .oops), (_, .lockdepOff): return false
    default: return true
    }
  }

  private mutating func start(
    _ kind: Splat.Kind, _ line: Slice<UnsafeBufferPointer<UInt8>>, _ number: Int, _ test: String?
  ) {
    if open?.kind != nil { close() }
    let endsWithEndTrace =
      switch kind {
      case .warning, .bug, .badAccess, .oops, .ubsan, .panic: true
      default: false
      }
    if open == nil {
      open = Open(first: number, endsWithEndTrace: endsWithEndTrace, last: number, test: test)
      if let rule, number - rule.number <= 2 {
        open?.first = rule.number
        open?.head.append(rule.text)
        open?.count = 1
      }
    }
    rule = nil
    open?.kind = kind
    open?.endsWithEndTrace = endsWithEndTrace
    open?.title = line.text
    take(line, number)
    if kind == .lockdepOff || kind == .outOfMemory || kind == .kmemleak { close() }
  }

  private mutating func follow(_ line: Slice<UnsafeBufferPointer<UInt8>>, _ number: Int) {
    guard var current = open else { return }
    if SplatTitles.isEndTrace(line) {
      take(line, number)
      close()
      return
    }
    if current.kind == .kasan || current.kind == .kcsan || current.kind == .kfence || current.kind == .kmsan,
      KTAPLine.starts(line, "==========")
    {
      take(line, number)
      close()
      return
    }
    if SplatTitles.isTraceHeading(line) {
      current.inTrace = true
      current.idle = 0
    } else if current.inTrace, !belongsToTrace(line) {
      current.idle += 1
    } else {
      current.idle = 0
    }
    open = current
    // After the trace of a report without an end mark come lines of somebody else.
    guard current.endsWithEndTrace || current.idle == 0 else {
      if current.idle >= Self.patience || !isContinuation(line) { close() }
      return
    }
    guard current.idle < 40, current.count < Self.lineLimit else {
      close()
      return
    }
    take(line, number)
  }

  private func belongsToTrace(_ line: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    if line.isEmpty || line.first == 0x20 || TraceFrame(line, number: 0) != nil { return true }
    return Self.registers.contains { KTAPLine.starts(line, $0) }
  }

  private static let registers: [StaticString] = [
    "RIP: ", "RSP: ", "RAX: ", "RDX: ", "RBP: ", "R10: ", "R13: ", "FS: ", "CS: ", "CR2: ", "DR0: ", "DR3: ", "PKRU: ",
    "Code: ", "ORIG_RAX", "EFLAGS", "<TASK>", "</TASK>", "<IRQ>", "</IRQ>", "<NMI>", "</NMI>", "pc : ", "lr : ",
    "sp : ",
    "x2", "x1", "x0", "x5", "x8", "Modules linked in", "irq event stamp", "hardirqs last", "softirqs last",
  ]

  /// Some reports have a second part after a first trace.
  private func isContinuation(_ line: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    KTAPLine.starts(line, "Sending NMI") || KTAPLine.starts(line, "NMI backtrace") || KTAPLine.starts(line, "CPU: ")
      || KTAPLine.starts(line, "Hardware name") || KTAPLine.starts(line, "rcu: ")
      || KTAPLine.starts(line, "Showing all")
      || KTAPLine.starts(line, "Allocated by") || KTAPLine.starts(line, "Freed by")
  }

  private mutating func take(_ line: Slice<UnsafeBufferPointer<UInt8>>, _ number: Int) {
    guard open != nil else { return }
    open?.count += 1
    open?.last = number
    if let frame = TraceFrame(line, number: number) { open?.trace.append(frame) }
    if (open?.head.count ?? 0) < Self.headLimit {
      open?.head.append(line.text)
      return
    }
    open?.tail.append(line.text)
    if (open?.tail.count ?? 0) > Self.tailLimit * 2 { open?.tail.removeFirst(Self.tailLimit) }
  }

  private mutating func close() {
    guard let done = open else { return }
    open = nil
    // "cut here" with nothing recognisable behind it is a warning all the same.
    guard let kind = done.kind ?? (done.count > 2 ? .warning : nil) else { return }
    let title = done.title.isEmpty ? (done.head.dropFirst().first ?? "") : done.title
    let tail = Array(done.tail.suffix(Self.tailLimit))
    let left = done.count - done.head.count - tail.count
    splats.append(
      Splat(
        kind: kind, title: title, lines: done.first...max(done.first, done.last),
        text: done.head + (left > 0 ? ["[... \(left) lines ...]"] : []) + tail, trace: done.trace, test: done.test))
  }
}
