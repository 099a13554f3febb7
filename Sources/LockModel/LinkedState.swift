import KernelC

/// A program with the indices over it that need no solver.
struct LinkedState: Sendable {
  let program: Program
  let callbacks: CallbackIndex
  let teardowns: TeardownIndex

  init(_ program: Program) {
    self.program = program
    callbacks = CallbackIndex(program)
    teardowns = TeardownIndex(program)
  }
}
