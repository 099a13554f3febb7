import LineCoverage
import Testing

@Suite struct LineCoverageTests {
  @Test func collectorLinesBecomeFiles() {
    let report = """
      KTAP version 1
      # gcda /sys/kernel/debug/gcov/obj/mm/a.gcda
      # gcdb 00ff10
      # gcdb 7a
      # gcde 4
      # gcda /sys/kernel/debug/gcov/obj/mm/cut.gcda
      # gcdb 0102
      # gcde 3
      ok 1 coverage
      """
    let data = GuestCoverage.data(in: Array(report.utf8))
    #expect(data == ["/obj/mm/a.gcda": [0x00, 0xFF, 0x10, 0x7A]])
  }

  @Test func addedLinesAreCounted() throws {
    let json = """
      {"gcc_version":"12","current_working_directory":"/w/obj","data_file":"a","files":[{"file":"../src/virt/../mm/a.c",\
      "functions":[],"lines":[{"line_number":3,"count":2},{"line_number":4,"count":0},{"line_number":9,"count":0}]}]}
      """
    var lines = CoveredLines()
    let wasRead = lines.add(gcov: Array(json.utf8), source: "/w/src")
    #expect(wasRead)
    let coverage = lines.coverage(of: ["mm/a.c": [2, 3, 4], "mm/b.h": [1]])
    #expect(coverage.added == 4)
    #expect(coverage.runnable == 2)
    #expect(coverage.executed == 1)
    #expect(coverage.missed == ["mm/a.c:4"])
    #expect(coverage.percent == 50)
    #expect(coverage.files.map(\.path) == ["mm/a.c"])
    #expect(coverage.files.map(\.runnable) == [2] && coverage.files.map(\.executed) == [1])
  }

  @Test func whatIsNoReportIsRefused() {
    var lines = CoveredLines()
    let wasRead = lines.add(gcov: Array("stamp mismatch with notes file\n".utf8), source: "/")
    #expect(!wasRead)
    #expect(lines.coverage(of: [:]).percent == 100)
  }
}
