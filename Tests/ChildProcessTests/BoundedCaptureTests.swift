import ChildProcess
import SystemPackage
import Testing

@Suite struct BoundedCaptureTests {
  @Test(arguments: [0, 1, 2, 7, 64], [1, 3, 10, 1000])
  func headAndTailAreExact(limit: Int, chunk: Int) {
    let input = (0..<500).map { UInt8($0 % 251) }
    var capture = BoundedCapture(limit: limit)
    var position = 0
    while position < input.count {
      capture.append(input[position..<min(position + chunk, input.count)])
      position += chunk
    }
    #expect(capture.total == 500)
    #expect(capture.dropped == 500 - limit)
    #expect(capture.bytes.prefix(limit / 2).elementsEqual(input.prefix(limit / 2)))
    #expect(capture.bytes.suffix(limit - limit / 2).elementsEqual(input.suffix(limit - limit / 2)))
  }

  @Test func aShortStreamIsKeptWhole() {
    var capture = BoundedCapture(limit: 10)
    capture.append(Array("0123".utf8))
    capture.append(Array("456789".utf8))
    #expect(capture.bytes == Array("0123456789".utf8))
    #expect(capture.dropped == 0)
  }

  @Test func longLinesComeInPieces() {
    var splitter = LineSplitter(limit: 4)
    var lines: [String] = []
    for chunk in ["abcdefghij\nk", "l\n", "\nend"] {
      splitter.append(Array(chunk.utf8)) { lines.append(String(decoding: $0, as: UTF8.self)) }
    }
    splitter.finish { lines.append(String(decoding: $0, as: UTF8.self)) }
    #expect(lines == ["abcd", "efgh", "ij", "kl", "", "end"])
  }

  @Test(arguments: [
    (ChildCommand("make", ["-j2", "O=/a b", "x"]), "make -j2 'O=/a b' x"),
    (ChildCommand("echo", ["it's", "", "$HOME", "*"]), "echo 'it'\\''s' '' '$HOME' '*'"),
    (
      ChildCommand("git", ["log"], environment: ["LC_ALL": "C", "GIT_DIR": nil], directory: "/src/my tree"),
      "cd '/src/my tree' && env -u GIT_DIR LC_ALL=C git log"
    ),
  ])
  func theShellLineCanBePasted(command: ChildCommand, line: String) {
    #expect(command.shellLine == line)
  }
}
