import KernelC

/// A program with the indices over it that need no solver.
struct LinkedState: Sendable {
  let program: Program
  let interface: KernelInterface
  let callbacks: CallbackIndex
  let teardowns: TeardownIndex

  init(_ program: Program, _ interface: KernelInterface) {
    self.program = program
    self.interface = interface
    callbacks = CallbackIndex(program)
    teardowns = TeardownIndex(program)
  }
}
