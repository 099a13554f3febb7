import ByteText
import ChildProcess
import KernelConfig
import SystemPackage

/// A configured object directory.
public struct ConfigurationOutcome: Sendable {
  /// The final `.config`.
  public let final: DotConfig
  /// Whether the configuration of an earlier run was still right.
  public let reused: Bool
  /// Wall time.
  public let elapsed: Duration
}

extension KernelMake {
  /// Configures the object directory: tinyconfig with `fragment` on top, everything else off, and verifies the result.
  ///
  /// tinyconfig is `allnoconfig` over the tree's own tiny fragments; ours goes in as one more, so that one run of conf does
  /// it. When neither the fragment nor a file that decides about the configuration changed, nothing runs.
  ///
  /// - Parameter symbols: the tree's Kconfig, to explain what was dropped.
  /// - Throws: ``BuildError`` with code `optionsDropped` if the final configuration lacks a requested option.
  public func configure(
    fragment: DotConfig, text: String, symbols: KconfigTree
  ) async throws(BuildError) -> ConfigurationOutcome {
    let clock = ContinuousClock()
    let start = clock.now
    try objects.makeDirectories()
    let dotConfig = objects.appending(".config")
    let stamp = objects.appending("gmemkit.stamp")
    let all = try combined(text)
    let key = Array((all.text + (workspace.configurationStamp.contents() ?? []).text + compiler).utf8)
    if stamp.contents() == key, let bytes = dotConfig.contents() {
      let final = DotConfig(parsing: bytes)
      try verify(fragment, final, symbols)
      return ConfigurationOutcome(final: final, reused: true, elapsed: clock.now - start)
    }
    let request = objects.appending("gmemkit.config")
    try request.write(all)
    let result = try await run(command(["-s", "KCONFIG_ALLCONFIG=\(request)", "allnoconfig"]))
    guard result.succeeded, let bytes = dotConfig.contents() else {
      let lines = result.error.bytes.text.split(separator: "\n").prefix(5).joined(separator: "; ")
      throw BuildError(.configuration, "make allnoconfig failed (\(result.endDescription)): \(lines)")
    }
    let final = DotConfig(parsing: bytes)
    try verify(fragment, final, symbols)
    try stamp.write(key)
    return ConfigurationOutcome(final: final, reused: false, elapsed: clock.now - start)
  }

  private func verify(_ fragment: DotConfig, _ final: DotConfig, _ symbols: KconfigTree) throws(BuildError) {
    let dropped = symbols.dropped(from: fragment, in: final)
    guard !dropped.isEmpty else { return }
    let lines = dropped.map(\.text).joined(separator: "\n  ")
    throw BuildError(
      .optionsDropped,
      "the final configuration lacks \(dropped.count) requested option\(dropped.count == 1 ? "" : "s"):\n  \(lines)",
      dropped: dropped)
  }

  /// tinyconfig's own fragments, then ours; conf takes the last assignment of a symbol.
  private func combined(_ text: String) throws(BuildError) -> [UInt8] {
    var whole: [UInt8] = []
    for path in [
      "kernel/configs/tiny-base.config", "kernel/configs/tiny.config",
      "arch/\(target.sourceArchitecture)/configs/tiny.config",
    ] {
      whole += workspace.source.appending(path).contents() ?? []
      whole.append(0x0A)
    }
    // An assignment that is overridden further down would only cause a warning.
    let ours = Set(DotConfig(parsing: Array(text.utf8)).order)
    let kept = whole.lineRanges().map { whole[$0] }.filter { line in
      DotConfig(parsing: Array(line)).order.allSatisfy { !ours.contains($0) }
    }
    return Array(kept.joined(separator: [0x0A])) + [0x0A] + Array(text.utf8)
  }
}
