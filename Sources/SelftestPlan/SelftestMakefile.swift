import ByteText

/// What a selftest directory's makefile says, as far as the names of its programs need it: assignments with references and
/// the few functions that lists of names are made with, and pattern rules.
///
/// Conditionals are not weighed: what stands in either branch counts, and what cannot be built is named when it is tried.
/// A series may bring any makefile: lists that multiply and references within references end at bounds that no real one
/// comes near.
struct SelftestMakefile {
  /// More words in a list, longer ones and more references within each other are left out.
  private static let wordLimit = 4096
  private static let lengthLimit = 4096
  private static let depthLimit = 16

  /// Whether something ended at a bound, so that programs may be missing.
  private(set) var isCut = false
  private var variables: [String: [String]] = ["OUTPUT": [""]]
  /// Pattern rules from a C source: `%_ipv4` and `%.c`.
  private var rules: [(target: String, source: String)] = []

  /// Reads a makefile; `files` are the names in its directory, for `$(wildcard …)`.
  init(_ bytes: [UInt8], files: () -> [String]) {
    var logical = ""
    for range in bytes.lineRanges() {
      let line = bytes[range].text
      if line.hasSuffix("\\") {
        logical += line.dropLast() + " "
        continue
      }
      logical += line
      let text = String(logical.prefix { $0 != "#" })
      logical = ""
      // A recipe assigns nothing, and its colons make no rule.
      guard text.first != "\t" || text.contains("+=") || text.contains(":=") else { continue }
      if !assign(text, files: files) { rule(text) }
    }
  }

  /// The words that variables hold, without the directory of the build's output.
  func words(of names: [String]) -> [String] {
    names.flatMap { variables[$0] ?? [] }.map(Self.withoutOutput)
  }

  /// The sources that pattern rules make a program from: `connect_ipv4` has `connect.c`.
  func sources(of program: String) -> [String] {
    rules.compactMap { rule in
      Self.stem(of: program, rule.target).map { stem in rule.source.replacing("%", with: stem, maxReplacements: 1) }
    }
  }

  private mutating func assign(_ text: String, files: () -> [String]) -> Bool {
    guard let equals = text.firstIndex(of: "=") else { return false }
    var left = text[..<equals]
    let appends = left.last == "+"
    let keeps = left.last == "?"
    while let last = left.last, "+:? \t".contains(last) { left.removeLast() }
    let name = left.drop(while: \.isWhitespace)
    guard !name.isEmpty, !name.contains(where: { $0.isWhitespace || $0 == ":" || $0 == "$" }) else {
      // `$(BINARIES): CFLAGS += -m32` says nothing about names; `$(OBJECTS): $(OUTPUT)/%: %.c` has no equals sign.
      return true
    }
    if keeps, variables[String(name)] != nil { return true }
    let value = Self.tokens(text[text.index(after: equals)...]).flatMap { expanded($0, files: files) }
    variables[String(name)] = bounded((appends ? variables[String(name)] ?? [] : []) + value)
    return true
  }

  private mutating func rule(_ text: String) {
    let fields = text.split(separator: ":").map { $0.split(whereSeparator: \.isWhitespace) }
    guard fields.count >= 2, let source = fields.last?.first, source.contains("%"), source.hasSuffix(".c"),
      let target = fields.dropLast().last?.last, target.contains("%"), !target.hasSuffix(".o")
    else { return }
    let plain = { (word: Substring) in Self.withoutOutput(String(word.replacing("$(OUTPUT)", with: ""))) }
    rules.append((plain(target), source.hasPrefix("./") ? String(source.dropFirst(2)) : plain(source)))
  }

  private mutating func bounded(_ words: some Sequence<String>) -> [String] {
    let first = Array(words.prefix(Self.wordLimit + 1))
    let short = first.prefix(Self.wordLimit).filter { $0.utf8.count < Self.lengthLimit }
    if short.count < first.count { isCut = true }
    return short
  }

  /// The words of a text; blanks within a reference do not end one.
  private static func tokens(_ text: some StringProtocol) -> [String] {
    var words: [String] = []
    var word = ""
    var depth = 0
    for character in text {
      if character == "(" { depth += 1 }
      if character == ")" { depth -= 1 }
      if character.isWhitespace, depth <= 0 {
        if !word.isEmpty { words.append(word) }
        word = ""
      } else {
        word.append(character)
      }
    }
    return word.isEmpty ? words : words + [word]
  }

  /// The words that one word stands for; none if it has a function that is not known here.
  private mutating func expanded(_ word: String, files: () -> [String], depth nesting: Int = 0) -> [String] {
    guard let start = word.firstRange(of: "$(") else { return [word] }
    guard nesting < Self.depthLimit else {
      isCut = true
      return []
    }
    var depth = 0
    let end = word[start.lowerBound...].firstIndex { character in
      depth += character == "(" ? 1 : character == ")" ? -1 : 0
      return character == ")" && depth == 0
    }
    guard let end else { return [] }
    let values = value(of: word[start.upperBound..<end], files: files, depth: nesting + 1)
    let rest = expanded(String(word[word.index(after: end)...]), files: files, depth: nesting + 1)
    let tails = rest.isEmpty ? [""] : rest
    return bounded(values.lazy.flatMap { value in tails.lazy.map { word[..<start.lowerBound] + value + $0 } })
  }

  private mutating func value(of reference: Substring, files: () -> [String], depth: Int) -> [String] {
    guard let blank = reference.firstIndex(where: \.isWhitespace) else {
      guard let colon = reference.firstIndex(of: ":") else { return variables[String(reference)] ?? [] }
      let parts = reference[reference.index(after: colon)...].split(separator: "=", omittingEmptySubsequences: false)
      guard parts.count == 2 else { return [] }
      let patterns = parts[0].contains("%") ? parts.map(String.init) : parts.map { "%" + $0 }
      return (variables[String(reference[..<colon])] ?? []).map { Self.substituted($0, patterns[0], patterns[1]) }
    }
    let arguments = reference[blank...].split(separator: ",", omittingEmptySubsequences: false).map { argument in
      Self.tokens(argument).flatMap { expanded($0, files: files, depth: depth) }
    }
    switch (reference[..<blank], arguments.count) {
    case ("patsubst", 3):
      guard let from = arguments[0].first else { return [] }
      return arguments[2].map { Self.substituted($0, from, arguments[1].first ?? "") }
    case ("addsuffix", 2): return arguments[1].map { $0 + (arguments[0].first ?? "") }
    case ("addprefix", 2): return arguments[1].map { (arguments[0].first ?? "") + $0 }
    case ("notdir", 1): return arguments[0].map { String($0.split(separator: "/").last ?? "") }
    case ("basename", 1): return arguments[0].map { $0.hasSuffix(".c") ? String($0.dropLast(2)) : $0 }
    case ("filter-out", 2): return arguments[1].filter { word in !arguments[0].contains(word) }
    case ("sort", 1): return arguments[0].sorted()
    case ("wildcard", 1):
      return arguments[0].flatMap { pattern -> [String] in
        guard let star = pattern.firstIndex(of: "*"), !pattern.contains("/") else { return [] }
        let glob = pattern.replacingCharacters(at: star, with: "%")
        return files().filter { Self.stem(of: $0, glob) != nil }
      }
    default: return []
    }
  }

  /// The part of a word that a pattern's `%` stands for.
  private static func stem(of word: String, _ pattern: String) -> String? {
    guard let percent = pattern.firstIndex(of: "%") else { return word == pattern ? "" : nil }
    let (head, tail) = (pattern[..<percent], pattern[pattern.index(after: percent)...])
    guard word.count > head.count + tail.count, word.hasPrefix(head), word.hasSuffix(tail) else { return nil }
    return String(word.dropFirst(head.count).dropLast(tail.count))
  }

  private static func substituted(_ word: String, _ from: String, _ to: String) -> String {
    stem(of: word, from).map { to.replacing("%", with: $0, maxReplacements: 1) } ?? word
  }

  private static func withoutOutput(_ word: String) -> String { word.hasPrefix("/") ? String(word.dropFirst()) : word }
}

extension String {
  /// The string with one character replaced.
  fileprivate func replacingCharacters(at index: Index, with text: String) -> String {
    self[..<index] + text + self[self.index(after: index)...]
  }
}
