import Synchronization

/// A name, interned once for the whole run: two names are equal exactly when their symbols are.
///
/// The number depends on the order in which files were read, so nothing that is printed may be ordered by it.
public struct Symbol: Hashable, Sendable {
  /// Index into the `SymbolTable`; -1 for "no name".
  public let rawValue: Int32
  /// Wraps an index.
  public init(_ rawValue: Int32) { self.rawValue = rawValue }
  /// No name.
  public static let none = Symbol(-1)
  /// Whether there is a name.
  public var exists: Bool { rawValue >= 0 }
}

/// All names of a run, shared by the tasks that read files.
///
/// A file interns into its own table while it is lexed and is mapped here once, so the lock is taken once a file.
public final class SymbolTable: Sendable {
  private let storage: Mutex<NameArena>

  /// A table that knows the C keywords and the kernel's declaration attributes.
  public init() {
    var arena = NameArena()
    for keyword in Keyword.allCases {
      _ = arena.intern(Array(keyword.spelling.utf8))
    }
    storage = Mutex(arena)
  }

  /// The symbol of `name`, made if it is new.
  public func intern(_ name: String) -> Symbol {
    let bytes = Array(name.utf8)
    return Symbol(storage.withLock { $0.intern(bytes) })
  }

  /// The spelling of `symbol`; empty for `Symbol.none`.
  public func text(_ symbol: Symbol) -> String {
    storage.withLock { $0.text(symbol.rawValue) }
  }

  /// A 64-bit hash of each spelling (FNV-1a), the same in every run.
  public func hashes(of symbols: [Symbol]) -> [UInt64] {
    storage.withLock { arena in symbols.map { $0.exists ? arena.longHash($0.rawValue) : 0 } }
  }

  /// How many names there are.
  public var count: Int { storage.withLock { $0.count } }

  /// Maps every name of one file's table to a symbol, in the file's order.
  func map(_ local: borrowing NameArena) -> [Int32] {
    let count = local.count
    return storage.withLock { shared in
      var result = [Int32]()
      result.reserveCapacity(count)
      for index in 0..<count {
        result.append(local.withBytes(Int32(index)) { shared.intern($0, hash: local.hash(Int32(index))) })
      }
      return result
    }
  }
}
