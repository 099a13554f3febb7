import ByteText
import ChildProcess
import SystemPackage

/// A position in kernel code as traces give it: bytes from the start of a function, and the function's size.
public struct CodePosition: Sendable, Hashable {
  /// The function's symbol, suffixes such as `.isra.0` included.
  public var function: String
  /// Bytes from its start.
  public var offset: UInt64
  /// Its size in bytes, which tells static functions of one name apart.
  public var size: UInt64
  /// Whether this is a return address, so that the call is the instruction before it.
  public var isReturnAddress: Bool

  /// A position `offset` bytes into `function`.
  public init(function: String, offset: UInt64, size: UInt64, isReturnAddress: Bool = true) {
    self.function = function
    self.offset = offset
    self.size = size
    self.isReturnAddress = isReturnAddress
  }
}

/// A line of source that a position belongs to.
public struct SourceLine: Sendable, Hashable {
  /// The function there; of inlined code the inlined function.
  public var function: String
  /// The file, relative to the source tree where it lies in it.
  public var file: String
  /// The line, from 1.
  public var line: Int
}

/// Turns positions of a trace into source lines with the kernel's `vmlinux`, by binutils' `nm` and `addr2line`.
public struct CodeLocator: Sendable {
  private let image: FilePath
  private let sourceRoot: String
  private let toolPrefix: String

  /// A locator for `image`.
  ///
  /// - Parameters:
  ///   - sourceRoot: the kernel tree it was built from; file names are printed relative to it.
  ///   - toolPrefix: the prefix of binutils for another architecture, see ``Architecture/crossPrefix``.
  public init(image: FilePath, sourceRoot: FilePath? = nil, toolPrefix: String = "") {
    self.image = image
    self.sourceRoot = sourceRoot.map { $0.string.hasSuffix("/") ? $0.string : $0.string + "/" } ?? ""
    self.toolPrefix = toolPrefix
  }

  /// The source lines of each position, innermost inlined function first. A position that the image does not know, or knows
  /// twice, has no entry; an image without debug information gives none.
  public func locate(_ positions: [CodePosition]) async throws(ChildError) -> [CodePosition: [SourceLine]] {
    guard !positions.isEmpty else { return [:] }
    let limits = ChildLimits(deadline: .seconds(60), keptBytes: 256 << 20)
    let symbols = try await ChildProcess.run(
      ChildCommand(toolPrefix + "nm", ["-n", "--defined-only", image.string]), limits: limits)
    let addresses = Self.addresses(of: positions, in: symbols.output.bytes)
    guard !addresses.isEmpty else { return [:] }

    let ordered = addresses.sorted { $0.value < $1.value }
    let input = ordered.map { "0x" + String($0.value, radix: 16) + "\n" }.joined()
    let lines = try await ChildProcess.run(
      ChildCommand(toolPrefix + "addr2line", ["-a", "-f", "-i", "-e", image.string], input: Array(input.utf8)),
      limits: limits)
    return parsed(lines.output.bytes, ordered.map(\.key))
  }

  /// The address of each position whose function is found once with its size.
  private static func addresses(of positions: [CodePosition], in symbols: [UInt8]) -> [CodePosition: UInt64] {
    let wanted = Set(positions.map { Array($0.function.utf8) })
    var candidates: [String: [(start: UInt64, size: UInt64)]] = [:]
    var open: [(name: String, start: UInt64)] = []
    symbols.withUnsafeBufferPointer { buffer in
      for range in ByteLines(buffer) {
        let line = buffer[range]
        guard line.count > 19, let address = UInt64(line.prefix(16).text, radix: 16) else { continue }
        // A symbol ends where the next one with another address begins, as in kallsyms.
        if let first = open.first, first.start < address {
          for symbol in open { candidates[symbol.name, default: []].append((symbol.start, address - symbol.start)) }
          open = []
        }
        let name = line.dropFirst(19)
        guard wanted.contains(Array(name)) else { continue }
        open.append((name.text, address))
      }
    }
    for symbol in open { candidates[symbol.name, default: []].append((symbol.start, .max)) }

    var result: [CodePosition: UInt64] = [:]
    for position in positions {
      let named = candidates[position.function] ?? []
      let fitting = named.filter { $0.size == position.size }
      guard let symbol = fitting.count == 1 ? fitting.first : named.count == 1 ? named.first : nil,
        position.offset <= symbol.size
      else { continue }
      let (address, overflow) = symbol.start.addingReportingOverflow(position.offset)
      guard !overflow else { continue }
      let back: UInt64 = position.isReturnAddress && position.offset > 0 ? 1 : 0
      result[position] = address - back
    }
    return result
  }

  /// Reads `addr2line -a -f -i`: an address, then pairs of function and file:line.
  private func parsed(_ output: [UInt8], _ positions: [CodePosition]) -> [CodePosition: [SourceLine]] {
    var result: [CodePosition: [SourceLine]] = [:]
    var index = -1
    var function: String?
    for range in output.lineRanges() {
      let line = output[range].text
      if line.hasPrefix("0x"), function == nil {
        index += 1
        continue
      }
      guard let name = function else {
        function = line
        continue
      }
      function = nil
      guard positions.indices.contains(index), let source = sourceLine(name, line) else { continue }
      result[positions[index], default: []].append(source)
    }
    return result
  }

  private func sourceLine(_ function: String, _ place: String) -> SourceLine? {
    let bare = place.split(separator: " ").first.map(String.init) ?? place
    guard let colon = bare.lastIndex(of: ":"), let line = Int(bare[bare.index(after: colon)...]), line > 0 else {
      return nil
    }
    var file = String(bare[..<colon])
    guard file != "??" else { return nil }
    // Kbuild compiles some files from afar: arch/x86/kvm/../../../virt/kvm/kvm_main.c.
    file = FilePath(file).lexicallyNormalized().string
    if !sourceRoot.isEmpty, file.hasPrefix(sourceRoot) { file.removeFirst(sourceRoot.count) }
    return SourceLine(function: function, file: file, line: line)
  }
}
