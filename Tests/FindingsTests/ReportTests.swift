import Findings
import Foundation
import Testing

struct ReportTests {
  static let patch = PatchIdentity(
    number: 2, count: 5, subject: "KVM: gmem: hold it", commit: "0123456789abcdef0123456789abcdef01234567")

  static let finding = Finding(
    rule: "double-lock", severity: .warning, confidence: .high,
    place: SourcePlace(path: "virt/kvm/guest_memfd.c", line: 30, column: 2), function: "kvm_gmem_get_pfn",
    message: "'invalidate_lock' is taken again",
    evidence: [
      Evidence(SourcePlace(path: "virt/kvm/guest_memfd.c", line: 12, column: 3), "taken here by 'kvm_gmem_populate'"),
      Evidence(SourcePlace(path: "arch/x86/kvm/mmu/mmu.c", line: 7), "called\nhere"),
    ])

  @Test func textIsWhatGccWouldWrite() {
    let report = LintReport(findings: [ReportedFinding(Self.finding, patch: Self.patch, status: .new)])
    #expect(
      String(decoding: report.text, as: UTF8.self) == """
        virt/kvm/guest_memfd.c:30:2: warning: 'invalidate_lock' is taken again [double-lock]
        virt/kvm/guest_memfd.c:12:3: note: taken here by 'kvm_gmem_populate'
        arch/x86/kvm/mmu/mmu.c:7: note: called here
        virt/kvm/guest_memfd.c:30:2: note: introduced by patch 2/5 "KVM: gmem: hold it" (0123456789ab)

        """)
  }

  @Test func onlyNewFindingsFailASeries() {
    let existing = ReportedFinding(Self.finding, patch: Self.patch, status: .existing)
    let fixed = ReportedFinding(Self.finding, patch: Self.patch, status: .fixed)
    #expect(LintReport(findings: [existing, fixed]).failing.isEmpty)
    #expect(LintReport(findings: [ReportedFinding(Self.finding, patch: nil, status: .existing)]).failing.count == 1)
  }

  @Test func jsonHasTheFieldsOthersRelyOn() throws {
    let report = LintReport(
      findings: [ReportedFinding(Self.finding, patch: Self.patch, status: .new)],
      notAnalysed: [NotAnalysed(SourcePlace(path: "mm/gup.c", line: 9), function: "gup", reason: "budget")],
      analysed: AnalysedCount(files: 3, functions: 40))
    let document = try #require(
      try JSONSerialization.jsonObject(with: Data(report.json.document)) as? [String: Any])
    #expect(document["schema_version"] as? Int == 1)
    let finding = try #require((document["findings"] as? [[String: Any]])?.first)
    #expect(finding["rule"] as? String == "double-lock")
    #expect(finding["severity"] as? String == "warning")
    #expect(finding["confidence"] as? String == "high")
    #expect(finding["path"] as? String == "virt/kvm/guest_memfd.c")
    #expect(finding["line"] as? Int == 30)
    #expect(finding["column"] as? Int == 2)
    #expect(finding["function"] as? String == "kvm_gmem_get_pfn")
    #expect(finding["patch"] as? Int == 2)
    #expect(finding["commit"] as? String == Self.patch.commit)
    #expect(finding["status"] as? String == "new")
    #expect(finding["fingerprint"] as? String == Self.finding.fingerprint)
    #expect((finding["evidence"] as? [[String: Any]])?.count == 2)
    let left = try #require((document["not_analysed"] as? [[String: Any]])?.first)
    #expect(left["path"] as? String == "mm/gup.c")
    #expect(left["reason"] as? String == "budget")
    #expect((document["analysed"] as? [String: Int]) == ["files": 3, "functions": 40])
  }

  @Test func orderDoesNotDependOnTheOrderOfArrival() {
    var findings: [ReportedFinding] = []
    for line in 1...20 {
      var finding = Self.finding
      finding.place.line = line
      findings.append(ReportedFinding(finding, patch: Self.patch, status: .new))
    }
    let forwards = LintReport(findings: findings)
    #expect(LintReport(findings: findings.reversed()).text == forwards.text)
    #expect(LintReport(findings: findings.shuffled()).json.document == forwards.json.document)
  }
}
