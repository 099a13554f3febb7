/// How much of a tree the front end can read.
public struct CoverageReport: Sendable, Codable {
  /// `.c` and `.h` files that were read.
  public var files = 0
  /// Bytes in them.
  public var bytes = 0
  /// Function definitions found, function-like macros not counted.
  public var functions = 0
  /// Function-like macros that are read as functions.
  public var macros = 0
  /// Names called or stored, once a file each, that some file of the tree defines.
  public var linkedReferences = 0
  /// Names called or stored that no file of the tree defines as a function or a macro.
  public var unknownReferences = 0
  /// Functions with a construct that was not understood, and files that could not be read.
  public var notAnalysed: [NotAnalysed] = []

  /// Nothing yet.
  public init() {}

  /// Functions that were read in full.
  public var analysedFunctions: Int {
    functions - Set(notAnalysed.filter { !$0.function.isEmpty }.map { "\($0.place.path)\n\($0.function)" }).count
  }

  /// `714351 function definitions in 59952 files, 714237 analysed (99.984 %)`.
  public var summary: String {
    let share = functions == 0 ? 1000 * 100 : analysedFunctions * 100_000 / functions
    let fraction = String(share % 1000)
    return
      "\(functions) function definitions in \(files) files (\(bytes / 1_000_000) MB), \(analysedFunctions) analysed "
      + "(\(share / 1000).\(String(repeating: "0", count: 3 - fraction.count) + fraction) %), \(notAnalysed.count) "
      + "\(plural(notAnalysed.count, "construct")) not understood; \(macros) macros read as functions; "
      + "\(linkedReferences) references linked, \(unknownReferences) to names that the tree does not define"
  }

  /// One line for each construct that was not understood.
  public var text: [UInt8] {
    Array(
      notAnalysed.map { entry in
        "\(entry.place): note: "
          + (entry.function.isEmpty ? entry.reason : "'\(entry.function)' was not analysed in full: \(entry.reason)")
          + "\n"
      }.joined().utf8)
  }

  /// The report as one document.
  public var json: JSONValue {
    [
      "schema_version": .integer(LintReport.schemaVersion),
      "files": .integer(files), "bytes": .integer(bytes), "functions": .integer(functions),
      "analysed_functions": .integer(analysedFunctions), "macros": .integer(macros),
      "linked_references": .integer(linkedReferences), "unknown_references": .integer(unknownReferences),
      "not_analysed": .array(
        notAnalysed.map { entry in
          [
            "file": .string(entry.place.path), "line": .integer(entry.place.line),
            "function": .optional(entry.function.isEmpty ? nil : entry.function), "reason": .string(entry.reason),
          ]
        }),
    ]
  }
}
