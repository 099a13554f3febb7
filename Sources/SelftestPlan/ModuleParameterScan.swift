import ByteText
import KernelConfig

/// Finds module parameters that a change adds.
enum ModuleParameterScan {
  /// The parameters declared on added lines; `module` is the module's name for this file.
  static func parameters(in file: ChangedFile, module: String) -> [ModuleParameter] {
    guard let new = file.new else { return [] }
    let text = new.lineRanges().map { new[$0].text }
    let added = Set(file.addedLines())
    var found: [ModuleParameter] = []
    for (index, line) in text.enumerated() where added.contains(index + 1) {
      for macro in ["module_param_named(", "module_param_cb(", "module_param("] {
        guard let open = line.firstRange(of: macro) else { continue }
        let rest = text[index..<min(index + 3, text.count)].joined(separator: " ")
        let start = rest.firstRange(of: macro).map { $0.upperBound } ?? rest.startIndex
        let arguments = rest[start...].prefix { $0 != ")" && $0 != ";" }
          .split(separator: ",").map { $0.filter { !$0.isWhitespace } }
        guard arguments.count >= 3, line[..<open.lowerBound].allSatisfy(\.isWhitespace) else { continue }
        let variable = macro == "module_param(" ? arguments[0] : arguments[1]
        let kind = macro == "module_param(" ? arguments[1] : macro == "module_param_named(" ? arguments[2] : "callback"
        found.append(
          ModuleParameter(
            module: module, name: arguments[0], kind: kind,
            defaultValue: initialiser(of: variable.filter { $0 != "&" }, in: text) ?? (kind == "bool" ? "0" : ""),
            location: ConfigLocation(path: file.path, line: index + 1)))
        break
      }
    }
    return found
  }

  /// The value that the variable is declared with, as `0`, `1` or as it is written.
  private static func initialiser(of variable: String, in lines: [String]) -> String? {
    for line in lines where line.contains(variable) && line.contains("=") && !line.hasPrefix("\t") {
      // What a comment says about the parameter is no declaration.
      guard line.contains(";"), !line.hasPrefix("/*"), !line.hasPrefix(" *"), !line.hasPrefix("//") else { continue }
      let sides = line.split(separator: "=", maxSplits: 1)
      guard sides.count == 2,
        sides[0].split(whereSeparator: { !$0.isLetter && !$0.isNumber && $0 != "_" }).contains(variable[...])
      else { continue }
      let value = sides[1].prefix { $0 != ";" }.filter { !$0.isWhitespace }
      return value == "true" ? "1" : value == "false" ? "0" : value
    }
    return nil
  }

  /// The default run, then one run per parameter with another value: the other one of a bool, an edge of a number.
  static func runs(over parameters: [ModuleParameter]) -> [PlannedRun] {
    var runs = [PlannedRun(name: "default", commandLine: [])]
    for parameter in parameters {
      let other: String
      switch parameter.kind {
      case "bool", "bint": other = parameter.defaultValue == "1" ? "0" : "1"
      case "invbool": other = parameter.defaultValue == "1" ? "1" : "0"
      case "byte", "short", "ushort", "int", "uint", "long", "ulong", "ullong", "hexint":
        other = parameter.defaultValue == "0" || parameter.defaultValue.isEmpty ? "1" : "0"
      default: continue
      }
      let word = "\(parameter.module).\(parameter.name)=\(other)"
      runs.append(PlannedRun(name: word, commandLine: [word]))
    }
    return runs
  }
}
