import ByteText
import KernelConfig
import SelftestPlan

/// A kselftest directory generated from a series: for each interface that leads to touched code a test that drives it from
/// several processes at once, for each suspicion of static analysis a test that tries to provoke it.
public struct SelftestHarness: Sendable, Codable {
  /// A file of the directory.
  public struct File: Sendable, Codable {
    /// Its name.
    public let name: String
    /// Its text.
    public let text: String
  }

  /// What is driven, and what was found.
  public let facts: HarnessFacts
  /// The directory's files.
  public let files: [File]
  /// The programs that its Makefile builds.
  public let programs: [String]

  /// Generates the harness for a series.
  ///
  /// - Parameters:
  ///   - changes: from the base to the series' last patch.
  ///   - parameters: module parameters that the series adds.
  ///   - suspicions: what static analysis says about it.
  public init(
    for changes: [ChangedFile], in tree: TreeReader, architecture: String, parameters: [ModuleParameter],
    suspicions: [Suspicion], title: String
  ) {
    let search = InterfaceSearch(changes, in: tree, architecture: architecture)
    var facts = HarnessFacts()
    facts.touched = search.touched
    facts.locks = search.locks
    facts.interfaces = parameters.map {
      KernelInterface(
        kind: .parameter, name: $0.name, owner: $0.module, path: $0.location.path, line: $0.location.line, reaches: [])
    }
    if !search.touched.isEmpty { facts.interfaces += search.interfaces(reaching: search.touched) }
    facts.suspicions = suspicions.prefix(20).map { suspicion in
      HarnessFacts.SuspectedPath(
        suspicion: suspicion, interfaces: Array(search.interfaces(reaching: [suspicion.function]).prefix(4)))
    }
    let nodes = Set(
      (facts.interfaces + facts.suspicions.flatMap(\.interfaces)).filter { $0.kind == .ioctl || $0.kind == .file }
        .map(\.owner))
    let all = search.allIoctls(of: nodes)
    facts.headers = UserHeaders(tree: tree, architecture: architecture).headers(
      defining: Set(all.values.flatMap { $0 }))
    facts.ioctls = all.mapValues { names in names.filter { facts.headers[$0] != nil } }
    let headers = facts.headers
    facts.interfaces = facts.interfaces.filter { $0.kind != .ioctl || headers[$0.name] != nil }
    self.facts = facts
    let programs = HarnessProgram.programs(for: facts, title: title)
    self.programs = programs.map(\.name)
    var files = programs.map { File(name: $0.name + ".c", text: $0.text) }
    if !files.isEmpty {
      files.append(File(name: "drive.h", text: String(decoding: PackageResources.drive_h, as: UTF8.self)))
      files.append(File(name: "Makefile", text: Self.makefile(programs.map(\.name))))
      files.append(File(name: "config", text: facts.options.map { $0.line + "\n" }.joined()))
      files.append(File(name: "settings", text: "timeout=60\n"))
    }
    self.files = files
  }

  /// What the harness does, a line per interface, lock and suspicion.
  public var lines: [String] {
    var lines = facts.interfaces.map { interface in
      let way = interface.reaches.isEmpty ? "declared by the series" : interface.reaches.joined(separator: " > ")
      let owner = interface.owner.isEmpty || interface.owner == interface.kind.rawValue ? "" : " of \(interface.owner)"
      return "\(interface.kind.rawValue) \(interface.name)\(owner)  (\(interface.path):\(interface.line), \(way))"
    }
    lines += facts.locks.map { "lock \($0.expression) in \($0.function)  (\($0.path):\($0.line))" }
    lines += facts.suspicions.map { path in
      let ways = path.interfaces.map(\.name).joined(separator: ", ")
      let suspicion = path.suspicion
      return "suspicion \(suspicion.rule) in \(suspicion.function)  (\(suspicion.path):\(suspicion.line), "
        + (ways.isEmpty ? "no known interface leads there)" : "by \(ways))")
    }
    return lines
  }

  private static func makefile(_ programs: [String]) -> String {
    """
    # SPDX-License-Identifier: GPL-2.0-only
    # Below tools/testing/selftests this is a directory like any other. Elsewhere:
    #   make KSFT=LINUX/tools/testing/selftests KHDR_INCLUDES='-isystem BUILD/usr/include'
    KSFT ?= ..

    CFLAGS += -Wall -O2 -g -I$(KSFT) $(KHDR_INCLUDES)
    LOCAL_HDRS := drive.h

    TEST_GEN_PROGS := \(programs.joined(separator: " "))

    include $(KSFT)/lib.mk

    """
  }
}

/// Finds the headers for user space that define constants.
struct UserHeaders {
  let tree: TreeReader
  let architecture: String

  /// For each of the names that some header defines as an ioctl, the header as it is included.
  func headers(defining names: Set<String>) -> [String: String] {
    guard !names.isEmpty else { return [:] }
    var found: [String: String] = [:]
    for prefix in ["include/uapi/", "arch/\(architecture)/include/uapi/"] {
      for path in tree.paths(below: prefix) {
        guard let bytes = tree.read(path) else { continue }
        for range in bytes.lineRanges() where bytes[range].starts(with: Self.define) {
          let text = bytes[range].text
          guard text.contains("_IO") || text.hasSuffix("\\"), let name = CodeUnit.words(text).dropFirst().first,
            names.contains(name), found[name] == nil
          else { continue }
          found[name] = String(path.dropFirst(prefix.count))
        }
      }
    }
    return found
  }

  private static let define = Array("#define".utf8)
}
