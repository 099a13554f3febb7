import SystemPackage

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What to run: an executable, its arguments and where, as a value that can be printed and pasted into a shell.
public struct ChildCommand: Sendable, Hashable {
  /// A name that is looked up in `PATH`, or a path if it holds a slash.
  public var executable: String
  /// The arguments after the executable's own name.
  public var arguments: [String]
  /// Changes to the inherited environment: a value sets the variable, `nil` removes it.
  public var environment: [String: String?]
  /// The working directory; `nil` inherits ours.
  public var directory: FilePath?
  /// Bytes for standard input; `nil` connects it to `/dev/null`, so that no child ever waits for a terminal.
  public var input: [UInt8]?

  /// Describes a command; nothing runs yet.
  public init(
    _ executable: String, _ arguments: [String] = [], environment: [String: String?] = [:],
    directory: FilePath? = nil, input: [UInt8]? = nil
  ) {
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
    self.directory = directory
    self.input = input
  }

  /// Where the executable is: its path if it holds a slash, else the first match in `PATH`; `nil` if it cannot be run.
  public var executablePath: FilePath? {
    guard !executable.utf8.contains(UInt8(ascii: "/")) else {
      return access(executable, X_OK) == 0 ? FilePath(executable) : nil
    }
    guard !executable.isEmpty, let search = getenv("PATH") else { return nil }
    return String(cString: search).split(separator: ":").lazy
      .map { FilePath(String($0)).appending(executable) }
      .first { access($0.string, X_OK) == 0 }
  }

  /// The command as one line for a POSIX shell: `cd`, variables, executable, arguments, each quoted where needed.
  public var shellLine: String {
    var words: [String] = []
    let changes = environment.sorted { $0.key < $1.key }
    let removed = changes.filter { $0.value == nil }.map(\.key)
    let set = changes.compactMap { change in change.value.map { "\(change.key)=\(ShellQuoting.quoted($0))" } }
    if !removed.isEmpty {
      words = ["env"] + removed.map { "-u \(ShellQuoting.quoted($0))" }
    }
    words += set
    words += ([executable] + arguments).map(ShellQuoting.quoted)
    let line = words.joined(separator: " ")
    guard let directory else { return line }
    return "cd \(ShellQuoting.quoted(directory.string)) && \(line)"
  }
}

/// Quoting of words for a POSIX shell.
public enum ShellQuoting {
  /// `word` unchanged if no shell would touch it, else in single quotes.
  public static func quoted(_ word: String) -> String {
    let plain = !word.isEmpty && word.utf8.allSatisfy(isPlain)
    guard !plain else { return word }
    return "'" + word.replacing("'", with: "'\\''") + "'"
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default:
      "_-./=:,@%+".utf8.contains(byte)
    }
  }
}
