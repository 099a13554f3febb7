import ChildProcess
import SystemPackage
import Testing
import VirtualMachine

@Suite struct CPIOArchiveTests {
  @Test func cpioReadsWhatWeWrite() async throws {
    var archive = CPIOArchive()
    archive.add(characterDevice: "/dev/console", major: 5, minor: 1)
    archive.add(file: "/usr/bin/tool", mode: 0o755, contents: Array("abc".utf8))
    archive.add(file: "usr/bin/empty", contents: [])
    archive.add(link: "/bin", to: "usr/bin")
    let bytes = archive.finished()
    #expect(bytes.count % 512 == 0)

    let list = try await ChildProcess.run(
      ChildCommand("cpio", ["-itv", "--quiet", "--numeric-uid-gid"], input: bytes))
    try #require(list.succeeded)
    let lines = String(decoding: list.output.bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    #expect(
      lines.map { $0.split(separator: " ").last.map(String.init) } == [
        "dev", "dev/console", "usr", "usr/bin", "usr/bin/tool", "usr/bin/empty", "usr/bin",
      ])
    #expect(lines[0].hasPrefix("drwxr-xr-x"))
    #expect(lines[1].hasPrefix("crw-------") && lines[1].contains("5,   1"))
    #expect(lines[4].hasPrefix("-rwxr-xr-x"))
    #expect(lines[6].contains("bin -> usr/bin"))

    let content = try await ChildProcess.run(
      ChildCommand("cpio", ["-i", "--quiet", "--to-stdout", "usr/bin/tool"], input: bytes))
    #expect(content.output.bytes == Array("abc".utf8))
  }

  @Test func theSameFilesGiveTheSameBytes() {
    func archive() -> [UInt8] {
      var archive = CPIOArchive()
      archive.add(file: "a/b", contents: [1, 2, 3])
      return archive.finished()
    }
    #expect(archive() == archive())
  }

  @Test func thePlanIsWhatInitReads() {
    let plan = GuestPlan(
      [
        GuestTest(
          "a#b\nc", command: ["/t", "x y"], environment: ["B": "2", "A": "1"],
          settings: [.init(path: "/sys/p", value: "Y")], shown: ["/proc/x"], timeout: .milliseconds(1500))
      ], outputLimit: 10)
    let words = plan.encoded(for: .x86_64).split(separator: 0, omittingEmptySubsequences: false).map(\.string)
    #expect(
      words == [
        "results", "/dev/ttyS1", "finish", "reset", "output", "10", "test", "a_b_c", "timeout", "2", "arg", "/t", "arg",
        "x y", "env", "A=1", "env", "B=2", "set", "/sys/p", "Y", "show", "/proc/x", "end", "",
      ])
  }
}
