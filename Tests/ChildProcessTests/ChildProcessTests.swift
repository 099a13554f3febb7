import ChildProcess
import Synchronization
import SystemPackage
import Testing

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

private func shell(_ script: String) -> ChildCommand { ChildCommand("sh", ["-c", script]) }

private func exists(_ process: Int32) -> Bool { kill(process, 0) == 0 }

/// A killed process leaves `/proc` only when somebody reaps it; orphans wait for init.
private func isGone(_ process: Int32) async -> Bool {
  for _ in 0..<100 {
    guard exists(process), state(of: process) != "Z" else { return true }
    try? await Task.sleep(for: .milliseconds(20))
  }
  return false
}

private func state(of process: Int32) -> String? {
  guard let file = fopen("/proc/\(process)/stat", "r") else { return nil }
  defer { fclose(file) }
  var bytes = [UInt8](repeating: 0, count: 512)
  let count = fread(&bytes, 1, bytes.count, file)
  let text = String(decoding: bytes.prefix(count), as: UTF8.self)
  return text.split(separator: ") ").last?.first.map(String.init)
}

@Suite struct ChildProcessTests {
  @Test func bothStreamsAndTheStatusArrive() async throws {
    let result = try await ChildProcess.run(shell("echo out; echo err >&2; exit 3"))
    #expect(result.end == .exited(3))
    #expect(result.output.bytes == Array("out\n".utf8))
    #expect(result.error.bytes == Array("err\n".utf8))
    #expect(!result.succeeded)
  }

  @Test func inputReachesTheChild() async throws {
    let input = Array(repeating: UInt8(ascii: "x"), count: 1 << 20)
    let result = try await ChildProcess.run(ChildCommand("wc", ["-c"], input: input))
    #expect(result.output.bytes.filter { $0 != 0x20 } == Array("1048576\n".utf8))
  }

  @Test func aChildThatIgnoresItsInputIsNoFailure() async throws {
    let input = Array(repeating: UInt8(ascii: "x"), count: 1 << 20)
    let result = try await ChildProcess.run(ChildCommand("true", input: input))
    #expect(result.end == .exited(0))
  }

  @Test func withoutInputTheChildReadsNothing() async throws {
    let result = try await ChildProcess.run(ChildCommand("cat"))
    #expect(result.succeeded && result.output.total == 0)
  }

  @Test func environmentAndDirectoryAreSet() async throws {
    let command = ChildCommand(
      "sh", ["-c", "echo $GMEMKIT_A; echo ${HOME-none}; pwd"], environment: ["GMEMKIT_A": "a b", "HOME": nil],
      directory: "/usr")
    let result = try await ChildProcess.run(command)
    #expect(String(decoding: result.output.bytes, as: UTF8.self) == "a b\nnone\n/usr\n")
  }

  @Test func bothPipesAreDrainedAtOnce() async throws {
    let script = "head -c 3000000 /dev/zero; head -c 3000000 /dev/zero >&2; head -c 3000000 /dev/zero"
    let result = try await ChildProcess.run(shell(script), limits: ChildLimits(deadline: .seconds(60), keptBytes: 1000))
    #expect(result.end == .exited(0))
    #expect(result.output.total == 6_000_000)
    #expect(result.error.total == 3_000_000)
    #expect(result.output.dropped == 5_999_000)
  }

  @Test func theDeadlineEndsTheWholeGroup() async throws {
    // The grandchild ignores SIGTERM and holds the pipe open: only SIGKILL to the group ends it.
    let script = "sh -c 'trap \"\" TERM; echo $$; while :; do sleep 1; done' & wait"
    let result = try await ChildProcess.run(
      shell(script), limits: ChildLimits(deadline: .milliseconds(500), grace: .milliseconds(300)))
    #expect(result.end == .deadline(.milliseconds(500)))
    #expect(result.elapsed < .seconds(60))
    let text = String(decoding: result.output.bytes, as: UTF8.self)
    let grandchild = try #require(Int32(text.prefix { $0.isNumber }))
    #expect(await isGone(grandchild))
  }

  @Test func aChildThatClosesItsPipesKeepsItsDeadline() async throws {
    let result = try await ChildProcess.run(
      shell("exec >&- 2>&-; sleep 300"), limits: ChildLimits(deadline: .milliseconds(300), grace: .milliseconds(100)))
    #expect(result.end == .deadline(.milliseconds(300)))
    #expect(result.elapsed < .seconds(60))
  }

  @Test func aLeftBehindGrandchildDoesNotOutliveTheRun() async throws {
    let result = try await ChildProcess.run(shell("sleep 300 & echo $!"), limits: ChildLimits(deadline: .seconds(20)))
    #expect(result.end == .exited(0))
    #expect(result.elapsed < .seconds(60))
    let text = String(decoding: result.output.bytes, as: UTF8.self)
    let grandchild = try #require(Int32(text.prefix { $0.isNumber }))
    #expect(await isGone(grandchild))
  }

  @Test func cancellationEndsTheChild() async throws {
    let seen = Mutex<Int32>(0)
    let running = Task {
      try await ChildProcess.run(shell("echo $$; exec sleep 300"), limits: ChildLimits(grace: .milliseconds(200))) {
        _, line in
        seen.withLock { $0 = Int32(String(decoding: line, as: UTF8.self)) ?? -1 }
      }
    }
    while seen.withLock({ $0 }) == 0 { try await Task.sleep(for: .milliseconds(5)) }
    running.cancel()
    let result = await running.result
    #expect(throws: ChildError.self) { try result.get() }
    if case .failure(let error as ChildError) = result { #expect(error.code == .cancelled) }
    #expect(await isGone(seen.withLock { $0 }))
  }

  @Test func theHandleEndsTheChild() async throws {
    let handle = ChildHandle()
    let result = try await ChildProcess.run(shell("echo go; sleep 300"), handle: handle) {
      _, _ in handle.end()
    }
    #expect(result.end == .ended)
    #expect(result.elapsed < .seconds(60))
  }

  @Test func aSignalIsNotAnExitStatus() async throws {
    let result = try await ChildProcess.run(shell("kill -9 $$"))
    #expect(result.end == .signalled(9))
  }

  @Test(arguments: [
    (ChildCommand("gmemkit-no-such-program", ["-x"]), ChildError.Code.notFound),
    (ChildCommand("/nonexistent/program"), .notFound),
    (ChildCommand("true", directory: "/nonexistent"), .directory),
  ])
  func whatCannotStartIsNamed(command: ChildCommand, code: ChildError.Code) async throws {
    do {
      _ = try await ChildProcess.run(command)
      Issue.record("it ran")
    } catch {
      #expect(error.code == code)
      #expect(error.description.contains(command.shellLine))
    }
  }

  @Test func linesArriveWholeAndInOrder() async throws {
    let lines = Mutex<[String]>([])
    _ = try await ChildProcess.run(shell("printf 'a\\nbb'; sleep 0.1; printf 'b\\n\\nlast'")) {
      stream, line in
      if stream == .output { lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) } }
    }
    #expect(lines.withLock { $0 } == ["a", "bbb", "", "last"])
  }

  @Test func manyChildrenAtOnce() async throws {
    let total = try await withThrowingTaskGroup(of: Int.self) { group in
      for number in 0..<32 {
        group.addTask { try await ChildProcess.run(shell("head -c \(number * 10_000) /dev/zero")).output.total }
      }
      return try await group.reduce(0, +)
    }
    #expect(total == (0..<32).reduce(0) { $0 + $1 * 10_000 })
  }
}

@Suite(.serialized) struct InterruptionTests {
  @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
  func aSignalCancelsAndEndsTheChild(number: Int32) async throws {
    let seen = Mutex<Int32>(0)
    let (result, received) = await Interruption.cancelling {
      try await ChildProcess.run(shell("echo $$; exec sleep 300"), limits: ChildLimits(grace: .seconds(20))) {
        _, line in
        seen.withLock { $0 = Int32(String(decoding: line, as: UTF8.self)) ?? -1 }
        kill(getpid(), number)
      }
    }
    #expect(received == number)
    #expect(throws: ChildError.self) { try result.get() }
    #expect(await isGone(seen.withLock { $0 }))
  }

  @Test func withoutASignalTheValueComesThrough() async throws {
    let (result, signal) = await Interruption.cancelling { 7 }
    #expect(try result.get() == 7)
    #expect(signal == nil)
  }
}
