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

  /// All messages that stand below `index`, however deep.
  ///
  /// - Complexity: O(messages).
  public func descendants(of tops: Set<Int>) -> [Int] {
    var belongs = [Bool?](repeating: nil, count: parent.count)
    var found: [Int] = []
    for index in parent.indices {
      var path: [Int] = []
      var at: Int? = index
      var answer = false
      while let step = at {
        if let known = belongs[step] {
          answer = known
          break
        }
        if tops.contains(step) {
          answer = true
          break
        }
        path.append(step)
        at = parent[step]
      }
      for step in path { belongs[step] = answer }
      if answer, !tops.contains(index) { found.append(index) }
    }
    return found
  }
}
