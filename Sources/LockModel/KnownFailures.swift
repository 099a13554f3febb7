/// How widely used functions of the kernel fail, by their names.
public enum KnownFailures {
  /// Whether the function fails with NULL, and never with an error pointer.
  public static func isNull(_ name: String) -> Bool {
    let plain = name.hasPrefix("devm_") ? String(name.dropFirst(5)) : name
    return nulls.contains(name) || memory.contains(where: plain.hasPrefix)
  }

  private static let nulls = Set(
    (KernelInterface.nullPointerText + " " + KernelInterface.documentedNullText).split(whereSeparator: {
      $0 == " " || $0 == "\n"
    }).map(String.init))
  private static let memory = [
    "kmalloc", "kzalloc", "kcalloc", "krealloc", "kmemdup", "kstrdup", "kasprintf", "kvmalloc", "kvzalloc", "kvcalloc",
    "vmalloc", "vzalloc", "kmem_cache_", "mempool_alloc", "bitmap_zalloc", "alloc_skb", "ioremap",
  ]
}
