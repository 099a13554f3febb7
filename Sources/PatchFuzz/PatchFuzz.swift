import Foundation
import PatchMail
import ThreadReview
import UnifiedDiff

/// A mutational fuzzer for mbox, MIME and diffs: the same seed number makes the same inputs, so that a failure can be had
/// again with its number alone.
///
///     swift run -c release PatchFuzz Tests/Fixtures 100000 1
///
/// It is no part of the product. A trap ends it with a crash, a broken invariant with exit status 1 and the input in a file.
@main
struct PatchFuzz {
  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count >= 3, let executions = Int(arguments[2]) else {
      FileHandle.standardError.write(Data("usage: PatchFuzz FIXTURES EXECUTIONS [SEED]\n".utf8))
      exit(64)
    }
    let first = arguments.count > 3 ? UInt64(arguments[3]) ?? 1 : 1
    let corpus = try Corpus(under: arguments[1])
    guard !corpus.seeds.isEmpty else {
      FileHandle.standardError.write(Data("no seeds under \(arguments[1])\n".utf8))
      exit(2)
    }
    var slowest = Duration.zero
    var read = 0
    let clock = ContinuousClock()
    let started = clock.now
    for number in 0..<executions {
      var random = Mutator(seed: first &+ UInt64(number))
      let input = random.mutated(corpus)
      // A trap leaves this file behind: it is the input that did it.
      var verdict = Verdict()
      let spent = clock.measure { verdict = Invariants.check(input) }
      slowest = max(slowest, spent)
      read += verdict.wasRead ? 1 : 0
      if let broken = verdict.broken ?? (spent > .seconds(5) ? "took \(spent)" : nil) {
        let path = "fuzz-failure-\(first &+ UInt64(number))"
        try Data(input).write(to: URL(filePath: path))
        FileHandle.standardError.write(Data("seed \(first &+ UInt64(number)): \(broken); input in \(path)\n".utf8))
        exit(1)
      }
    }
    print(
      "\(executions) executions from \(corpus.seeds.count) seeds in \(clock.now - started), \(read) inputs read as a series or "
        + "diff, slowest \(slowest), nothing broken")
  }
}

/// The files that mutation starts from.
struct Corpus {
  let seeds: [[UInt8]]

  init(under path: String) throws {
    let names = try FileManager.default.subpathsOfDirectory(atPath: path).sorted()
    seeds = try names.filter { $0.hasPrefix("mail/") || $0.hasPrefix("diff/") }.compactMap { name in
      var isDirectory: ObjCBool = false
      guard FileManager.default.fileExists(atPath: path + "/" + name, isDirectory: &isDirectory), !isDirectory.boolValue
      else { return nil }
      return [UInt8](try Data(contentsOf: URL(filePath: path + "/" + name)))
    }
  }
}
