import ByteText
import KernelConfig

/// The options without which a test program fails or skips for what its source names, whatever its directory's `config`
/// says: those are merged with everybody else's where the tests are usually run, so much is missing in a single one.
///
/// A table, since nothing in the tree says it in one place: what user space calls a thing and the option that provides it.
enum ProgramNeeds {
  /// The options by the names of the user interface.
  private static let options: [String: String] = [
    "CLONE_NEWNET": "NET_NS", "CLONE_NEWUSER": "USER_NS", "CLONE_NEWPID": "PID_NS", "CLONE_NEWIPC": "IPC_NS",
    "CLONE_NEWUTS": "UTS_NS", "CLONE_NEWTIME": "TIME_NS", "CLONE_NEWCGROUP": "CGROUPS",
    "AF_UNIX": "UNIX", "AF_LOCAL": "UNIX", "PF_UNIX": "UNIX", "PF_LOCAL": "UNIX", "AF_INET": "INET", "PF_INET": "INET",
    "AF_INET6": "IPV6", "PF_INET6": "IPV6", "AF_PACKET": "PACKET", "PF_PACKET": "PACKET", "AF_NETLINK": "NET",
    "MAP_HUGETLB": "HUGETLBFS", "MFD_HUGETLB": "HUGETLBFS", "SHM_HUGETLB": "HUGETLBFS",
    "userfaultfd": "USERFAULTFD", "UFFDIO_API": "USERFAULTFD", "io_uring_setup": "IO_URING",
    "fanotify_init": "FANOTIFY", "inotify_init": "INOTIFY_USER", "inotify_init1": "INOTIFY_USER",
    "mq_open": "POSIX_MQUEUE", "shmget": "SYSVIPC", "semget": "SYSVIPC", "msgget": "SYSVIPC",
    "keyctl": "KEYS", "perf_event_open": "PERF_EVENTS", "kcmp": "KCMP",
    "landlock_create_ruleset": "SECURITY_LANDLOCK", "SECCOMP_SET_MODE_FILTER": "SECCOMP", "PR_SET_SECCOMP": "SECCOMP",
    "name_to_handle_at": "FHANDLE", "open_by_handle_at": "FHANDLE", "BPF_PROG_LOAD": "BPF_SYSCALL",
  ]

  /// What a library of a directory's tests names and means for each of them: whoever makes namespaces does so first.
  static func isForAll(_ name: String) -> Bool { name.hasPrefix("CLONE_") }

  /// The options that a program needs, each with the name that says so, in the order of the options.
  static func needs(of vocabulary: Set<String>) -> [(option: String, name: String)] {
    var names: [String: String] = [:]
    for word in vocabulary.sorted() {
      // `syscall(__NR_userfaultfd, …)`
      let name =
        word.hasPrefix("__NR_") ? String(word.dropFirst(5)) : word.hasPrefix("SYS_") ? String(word.dropFirst(4)) : word
      if let option = options[name], names[option] == nil { names[option] = name }
    }
    return names.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// The algorithms of the kernel's crypto that a source names as the kernel does, `"cmac(aes128)"`, each with the names of
  /// the options that may provide its parts: `CRYPTO_CMAC`, `CRYPTO_AES`.
  static func algorithms(in source: [UInt8]) -> [String: [String]] {
    var found: [String: [String]] = [:]
    for part in source.text.split(separator: "\"", omittingEmptySubsequences: false) where part.hasSuffix(")") {
      let names = part.dropLast().split(separator: "(", omittingEmptySubsequences: false)
      let isAlgorithm =
        names.count == 2
        && names.allSatisfy { name in
          name.count >= 3 && name.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" || $0 == "_" }
        }
      guard isAlgorithm else { continue }
      // An algorithm's own name may have the length of its key or of what it makes: aes128, sha3-512.
      found[String(part)] = names.flatMap { name in
        [String(name), name.filter(\.isLetter), String(name.prefix { $0 != "-" })]
      }.map { "CRYPTO_" + $0.uppercased() }
    }
    return found
  }
}
