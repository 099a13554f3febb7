import Foundation

/// `SourceFuzz DIRECTORY [EXECUTIONS [FIRST]]`: reads mutated pieces of the C files under a directory.
///
/// The input of execution N depends on N and on the files alone, so a failure is repeated by `SourceFuzz DIRECTORY 1 N`. The
/// number under way is written to `source-fuzz.last` in the temporary directory every thousand executions, for the case
/// that one traps.
@main
struct SourceFuzz {
  static func main() {
    let arguments = CommandLine.arguments
    guard arguments.count > 1 else {
      FileHandle.standardError.write(Data("usage: SourceFuzz DIRECTORY [EXECUTIONS [FIRST]]\n".utf8))
      exit(64)
    }
    let seeds = seeds(under: arguments[1])
    guard !seeds.isEmpty else {
      FileHandle.standardError.write(Data("\(arguments[1]) holds no C file\n".utf8))
      exit(2)
    }
    let count = arguments.count > 2 ? UInt64(arguments[2]) ?? 10_000 : 10_000
    let first = arguments.count > 3 ? UInt64(arguments[3]) ?? 0 : 0
    let note = NSTemporaryDirectory() + "source-fuzz.last"
    var invariants = Invariants()
    var slowest = (seconds: 0.0, number: first)
    var failures = 0
    for number in first..<first + count {
      // A fresh symbol table now and then keeps the memory flat.
      if (number - first) % 1000 == 0 {
        invariants = Invariants()
        try? Data("\(number)\n".utf8).write(to: URL(fileURLWithPath: note))
      }
      var mutator = Mutator(seed: number)
      let input = mutator.mutated(seeds)
      let start = ContinuousClock.now
      if let broken = invariants.broken(input, judges: number % 4 == 0) {
        failures += 1
        print("execution \(number): \(broken)")
      }
      let seconds = (ContinuousClock.now - start) / .seconds(1)
      if seconds > slowest.seconds { slowest = (seconds, number) }
    }
    print(
      "\(count) executions from \(first), \(failures) failures, slowest \(String(format: "%.3f", slowest.seconds)) s "
        + "(execution \(slowest.number))")
    exit(failures == 0 ? 0 : 1)
  }

  private static func seeds(under directory: String) -> [[UInt8]] {
    guard let walker = FileManager.default.enumerator(atPath: directory) else { return [] }
    let paths = walker.compactMap { $0 as? String }.filter { $0.hasSuffix(".c") || $0.hasSuffix(".h") }.sorted()
    return paths.prefix(400).compactMap { FileManager.default.contents(atPath: "\(directory)/\($0)").map { Array($0) } }
      .filter { !$0.isEmpty }
  }
}
