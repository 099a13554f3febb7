import KTAP
import Testing

/// One line per test: nesting, status, name, message.
private func tree(_ log: String) -> [String] {
  func lines(_ tests: [TestResult], _ indentation: String) -> [String] {
    tests.flatMap { test -> [String] in
      let message = test.message.isEmpty ? "" : " (\(test.message))"
      return ["\(indentation)\(test.status.rawValue) \(test.name)\(message)"] + lines(test.subtests, indentation + "  ")
    }
  }
  return lines(KernelLog(Array(log.utf8)).tests, "")
}

@Suite struct KTAPTests {
  @Test func theDocumentsExample() {
    let log = """
      KTAP version 1
      1..1
        KTAP version 1
        1..3
          KTAP version 1
          1..1
          # test_1: initializing test_1
          ok 1 test_1
        ok 1 example_test_1
          KTAP version 1
          1..2
          ok 1 test_1 # SKIP test_1 skipped
          ok 2 test_2
        ok 2 example_test_2
          KTAP version 1
          1..3
          ok 1 test_1
          # test_2: FAIL
          not ok 2 test_2
          ok 3 test_3 # SKIP test_3 skipped
        not ok 3 example_test_3
      not ok 1 main_test
      """
    #expect(
      tree(log) == [
        "failed main_test", "  passed example_test_1", "    passed test_1", "  passed example_test_2",
        "    skipped test_1 (test_1 skipped)", "    passed test_2", "  failed example_test_3", "    passed test_1",
        "    failed test_2", "    skipped test_3 (test_3 skipped)",
      ])
    let read = KernelLog(Array(log.utf8))
    #expect(read.status == .failed)
    #expect(read.counts[.passed] == 3 && read.counts[.failed] == 1 && read.counts[.skipped] == 2)
    #expect(read.tests[0].subtests[2].subtests[1].log == ["# test_2: FAIL"])
  }

  @Test(arguments: [
    ("ok 1 a # SKIP no kvm", "skipped a (no kvm)"), ("not ok 1 a # SKIP no kvm", "skipped a (no kvm)"),
    ("not ok 1 a # TODO later", "xfail a (later)"), ("ok 1 a # TODO later", "passed a (later)"),
    ("ok 1 a # XFAIL known", "xfail a (known)"), ("not ok 1 a # XFAIL", "xfail a"),
    ("not ok 1 a # TIMEOUT 45 seconds", "timeout a (45 seconds)"),
    ("not ok 1 a # ERROR no memory", "error a (no memory)"),
    ("ok 5 check return code # rcode=0", "passed check return code (rcode=0)"),
    ("not ok 1 a # exit=139", "failed a (exit=139)"), ("ok 1 a # NOVELTY x", "passed a (NOVELTY x)"),
    ("ok 1", "passed "), ("ok 1 - a - b", "passed a - b"), ("ok 1 a #5", "passed a #5"),
    ("not ok - without number", "failed without number"), ("ok   7   spaced  ", "passed spaced"),
    ("ok 1 a # skip lower case", "skipped a (lower case)"),
  ])
  func resultLines(line: String, expected: String) {
    #expect(tree("TAP version 13\n1..1\n\(line)\n") == [expected])
  }

  @Test(arguments: [
    "okay 1 a", "ok so this is prose", "not ok", "ok", "notok 1 a", "ok 1a b", " OK 1 a", "1..x", "1..2x",
  ])
  func whatOnlyLooksLikeAResult(line: String) {
    #expect(tree("TAP version 13\n\(line)\nok 1 real\n") == ["passed real"])
  }

  @Test func kselftestNestsByHashes() {
    let log = """
      TAP version 13
      1..2
      # timeout set to 45
      # selftests: kvm: guest_memfd_test
      # TAP version 13
      # 1..2
      # # Starting 2 tests
      # ok 1 global.create
      # not ok 2 global.bind
      not ok 1 selftests: kvm: guest_memfd_test # exit=1
      # selftests: kvm: other
      # ok 1 this is text, no version line opened this level
      ok 2 selftests: kvm: other
      """
    #expect(
      tree(log) == [
        "failed selftests: kvm: guest_memfd_test (exit=1)", "  passed global.create", "  failed global.bind",
        "passed selftests: kvm: other",
      ])
  }

  @Test func deepHashes() {
    let log = "TAP version 13\n# TAP version 13\n# # TAP version 13\n# # ok 1 c\n# ok 1 b\nok 1 a\n"
    #expect(tree(log) == ["passed a", "  passed b", "    passed c"])
  }

  @Test func duplicateNamesStayApart() {
    #expect(tree("KTAP version 1\n1..3\nok 1 a\nnot ok 2 a\nok 3 a\n") == ["passed a", "failed a", "passed a"])
  }

  @Test func aMissingPlanAndALateOne() {
    #expect(KernelLog(Array("KTAP version 1\nok 1 a\nok 2 b\n".utf8)).status == .passed)
    let late = KernelLog(Array("KTAP version 1\nok 1 a\nok 2 b\n1..3\n".utf8))
    #expect(late.planned == 3 && late.counts.missing == 1 && late.status == .crashed)
  }

  @Test func aTestThatNeverEndsHasCrashed() {
    let log = """
      KTAP version 1
      #gmemkit: init up
      1..3
      #gmemkit: start 1 first
      ok 1 first
      #gmemkit: start 2 second
      # TAP version 13
      # 1..2
      # ok 1 inner
      # about to go
      """
    #expect(tree(log) == ["passed first", "crashed second (no result)", "  passed inner"])
    let read = KernelLog(Array(log.utf8))
    #expect(read.status == .crashed)
    // The inner test that never came, and the third.
    #expect(read.counts.missing == 2)
    #expect(read.tests[1].log.last == "# about to go")
  }

  @Test func aTestThatWasEndedForItsTimeHasNotCrashed() {
    let log = KernelLog(
      Array("KTAP version 1\n1..1\n# TAP version 13\n# 1..3\n# ok 1 a\nnot ok 1 t # TIMEOUT 30 seconds\n".utf8))
    #expect(log.tests.map(\.status) == [.timedOut])
    #expect(log.tests.first?.missing == 2)
  }

  @Test func anUnfinishedSuiteHasCrashed() {
    let log = """
      [    0.060000] KTAP version 1
      [    0.060000] 1..2
      [    0.060000]     KTAP version 1
      [    0.060000]     # Subtest: suite
      [    0.060000]     1..2
      [    0.060000]     ok 1 one
      [    0.070000] Kernel panic - not syncing: Fatal exception
      """
    #expect(tree(log) == ["crashed suite (no result)", "  passed one"])
  }

  @Test func aSetThatLiesIsBelievedLess() {
    let read = KernelLog(Array("KTAP version 1\n1..1\n  KTAP version 1\n  1..1\n  not ok 1 in\nok 1 out\n".utf8))
    #expect(read.tests[0].status == .failed && read.counts[.failed] == 1)
    #expect(read.counts.notes == 1)
  }

  @Test func aFailedSetWithPassingTestsIsOneFailure() {
    let read = KernelLog(Array("KTAP version 1\n1..1\n  KTAP version 1\n  1..1\n  ok 1 in\nnot ok 1 out\n".utf8))
    #expect(read.status == .failed && read.counts[.failed] == 1 && read.counts[.passed] == 1)
  }

  @Test func noIndentation() {
    let log = "KTAP version 1\n1..2\nKTAP version 1\n# Subtest: s\n1..2\nok 1 x\nok 2 y\nok 1 s\nok 2 t\n"
    #expect(tree(log) == ["passed s", "  passed x", "  passed y", "passed t"])
  }

  @Test(arguments: [
    "[    1.234567] ", "[12345.678901] ", "<6>[    1.234567] ", "[    1.234567][    T1] ", "[    1.234567][   C12] ",
    "Nov 22 10:11:12 host kernel: ", "\u{1B}[32m", "  ",
  ])
  func prefixesAreStripped(prefix: String) {
    let log = ["KTAP version 1", "1..1", "    KTAP version 1", "    # Subtest: s", "    1..1", "    ok 1 a", "ok 1 s"]
      .map { prefix + $0 + "\r\n" }.joined()
    #expect(tree(log) == ["passed s", "  passed a"])
  }

  @Test func aGrowingTimeStampIsNoIndentation() {
    let log = """
      [    9.999999] KTAP version 1
      [    9.999999] 1..2
      [99999.999999] ok 1 a
      [100000.000001] ok 2 b
      """
    #expect(tree(log) == ["passed a", "passed b"])
  }

  @Test func aLineCutByTheKernelIsMended() {
    let log = """
      KTAP version 1
      1..3
      ok 1 guest_me[   12.345678] kvm: a message in the middle
      mfd_test
      ok 2 whole[   13.000000] random: crng init done
      ok 3 last
      """
    #expect(tree(log) == ["passed guest_memfd_test", "passed whole", "passed last"])
  }

  @Test func twoReportsInOneLog() {
    let log = "KTAP version 1\n1..1\nok 1 a\nKTAP version 1\n1..2\nok 1 a\nnot ok 2 b\n"
    let read = KernelLog(Array(log.utf8))
    #expect(tree(log) == ["passed a", "passed a", "failed b"])
    #expect(read.planned == 3 && read.counts.missing == 0)
  }

  @Test func noVersionLineIsAnError() {
    let read = KernelLog(Array("ok 1 a\nBooting Linux\n".utf8))
    #expect(!read.hasReport && read.tests.isEmpty && read.status == .errored)
  }

  @Test func numbersThatDoNotFollowAreNoted() {
    let read = KernelLog(Array("KTAP version 1\n1..2\nok 1 a\nok 7 b\n".utf8))
    #expect(read.tests[1].notes == ["test number 7 where 2 was due"] && read.status == .passed)
  }

  @Test func anyBytesAreALog() {
    var generator = SystemRandomNumberGenerator()
    let pieces = [
      "KTAP version 1\n", "TAP version 14\n", "1..99999999999999999999\n", "ok 1", "\n", "  ", "# ", "# Subtest: ",
      "not ok ", "[    1.000000] ", "BUG: ", "------------[ cut here ]------------\n", "Call Trace:\n", " f+0x1/0x2\n",
      "\u{0}", "\u{1B}[", "=====================\n", "1..2\n", "ok 184467440737095516160 x\n", "#gmemkit: start ",
      "+0x", "[", "<6>[", "\t",
    ].map { Array($0.utf8) }
    for _ in 0..<300 {
      var log: [UInt8] = []
      for _ in 0..<Int.random(in: 0...60, using: &generator) {
        log += pieces.randomElement(using: &generator) ?? []
        if Bool.random(using: &generator) { log.append(UInt8.random(in: 0...255, using: &generator)) }
      }
      let read = KernelLog(log)
      #expect(read.lineCount <= log.count)
    }
  }
}
