#if canImport(Glibc)
  import Glibc
#endif

/// The process's streams: data on standard output, everything else on standard error.
enum Console {
  /// Whether standard error is a terminal that wants progress and colour.
  static var standardErrorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 && environment("TERM") != "dumb" }

  /// Whether standard output may carry colour: a terminal, and `NO_COLOR` unset or empty (no-color.org).
  static var standardOutputTakesColour: Bool {
    isatty(STDOUT_FILENO) == 1 && environment("TERM") != "dumb" && (environment("NO_COLOR") ?? "").isEmpty
  }

  /// Writes text to standard output.
  ///
  /// A reader that closed the pipe wants no more: the process ends quietly, as `head` expects of its neighbours.
  static func write(_ text: String) {
    writeAll(Array(text.utf8), to: STDOUT_FILENO)
  }

  /// Writes bytes to standard output, as `write(_:)` does text.
  static func write(_ bytes: [UInt8]) {
    writeAll(bytes, to: STDOUT_FILENO)
  }

  /// Writes one line to standard error.
  static func note(_ line: String) {
    writeAll(Array((line + "\n").utf8), to: STDERR_FILENO)
  }

  /// Redraws the last line of a terminal's standard error; nil ends the line.
  static func progress(_ text: String?) {
    writeAll(Array((text.map { "\r\u{1B}[K" + $0 } ?? "\n").utf8), to: STDERR_FILENO)
  }

  /// The value of an environment variable.
  static func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }

  private static func writeAll(_ bytes: [UInt8], to descriptor: Int32) {
    bytes.withUnsafeBytes { buffer in
      var rest = buffer[...]
      while !rest.isEmpty {
        let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        if written > 0 {
          rest = rest.dropFirst(written)
        } else if errno == EPIPE {
          exit(ExitStatus.clean.rawValue)
        } else if errno != EINTR {
          // A full disk behind a redirection must not look like a complete report.
          if descriptor == STDOUT_FILENO {
            note("gmemkit: standard output: \(String(cString: strerror(errno))); the report is incomplete")
            exit(ExitStatus.internalDefect.rawValue)
          }
          return
        }
      }
    }
  }
}
