import KernelConfig

/// Finds the tests that the kernel itself carries for a file: KUnit suites and modules that test when they are loaded,
/// here built in and so run at boot.
struct BootTests {
  private struct Candidate {
    let object: String
    let home: String
    let subject: [String]
    let condition: ConfigExpression
  }

  private var candidates: [Candidate] = []
  /// How many objects a directory has.
  private var sizes: [String: Int] = [:]

  init(objects: KbuildMap) {
    for (object, condition) in objects.objects {
      let slash = object.lastIndex(of: "/") ?? object.startIndex
      let home = String(object[..<slash])
      sizes[home, default: 0] += 1
      let base = object[slash...]
      guard base.contains("test") || base.contains("kunit"), !condition.symbols.isEmpty else { continue }
      let words = Self.words(String(base.drop { $0 == "/" }.prefix { $0 != "." }))
      guard words.contains(where: Self.marks.contains), !words.contains("torture") else { continue }
      candidates.append(
        Candidate(
          object: object, home: home, subject: words.filter { !Self.marks.contains($0) }, condition: condition))
    }
    candidates.sort { $0.object < $1.object }
  }

  /// The test sources that belong to a changed file, with the condition that compiles each.
  ///
  /// `lib/list_sort.c` has `lib/test_list_sort.o`, `include/linux/list.h` has `lib/list-test.o`: the words of the names say
  /// so. A small directory's tests belong to each of its files, a test to itself.
  func belonging(to path: String) -> [(object: String, condition: ConfigExpression)] {
    let itself = candidates.filter { $0.object == path.dropLast(2) + ".o" }
    if !itself.isEmpty { return itself.map { ($0.object, $0.condition) } }
    let parts = path.split(separator: "/")
    guard let base = parts.last else { return [] }
    let directory = parts.dropLast().joined(separator: "/")
    let stem = Self.words(String(base.prefix { $0 != "." }))
    let isHeader = base.hasSuffix(".h")
    let own = candidates.filter { $0.home == directory || $0.home == directory + "/tests" }
    let named = candidates.filter { candidate in
      candidate.subject == stem
        && (isHeader || candidate.home == directory || candidate.home == directory + "/tests"
          || candidate.home == "lib" || candidate.home == "lib/tests")
    }
    let isSmall = directory != "lib" && sizes[directory, default: 0] <= 25 && own.count <= 3
    return (named.isEmpty && isSmall ? own : named).map { ($0.object, $0.condition) }
  }

  private static let marks: Set<String> = ["test", "tests", "kunit", "selftest", "selftests"]

  private static func words(_ name: String) -> [String] {
    name.split { $0 == "_" || $0 == "-" }.map(String.init)
  }
}
