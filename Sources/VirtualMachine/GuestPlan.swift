/// What a guest's init runs, in order; see `Guest/init.c` for the wire form.
public struct GuestPlan: Sendable, Hashable {
  /// The tests, in order.
  public var tests: [GuestTest]
  /// Bytes of one test's output that are passed on; past them only its last 4 KiB.
  public var outputLimit: Int

  /// A plan of `tests`.
  public init(_ tests: [GuestTest], outputLimit: Int = 128 << 10) {
    self.tests = tests
    self.outputLimit = outputLimit
  }

  /// The plan as init reads it: NUL-terminated strings. NUL and newline inside a word become spaces.
  public func encoded(for architecture: Architecture) -> [UInt8] {
    var words = ["results", architecture.resultsDevice, "finish", architecture.finish.rawValue]
    words += ["output", String(max(0, outputLimit))]
    for test in tests {
      words += ["test", test.name, "timeout", String(test.timeoutSeconds)]
      for argument in test.command { words += ["arg", argument] }
      for variable in test.environment.sorted(by: { $0.key < $1.key }) {
        words += ["env", "\(variable.key)=\(variable.value)"]
      }
      for setting in test.settings { words += ["set", setting.path, setting.value] }
      for path in test.shown { words += ["show", path] }
    }
    words.append("end")
    return words.flatMap { word in
      word.utf8.map { $0 == 0 || $0 == 0x0A ? 0x20 : $0 } + [0]
    }
  }
}

/// One test of a ``GuestPlan``.
public struct GuestTest: Sendable, Hashable {
  /// A file of the guest that is written before the test, such as a module parameter under `/sys/module`.
  public struct Setting: Sendable, Hashable {
    /// The file in the guest; a kernel without it skips the test, with the path as the reason.
    public var path: String
    /// What is written to it.
    public var value: String

    /// A write of `value` to `path`.
    public init(path: String, value: String) {
      self.path = path
      self.value = value
    }
  }

  /// Its name in the report; `#` and line breaks, which KTAP does not allow there, become `_`.
  public let name: String
  /// The path of its executable in the guest and its arguments.
  public var command: [String]
  /// Variables besides `PATH` and `HOME`.
  public var environment: [String: String]
  /// Written before the test, in order.
  public var settings: [Setting]
  /// Files of the guest whose contents are reported after the test.
  public var shown: [String]
  /// After this long the test is killed and counts as failed.
  public var timeout: Duration

  /// A test that runs `command`.
  public init(
    _ name: String, command: [String], environment: [String: String] = [:], settings: [Setting] = [],
    shown: [String] = [], timeout: Duration = .seconds(60)
  ) {
    self.name = String(name.map { $0 == "#" || $0.isNewline || $0 == "\0" ? "_" : $0 })
    self.command = command
    self.environment = environment
    self.settings = settings
    self.shown = shown
    self.timeout = timeout
  }

  /// The timeout in whole seconds, rounded up, at least one.
  var timeoutSeconds: Int64 {
    let (seconds, rest) = timeout.components
    return max(1, rest > 0 ? seconds + 1 : seconds)
  }
}

/// A file that is put into the guest's root.
public struct GuestFile: Sendable, Hashable {
  /// Where it is in the guest.
  public var path: String
  /// Its permission bits.
  public var mode: UInt32
  /// Its contents.
  public var contents: [UInt8]

  /// A file with these contents, executable unless `mode` says otherwise.
  public init(path: String, mode: UInt32 = 0o755, contents: [UInt8]) {
    self.path = path
    self.mode = mode
    self.contents = contents
  }
}
