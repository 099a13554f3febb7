import DefaultTree
import Synchronization

/// Shows how the embedded tree is made: a bar that is redrawn on a terminal, a line every quarter otherwise.
final class TreeProgress: Sendable {
  private struct State {
    var percent = -1
    var isWaiting = false
    var hasShown = false
  }

  private let isTerminal = Console.standardErrorIsTerminal
  private let state = Mutex(State())

  /// Shows a step; cheap when nothing visible has changed.
  func show(_ progress: ImportProgress) {
    state.withLock { state in
      if progress.phase == .waiting {
        if !state.isWaiting { Console.note("gmemkit: another run is making the kernel tree; waiting for it") }
        state.isWaiting = true
        return
      }
      let percent = progress.phase == .finishing ? 100 : Int(progress.fraction * 100)
      guard percent > state.percent else { return }
      if isTerminal {
        let filled = percent * 30 / 100
        let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: 30 - filled)
        Console.progress("kernel tree [\(bar)] \(percent)% \(progress.files) files")
      } else if !state.hasShown {
        Console.note("gmemkit: making the kernel tree from Debian's source (once; about 400 MB in the cache)")
      } else if percent / 25 > state.percent / 25 {
        Console.note("gmemkit: kernel tree \(percent / 25 * 25)%")
      }
      state.hasShown = true
      state.percent = percent
    }
  }

  /// Ends the bar's line.
  func end() {
    state.withLock { if isTerminal, $0.hasShown { Console.progress(nil) } }
  }
}
