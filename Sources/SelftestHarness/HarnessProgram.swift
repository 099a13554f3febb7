/// One C program of the harness: the tests for the interfaces that one file declares.
struct HarnessProgram {
  let name: String
  let text: String

  /// A program per file with interfaces, then one for the suspicions.
  static func programs(for facts: HarnessFacts, title: String) -> [HarnessProgram] {
    let byFile = Dictionary(grouping: facts.interfaces, by: \.path).sorted { $0.key < $1.key }
    var names: Set<String> = []
    var programs: [HarnessProgram] = []
    for (path, interfaces) in byFile {
      var name = "drive_" + identifier(stem(of: path))
      while !names.insert(name).inserted { name += "_too" }
      var writer = Writer(facts: facts, title: title, subject: path)
      writer.locks(of: facts.locks)
      for test in tests(of: interfaces) { writer.test(test.name, test.interfaces, about: test.about) }
      programs.append(HarnessProgram(name: name, text: writer.finished))
    }
    guard !facts.suspicions.isEmpty else { return programs }
    var writer = Writer(facts: facts, title: title, subject: "what static analysis suspects")
    for (index, path) in facts.suspicions.enumerated() {
      let name = "suspicion_\(index + 1)_\(identifier(path.suspicion.rule))"
      let suspicion = path.suspicion
      let about = [
        "\(suspicion.path):\(suspicion.line): \(suspicion.function): [\(suspicion.rule)]", suspicion.message,
      ]
      let ways = tests(of: path.interfaces)
      if ways.isEmpty { writer.skipped(name, about: about) }
      for way in ways { writer.test("\(name)_by_\(way.name)", way.interfaces, about: about + way.about) }
    }
    programs.append(HarnessProgram(name: "drive_suspicions", text: writer.finished))
    return programs
  }

  private struct Test {
    let name: String
    let interfaces: [KernelInterface]
    let about: [String]
  }

  /// A device's ioctls and file operations are one test, everything else one each.
  private static func tests(of interfaces: [KernelInterface]) -> [Test] {
    var tests: [Test] = []
    var owners: Set<String> = []
    for interface in interfaces {
      let isDescriptor = interface.kind == .ioctl || interface.kind == .file
      guard isDescriptor else {
        tests.append(
          Test(
            name: "\(interface.kind.rawValue)_\(identifier(interface.name))", interfaces: [interface],
            about: [about(interface)]))
        continue
      }
      guard owners.insert(interface.owner).inserted else { continue }
      let members = interfaces.filter { ($0.kind == .ioctl || $0.kind == .file) && $0.owner == interface.owner }
      tests.append(
        Test(name: "descriptors_of_\(identifier(interface.owner))", interfaces: members, about: members.map(about)))
    }
    return tests
  }

  private static func about(_ interface: KernelInterface) -> String {
    let way = interface.reaches.isEmpty ? "" : ": " + interface.reaches.joined(separator: " > ")
    return "\(interface.name), \(interface.path):\(interface.line)\(way)"
  }

  private static func stem(of path: String) -> String {
    String((path.split(separator: "/").last ?? "").prefix { $0 != "." })
  }

  static func identifier(_ text: String) -> String {
    let mapped = text.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" }
    return String(mapped.drop { $0 == "_" })
  }
}

/// Writes one C file.
private struct Writer {
  private let facts: HarnessFacts
  private var head: String
  private var body = ""
  private var includes: Set<String> = []
  private var tables: Set<String> = []

  init(facts: HarnessFacts, title: String, subject: String) {
    self.facts = facts
    head = """
      // SPDX-License-Identifier: GPL-2.0-only
      /*
       * Drives \(subject), as changed by
       *   \(Writer.comment(title))
       * Generated from the series; the arguments are guesses. A failure is a complaint
       * of the kernel or a process that does not come back.
       */
      #ifndef _GNU_SOURCE
      #define _GNU_SOURCE
      #endif

      """
  }

  mutating func locks(of locks: [TouchedLock]) {
    guard !locks.isEmpty else { return }
    body += "/*\n * Locks that the touched code takes, and why several processes call at once:\n"
    for lock in locks.prefix(40) {
      body += " *   \(Writer.comment(lock.expression)) in \(lock.function), \(lock.path):\(lock.line)\n"
    }
    body += " */\n\n"
  }

  mutating func test(_ name: String, _ interfaces: [KernelInterface], about: [String]) {
    guard let first = interfaces.first else { return }
    var statements: [String] = []
    switch first.kind {
    case .parameter: statements.append("drive_parameter(_metadata, \"\(first.owner)\", \"\(first.name)\");")
    case .sysctl: statements.append("drive_attribute(_metadata, \"/proc/sys\", \"\(first.name)\");")
    case .debugfs: statements.append("drive_attribute(_metadata, \"/sys/kernel/debug\", \"\(first.name)\");")
    case .procfs: statements.append("drive_attribute(_metadata, \"/proc\", \"\(first.name)\");")
    case .sysfs: statements.append("drive_attribute(_metadata, \"/sys\", \"\(first.name)\");")
    case .syscall: statements = syscall(first.name)
    case .ioctl, .file: statements = descriptors(first.owner, interfaces)
    }
    open(name, about)
    body += statements.map { $0.hasPrefix("#") ? $0 + "\n" : "\t" + $0 + "\n" }.joined() + "}\n\n"
  }

  mutating func skipped(_ name: String, about: [String]) {
    open(name, about)
    body += "\tSKIP(return, \"no interface found in the changed directories that leads there\");\n}\n\n"
  }

  var finished: String {
    let own = includes.sorted().map { "#include <\($0)>\n" }.joined()
    return head + own + "#include \"kselftest_harness.h\"\n#include \"drive.h\"\n\n" + body + "TEST_HARNESS_MAIN\n"
  }

  private mutating func open(_ name: String, _ about: [String]) {
    body += "TEST(\(name))\n{\n"
    guard !about.isEmpty else { return }
    body += "\t/*\n" + about.map { "\t * \(Writer.comment($0))\n" }.joined() + "\t */\n"
  }

  private func syscall(_ name: String) -> [String] {
    if Self.unsafe.contains(name) {
      return ["SKIP(return, \"\(name) with guesses for arguments ends the guest or the test\");"]
    }
    return [
      "#ifdef __NR_\(name)", "drive_syscall(_metadata, __NR_\(name));", "#else",
      "SKIP(return, \"this C library does not know \(name)\");", "#endif",
    ]
  }

  /// System calls that are not called at random: they end the machine, the caller or what the caller stands on.
  private static let unsafe: Set<String> = [
    "exit", "exit_group", "fork", "vfork", "clone", "clone3", "kill", "tkill", "tgkill", "reboot", "pause", "execve",
    "execveat", "rt_sigreturn", "sigreturn", "umount", "umount2", "pivot_root", "chroot", "kexec_load",
    "kexec_file_load", "init_module", "finit_module", "delete_module", "swapoff", "ptrace", "seccomp", "vhangup",
    "rt_sigsuspend", "setpgid", "setsid", "munmap", "pidfd_send_signal",
  ]

  private mutating func descriptors(_ owner: String, _ interfaces: [KernelInterface]) -> [String] {
    guard owner.hasPrefix("/") else { return ["drive_filesystem(_metadata, \"\(owner)\");"] }
    let touched = Set(interfaces.filter { $0.kind == .ioctl }.map(\.name))
    let all = (facts.ioctls[owner] ?? []).filter { touched.contains($0) || Self.makesDescriptors($0) }
    let table = "ioctls_of_" + HarnessProgram.identifier(owner) + "_\(tables.count + 1)"
    tables.insert(table)
    body += "static const struct drive_ioctl \(table)[] = {\n"
    for name in all {
      if let header = facts.headers[name] { includes.insert(header) }
      body += "#ifdef \(name)\n\t{ \"\(name)\", \(name), \(touched.contains(name)) },\n#endif\n"
    }
    body += "};\n\n"
    let files = interfaces.contains { $0.kind == .file }
    return ["drive_device(_metadata, \"\(owner)\", \(table), sizeof(\(table)) / sizeof(\(table)[0]), \(files));"]
  }

  private static func makesDescriptors(_ name: String) -> Bool {
    ["CREATE", "OPEN", "ALLOC", "NEW", "_FD", "MEMFD"].contains { name.contains($0) }
  }

  private static func comment(_ text: String) -> String {
    text.replacing("*/", with: "* /").replacing("\n", with: " ")
  }
}
