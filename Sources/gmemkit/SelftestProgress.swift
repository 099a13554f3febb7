import SeriesSelftest
import Synchronization
import SystemPackage

/// Shows on a terminal what a run is doing, and on anything else the start of each phase.
final class SelftestProgress: Sendable {
  private struct State {
    var phases: [Int: String] = [:]
    var shown = 0
  }

  private let terminal: Bool
  private let state = Mutex(State())

  init(terminal: Bool) {
    self.terminal = terminal
  }

  func take(_ event: SelftestEvent) {
    state.withLock { state in
      switch event {
      case .phase(let patch, let name):
        state.phases[patch] = "patch \(patch): \(name)"
        show("patch \(patch): \(name)", &state)
      case .progress(let patch, let text):
        if terminal { show("\(state.phases[patch] ?? ""): \(text)", &state) }
      case .finished(let result):
        state.phases[result.number] = nil
        show("patch \(result.number): \(result.verdict.rawValue)", &state)
        if terminal {
          Self.write("\n")
          state.shown = 0
        }
      }
    }
  }

  /// Removes the line that is shown.
  func clear() {
    guard terminal else { return }
    state.withLock { if $0.shown > 0 { Self.write("\r\u{1B}[K") } }
  }

  private static func write(_ text: String) {
    _ = try? FileDescriptor.standardError.writeAll(text.utf8)
  }

  private func show(_ text: String, _ state: inout State) {
    guard terminal else { return Console.note(text) }
    Self.write("\r\u{1B}[K" + text.prefix(110))
    state.shown = text.count
  }
}
