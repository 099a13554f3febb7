import Findings
import KernelC
import LockModel

/// A function that is told how it may allocate, and allocates another way.
struct IgnoredGfp: Rule {
  let description = RuleDescription(
    id: "ignored-gfp",
    summary: "a function with a gfp_t parameter allocates with GFP_KERNEL",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Reports an allocation that says GFP_KERNEL in a function that takes a gfp_t and goes by it elsewhere, and a call of a \
      function with a gfp_t where one that takes a gfp_t itself hands it to nobody: who calls it with \
      GFP_ATOMIC or GFP_NOFS does so because it must not sleep, or not write.
      """,
    whyItMatters: "The caller may hold a spinlock, or be the one whose memory is to be written out.",
    accepts: [
      "GFP_KERNEL that is combined with anything", "a function that asks for blocking, or compares what it is given",
    ],
    knownFalsePositives: ["an allocation that only callers which may sleep come to"],
    triggering: [
      RuleExample(
        """
        int f(struct foo *foo, gfp_t gfp)
        {
        	u8 *weights;

        	foo->page = alloc_pages(gfp, 0);
        	weights = kmalloc(foo->n, GFP_KERNEL); /* reported */
        	if (!weights)
        		return -ENOMEM;
        	return use(foo, weights);
        }
        """),
      RuleExample(
        """
        static int map_some(struct foo *foo, size_t size, gfp_t gfp)
        {
        	foo->table = kmalloc(size, gfp);
        	return foo->table ? 0 : -ENOMEM;
        }

        int map(struct foo *foo, size_t size, gfp_t gfp)
        {
        	might_sleep_if(gfpflags_allow_blocking(gfp));
        	if (WARN_ON_ONCE(gfp & (__GFP_COMP | __GFP_HIGHMEM)))
        		return -EINVAL;
        	return map_some(foo, size, GFP_KERNEL); /* reported */
        }
        """),
    ],
    nonTriggering: [
      RuleExample(
        """
        int f(struct foo *foo, gfp_t gfp)
        {
        	u8 *weights;

        	foo->page = alloc_pages(gfp, 0);
        	weights = kmalloc(foo->n, gfp & GFP_RECLAIM_MASK);
        	return weights ? use(foo, weights) : -ENOMEM;
        }
        """),
      RuleExample(
        """
        int f(struct foo *foo, gfp_t gfp)
        {
        	foo->page = alloc_pages(gfp, 0);
        	if (gfpflags_allow_blocking(gfp))
        		foo->spare = kmalloc(foo->n, GFP_KERNEL);
        	return 0;
        }
        """),
      RuleExample(
        """
        int f(struct foo *foo, gfp_t extra)
        {
        	foo->spare = kmalloc(foo->n, GFP_KERNEL | extra);
        	foo->more = kmalloc(foo->n, GFP_KERNEL);
        	return 0;
        }
        """),
    ])

  func check(_ context: RuleContext) -> [Finding] {
    let (type, kernel) = (context.program.symbols.intern("gfp_t"), context.program.symbols.intern("GFP_KERNEL"))
    return context.functions.flatMap { id -> [Finding] in
      let definition = context.program.definition(id)
      guard !definition.isMacro,
        let parameter = definition.parameters.first(where: { $0.type.name == type && !$0.type.isPointer })
      else { return [] }
      let file = context.program.file(of: id)
      func isName(_ node: NodeID, _ name: Symbol) -> Bool { file[node].kind == .name && Symbol(file[node].a) == name }
      let fileIndex = Int(context.program.functions[Int(id.rawValue)].file)
      var isHandedOn = false
      // Calls of what allocates by a mask of its own.
      var told: [(call: NodeID, callee: Symbol)] = []
      var found: [(call: NodeID, callee: Symbol)] = []
      let shapes = Statements(file: file, symbols: context.program.symbols)
      // That it might sleep is an assertion and no question.
      let asserted = Set(
        definition.nodes.filter {
          file[$0].kind == .call && context.text(context.callee($0, in: file)) == "might_sleep_if"
        }
        .flatMap { shapes.calls(in: $0) })
      for node in definition.nodes where !asserted.contains(node) {
        let item = file[node]
        switch item.kind {
        case .call:
          let callee = context.callee(node, in: file)
          for (position, argument) in file.list(item.b, item.c).enumerated() {
            if isName(argument, kernel), callee.exists {
              if isAllocation(context.text(callee)) {
                found.append((node, callee))
              } else if let target = context.program.resolve(callee, fromFile: fileIndex),
                case let parameters = context.program.definition(target).parameters, position < parameters.count,
                parameters[position].type.name == type
              {
                told.append((node, callee))
              }
            }
            if isName(argument, parameter.name) {
              if context.text(callee).hasPrefix("gfp") { return [] }
              isHandedOn = true
            }
          }
        case .binary, .assign:
          // Asked about, or made into something else.
          if item.operation.isComparison || item.operation == .pipe,
            isName(item.a, parameter.name) || isName(item.b, parameter.name)
          {
            return []
          }
        case .ifStatement, .conditional:
          if isName(shapes.core(item.a).node, parameter.name) {
            return []
          }
        default: break
        }
      }
      // Where the mask goes nowhere it is what the callee should have been told.
      return (isHandedOn ? found : told).map { call, callee in
        context.finding(
          description, id, call,
          "'\(context.text(callee))' is told GFP_KERNEL where the function is told '\(context.text(parameter.name))'",
          key: "\(context.text(callee)) GFP_KERNEL")
      }
    }
  }

  private func isAllocation(_ name: String) -> Bool {
    [
      "kmalloc", "kzalloc", "kcalloc", "kvmalloc", "kvzalloc", "kvcalloc", "kmalloc_array", "kvmalloc_array",
      "kmalloc_node",
      "kzalloc_node", "kmemdup", "kstrdup", "kstrndup", "kasprintf", "kvasprintf", "alloc_page", "alloc_pages",
      "alloc_pages_node", "__get_free_page", "__get_free_pages", "get_zeroed_page", "kmem_cache_alloc",
      "kmem_cache_zalloc", "krealloc", "folio_alloc", "alloc_skb", "bio_alloc",
    ].contains(name)
  }
}
