import Foundation
import TestSupport
import Testing

/// What must be the same after a run that did not end well.
private struct Snapshot: Equatable {
  var references: String
  var head: String
  var status: String
  var index: Data
  var config: Data
  var stash: String

  init(_ fixture: GitFixture) throws {
    references = try fixture.git("for-each-ref", "--format=%(refname) %(objectname)")
    head = try fixture.git("symbolic-ref", "HEAD")
    status = try fixture.git("status", "--porcelain=v2", "--untracked-files=all")
    index = try Data(contentsOf: URL(fileURLWithPath: fixture.path + "/.git/index"))
    config = try Data(contentsOf: URL(fileURLWithPath: fixture.path + "/.git/config"))
    stash = try fixture.git("stash", "list")
  }
}

@Suite struct NothingIsLostTests {
  /// A repository with uncommitted work, and a series for it beside it.
  private func workInProgress() throws -> (fixture: GitFixture, mbox: String) {
    let fixture = try GitFixture()
    try fixture.write("mm/filemap.c", lines(1...50))
    try fixture.write("virt/kvm/kvm_main.c", lines(1...30))
    let base = try fixture.commit("base")
    try fixture.write("mm/filemap.c", lines(1...50, replacing: [10: "one"]))
    try fixture.write("virt/kvm/new.c", "new\n")
    try fixture.commit("KVM: one")
    try fixture.write("mm/filemap.c", lines(1...50, replacing: [10: "one", 40: "two"]))
    try fixture.commit("KVM: two")
    let mbox = fixture.path + ".mbox"
    let text = try fixture.git("format-patch", "--stdout", "\(base)..HEAD")
    try Data((text + "\n").utf8).write(to: URL(fileURLWithPath: mbox))
    try fixture.git("reset", "-q", "--hard", base)
    try fixture.git("reflog", "expire", "--expire=now", "--all")
    try fixture.git("gc", "-q", "--prune=now")
    try fixture.write("stashed.c", "stashed\n")
    try fixture.git("add", "stashed.c")
    try fixture.git("stash", "-q")
    try fixture.write("virt/kvm/kvm_main.c", "work in progress\n")
    try fixture.write("untracked.c", "untracked\n")
    return (fixture, mbox)
  }

  private func apply(
    _ mbox: String, _ fixture: GitFixture, _ more: [String] = [], environment: [String: String] = [:]
  ) throws -> BuiltBinary.Run {
    try BuiltBinary.run(["apply", mbox, "--tree", fixture.path] + more, environment: environment)
  }

  @Test(.enabled(if: FaultInjection.isAvailable), arguments: FaultInjection.Fault.allCases)
  func aFaultAtAnyWriteLeavesTheRepositoryAsItWas(_ fault: FaultInjection.Fault) throws {
    let injection = try FaultInjection()
    let (fixture, mbox) = try workInProgress()
    defer { try? FileManager.default.removeItem(atPath: mbox) }
    let before = try Snapshot(fixture)
    var faults = 0
    for count in 1...500 {
      let run = try apply(mbox, fixture, ["--branch", "series"], environment: injection.environment(fault, at: count))
      let branches = try fixture.git("branch", "--list", "series")
      if run.status == 0 {
        #expect(try fixture.git("log", "--format=%s", "-2", "series") == "KVM: two\nKVM: one")
        break
      }
      faults += 1
      #expect(fault == .kill ? run.status == 137 : run.status == 2, "write \(count): \(run.errors)")
      if !branches.isEmpty {
        // The reference itself was written: then all of it must be there.
        #expect(try fixture.git("log", "--format=%s", "-2", "series") == "KVM: two\nKVM: one")
        try fixture.git("branch", "-q", "-D", "series")
      }
      if fault != .kill { #expect(run.errors.split(separator: "\n").count == 1, "\(run.errors)") }
      #expect(try Snapshot(fixture) == before, "write \(count)")
      try fixture.git("fsck", "--strict", "--no-dangling")
      // A process that is killed cannot take its lock away; git's own do the same.
      try? FileManager.default.removeItem(atPath: fixture.path + "/.git/refs/heads/series.lock")
    }
    #expect(faults >= 5)
    #expect(try fixture.git("branch", "--list", "series") != "")
    try fixture.git("branch", "-q", "-D", "series")
    #expect(try Snapshot(fixture) == before)
  }

  @Test func runsTwiceWithOneResult() throws {
    let (fixture, mbox) = try workInProgress()
    defer { try? FileManager.default.removeItem(atPath: mbox) }
    #expect(try apply(mbox, fixture, ["--branch", "series"]).status == 0)
    let first = try fixture.git("rev-parse", "series")
    let again = try apply(mbox, fixture, ["--branch", "series"])
    #expect(again.status == 0, "\(again.errors)")
    #expect(try fixture.git("rev-parse", "series") == first)
    let other = try apply(mbox, fixture, ["--branch", "master"])
    #expect(other.status == 2)
    #expect(other.errors.contains("--branch"))
    let below = try apply(mbox, fixture, ["--branch", "series/below"])
    #expect(below.status == 2)
  }

  @Test func twoRunsAtOnceMakeOneBranch() async throws {
    let (fixture, mbox) = try workInProgress()
    defer { try? FileManager.default.removeItem(atPath: mbox) }
    let statuses = try await withThrowingTaskGroup(of: Int32.self) { group in
      for _ in 0..<4 {
        group.addTask { try BuiltBinary.run(["apply", mbox, "--tree", fixture.path, "--branch", "series"]).status }
      }
      return try await group.reduce(into: []) { $0.append($1) }
    }
    #expect(statuses.contains(0))
    #expect(statuses.allSatisfy { $0 == 0 || $0 == 2 })
    #expect(try fixture.git("log", "--format=%s", "-2", "series") == "KVM: two\nKVM: one")
    try fixture.git("fsck", "--strict")
  }

  @Test func takesBareRepositoriesWorktreesAndAlternates() throws {
    let (fixture, mbox) = try workInProgress()
    let places = fixture.path + "-places"
    defer {
      try? FileManager.default.removeItem(atPath: mbox)
      try? FileManager.default.removeItem(atPath: places)
    }
    try fixture.git("clone", "-q", "--bare", fixture.path, places + "/bare.git")
    try fixture.git("clone", "-q", "--shared", fixture.path, places + "/shared")
    try fixture.git("worktree", "add", "-q", "--detach", places + "/linked")
    for place in ["bare.git", "shared", "linked"] {
      let path = places + "/" + place
      let run = try BuiltBinary.run(
        ["apply", mbox, "--tree", path, "--branch", "in-" + place],
        environment: ["GIT_COMMITTER_NAME": "C", "GIT_COMMITTER_EMAIL": "c@example.org"])
      #expect(run.status == 0, "\(place): \(run.errors)")
      #expect(try fixture.git("-C", path, "log", "--format=%s %cn", "-1", "in-" + place) == "KVM: two C")
      try fixture.git("-C", path, "fsck", "--strict")
    }
  }
}
