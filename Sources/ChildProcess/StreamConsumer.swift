/// What both drained pipes are collected into.
struct Streams: Sendable {
  var output = BoundedCapture(limit: 0)
  var error = BoundedCapture(limit: 0)
}

/// One finished task of a supervised child.
enum Part: Sendable {
  case output(BoundedCapture)
  case error(BoundedCapture)
  case watch
}

/// Takes one stream's bytes as they arrive.
protocol StreamConsumer: Sendable {
  mutating func take(_ chunk: [UInt8], _ stream: ChildStream)
  mutating func finish(_ stream: ChildStream)
}

/// Hands on whole lines.
struct LineConsumer: StreamConsumer {
  private var splitter: LineSplitter
  private let deliver: @Sendable (ChildStream, [UInt8]) -> Void

  init(limit: Int, deliver: @escaping @Sendable (ChildStream, [UInt8]) -> Void) {
    splitter = LineSplitter(limit: limit)
    self.deliver = deliver
  }

  mutating func take(_ chunk: [UInt8], _ stream: ChildStream) {
    splitter.append(chunk) { deliver(stream, $0) }
  }

  mutating func finish(_ stream: ChildStream) {
    splitter.finish { deliver(stream, $0) }
  }
}

/// Hands on chunks as they are.
struct ChunkConsumer: StreamConsumer {
  let deliver: @Sendable (ChildStream, [UInt8]) -> Void

  mutating func take(_ chunk: [UInt8], _ stream: ChildStream) {
    deliver(stream, chunk)
  }

  mutating func finish(_ stream: ChildStream) {}
}
