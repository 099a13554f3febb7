/// The bounds a child process lives in; every one of them is finite in its effect on memory.
public struct ChildLimits: Sendable, Hashable {
  /// From start to the first signal; `nil` waits for as long as the child runs.
  public var deadline: Duration?
  /// Between SIGTERM and SIGKILL, both sent to the child's whole process group.
  public var grace: Duration
  /// Bytes kept of each stream; of a longer one its first and its last half.
  public var keptBytes: Int
  /// Bytes of one line handed to the line callback; a longer line arrives in pieces of this size.
  public var lineBytes: Int

  /// Limits with the defaults that fit a compiler or git.
  public init(
    deadline: Duration? = nil, grace: Duration = .seconds(2), keptBytes: Int = 4 << 20, lineBytes: Int = 1 << 16
  ) {
    self.deadline = deadline
    self.grace = grace
    self.keptBytes = max(0, keptBytes)
    self.lineBytes = max(1, lineBytes)
  }
}
