import Foundation
import Testing

/// The package as its own sources declare it: which target may import which.
private struct House {
  /// Target names in the order of Package.swift.
  var order: [String] = []
  /// What each target declares as its dependencies within the package.
  var declared: [String: Set<String>] = [:]

  let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  init() throws {
    let manifest = try String(contentsOf: root.appending(path: "Package.swift"), encoding: .utf8)
    let targets = manifest.components(separatedBy: "targets: [\n").dropFirst().joined()
    let rooms =
      /(?:room|\.executableTarget|\.systemLibrary)\(\s*(?:name: )?"(\w+)"([^\n]*(?:\n(?!    (?:room|tests|\.|\/\/))[^\n]*)*)/
    for match in targets.matches(of: rooms) {
      let name = String(match.1)
      order.append(name)
      declared[name] = Set(match.2.matches(of: /"(\w+)"/).map { String($0.1) })
    }
    let names = Set(order)
    for name in order { declared[name]?.formIntersection(names) }
  }

  /// Everything a target can reach through its arrows.
  func reachable(from name: String) -> Set<String> {
    var seen: Set<String> = []
    var open = [name]
    while let next = open.popLast() {
      for dependency in declared[next] ?? [] where seen.insert(dependency).inserted { open.append(dependency) }
    }
    return seen
  }

  /// The modules that a target's sources import, with the file that does.
  func imports(of name: String) throws -> [(module: String, file: String)] {
    let folder = root.appending(path: "Sources/\(name)")
    let files = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".swift") }
    return try files.flatMap { file in
      try String(contentsOf: folder.appending(path: file), encoding: .utf8)
        .matches(
          of: /(?m)^\s*(?:@\w+ )?(?:public |internal |package )?import (?:struct |enum |func |class |protocol )?(\w+)/
        )
        .map { (String($0.1), "Sources/\(name)/\(file)") }
    }
  }
}

@Suite struct ArchitectureTests {
  private let house: House

  init() throws { house = try House() }

  @Test func theManifestIsRead() {
    #expect(house.order.count >= 20)
    #expect(house.declared["SeriesApply"]?.contains("KernelTree") == true)
    let folders = try? FileManager.default.contentsOfDirectory(atPath: house.root.appending(path: "Sources").path)
    #expect(Set(folders ?? []).subtracting(house.order) == [], "a folder of Sources without a target")
  }

  @Test func arrowsRunUpTheManifestOnly() {
    for (index, name) in house.order.enumerated() {
      let later = (house.declared[name] ?? []).intersection(house.order[index...])
      #expect(later.isEmpty, "\(name) depends on what stands below it: \(later.sorted())")
    }
  }

  @Test func everyImportIsDeclared() throws {
    let names = Set(house.order)
    for name in house.order {
      for (module, file) in try house.imports(of: name) where names.contains(module) {
        #expect(
          house.declared[name]?.contains(module) == true, "\(file) imports \(module), which \(name) does not declare")
      }
    }
  }

  @Test func everyArrowIsUsed() throws {
    for name in house.order where name != "Clibgit2" {
      let used = Set(try house.imports(of: name).map(\.module))
      #expect((house.declared[name] ?? []).subtracting(used) == [], "\(name) declares what it does not import")
    }
  }

  @Test func oneTargetKnowsLibgit2() {
    let owners = house.order.filter { house.declared[$0]?.contains("Clibgit2") == true }
    #expect(owners == ["KernelTree"])
  }

  @Test(arguments: [
    ("PatchMail", ["KernelTree", "KernelC", "VirtualMachine", "KernelConfig"]),
    ("UnifiedDiff", ["PatchMail", "KernelTree"]),
    ("KernelTree", ["PatchMail", "KernelC"]),
    ("SeriesApply", ["KernelC", "VirtualMachine"]),
    ("KernelC", ["LintRules", "LockModel", "KernelTree", "Findings"]),
    ("LockModel", ["PatchMail", "VirtualMachine"]),
    ("Findings", ["LintRules", "KernelC", "PatchMail", "KernelTree"]),
    ("KernelConfig", ["VirtualMachine"]),
    ("SelftestPlan", ["VirtualMachine"]),
    ("VirtualMachine", ["KTAP", "SelftestPlan", "KernelTree", "PatchMail"]),
    ("KTAP", ["VirtualMachine"]),
  ])
  func aRoomDoesNotKnow(name: String, strangers: [String]) {
    #expect(house.order.contains(name))
    #expect(house.reachable(from: name).isDisjoint(with: strangers))
  }
}
