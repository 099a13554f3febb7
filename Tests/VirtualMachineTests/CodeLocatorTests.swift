import ChildProcess
import SystemPackage
import Testing
import VirtualMachine

@Suite struct CodeLocatorTests {
  private static let source = """
    static int twice(int x)
    {
        return x + x;
    }
    static inline __attribute__((always_inline)) int inner(int x)
    {
        return twice(x) + 1;
    }
    int outer(int x)
    {
        return inner(x);
    }
    int main(int argc, char **argv)
    {
        return outer(argc);
    }

    """

  private func image(_ bench: borrowing Bench, _ flags: [String]) async throws -> FilePath {
    let source = try bench.write("code.c", Self.source)
    let image = bench.path.appending("code")
    let result = try await ChildProcess.run(
      ChildCommand("gcc", flags + ["-O0", "-no-pie", "-o", image.string, source.string]))
    try #require(result.succeeded)
    return image
  }

  /// The size of a function as kallsyms would give it, by the distance to the next symbol.
  private func size(of function: String, in image: FilePath) async throws -> UInt64 {
    let result = try await ChildProcess.run(ChildCommand("nm", ["-n", "--defined-only", image.string]))
    let rows = String(decoding: result.output.bytes, as: UTF8.self).split(separator: "\n").map {
      $0.split(separator: " ").map(String.init)
    }
    let index = try #require(rows.firstIndex { $0.last == function })
    let start = try #require(UInt64(rows[index][0], radix: 16))
    let next = try #require(rows[index...].compactMap { UInt64($0[0], radix: 16) }.first { $0 > start })
    return next - start
  }

  @Test func positionsBecomeLinesWithInlinedFunctions() async throws {
    let bench = try Bench()
    let image = try await image(bench, ["-g"])
    let size = try await size(of: "outer", in: image)
    let start = CodePosition(function: "outer", offset: 0, size: size, isReturnAddress: false)
    let end = CodePosition(function: "outer", offset: size - 1, size: size, isReturnAddress: true)
    let unknown = CodePosition(function: "nobody", offset: 0, size: 1)
    let beyond = CodePosition(function: "outer", offset: size + 100, size: size)
    let found = try await CodeLocator(image: image, sourceRoot: bench.path).locate([start, end, unknown, beyond])
    #expect(found[start]?.map { "\($0.function) \($0.file):\($0.line)" } == ["outer code.c:10"])
    #expect(found[end]?.last?.function == "outer")
    #expect(found[unknown] == nil && found[beyond] == nil)

    // Right after the call of twice(): the call belongs to inner(), inlined into outer().
    var names: Set<String> = []
    for offset in 1..<size {
      let position = CodePosition(function: "outer", offset: offset, size: size)
      let lines = try await CodeLocator(image: image, sourceRoot: bench.path).locate([position])[position] ?? []
      if lines.count == 2 { names.formUnion(lines.map { "\($0.function):\($0.line)" }) }
    }
    #expect(names.isSuperset(of: ["inner:7", "outer:11"]))
  }

  @Test func withoutDebugInformationThereAreNoLines() async throws {
    let bench = try Bench()
    let image = try await image(bench, ["-g0"])
    let size = try await size(of: "outer", in: image)
    #expect(
      try await CodeLocator(image: image).locate([CodePosition(function: "outer", offset: 1, size: size)]).isEmpty)
  }
}
