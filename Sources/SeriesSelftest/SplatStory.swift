import ChildProcess
import KTAP
import KernelTree
import SelftestHarness
import SystemPackage
import VirtualMachine

/// Tells a kernel's report about itself: during which test it came, where in the source it is, and which patches have
/// touched the functions on its way.
struct SplatStory {
  /// The patches that touched a function, by its name.
  let touched: [String: [Int]]
  /// The kernel that wrote the report, with its symbols.
  let symbols: FilePath
  let source: FilePath
  let toolPrefix: String

  /// What each report says, in order.
  func texts(_ splats: [Splat]) async -> [String] {
    guard !splats.isEmpty else { return [] }
    let positions = Set(splats.flatMap(\.trace).filter { $0.module == nil }.map(\.position))
    let locator = CodeLocator(image: symbols, sourceRoot: source, toolPrefix: toolPrefix)
    // Without line numbers the names in the trace still say most of it.
    let places = (try? await locator.locate(Array(positions))) ?? [:]
    return splats.map { text($0, places) }
  }

  private func text(_ splat: Splat, _ places: [CodePosition: [SourceLine]]) -> String {
    var lines = [splat.title + (splat.test.map { " during \($0)" } ?? "")]
    lines += suspects(in: splat, places)
    lines += splat.text.prefix(60).map { line in
      guard let frame = splat.trace.first(where: { line.contains($0.asPrinted) }),
        let place = places[frame.position]?.first
      else { return line }
      return "\(line)  \(place.file):\(place.line)"
    }
    return lines.joined(separator: "\n")
  }

  /// The functions of the trace that the series touches, the innermost first.
  private func suspects(in splat: Splat, _ places: [CodePosition: [SourceLine]]) -> [String] {
    var seen: Set<String> = []
    var lines: [String] = []
    for frame in splat.trace where frame.isReliable {
      let known = places[frame.position] ?? []
      let inlined = known.map { ($0.function, " (\($0.file):\($0.line))") }
      // A part that the compiler split off, `f.isra.0`, is still f.
      let own = String(frame.function.prefix { $0 != "." })
      for (name, place) in inlined.isEmpty ? [(own, "")] : inlined {
        guard let patches = touched[name], seen.insert(name).inserted else { continue }
        let numbers = patches.map { "\($0)" }.joined(separator: ", ")
        lines.append("in its trace: \(name)\(place), touched by patch \(numbers)")
      }
    }
    return lines.isEmpty ? ["no function in its trace is touched by the series"] : lines
  }
}

extension TraceFrame {
  fileprivate var position: CodePosition {
    CodePosition(function: function, offset: offset, size: size, isReturnAddress: !isExact)
  }

  /// As the kernel prints it.
  fileprivate var asPrinted: String { "\(function)+0x\(String(offset, radix: 16))/0x\(String(size, radix: 16))" }
}

extension SeriesSelftest {
  /// The functions that the patches up to `last` touch, each with the numbers of those patches.
  func touchedFunctions(upTo last: SelftestSubject) async throws(TreeError) -> [String: [Int]] {
    var touched: [String: [Int]] = [:]
    var before = base
    for subject in subjects.prefix(while: { $0.number <= last.number }) {
      for change in try await TreeSnapshot.changes(from: before, to: subject.tree, in: repository) {
        for name in TouchedFunctions.names(of: change) where touched[name]?.last != subject.number {
          touched[name, default: []].append(subject.number)
        }
      }
      before = subject.tree
    }
    return touched
  }
}
