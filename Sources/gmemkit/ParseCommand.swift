import ArgumentParser
import ByteText
import Findings
import KTAP
import SystemPackage
import VirtualMachine

/// `gmemkit parse`: what a console log or a test report says.
struct ParseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "parse",
    abstract: "Read a kernel's console log or a KTAP report.",
    discussion: """
      Understands KTAP and TAP in the dialects of KUnit and kselftest, with time stamps and other console prefixes, and \
      finds what the kernel reports about itself: lockdep reports, warnings, oopses, stalls, panics.

      Example:  gmemkit parse console.log
                dmesg | gmemkit parse --json -

      Exit status: 0 all tests passed, 1 a test failed or the kernel reported something, 2 this is no log of a kernel or \
      of tests, 4 a test or the kernel crashed.
      """)

  @Argument(help: "A console log, or '-' for standard input.")
  var log: String

  @Option(help: "The vmlinux of the kernel that wrote the log, to give traces file and line.")
  var vmlinux: String?

  @Option(help: "The kernel tree it was built from; file names are given relative to it.")
  var tree: String?

  @Flag(help: "One JSON document on standard output.")
  var json = false

  func run() async throws {
    let read = try Self.read(log)
    let places = try await located(read)
    if json {
      Console.write(read.json(places).document)
    } else {
      Console.write(read.summary(places))
    }
    try Self.judge(read, log)
  }

  private func located(_ read: KernelLog) async throws -> [CodePosition: [SourceLine]] {
    guard let vmlinux else { return [:] }
    guard FileDescriptor.isReadable(vmlinux) else {
      throw Ending(.badInput, "\(vmlinux): cannot be read; give the vmlinux of the object directory")
    }
    do {
      let positions = Set(read.splats.flatMap(\.trace).filter { $0.module == nil }.map(\.position))
      let places = try await CodeLocator(image: FilePath(vmlinux), sourceRoot: tree.map { FilePath($0) })
        .locate(Array(positions))
      if places.isEmpty, !positions.isEmpty {
        Console.note("gmemkit: \(vmlinux): no line numbers; it has no debug information or is another kernel's")
      }
      return places
    } catch {
      throw Ending(.badInput, "\(error)")
    }
  }

  private static func judge(_ read: KernelLog, _ name: String) throws {
    let counts = read.counts
    if let panic = read.splats.first(where: { $0.kind == .panic }) {
      throw Ending(.bootFailed, "\(name):\(panic.lines.lowerBound): \(panic.title)")
    }
    let reports = read.splats.filter { !$0.isIntended }
    guard read.hasReport || !read.splats.isEmpty || read.isKernelLog else {
      throw Ending(.badInput, "\(name): no test report, no line of a kernel; is this a console log?")
    }
    if read.hasReport, read.status == .crashed {
      let crashed = counts[.crashed] > 0 ? ["\(counts[.crashed]) tests crashed"] : []
      let missing = counts.missing > 0 ? ["\(counts.missing) announced tests have no result"] : []
      throw Ending(.bootFailed, "\(name): \((crashed + missing).joined(separator: ", "))")
    }
    if read.hasReport, read.status != .passed, read.status != .skipped {
      throw Ending(.findings, "\(name): \(counts.bad) tests did not pass")
    }
    if let first = reports.first {
      let more = reports.count > 1 ? " and \(reports.count - 1) more" : ""
      throw Ending(.findings, "\(name):\(first.lines.lowerBound): \(first.title)\(more)")
    }
  }

  private static func read(_ path: String) throws -> KernelLog {
    do {
      let file = path == "-" ? FileDescriptor.standardInput : try FileDescriptor.open(path, .readOnly)
      defer { if path != "-" { try? file.close() } }
      var reader = KernelLogReader()
      var buffer = [UInt8](repeating: 0, count: 1 << 20)
      while case let count = try buffer.withUnsafeMutableBytes({ try file.read(into: $0) }), count > 0 {
        buffer.withUnsafeBufferPointer { reader.add(UnsafeBufferPointer(rebasing: $0[..<count])) }
      }
      return reader.finish()
    } catch let error as Errno {
      throw Ending(.badInput, "\(path): \(error); give a readable file, or '-' for standard input")
    }
  }
}

extension KernelLog {
  /// The tree of results, the splats and the counts, for people.
  fileprivate func summary(_ places: [CodePosition: [SourceLine]]) -> String {
    var text = ""
    func add(_ tests: [TestResult], _ indentation: String) {
      for test in tests {
        let message = test.message.isEmpty ? "" : "  (\(test.message))"
        let status = test.status.rawValue.padding(to: 8)
        text += "\(indentation)\(status) \(test.name)\(message)\n"
        if test.status.isBad, test.subtests.isEmpty {
          for line in test.log.suffix(12) { text += "\(indentation)         | \(line)\n" }
        }
        for note in test.notes { text += "\(indentation)         note: \(note)\n" }
        add(test.subtests, indentation + "  ")
      }
    }
    add(tests, "")
    for note in notes { text += "note: \(note)\n" }
    for splat in splats {
      let during = splat.test.map { " during '\($0)'" } ?? ""
      let intended = splat.isIntended ? ", which asked for it" : ""
      text += "\nline \(splat.lines.lowerBound): \(splat.kind.rawValue)\(during)\(intended): \(splat.title)\n"
      if let message = splat.message { text += "    \(message)\n" }
      for frame in splat.trace.filter(\.isReliable).prefix(8) {
        let lines = (places[frame.position] ?? []).map { "  \($0.file):\($0.line)" }.joined(separator: " in")
        text += "    \(frame.function)+0x\(String(frame.offset, radix: 16))\(lines)\n"
      }
    }
    let counts = counts
    let words = TestResult.Status.allCases.filter { counts[$0] > 0 }.map { "\(counts[$0]) \($0.rawValue)" }
    let missing = counts.missing > 0 ? ["\(counts.missing) without a result"] : []
    let tally = words.isEmpty && missing.isEmpty ? "no tests" : (words + missing).joined(separator: ", ")
    return text + "\n\(tally); \(splats.count) kernel reports in \(lineCount) lines\n"
  }

  fileprivate func json(_ places: [CodePosition: [SourceLine]]) -> JSONValue {
    let counts = counts
    return [
      "schema_version": 1,
      "status": hasReport ? .string(status.rawValue) : .null,
      "tests": .array(tests.map(Self.json)),
      "planned": planned.map { .integer($0) } ?? .null,
      "counts": .object(
        TestResult.Status.allCases.map { (key: $0.rawValue, value: .integer(counts[$0])) }
          + [(key: "missing", value: .integer(counts.missing)), (key: "notes", value: .integer(counts.notes))]),
      "notes": .array(notes.map { .string($0) }),
      "splats": .array(splats.map { Self.json($0, places) }),
      "lines": .integer(lineCount),
    ]
  }

  private static func json(_ test: TestResult) -> JSONValue {
    [
      "name": .string(test.name),
      "number": test.number.map { .integer($0) } ?? .null,
      "result": .string(test.status.rawValue),
      "message": .string(test.message),
      "line": .integer(test.line),
      "planned": test.planned.map { .integer($0) } ?? .null,
      "notes": .array(test.notes.map { .string($0) }),
      "log": .array(test.log.map { .string($0) }),
      "tests": .array(test.subtests.map(json)),
    ]
  }

  private static func json(_ splat: Splat, _ places: [CodePosition: [SourceLine]]) -> JSONValue {
    [
      "kind": .string(splat.kind.rawValue),
      "title": .string(splat.title),
      "message": .optional(splat.message),
      "source": splat.place.map { ["path": .string($0.file), "line": .integer($0.line)] } ?? .null,
      "task": .optional(splat.task),
      "intended": .bool(splat.isIntended),
      "test": .optional(splat.test),
      "first_line": .integer(splat.lines.lowerBound),
      "last_line": .integer(splat.lines.upperBound),
      "text": .array(splat.text.map { .string($0) }),
      "trace": .array(
        splat.trace.map { frame in
          [
            "function": .string(frame.function), "offset": .integer(Int(clamping: frame.offset)),
            "size": .integer(Int(clamping: frame.size)), "module": .optional(frame.module),
            "reliable": .bool(frame.isReliable), "line": .integer(frame.line),
            "source": .array(
              (places[frame.position] ?? []).map { place in
                ["function": .string(place.function), "path": .string(place.file), "line": .integer(place.line)]
              }),
          ]
        }),
    ]
  }
}

extension TraceFrame {
  fileprivate var position: CodePosition {
    CodePosition(function: function, offset: offset, size: size, isReturnAddress: !isExact)
  }
}

extension FileDescriptor {
  fileprivate static func isReadable(_ path: String) -> Bool {
    guard let file = try? FileDescriptor.open(path, .readOnly) else { return false }
    try? file.close()
    return true
  }
}

extension String {
  fileprivate func padding(to width: Int) -> String {
    self + String(repeating: " ", count: Swift.max(0, width - count))
  }
}
