import Foundation
import Requirements
import Testing

@Suite struct MachineReportTests {
  @Test func everyRowOfTheTableIsRead() {
    #expect(Requirement.all.count >= 15)
    #expect(
      Set(Requirement.all.map(\.neededBy)) == ["build", "default-tree", "selftest", "tests", "optional", "arm64"])
  }

  @Test func aMissingPackageIsNamedWithTheCommandThatInstallsIt() throws {
    let root = NSTemporaryDirectory() + "requirements-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: root) }
    try FileManager.default.createDirectory(atPath: root + "/bin", withIntermediateDirectories: true)
    try "#!/bin/sh\n".write(toFile: root + "/bin/here", atomically: true, encoding: .utf8)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: root + "/bin/here")
    let requirements = Requirement.parse(
      """
      # a comment
      here-pkg | command:here | build | a tool that is here
      gone-pkg | command:gone | selftest | a tool that is not
      file-pkg | file:/no/such/file | default-tree | a file that is not
      nice-pkg | command:nicety | optional | may be missing
      a line that is no row
      """)
    #expect(requirements.count == 4)
    let report = MachineReport(requirements: requirements, path: root + "/bin", root: root)
    #expect(report.rows.map { $0.location != nil } == [true, false, false, false])
    #expect(report.remedy == "apt-get install --no-install-recommends gone-pkg file-pkg")
  }

  @Test func nothingMissingNeedsNoRemedy() {
    let report = MachineReport(requirements: Requirement.parse("sh | command:sh | build | the shell"), path: "/bin")
    #expect(report.remedy == nil)
  }
}
