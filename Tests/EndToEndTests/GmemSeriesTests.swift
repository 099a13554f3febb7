import Foundation
import TestSupport
import Testing

/// Series over the small guest_memfd of `Fixtures/gmem`, through the real binary: what reviewers found months later must be
/// found by the right rule in the right patch, and the mended series must be clean.
@Suite struct GmemSeriesTests {
  private static let fixtures = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../Fixtures/gmem").standardized

  private struct Report: Decodable {
    struct Step: Decodable {
      let path: String
      let message: String
    }

    struct Finding: Decodable {
      let rule: String
      let path: String
      let line: Int
      let function: String
      let message: String
      let patch: Int
      let fixed_by: Int?
      let evidence: [Step]
    }

    struct NotAnalysed: Decodable {}

    let findings: [Finding]
    let not_analysed: [NotAnalysed]
  }

  /// The fixture's tree as a repository of one commit.
  private func tree() throws -> GitFixture {
    let git = try GitFixture()
    let source = Self.fixtures.appending(path: "tree")
    for name in try FileManager.default.subpathsOfDirectory(atPath: source.path)
    where name.hasSuffix(".c") || name.hasSuffix(".h") {
      try git.write(name, try String(contentsOf: source.appending(path: name), encoding: .utf8))
    }
    try git.commit("the tree before the series")
    return git
  }

  private func lint(_ series: String, in git: GitFixture, _ options: [String] = []) throws -> (
    run: BuiltBinary.Run, report: Report
  ) {
    let cache = git.path + "/.git/cache"
    let run = try BuiltBinary.run(
      ["lint", Self.fixtures.appending(path: series).path, "--tree", git.path, "--format", "json"] + options,
      environment: ["XDG_CACHE_HOME": cache])
    return (run, try JSONDecoder().decode(Report.self, from: run.output))
  }

  /// Rule, patch and function of each mistake, by the letters of the review.
  private static let mistakes: [(letter: String, rule: String, patch: Int, function: String)] = [
    ("a: a lost negation", "inverted-condition", 1, "gmem_get_pfn"),
    ("a: put back in silence", "series-churn", 1, ""),
    ("b: a lock taken again behind a callback", "double-lock", 3, "gmem_populate"),
    ("d: two locks in both orders", "lock-order", 6, "gmem_fault"),
    ("e: a NULL check on an error pointer", "err-ptr-confusion", 5, "gmem_get_folio"),
    ("f: an in/out argument without a value", "uninitialised-inout", 5, "gmem_populate"),
    ("g: another variable than the error", "wrong-error", 4, "sev_gmem_prepare"),
    ("h: code that comes and goes", "series-churn", 2, ""),
    ("i: a log that names another constant", "changelog-mismatch", 5, ""),
  ]

  @Test func everyMistakeIsFoundInItsPatch() throws {
    let (run, report) = try lint("rfc.mbox", in: try tree())
    #expect(run.status == 1)
    #expect(report.not_analysed.isEmpty)
    for mistake in Self.mistakes {
      #expect(
        report.findings.contains { finding in
          finding.rule == mistake.rule && finding.patch == mistake.patch
            && (mistake.function.isEmpty || finding.function == mistake.function)
        }, "\(mistake.letter): \(mistake.rule) in patch \(mistake.patch)")
    }
    let expected = Set(Self.mistakes.map { "\($0.rule) \($0.patch)" } + ["lock-order 6"])
    #expect(Set(report.findings.map { "\($0.rule) \($0.patch)" }) == expected)
  }

  @Test func theDeadlockIsToldAsAReviewerWould() throws {
    let (_, report) = try lint("rfc.mbox", in: try tree(), ["--rule", "double-lock"])
    let finding = try #require(report.findings.first)
    #expect(report.findings.count == 1)
    #expect(finding.path == "virt/kvm/guest_memfd.c")
    #expect(finding.fixed_by == nil)
    #expect(
      finding.message == "'tdx_gmem_post_populate' reaches 'gmem_get_pfn', which takes "
        + "'address_space::invalidate_lock' again while 'file->f_mapping->invalidate_lock' is held here")
    #expect(
      finding.evidence.map { "\($0.path): \($0.message)" } == [
        "virt/kvm/guest_memfd.c: 'file->f_mapping->invalidate_lock' is taken here",
        "arch/x86/kvm/vmx/tdx.c: 'tdx_vcpu_init_mem_region' passes 'tdx_gmem_post_populate' as 'post_populate'",
        "virt/kvm/guest_memfd.c: 'gmem_populate' calls 'tdx_gmem_post_populate' through 'post_populate'",
        "arch/x86/kvm/vmx/tdx.c: 'tdx_gmem_post_populate' calls 'tdp_map_page'",
        "arch/x86/kvm/mmu/mmu.c: 'tdp_map_page' calls 'mmu_do_page_fault'",
        "arch/x86/kvm/mmu/mmu_internal.h: 'mmu_do_page_fault' calls 'tdp_page_fault' through 'vcpu->mmu->page_fault'",
        "arch/x86/kvm/mmu/mmu.c: 'tdp_page_fault' calls 'direct_page_fault'",
        "arch/x86/kvm/mmu/mmu.c: 'direct_page_fault' calls 'mmu_faultin_pfn'",
        "arch/x86/kvm/mmu/mmu.c: 'mmu_faultin_pfn' calls 'mmu_faultin_pfn_private'",
        "arch/x86/kvm/mmu/mmu.c: 'mmu_faultin_pfn_private' calls 'gmem_get_pfn'",
        "virt/kvm/guest_memfd.c: 'address_space::invalidate_lock' is taken again here",
      ])
  }

  @Test func sharingTheLockOnBothSidesIsNoWayOut() throws {
    let (run, report) = try lint("shared.mbox", in: try tree())
    #expect(run.status == 1)
    #expect(report.findings.map { "\($0.rule) \($0.patch) \($0.function)" } == ["double-lock 2 gmem_populate"])
  }

  @Test func theMendedSeriesIsClean() throws {
    let (run, report) = try lint("mended.mbox", in: try tree())
    #expect(report.findings.map { "\($0.rule) \($0.patch) \($0.function)" }.isEmpty)
    #expect(run.status == 0)
  }

  @Test func theNumberOfJobsChangesNothing() throws {
    let git = try tree()
    let one = try lint("rfc.mbox", in: git, ["-j", "1"]).run
    try FileManager.default.removeItem(atPath: git.path + "/.git/cache")
    let many = try lint("rfc.mbox", in: git, ["-j", "4"]).run
    #expect(one.output == many.output)
  }

  @Test func assertionsAreCountedBeforeAndAfterEachPatch() throws {
    let (run, _) = try lint("rfc.mbox", in: try tree(), ["--rule", "lock-assert-coverage"])
    let document = try #require(try JSONSerialization.jsonObject(with: run.output) as? [String: Any])
    let figures = try #require(document["lock_assert_coverage"] as? [[String: Any]])
    let slots = figures.filter { $0["lock"] as? String == "kvm::slots_lock" }
    #expect(slots.count == 6)
    let third = figures.first { $0["lock"] as? String == "address_space::invalidate_lock" && $0["patch"] as? Int == 3 }
    #expect(third?["before"] is NSNull)
    #expect((third?["after"] as? [String: Int])?["asserting"] == 1)
  }

  /// Without a tree the hunks alone must show what can be seen in them.
  @Test func theMailsAloneShowFourOfThem() throws {
    let run = try BuiltBinary.run(
      ["lint", Self.fixtures.appending(path: "rfc.mbox").path, "--format", "json"])
    let report = try JSONDecoder().decode(Report.self, from: run.output)
    let found = Set(report.findings.map { "\($0.rule) \($0.patch)" })
    #expect(
      found.isSuperset(of: [
        "inverted-condition 1", "series-churn 1", "wrong-error 4", "series-churn 2", "changelog-mismatch 5",
      ]))
  }

  /// The thread that the fixture is modelled on, where `../shared` has it or `GMEMKIT_SHARED` names it.
  @Test(.enabled(if: thread != nil, "there is no corpus beside the repository"))
  func thePostedThreadShowsThemToo() throws {
    let path = try #require(Self.thread)
    let run = try BuiltBinary.run(["lint", path, "--format", "json"])
    let report = try JSONDecoder().decode(Report.self, from: run.output)
    let found = Set(report.findings.map { "\($0.rule) \($0.patch)" })
    #expect(
      found.isSuperset(of: [
        "inverted-condition 1", "series-churn 1", "wrong-error 4", "series-churn 2", "changelog-mismatch 5",
      ]))
  }

  private static let thread: String? = {
    let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized
    let shared = ProcessInfo.processInfo.environment["GMEMKIT_SHARED"] ?? root.appending(path: "../shared").path
    let path = shared + "/corpus/gmem-2m-rfc-v1.mbox"
    return FileManager.default.fileExists(atPath: path) ? path : nil
  }()
}
