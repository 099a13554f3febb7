/// Which message answers which.
public struct MailThread: Sendable {
  /// The message each one answers, by index; nil for the start of a thread.
  public private(set) var parent: [Int?]
  /// The start of the thread each one is in.
  public private(set) var root: [Int]

  /// Links the messages by their ids; a missing message in between is skipped by its `References`.
  ///
  /// - Complexity: O(messages + ids).
  public init(_ envelopes: [Envelope]) {
    var byID: [String: Int] = [:]
    for (index, envelope) in envelopes.enumerated() {
      if let id = envelope.messageID, byID[id] == nil { byID[id] = index }
    }
    // Two messages that answer the same absent one belong together: its id stands for it.
    var absent: [String: Int] = [:]
    parent = Array(repeating: nil, count: envelopes.count)
    for (index, envelope) in envelopes.enumerated() {
      parent[index] = envelope.parents.lazy.compactMap { byID[$0] }.first { $0 != index }
    }
    Self.cutCycles(&parent)

    root = Array(envelopes.indices)
    for index in envelopes.indices {
      var top = index
      var path: [Int] = []
      while let up = parent[top], root[top] == top {
        path.append(top)
        top = up
      }
      let start = root[top]
      for step in path { root[step] = start }
      if root[index] == index, parent[index] == nil, let oldest = envelopes[index].parents.last {
        if let other = absent[oldest] {
          root[index] = root[other]
        } else {
          absent[oldest] = index
        }
      }
    }
    for index in envelopes.indices where root[root[index]] != root[index] { root[index] = root[root[index]] }
  }

  /// Ids that answer each other in a circle (forged or broken) must not make a walk endless.
  private static func cutCycles(_ parent: inout [Int?]) {
    var state = [UInt8](repeating: 0, count: parent.count)
    for start in parent.indices where state[start] == 0 {
      var path: [Int] = []
      var at: Int? = start
      while let index = at, state[index] == 0 {
        state[index] = 1
        path.append(index)
        at = parent[index]
      }
      if let index = at, state[index] == 1, let last = path.last { parent[last] = nil }
      for index in path { state[index] = 2 }
    }
  }

  /// For each message the nearest of `tops` at or above it, and how many steps that is.
  ///
  /// - Complexity: O(messages).
  public func nearest(of tops: Set<Int>) -> [(top: Int, depth: Int)?] {
    var known = [Bool](repeating: false, count: parent.count)
    var answers = [(top: Int, depth: Int)?](repeating: nil, count: parent.count)
    for index in parent.indices {
      var path: [Int] = []
      var at: Int? = index
      while let step = at, !known[step], !tops.contains(step) {
        path.append(step)
        at = parent[step]
      }
      var answer: (top: Int, depth: Int)?
      if let stop = at {
        if !known[stop] {
          known[stop] = true
          answers[stop] = (stop, 0)
        }
        answer = answers[stop]
      }
      for step in path.reversed() {
        answer = answer.map { ($0.top, $0.depth + 1) }
        known[step] = true
        answers[step] = answer
      }
    }
    return answers
  }
}
