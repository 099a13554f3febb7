import KernelC
import LockModel

extension RuleContext {
  /// Whether the function is thrown away after the start, or is there for the end only: `__init` and `__exit`.
  func runsOnce(_ id: FunctionID) -> Bool {
    let file = program.file(of: id)
    let definition = program.definition(id)
    let names: Set<String> = ["__init", "__exit", "__meminit", "__net_exit"]
    return (definition.tokens.lowerBound..<max(Int(definition.token), definition.tokens.lowerBound)).contains {
      file.tokens[$0].symbol.exists && names.contains(program.symbols.text(file.tokens[$0].symbol))
    }
  }
}
