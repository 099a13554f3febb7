import ByteText
import KernelC

/// A call that another call in the same function undoes, judged by their names (`…_get` and `…_put`).
struct Pairing: Hashable, Sendable {
  /// Names that undo it.
  let closers: Set<Symbol>
  /// The place that stands for the resource: the first argument's value, or the local that holds the result.
  let resource: Place
  /// The resource is what the call returns.
  let isResult: Bool
  /// The call has no arguments: what it opens is one for all.
  var isBare = false
  /// The function itself never undoes it: whatever may keep the resource ends the watch.
  var isStrict = false
  /// The names are the kernel's own and well known.
  var isKnown = false
  /// The function undoes it for this very resource somewhere.
  var isClosedHere = false
  /// The other arguments of the call: what undoes it may go by any of them.
  var others: Set<Place> = []
  /// Members that the resource was stored in and that the function undoes it by.
  var stored: Set<Place> = []
  /// The function that takes down what this one sets up undoes it.
  var isTorn = false
  /// Everything that may undo it, whether or not it stands in this function; none for no more than `closers`.
  var relatives: Set<Symbol> = []
  /// New memory: whoever fails to keep it leaves it to its caller.
  var isMemory = false
  /// A member of an object that the function makes and frees: it must go before the object does.
  var isInner = false
  /// A part of a local structure that the call fills.
  var isOutput = false
  /// It must be undone when the call fails.
  var opensOnFailure = false
  /// It must be undone when the call succeeds.
  var opensOnSuccess = true
  /// The resource is a reference, not memory: whoever does not hand it on must drop it whatever the outcome.
  var isReference = false
}

/// Which names undo which, as data: parts of names between underscores.
struct PairingTable: Sendable {
  private static let opposites: [String: [String]] = [
    "lock": ["unlock"], "trylock": ["unlock"], "get": ["put"], "hold": ["put", "release", "drop"],
    "acquire": ["release"],
    "create": ["destroy", "del", "delete", "free", "remove"], "alloc": ["free", "put", "destroy", "release"],
    "allocate": ["free", "destroy"], "deassert": ["assert"], "on": ["off"], "want": ["drop"],
    "enable": ["disable"], "start": ["stop", "finish", "end", "done"],
    "begin": ["end", "finish", "cancel", "abort", "complete"],
    "open": ["close", "release"], "register": ["unregister"], "suspend": ["resume"], "pause": ["resume", "unpause"],
    "freeze": ["unfreeze", "thaw"], "pin": ["unpin"], "map": ["unmap"], "attach": ["detach"],
    "enter": ["exit", "leave"],
    "prepare": ["unprepare"], "request": ["free", "release"], "reserve": ["release", "unreserve"],
    "block": ["unblock"], "quiesce": ["unquiesce"], "charge": ["uncharge"], "mask": ["unmask"],
    "grab": ["put", "drop", "release"], "ref": ["unref", "put"], "isolate": ["putback", "unisolate"],
    "pending": ["done"],
    "protect": ["unprotect"], "claim": ["release", "unclaim"], "kmalloc": ["kfree"], "disable": ["enable"],
  ]
  /// Whether `name` sounds like something that returns what its caller must get rid of.
  static func soundsLikeOpener(_ name: String) -> Bool {
    // What an object carries for its driver is no reference.
    guard !name.hasPrefix("devm_"), !name.hasPrefix("drmm_"), !name.hasSuffix("data"), !name.hasSuffix("priv"),
      !name.holds("_from_")
    else { return false }
    return name.split(separator: "_").contains {
      ["get", "find", "lookup", "alloc", "create", "new", "open", "dup", "clone", "copy", "grab", "acquire"].contains(
        $0)
        || $0.hasSuffix("alloc")
    }
  }

  /// Whether `name` sounds like something that makes what it returns, as opposed to finding it.
  static func makesMemory(_ name: String) -> Bool {
    name.split(separator: "_").contains {
      ["create", "new", "dup", "clone", "copy"].contains($0) || $0.hasSuffix("alloc")
    }
  }

  /// Whether `name` sounds like the end of what it is given.
  static func soundsLikeEnd(_ name: String) -> Bool {
    if endsByLastWord(name) { return true }
    // `dev_kfree_skb_any`, `free_percpu`, `put_cred`: the thing's name behind the word.
    return name.split(separator: "_").contains { ["kfree", "kvfree", "vfree"].contains($0) }
      || name.hasPrefix("free_") || name.hasPrefix("destroy_") || name.hasPrefix("put_") && dropsReference(name)
  }

  /// Whether the last word of `name` is one for the end of something.
  static func endsByLastWord(_ name: String) -> Bool {
    guard let last = name.split(separator: "_").last(where: { $0 != "rcu" && $0 != "sync" && $0 != "locked" }) else {
      return false
    }
    return ["put", "free", "release", "destroy", "kfree", "kvfree", "close", "unref", "dput", "iput", "fput"].contains(
      last)
      || name == "kfree_skb" || name == "put_device" || name == "free_netdev"
  }

  /// Whether `name` sounds like giving back a reference, as opposed to freeing what was made.
  static func dropsReference(_ name: String) -> Bool {
    guard let last = name.split(separator: "_").last(where: { $0 != "rcu" && $0 != "sync" && $0 != "locked" }) else {
      return false
    }
    if last.hasSuffix("put") || ["unref", "drop"].contains(last) || name.hasPrefix("put_") || name.holds("kfree_skb")
      || name.holds("consume_skb")
    {
      return true
    }
    // `btrfs_put_root`: the thing's name behind the word, unless it is what is written somewhere.
    let words = name.split(separator: "_")
    guard let index = words.firstIndex(of: "put"), index > 0, words.count == index + 2 else { return false }
    return ![
      "user", "char", "bits", "bit", "byte", "bytes", "data", "unaligned", "u8", "u16", "u32", "u64", "be16", "be32",
      "be64", "le16", "le32", "le64", "string", "int", "c", "s", "32", "16", "8", "hex", "time", "buf", "buffer",
      "value",
      "noidle", "sync", "autosuspend", "interface", "bh", "unlocked", "async", "attr", "nlattr",
    ].contains(words[index + 1])
  }

  /// Whether `name` gives back the reference to what it starts from.
  static func consumesStart(_ name: String) -> Bool { name.hasPrefix("of_find_") || name == "of_get_next_parent" }

  /// Whether `name` puts an object where others find it.
  static func linksObject(_ name: String) -> Bool {
    ["list_add", "hlist_add", "list_splice", "__list_add", "rb_link", "xa_store", "idr_alloc", "llist_add"].contains {
      name.hasPrefix($0)
    }
  }

  private static let disposing: Set<String> = [
    "free", "destroy", "release", "cleanup", "put", "exit", "fini", "uninit", "teardown", "abort", "error", "fail",
    "unwind", "remove", "del", "delete", "close", "stop", "disable", "reset", "shutdown", "kill", "drop", "cancel",
    "undo", "rollback", "detach", "unregister", "dispose", "deinit", "unmap", "unlock", "kfree", "discard", "clear",
    "disconnect", "detach", "unprepare", "unref", "err", "dec", "finish", "end", "complete", "purge", "flush",
    "consume",
    "unload", "down", "putback", "deactivate", "unpin", "off", "unbind", "revert", "restore", "retire", "term", "clean",
  ]
  private static let transferring: Set<String> = [
    "add", "insert", "link", "register", "queue", "attach", "enqueue", "submit", "schedule", "publish", "store", "set",
    "install", "assign", "push", "install", "join", "append", "send", "xmit", "post", "init", "replace", "move",
    "splice", "xchg", "cmpxchg",
    "give", "take", "return", "track", "save", "bind", "connect", "put", "adopt", "consume", "alloc", "run", "start",
    "setup", "create", "write", "enter", "new", "reply", "record", "insertion", "tail", "issue", "defer", "wrap",
  ]

  /// Words that undo each other where a function and its counterpart have them.
  private static let counterparts: [String: [String]] = [
    "init": ["exit", "cleanup", "fini", "deinit", "uninit", "destroy", "free", "release", "remove", "term"],
    "setup": ["cleanup", "teardown", "free", "destroy", "release", "remove", "exit"],
    "add": ["del", "remove", "delete"], "connect": ["disconnect"], "install": ["uninstall", "remove"],
    "load": ["unload"], "bind": ["unbind"], "up": ["down"], "activate": ["deactivate"], "export": ["unexport"],
    "subscribe": ["unsubscribe"], "publish": ["unpublish"], "populate": ["depopulate"], "probe": ["remove"],
    "insert": ["remove"], "create": ["remove", "release"], "alloc": ["free", "release", "destroy"],
    "register": ["deregister", "unreg"], "reg": ["unreg", "dereg"],
  ]

  private var undoerNames: [Symbol: Set<Symbol>] = [:]
  private var closerNames: [Symbol: Set<Symbol>] = [:]
  var heldCursors: [Symbol: (position: Int, closers: Set<Symbol>)] = [:]
  var failures: [Symbol: Set<Symbol>] = [:]
  var knownParts: [Symbol: (member: Symbol, closers: Set<Symbol>)] = [:]
  private var traits: [Symbol: NameTraits] = [:]

  /// What the words of a name say of a call.
  struct NameTraits: Sendable {
    /// The end of something.
    var disposes: Bool
    /// Something that keeps what it is given.
    var transfers: Bool
    /// The end of what is its first argument.
    var isEnd: Bool
    /// Something that puts an object where others find it.
    var links: Bool
    /// Gives an object a driver's data: of what else hangs on that data it knows nothing.
    var setsData: Bool
  }

  /// The names that may undo `name`; empty when it does not sound like something to undo.
  mutating func closers(of name: Symbol, _ symbols: SymbolTable) -> Set<Symbol> {
    if let known = closerNames[name] { return known }
    let text = symbols.text(name)
    var result: Set<Symbol> = []
    // What a message has no room for is thrown away with the message.
    if !text.hasPrefix("devm_"), !text.hasPrefix("trace_"), !text.hasPrefix("atomic"), !text.hasPrefix("get_unaligned"),
      !text.holds("nest_start")
    {
      if let fixed = Self.fixed[text] { result = Set(fixed.map(symbols.intern)) }
      // Of new memory all that frees it is known: `x_release_path` beside `x_free_path` does something else.
      if Self.isMaker(text), !result.isEmpty {
        closerNames[name] = result
        return result
      }
      let parts = text.split(separator: "_", omittingEmptySubsequences: false).map(String.init)
      // `suspend_and_lock` is undone by `unlock_and_resume`.
      if let middle = parts.firstIndex(of: "and"), middle > 0, middle + 1 < parts.count {
        for first in Self.opposites[parts[middle + 1]] ?? [] {
          for second in Self.opposites[parts[middle - 1]] ?? [] {
            var other = parts
            other[middle - 1] = first
            other[middle + 1] = second
            result.insert(symbols.intern(other.joined(separator: "_")))
          }
        }
      }
      for (position, part) in parts.enumerated() {
        guard let opposites = Self.opposites[part] ?? Self.oppositeLock(part).map({ [$0] }) else { continue }
        for opposite in opposites {
          var other = parts
          other[position] = opposite
          result.insert(symbols.intern(other.joined(separator: "_")))
          // `foo_lock_interruptible` is undone by `foo_unlock`.
          if opposite.hasSuffix("unlock") { result.insert(symbols.intern(other[...position].joined(separator: "_"))) }
          for drop in ["try", "and", "new", "interruptible", "killable", "sync", "by", "all"] {
            if let index = other.firstIndex(of: drop) {
              var shorter = other
              shorter.remove(at: index)
              result.insert(symbols.intern(shorter.joined(separator: "_")))
            }
          }
          if text.hasPrefix("__") {
            result.insert(symbols.intern(String(other.joined(separator: "_").dropFirst(2))))
          }
        }
      }
    }
    result.remove(name)
    closerNames[name] = result
    return result
  }

  /// The names that undo `name` where a counterpart says so, as `x_exit` undoes `x_init`.
  mutating func undoers(of name: Symbol, _ symbols: SymbolTable) -> Set<Symbol> {
    if let known = undoerNames[name] { return known }
    var result = closers(of: name, symbols)
    let text = symbols.text(name)
    if !text.hasPrefix("devm_") {
      let parts = text.split(separator: "_", omittingEmptySubsequences: false).map(String.init)
      for (position, part) in parts.enumerated() {
        for opposite in Self.counterparts[part] ?? [] {
          var other = parts
          other[position] = opposite
          result.insert(symbols.intern(other.joined(separator: "_")))
        }
      }
    }
    result.remove(name)
    undoerNames[name] = result
    return result
  }

  /// `iunlock` for `ilock`; nil for a word that is no lock.
  static func oppositeLock(_ word: String) -> String? {
    guard isLockWord(word) else { return nil }
    return word.dropLast(4) + "unlock"
  }

  /// Whether a part of a name says that something is locked, under a prefix of its own.
  static func isLockWord(_ word: some StringProtocol) -> Bool {
    word.utf8.count > 4 && word.utf8.count < 9 && word.hasSuffix("lock") && !word.hasSuffix("unlock")
      && !["block", "clock", "flock", "deadlock", "trylock", "hwclock", "unblock", "iblock", "sblock"].contains(word)
  }

  /// Whether the name sounds like the end of something, or like something that keeps what it is given.
  mutating func traits(of name: Symbol, _ symbols: SymbolTable) -> NameTraits {
    if let known = traits[name] { return known }
    let text = symbols.text(name)
    let parts = text.lowercased().split(separator: "_").map(String.init)
    // A message about a failure ends nothing.
    let disposing = parts.count { Self.disposing.contains($0) || $0.hasSuffix("free") || $0.hasSuffix("put") }
    let isMessage =
      ["err", "warn", "info", "dbg", "notice"].contains(parts.last ?? "")
      && disposing <= (parts.last == "err" ? 1 : 0)
      || parts == ["drm", "error"]
    let disposes = !isMessage && disposing > 0
    let result = NameTraits(
      disposes: disposes, transfers: parts.contains { Self.transferring.contains($0) },
      isEnd: Self.soundsLikeEnd(text), links: Self.linksObject(text),
      setsData: text.holds("_set_") && text.hasSuffix("data"))
    traits[name] = result
    return result
  }
}
