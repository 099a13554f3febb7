/// The messages that make up one posting of a series.
struct SeriesGroup: Equatable {
  /// The version, from 1.
  var version: Int
  /// How many parts the subjects promise; nil for patches without numbers.
  var count: Int?
  /// The cover letter's message.
  var cover: Int?
  /// The messages of the parts, by number.
  var parts: [Int: Int] = [:]
  /// Patches without numbers, in the order of the input.
  var loose: [Int] = []
  /// The thread it was posted in.
  var root: Int
  /// What was decided, one line each.
  var warnings: [String] = []

  /// Its first message in the input.
  var first: Int { ([cover].compactMap { $0 } + parts.values + loose).min() ?? 0 }
  /// All its messages.
  var messages: Set<Int> { Set([cover].compactMap { $0 } + parts.values + loose) }
  /// Whether every number is there, or none was promised.
  var isWhole: Bool { parts.count >= count ?? 0 }
  /// The numbers that are not there.
  var missing: [Int] { count.map { count in (1...max(1, count)).filter { parts[$0] == nil } } ?? [] }

  /// How a message names it.
  func label(_ envelopes: [Envelope]) -> String {
    let title = envelopes.indices.contains(first) ? envelopes[first].subjectText : ""
    let id = envelopes.indices.contains(first) ? envelopes[first].messageID.map { " <\($0)>" } ?? "" : ""
    return "v\(version) '\(title.prefix(100))'\(id)"
  }
}

/// Sorts messages into series.
enum SeriesGrouping {
  private struct Key: Hashable {
    var root: Int
    var version: Int
    var count: Int?
  }

  /// All series of the input, in the order in which they start.
  ///
  /// A posting is what has the same thread, version and count. Messages without any thread (a directory of patches whose
  /// ids were never set) belong together if version and count agree and no number comes twice.
  static func groups(_ envelopes: [Envelope], _ thread: MailThread) -> [SeriesGroup] {
    var order: [Key] = []
    var groups: [Key: SeriesGroup] = [:]
    // A lone patch of a thread-less input starts no series of its own: its root is the first such message.
    let isAlone = lonely(envelopes, thread)
    var openByShape: [Key: Key] = [:]
    // Where nothing is called a patch, any first posting may be one, as for git am: `git format-patch -k`, `[net 1/3]`.
    let isCalled = envelopes.contains { $0.subject.isPosted && $0.subject.isPatch }
    for envelope in envelopes where envelope.subject.isPosted && (envelope.subject.isPatch || !isCalled) {
      let subject = envelope.subject
      var key = Key(root: thread.root[envelope.index], version: subject.version, count: subject.count)
      if isAlone[envelope.index] {
        let shape = Key(root: -1, version: key.version, count: key.count)
        if let open = openByShape[shape], !holds(groups[open], subject) {
          key = open
        } else {
          openByShape[shape] = key
        }
      }
      if groups[key] == nil {
        groups[key] = SeriesGroup(version: subject.version, count: subject.count, root: key.root)
        order.append(key)
      }
      add(envelope, to: &groups[key], envelopes)
    }
    return repaired(order.compactMap { groups[$0] }, envelopes, thread)
  }

  private static func lonely(_ envelopes: [Envelope], _ thread: MailThread) -> [Bool] {
    var size = [Int](repeating: 0, count: envelopes.count)
    for root in thread.root { size[root] += 1 }
    return envelopes.map { size[thread.root[$0.index]] == 1 && $0.parents.isEmpty }
  }

  private static func holds(_ group: SeriesGroup?, _ subject: SubjectLine) -> Bool {
    guard let group, let number = subject.number else { return false }
    return number == 0 ? group.cover != nil : group.parts[number] != nil
  }

  private static func add(_ envelope: Envelope, to group: inout SeriesGroup?, _ envelopes: [Envelope]) {
    guard let number = envelope.subject.number else {
      group?.loose.append(envelope.index)
      return
    }
    let earlier = number == 0 ? group?.cover : group?.parts[number]
    var taken = envelope.index
    if let earlier {
      // The later one is what the author means; a RESEND says so itself.
      let isNewer = (envelope.date?.secondsSince1970 ?? 0) >= (envelopes[earlier].date?.secondsSince1970 ?? 0)
      taken = isNewer ? envelope.index : earlier
      group?.warnings.append(
        "part \(number) was posted twice: message \(taken + 1) is taken, message \((isNewer ? earlier : envelope.index) + 1) is not"
      )
    }
    if number == 0 { group?.cover = taken } else { group?.parts[number] = taken }
    if number > (envelope.subject.count ?? number) {
      group?.warnings.append(
        "message \(envelope.index + 1) calls itself part \(number) of \(envelope.subject.count ?? 0)")
    }
  }

  /// A wrong version in one subject must not make a new series: a stray part that answers a cover letter which lacks just
  /// that number goes there.
  private static func repaired(
    _ groups: [SeriesGroup], _ envelopes: [Envelope], _ thread: MailThread
  ) -> [SeriesGroup] {
    var groups = groups
    var home: [Int: Int] = [:]
    for (index, group) in groups.enumerated() { for message in group.messages { home[message] = index } }
    for index in groups.indices where groups[index].count != nil && groups[index].cover == nil {
      for (number, message) in groups[index].parts.sorted(by: { $0.key < $1.key }) {
        guard !groups[index].isWhole, let above = thread.parent[message], let home = home[above], home != index,
          groups[home].count == groups[index].count, groups[home].parts[number] == nil, groups[home].cover != nil
        else { continue }
        groups[home].parts[number] = message
        groups[home].warnings.append(
          "message \(message + 1) says v\(groups[index].version) but answers v\(groups[home].version), which lacks part "
            + "\(number): taken as that part")
        groups[index].parts[number] = nil
      }
    }
    return groups.filter { !$0.messages.isEmpty }
  }
}
