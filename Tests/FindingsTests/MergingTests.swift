import Findings
import Testing

/// Findings that are one mistake are told of once.
struct MergingTests {
  private func finding(_ function: String, line: Int, steps: Int = 1, fact: String? = "x", side: String = "") -> Finding
  {
    Finding(
      rule: "double-lock", severity: .error, confidence: .high, place: SourcePlace(path: "a.c", line: line),
      function: function, message: "it is taken again",
      evidence: (0..<steps).map { Evidence(SourcePlace(path: "b.c", line: $0 + 1), "step") }, key: function,
      cause: fact.map { Cause($0, side: side) })
  }

  private func merged(_ findings: [Finding], patch: PatchIdentity? = nil) -> [Finding] {
    let status: FindingStatus = patch == nil ? .existing : .new
    return ReportedFinding.merged(findings.map { ReportedFinding($0, patch: patch, status: status) }).map(\.finding)
  }

  @Test func theNearestPlaceStandsForAll() throws {
    let result = merged([
      finding("far", line: 1, steps: 3), finding("near", line: 9), finding("alone", line: 2, fact: nil),
      finding("other", line: 3, fact: "y"),
    ])
    #expect(result.map(\.function) == ["near", "alone", "other"])
    #expect(result[0].message == "it is taken again; the same from one other place")
    #expect(result[0].evidence.last == Evidence(SourcePlace(path: "a.c", line: 1), "the same is reached from 'far'"))
    #expect(result[0].fingerprint == finding("near", line: 9).fingerprint)
    #expect(result[0].confidence == .high)
  }

  @Test func manyPlacesThatRestOnOneStepAreLessSure() {
    let result = merged((1...6).map { finding("f\($0)", line: $0) })
    #expect(result.map(\.function) == ["f1"])
    #expect(result.map(\.confidence) == [.medium])
    #expect(result[0].evidence.count == 4)
  }

  @Test func ofTwoSidesTheRarerIsShown() {
    let result = merged([
      finding("f", line: 1, side: "a"), finding("g", line: 2, side: "a"), finding("h", line: 3, steps: 2, side: "b"),
    ])
    #expect(result.map(\.function) == ["h"])
  }

  @Test func ofASeriesTheFirstStaysAndPatchesAreKeptApart() {
    let patches = [1, 2].map { PatchIdentity(number: $0, count: 2, subject: "s") }
    let both = [finding("far", line: 9, steps: 3), finding("near", line: 1)]
    #expect(merged(both, patch: patches[0]).map(\.function) == ["far"])
    let reported = zip(both, patches).map { ReportedFinding($0, patch: $1, status: .new) }
    #expect(ReportedFinding.merged(reported).count == 2)
  }
}
