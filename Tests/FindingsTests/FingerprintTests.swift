import Findings
import Testing

struct FingerprintTests {
  private let original = Finding(
    rule: "double-lock", severity: .error, confidence: .high,
    place: SourcePlace(path: "virt/kvm/a.c", line: 10, column: 2),
    function: "populate", message: "'lock' taken at line 12 is taken again",
    evidence: [Evidence(SourcePlace(path: "virt/kvm/a.c", line: 12), "first taken at a.c:12")])

  @Test func staysWhenLinesAndFileMove() {
    var moved = original
    moved.place = SourcePlace(path: "virt/kvm/b.c", line: 999, column: 40)
    moved.message = "'lock' taken at line 1012 is taken again"
    moved.evidence = [Evidence(SourcePlace(path: "virt/kvm/b.c", line: 1012), "first taken at a.c:1012")]
    #expect(moved.fingerprint == original.fingerprint)
  }

  @Test func changesWithRuleFunctionAndWords() {
    for change: (inout Finding) -> Void in [
      { $0.rule = "lock-order" }, { $0.function = "populate2" }, { $0.message += " shared" },
      { $0.evidence[0].message = "first taken by 'g'" }, { $0.evidence = [] },
    ] {
      var other = original
      change(&other)
      #expect(other.fingerprint != original.fingerprint)
    }
  }

  @Test func aKeyStandsForTheWording() {
    var first = original
    first.key = "struct inode::lock"
    var second = first
    second.message = "entirely other words"
    second.evidence = []
    #expect(first.fingerprint == second.fingerprint)
    second.key = "struct inode::other"
    #expect(first.fingerprint != second.fingerprint)
  }

  @Test func numbersThatAreNotLinesCount() {
    var other = original
    other.message = "'lock2' taken at line 12 is taken again"
    #expect(other.fingerprint != original.fingerprint)
  }

  @Test func isSixteenDigitsAndTheSameForever() {
    #expect(original.fingerprint == "ca5be3d795e3ffae")
  }
}
