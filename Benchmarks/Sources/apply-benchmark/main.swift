import Foundation

// apply-benchmark GMEMKIT WORKTREE [RUNS [SIZE ...]]
//
// WORKTREE is a checked-out git work tree of a kernel that this program may reset as it likes: a clone made for it.
let arguments = CommandLine.arguments
guard arguments.count >= 3 else {
  print("usage: apply-benchmark GMEMKIT WORKTREE [RUNS [SIZE ...]]\n  WORKTREE is a clone that may be reset at will")
  exit(64)
}
if arguments[1] == "generate", arguments.count == 6, let size = Int(arguments[4]) {
  var generator = try SeriesGenerator(repository: arguments[2], base: arguments[3], seed: 6120)
  try generator.write(size, onto: arguments[3], as: "generated-\(size)", to: arguments[5])
  exit(0)
}
let gmemkit = arguments[1]
let worktree = arguments[2]
let runs = arguments.count > 3 ? Int(arguments[3]) ?? 3 : 3
let sizes = arguments.count > 4 ? arguments[4...].compactMap { Int($0) } : [5, 200, 1000]

func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  return sorted.isEmpty ? 0 : sorted[sorted.count / 2]
}

func format(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

guard FileManager.default.fileExists(atPath: worktree + "/.git/objects/info/alternates") else {
  print("apply-benchmark: '\(worktree)' is not a shared clone; make one with git clone -s, its objects will be removed")
  exit(2)
}

do {
  let base = try Child.git(["rev-parse", "master"], in: worktree)
  print("| patches | command | wall s | ms a patch | user + system s | peak MiB | n |")
  print("|---|---|---|---|---|---|---|")
  // The series is made elsewhere: the tree must not have the blobs that the patches are to make.
  let workshop = NSTemporaryDirectory() + "apply-benchmark-\(getpid()).git"
  defer { try? FileManager.default.removeItem(atPath: workshop) }
  try Child.git(["clone", "-q", "--bare", "--shared", ".", workshop], in: worktree)
  for size in sizes {
    let mbox = NSTemporaryDirectory() + "apply-benchmark-\(size).mbox"
    // In a process of its own: a child's peak memory starts at its parent's.
    let made = try Child.run([CommandLine.arguments[0], "generate", workshop, base, "\(size)", mbox], in: ".")
    guard made.status == 0 else { throw BenchmarkError(what: "cannot generate \(size) patches") }
    let tree = try Child.git(["rev-parse", "generated-\(size)^{tree}"], in: workshop)
    for contender in Contender.all(gmemkit: gmemkit) {
      guard contender.name.hasPrefix("b4") == false || size <= 200 else { continue }
      var costs: [Cost] = []
      do {
        for _ in 0..<runs { costs.append(try contender.measure(mbox, base: base, tree: tree, in: worktree)) }
      } catch {
        print("| \(size) | \(contender.name) | not run: \(error) | | | | 0 |")
        continue
      }
      let wall = median(costs.map(\.wall))
      print(
        "| \(size) | \(contender.name) | \(format(wall, 3)) | \(format(wall * 1000 / Double(size), 2)) "
          + "| \(format(median(costs.map { $0.user + $0.system }), 2)) "
          + "| \(format(median(costs.map(\.memory)), 0)) | \(costs.count) |")
    }
  }
} catch {
  print("apply-benchmark: \(error)")
  exit(2)
}
