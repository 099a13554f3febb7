import Foundation
import KernelTree
import PatchMail
import SeriesApply
import TestSupport
import Testing

@Suite struct PrerequisiteTests {
  private let diff = """
    diff --git a/f b/f
    --- a/f
    +++ b/f
    @@ -1 +1 @@
    -a
    +b
    """

  /// A series whose message ends in `lines`, checked on HEAD~1 of a repository whose HEAD is on top of it.
  private func check(_ lines: (GitFixture) throws -> String) async throws -> [PrerequisiteCheck] {
    let work = try SeriesOnRepository()
    try work.fixture.write("f", "a\n")
    try work.fixture.commit("base")
    try work.fixture.write("g", "g\n")
    try work.fixture.commit("mm: gmem: track preparedness\n\nLink: https://lore.kernel.org/r/20241101.7-a@example.org")
    try work.fixture.git("tag", "prepared")
    try work.fixture.write("h", "h\n")
    try work.fixture.commit("mm: not below the base")
    let text = try lines(work.fixture)
    let cover = """
      From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001
      From: A Author <author@example.org>
      Date: Thu, 12 Dec 2024 10:20:30 -0600
      Message-ID: <20241212.0@example.org>
      Subject: [PATCH 0/1] subsys: change

      On top of:

      \(text)

      """
    let series = try work.series(cover + SeriesOnRepository.mail(diff, subject: "[PATCH 1/1] subsys: change"))
    let repository = try KernelRepository(opening: work.fixture.path)
    return try await PrerequisiteCheck.run(series, in: repository, base: repository.commit("HEAD~1"))
  }

  @Test(arguments: [
    "  123456789abc mm: gmem: track preparedness", "prerequisite-message-id: <20241101.7-a@example.org>",
    "Depends-on: <20241101.7-a@example.org>", "Depends-on: https://lore.kernel.org/kvm/20241101.7-a@example.org/",
    "Based-on: prepared", "Depends-on: [PATCH v3 2/4] mm: gmem: track preparedness",
    "prerequisite-change-id: 20241101.7-a",
  ])
  func whatTheBaseHasIsFound(_ line: String) async throws {
    let checks = try await check { _ in line }
    #expect(checks.count == 1)
    guard case .present = checks.first?.state else {
      Issue.record("\(line): \(checks)")
      return
    }
  }

  @Test(arguments: [
    "  123456789abc mm: gmem: something else", "prerequisite-message-id: <20241101.8-a@example.org>",
    "prerequisite-patch-id: 0123456789abcdef0123456789abcdef01234567", "Depends-on: v9.1-rc1",
  ])
  func whatItLacksIsNamed(_ line: String) async throws {
    let checks = try await check { _ in line }
    #expect(checks.map(\.state) == [.missing])
    #expect(checks.allSatisfy { $0.isMissing })
  }

  @Test func aPatchIDIsComparedWithTheCommits() async throws {
    let checks = try await check { fixture in
      let script = "git diff-tree -p prepared | git patch-id --stable"
      let id = try fixture.git("-c", "alias.x=!sh -c '\(script)'", "x").prefix(40)
      return "prerequisite-patch-id: \(id)"
    }
    guard case .present = checks.first?.state else {
      Issue.record("\(checks)")
      return
    }
  }

  @Test func aCommitOfAnotherBranchIsNotInTheBase() async throws {
    let checks = try await check { "  \(try $0.git("rev-parse", "--short=12", "HEAD")) mm: not below the base" }
    guard case .elsewhere = checks.first?.state else {
      Issue.record("\(checks)")
      return
    }
    #expect(checks.allSatisfy { $0.isMissing })
  }
}
