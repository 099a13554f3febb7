import Foundation
import TestSupport
import Testing

/// `gmemkit lint` and `gmemkit explain` through the real binary, on a series that needs no tree.
@Suite struct LintCommandTests {
  /// Two patches: the first loses a negation, the second puts it back.
  private static let series = """
    From 1111111111111111111111111111111111111111 Mon Sep 17 00:00:00 2001
    From: A Developer <dev@example.org>
    Date: Mon, 2 Mar 2026 10:00:00 +0100
    Subject: [PATCH 1/2] mm: ask the device

    Ask the device.

    Signed-off-by: A Developer <dev@example.org>
    ---
     mm/a.c | 2 +-
     1 file changed, 1 insertion(+), 1 deletion(-)

    diff --git a/mm/a.c b/mm/a.c
    --- a/mm/a.c
    +++ b/mm/a.c
    @@ -10,5 +10,5 @@ int start(struct dev *dev)
     {
    -	if (!ready)
    +	if (dev_is_ready(dev))
     		prepare(dev);
     	return 0;
     }
    --\u{20}
    2.39.5

    From 2222222222222222222222222222222222222222 Mon Sep 17 00:00:00 2001
    From: A Developer <dev@example.org>
    Date: Mon, 2 Mar 2026 10:01:00 +0100
    Subject: [PATCH 2/2] mm: by index

    By index.

    Signed-off-by: A Developer <dev@example.org>
    ---
     mm/a.c | 2 +-
     1 file changed, 1 insertion(+), 1 deletion(-)

    diff --git a/mm/a.c b/mm/a.c
    --- a/mm/a.c
    +++ b/mm/a.c
    @@ -10,5 +10,5 @@ int start(struct dev *dev)
     {
    -	if (dev_is_ready(dev))
    +	if (!dev_is_ready(dev, index))
     		prepare(dev);
     	return 0;
     }
    --\u{20}
    2.39.5


    """

  private func onFile(_ arguments: [String], text: String = series) throws -> BuiltBinary.Run {
    let path = NSTemporaryDirectory() + "gmemkit-lint-\(UUID().uuidString).mbox"
    defer { try? FileManager.default.removeItem(atPath: path) }
    try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    return try BuiltBinary.run(["lint", path] + arguments)
  }

  @Test func theRepairedConditionIsToldAtTheFirstPatch() throws {
    let run = try onFile([])
    #expect(run.status == 1)
    #expect(run.text.contains("mm/a.c:11:2: warning: this condition is turned round by patch 2"))
    #expect(run.text.contains("[series-churn]"))
    #expect(run.text.contains("introduced by patch 1/2 \"mm: ask the device\""))
    #expect(run.errors.contains("gmemkit explain"))
  }

  @Test func oneRuleCanBeAskedFor() throws {
    let run = try onFile(["--rule", "patch-leftover"])
    #expect(run.status == 0)
    #expect(run.text.isEmpty)
    #expect(try onFile(["--rule", "no-such-rule"]).status == 2)
  }

  @Test(arguments: ["json", "sarif", "b4-review"]) func aDocumentIsAllThatStandardOutputHas(format: String) throws {
    let run = try onFile(["--format", format])
    #expect(run.status == 1)
    #expect(throws: Never.self) { try JSONSerialization.jsonObject(with: run.output) }
  }

  @Test func b4HooksGetNothingElseOnEitherStream() throws {
    let run = try onFile(["--format", "b4"])
    #expect(run.errors.isEmpty)
    #expect(run.text.split(separator: "\n").allSatisfy { $0.contains(": WARNING: ") || $0.contains(": ERROR: ") })
    let clean = try onFile(["--format", "b4", "--rule", "patch-leftover"])
    #expect(clean.status == 0)
    #expect(clean.output.isEmpty && clean.errors.isEmpty)
  }

  @Test func b4HooksReadOnePatchFromStandardInput() throws {
    let one = String(Self.series.prefix(upTo: Self.series.range(of: "From 2222")?.lowerBound ?? Self.series.endIndex))
    let check = try BuiltBinary.run(["lint", "--format", "b4", "-"], input: Data(one.utf8))
    #expect(check.errors.isEmpty)
    #expect(
      check.text
        == "mm/a.c:11: ERROR: '!ready' became 'dev_is_ready(dev)': the negation was lost [inverted-condition]\n")
    let review = try BuiltBinary.run(["lint", "--format", "b4-review", "-"], input: Data(one.utf8))
    #expect(review.errors.isEmpty)
    let results = try #require(try JSONSerialization.jsonObject(with: review.output) as? [[String: String]])
    #expect(results.map { $0["status"] } == ["fail"])
    #expect(results.first?["tool"] == "gmemkit")
    #expect(results.first?["details"]?.contains("[inverted-condition]") == true)
  }

  @Test(arguments: [("b4", ""), ("b4-review", "[]")])
  func aCoverLetterAloneIsNothingToSay(format: String, output: String) throws {
    let cover =
      "From: A Developer <dev@example.org>\nSubject: [PATCH 0/2] mm: ready\nDate: Mon, 2 Mar 2026 10:00:00 +0100\n\nReady.\n"
    let run = try BuiltBinary.run(["lint", "--format", format, "-"], input: Data(cover.utf8))
    #expect(run.status == 0)
    #expect(run.text.filter { !$0.isWhitespace } == output)
    #expect(run.errors.isEmpty)
    #expect(try BuiltBinary.run(["lint", "-"], input: Data(cover.utf8)).status == 2)
  }

  @Test func annotationsAreWorkflowCommandsAndNothingElse() throws {
    let run = try onFile(["--format", "github"])
    #expect(run.status == 1)
    let lines = run.text.split(separator: "\n")
    #expect(lines.first?.hasPrefix("::error file=mm/a.c,line=11,endLine=11,col=6,title=inverted-condition::") == true)
    #expect(lines.allSatisfy { $0.hasPrefix("::error ") || $0.hasPrefix("::warning ") || $0.hasPrefix("::notice ") })
  }

  @Test(arguments: [["mm/a.c"], ["./mm", "virt"], ["mm/a.c", "virt/b.c", "--rev", "HEAD"]])
  func pathsOfTheTreeAreNoSeries(_ paths: [String]) throws {
    let git = try GitFixture()
    let source = """
      int f(struct foo *foo)
      {
      	mutex_lock(&foo->lock);
      	if (foo->dead)
      		return -EPERM;
      	mutex_unlock(&foo->lock);
      	return 0;
      }

      """
    for path in ["mm/a.c", "virt/b.c", "fs/c.c"] { try git.write(path, source) }
    try git.commit("base")
    let run = try BuiltBinary.run(["lint", "--tree", git.path] + paths)
    #expect(run.status == 1)
    #expect(run.text.contains("mm/a.c:5:3: error:"))
    #expect(run.text.contains("virt/b.c:5:3: error:") == (paths.count > 1))
    #expect(!run.text.contains("fs/c.c"))
  }

  @Test func theNumberOfJobsChangesNothing() throws {
    let one = try onFile(["--format", "json", "-j", "1"])
    let many = try onFile(["--format", "json", "-j", "5"])
    #expect(one.output == many.output)
  }

  @Test(arguments: [
    ["lint"], ["lint", "--rev", "HEAD"], ["lint", "a", "b"], ["lint", "x", "--format", "xml"],
    ["lint", "--tree", "t", "--rev", "a..b", "path"], ["lint", "x", "--onto", "HEAD"],
  ])
  func badUsageIs64(arguments: [String]) throws {
    let run = try BuiltBinary.run(arguments)
    #expect(run.status == 64)
    #expect(run.text.isEmpty)
  }

  @Test(arguments: [
    ["lint", "v6.12..HEAD"], ["lint", "--tree", "t", "v6.12..HEAD"], ["selftest", "--tree", "t", "v6.12..HEAD"],
  ])
  func aRangeInPlaceOfASeriesIsToldHow(arguments: [String]) throws {
    let run = try BuiltBinary.run(arguments)
    #expect(run.status == 64)
    #expect(run.errors.contains("--rev v6.12..HEAD"))
    // A path may lead upwards.
    #expect(try BuiltBinary.run(["lint", "../v6.12"]).status == 2)
  }

  @Test func whatIsNoMailIsBadInput() throws {
    let run = try onFile([], text: "int main(void)\n{\n}\n")
    #expect(run.status == 2)
    #expect(run.text.isEmpty)
    #expect(run.errors.split(separator: "\n").count == 1)
  }

  @Test func everyListedRuleIsExplained() throws {
    let list = try BuiltBinary.run(["explain"])
    #expect(list.status == 0)
    let rules = list.text.split(separator: "\n").compactMap { $0.split(separator: " ").first.map(String.init) }
    #expect(rules.contains("series-churn") && rules == rules.sorted())
    for rule in rules {
      let run = try BuiltBinary.run(["explain", rule])
      #expect(run.status == 0)
      for heading in ["What it does", "Why it matters", "Example", "Accepts", "Known false positives"] {
        #expect(run.text.contains("\n\(heading)\n"), "\(rule): \(heading)")
      }
    }
    #expect(try BuiltBinary.run(["explain", "no-such-rule"]).status == 2)
  }
}
