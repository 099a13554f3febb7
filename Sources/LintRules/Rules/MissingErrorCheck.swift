import Findings
import KernelC
import LockModel

/// The result of something that can fail is thrown away.
struct MissingErrorCheck: Rule {
  let description = RuleDescription(
    id: "missing-error-check",
    summary: "the result of something that can fail is ignored",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Reports a call whose result nobody looks at, of a function that allocates and can fail: storing an entry in an xarray, \
      an idr or a radix tree, and the like. Storing NULL, which frees, is left alone.
      """,
    whyItMatters: "The caller goes on as if the entry were there.",
    accepts: ["(void) casts", "storing NULL"],
    knownFalsePositives: ["a store over an entry that is known to exist, which does not allocate"],
    triggering: [
      RuleExample(
        """
        int f(struct foo *foo, void *entry)
        {
        	xa_store(&foo->xa, 1, entry, GFP_KERNEL); /* reported */
        	return 0;
        }
        """)
    ],
    nonTriggering: [
      RuleExample(
        """
        void f(struct foo *foo)
        {
        	xa_store(&foo->xa, 1, NULL, GFP_KERNEL);
        }
        """)
    ])

  /// Name and the argument that is the entry; -1 when there is none.
  private static let table: [(String, Int)] = [
    ("xa_store", 2), ("xa_store_range", 3), ("xa_insert", 2), ("xa_alloc", 2), ("xa_reserve", -1), ("idr_alloc", 1),
    ("radix_tree_insert", 2), ("mas_store_gfp", 1), ("mtree_store", 2), ("mtree_insert", 2),
    ("rhashtable_insert_fast", 1),
    ("maple_tree_insert", -1), ("xa_store_bh", 2), ("xa_store_irq", 2), ("ida_alloc", -1), ("pci_enable_device", -1),
    ("clk_prepare_enable", -1), ("regulator_enable", -1), ("kstrtoint", -1), ("kstrtouint", -1), ("kstrtoul", -1),
    ("kstrtobool", -1), ("device_add", -1), ("device_register", -1), ("dma_set_mask_and_coherent", -1),
    ("request_irq", -1), ("request_threaded_irq", -1), ("copy_from_user", -1),
  ]

  func check(_ context: RuleContext) -> [Finding] {
    let table = Dictionary(
      Self.table.map { (context.program.symbols.intern($0.0), $0.1) }, uniquingKeysWith: { first, _ in first })
    return context.functions.flatMap { id -> [Finding] in
      let file = context.program.file(of: id)
      return context.program.definition(id).nodes.compactMap { node -> Finding? in
        guard file[node].kind == .expressionStatement else { return nil }
        let call = file[node].a
        let name = context.callee(call, in: file)
        guard name.exists, let position = table[name] else { return nil }
        let arguments = Array(file.list(file[call].b, file[call].c))
        if position >= 0 {
          guard position < arguments.count else { return nil }
          let entry = file[arguments[position]]
          if entry.kind == .name, Symbol(entry.a) == context.names.null { return nil }
        }
        return context.finding(
          description, id, call, "the result of '\(context.text(name))' is ignored although it can fail",
          key: SourceText.text(of: call, file, context.program.symbols))
      }
    }
  }
}
