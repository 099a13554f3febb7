import Foundation
import TestSupport
import Testing

/// The kinds of functions that sparse and smatch are tried on, in C of our own: each line that says so is reported, no other.
@Suite struct LockingKindsTests {
  private struct Report: Decodable {
    struct Finding: Decodable {
      let path: String
      let line: Int
    }
    let findings: [Finding]
  }

  @Test(arguments: ["balance.c", "order.c", "sleep.c"])
  func kinds(file: String) throws {
    let folder = MainJob.root.appending(path: "Tests/Fixtures/locking")
    let text = try String(contentsOf: folder.appending(path: file), encoding: .utf8)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    let marked = lines.indices.filter { lines[$0].contains("/* reported */") }.map { $0 + 1 }
    let run = try BuiltBinary.run(["lint", "--tree", folder.path, "--format", "json", file])
    #expect(run.status == 1, "\(run.errors)")
    let report = try JSONDecoder().decode(Report.self, from: run.output)
    #expect(Set(report.findings.map(\.line)).sorted() == marked)
  }
}
