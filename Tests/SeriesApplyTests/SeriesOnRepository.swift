import Foundation
import KernelTree
import PatchMail
import SeriesApply
import TestSupport

/// A repository, and series applied onto it in memory.
struct SeriesOnRepository {
  let fixture: GitFixture

  init() throws { fixture = try GitFixture() }

  /// A mail with a diff.
  static func mail(_ diff: String, subject: String = "[PATCH] subsys: change", header: String = "") -> String {
    """
    From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001
    From: A Author <author@example.org>
    Date: Thu, 12 Dec 2024 10:20:30 -0600
    Message-ID: <20241212.1@example.org>
    Subject: \(subject)
    \(header)
    Why.

    Signed-off-by: A Author <author@example.org>
    ---
    \(diff)
    --\u{20}
    2.39.5

    """
  }

  /// Reads a series out of an mbox's text.
  func series(_ mbox: String) throws -> PatchSeries {
    let path = fixture.path + "/../" + UUID().uuidString + ".mbox"
    try Data(mbox.utf8).write(to: URL(fileURLWithPath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    return try SeriesInput.series(at: path)
  }

  /// Applies a series onto HEAD or another revision, in memory.
  func apply(_ mbox: String, onto revision: String = "HEAD") async throws -> AppliedSeries {
    let repository = try KernelRepository(opening: fixture.path)
    return try await SeriesApplier.apply(
      try series(mbox), to: repository, onto: repository.commit(revision))
  }

  /// What became of the one hunk of a series of one patch.
  func outcome(_ diff: String) async throws -> HunkOutcome? {
    try await apply(Self.mail(diff)).patches.first?.hunks.first
  }
}

/// Numbered lines, `range` of them.
func lines(_ range: ClosedRange<Int>, replacing: [Int: String] = [:]) -> String {
  range.map { (replacing[$0] ?? "line \($0)") + "\n" }.joined()
}
