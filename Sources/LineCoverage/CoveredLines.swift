import Foundation

/// Which lines of which files have code, and which of them ran.
public struct CoveredLines: Sendable {
  /// How often each line with code ran, by file and line; files are relative to the tree.
  public private(set) var counts: [String: [Int: Int]] = [:]

  /// Nothing is known yet.
  public init() {}

  /// Adds a JSON report of gcov (`gcov --json-format --stdout`); false if it is not one.
  ///
  /// - Parameter source: the directory of the tree that was built.
  public mutating func add(gcov json: [UInt8], source: String) -> Bool {
    var isReport = false
    // One document per data file, each on a line of its own.
    for line in json.split(separator: 0x0A) {
      guard let report = try? JSONDecoder().decode(Report.self, from: Data(line)) else { continue }
      isReport = true
      for file in report.files {
        let path = Self.relative(file.file, in: report.current_working_directory, to: source)
        for line in file.lines { counts[path, default: [:]][line.line_number, default: 0] += line.count }
      }
    }
    return isReport
  }

  /// What the added lines of a patch came to.
  ///
  /// - Parameter added: the numbers of the added lines, by file.
  public func coverage(of added: [String: [Int]]) -> PatchCoverage {
    var coverage = PatchCoverage()
    for (path, lines) in added.sorted(by: { $0.key < $1.key }) {
      coverage.added += lines.count
      guard let known = counts[path] else { continue }
      var file = PatchCoverage.File(path: path, runnable: 0, executed: 0)
      for line in lines.sorted() {
        guard let count = known[line] else { continue }
        file.runnable += 1
        if count > 0 { file.executed += 1 } else { coverage.missed.append("\(path):\(line)") }
      }
      coverage.runnable += file.runnable
      coverage.executed += file.executed
      if file.runnable > 0 { coverage.files.append(file) }
    }
    return coverage
  }

  private static func relative(_ file: String, in directory: String, to source: String) -> String {
    var parts: [Substring] = []
    for part in (file.hasPrefix("/") ? file : directory + "/" + file).split(separator: "/") where part != "." {
      if part == "..", !parts.isEmpty { parts.removeLast() } else { parts.append(part) }
    }
    let path = "/" + parts.joined(separator: "/")
    return path.hasPrefix(source + "/") ? String(path.dropFirst(source.count + 1)) : path
  }

  /// gcov's own names.
  private struct Report: Decodable {
    struct File: Decodable {
      struct Line: Decodable {
        let line_number: Int
        let count: Int
      }
      let file: String
      let lines: [Line]
    }
    let current_working_directory: String
    let files: [File]
  }
}

/// How much of what a patch adds was executed.
public struct PatchCoverage: Sendable, Codable, Equatable {
  /// Lines that the patch adds to kernel sources.
  public var added = 0
  /// Those for which the compiler made code.
  public var runnable = 0
  /// Those that ran.
  public var executed = 0
  /// Those that did not, as `path:line`.
  public var missed: [String] = []
  /// The same figures per file that has code among its added lines, by path.
  public var files: [File] = []

  /// The figures of one file.
  public struct File: Sendable, Codable, Equatable {
    /// Its path in the tree.
    public let path: String
    /// Added lines with code.
    public internal(set) var runnable: Int
    /// Those that ran.
    public internal(set) var executed: Int
  }

  /// Nothing was added.
  public init() {}

  /// Executed lines among the runnable, in percent; 100 where there is nothing to run.
  public var percent: Double { runnable == 0 ? 100 : Double(executed) * 100 / Double(runnable) }
}
