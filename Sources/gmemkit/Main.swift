import ArgumentParser
import Dispatch
import Glibc

/// Runs the parsed verb as a task, so that SIGINT and SIGTERM can cancel it and every child process it started.
@main
struct Main {
  static func main() async {
    signal(SIGPIPE, SIG_IGN)
    let verb = Task {
      var command = try Gmemkit.parseAsRoot()
      if var asynchronous = command as? any AsyncParsableCommand {
        try await asynchronous.run()
      } else {
        try command.run()
      }
    }
    let sources = cancelOnSignals(verb)
    let result = await verb.result
    let interrupted = verb.isCancelled
    withExtendedLifetime(sources) {}
    guard case .failure(let error) = result else { exit(ExitStatus.clean.rawValue) }
    if interrupted {
      Console.note("gmemkit: interrupted")
      exit(ExitStatus.interrupted.rawValue)
    }
    if let ending = error as? Ending {
      Console.note("gmemkit: \(ending.line)")
      exit(ending.status.rawValue)
    }
    Gmemkit.exit(withError: error)
  }

  /// Cancels `verb` on the first SIGINT or SIGTERM; the second is from somebody who does not want to wait for clean-up.
  private nonisolated static func cancelOnSignals(_ verb: Task<Void, any Error>) -> [any DispatchSourceSignal] {
    [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
      source.setEventHandler { @Sendable in
        if verb.isCancelled { _exit(ExitStatus.interrupted.rawValue) }
        verb.cancel()
      }
      source.resume()
      return source
    }
  }
}
