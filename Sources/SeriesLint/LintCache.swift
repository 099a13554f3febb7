import Foundation

/// Results of earlier runs, by what they depend on; losing any of it costs time and nothing else.
///
/// An entry is one file: a checksum, the whole key, the value. It appears under its name by a rename, so that a run that is
/// killed or meets a full disk leaves nothing that another could take for an entry. Keys name trees and the build of the
/// tool, so entries are never wrong, only unused; the oldest go when there are too many.
public struct LintCache: Sendable {
  private let directory: String
  private let engine: String
  /// Entries kept.
  private static let limit = 512

  /// The cache in `directory`, which is made when something is stored.
  public init(directory: String) {
    self.directory = directory
    engine = Self.engine
  }

  /// The build of the running program: results of another are not to be trusted.
  public static var engine: String {
    var status = stat()
    guard stat("/proc/self/exe", &status) == 0 else { return "unknown" }
    return "\(status.st_size) \(status.st_mtim.tv_sec) \(status.st_mtim.tv_nsec)"
  }

  /// What was stored under `key`; nil when it is not there, damaged, or of another build.
  func value<Value: Decodable>(_ key: String, as type: Value.Type = Value.self) -> Value? {
    guard engine != "unknown", let data = FileManager.default.contents(atPath: path(key)) else { return nil }
    let head = Array(heading(key).utf8)
    guard data.count > 17 + head.count, data.dropFirst(17).starts(with: head),
      data.prefix(16).elementsEqual(Self.hash(data.dropFirst(17)).utf8)
    else { return nil }
    return try? JSONDecoder().decode(type, from: data.dropFirst(17 + head.count))
  }

  /// Keeps `value` under `key`, if there is room and permission.
  func store(_ value: some Encodable, under key: String) {
    guard engine != "unknown", let encoded = try? JSONEncoder().encode(value) else { return }
    var content = Data(heading(key).utf8)
    content.append(encoded)
    let target = path(key)
    let draft = "\(target).\(getpid()).draft"
    let files = FileManager.default
    do {
      try files.createDirectory(atPath: directory, withIntermediateDirectories: true)
      try (Data("\(Self.hash(content))\n".utf8) + content).write(to: URL(fileURLWithPath: draft))
      guard rename(draft, target) == 0 else { throw CocoaError(.fileWriteUnknown) }
    } catch {
      try? files.removeItem(atPath: draft)
    }
    prune()
  }

  private func heading(_ key: String) -> String { "\(engine)\n\(key)\n" }

  private func path(_ key: String) -> String { "\(directory)/\(Self.hash(Data(heading(key).utf8)))" }

  /// FNV-1a; the key in the entry tells two keys with one hash apart.
  private static func hash(_ bytes: some Sequence<UInt8>) -> String {
    var state: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { state = (state ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    let digits = String(state, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// Removes the entries that were written first when there are more than the limit, and drafts that nobody finished.
  private func prune() {
    let files = FileManager.default
    guard let names = try? files.contentsOfDirectory(atPath: directory), names.count > Self.limit else { return }
    let dated = names.compactMap { name -> (name: String, date: Date)? in
      let attributes = try? files.attributesOfItem(atPath: "\(directory)/\(name)")
      return (attributes?[.modificationDate] as? Date).map { (name, $0) }
    }
    for entry in dated.sorted(by: { $0.date < $1.date }).prefix(names.count - Self.limit / 2) {
      try? files.removeItem(atPath: "\(directory)/\(entry.name)")
    }
  }
}
