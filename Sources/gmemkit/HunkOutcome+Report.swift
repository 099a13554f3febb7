import Findings
import KernelTree
import SeriesApply

extension HunkOutcome {
  /// A failed hunk for a reader: where, why, the line that differs, the nearest place, who changed it last.
  var lines: [String] {
    let hunk = number == 0 ? "" : ": hunk \(number) (@@ -\(oldStart) +\(newStart) @@)"
    let headline = "      \(path)\(hunk): \(reason?.rawValue ?? "failed")" + (detail.map { " (\($0))" } ?? "")
    // What an earlier patch would have changed says nothing about this one: no details.
    if let follows { return [headline + "; patch \(follows) failed in this file, which may be why"] }
    var lines = [headline]
    if let difference {
      lines.append("        line \(patchLine ?? 0) of the patch wants line \(difference.line) to be")
      lines.append("          '\(difference.expected)'")
      lines.append(
        difference.found.map { "        but there is\n          '\($0)'" } ?? "        but the file ends before it")
    } else if let patchLine {
      lines.append("        line \(patchLine) of the patch")
    }
    if let nearest {
      lines.append("        nearest place: line \(nearest.line), \(nearest.matching) of \(nearest.total) lines match")
    }
    if let lastChange {
      lines.append("        last changed by \(lastChange.commit.short) \(lastChange.subject)")
    }
    return lines
  }

  var json: JSONValue {
    var fields: [(String, JSONValue)] = [
      ("path", .string(path)), ("hunk", .integer(number)), ("old_start", .integer(oldStart)),
      ("new_start", .integer(newStart)), ("how", .string(how.rawValue)), ("offset", .integer(offset)),
      ("reason", .optional(reason?.rawValue)), ("detail", .optional(detail)),
    ]
    if let patchLine { fields.append(("patch_line", .integer(patchLine))) }
    if let difference {
      fields.append(
        (
          "difference",
          .object([
            ("line", .integer(difference.line)), ("expected", .string(difference.expected)),
            ("found", .optional(difference.found)),
          ])
        ))
    }
    if let nearest {
      fields.append(
        (
          "nearest",
          .object([
            ("line", .integer(nearest.line)), ("matching", .integer(nearest.matching)),
            ("total", .integer(nearest.total)),
          ])
        ))
    }
    if let lastChange {
      fields.append(
        (
          "last_change",
          .object([
            ("commit", .string(lastChange.commit.hex)), ("subject", .string(lastChange.subject)),
          ])
        ))
    }
    if let preview { fields.append(("preview", .string(preview))) }
    if let follows { fields.append(("follows_patch", .integer(follows))) }
    return .object(fields)
  }
}
