import Findings
import KernelC
import LockModel

/// An error code that a type cannot carry, or that lacks its sign.
struct ErrorType: Rule {
  let description = RuleDescription(
    id: "error-type",
    summary: "an error code meets a type that cannot carry it, or lacks its sign",
    severity: .warning, confidence: .high,
    whatItDoes: """
      Reports a negative errno returned from a function of type bool, irqreturn_t, u8 or u16; a variable of an unsigned type \
      that takes a result and is then tested for being negative; a bool that takes what is 0 or a negative errno, \
      without saying so in its name; an errno that is returned or kept as a positive number; and the number of bytes that \
      copy_from_user() and kin could not copy, returned as if it were an errno. And a bool that is masked with another bit \
      than the first; true, returned as an errno; and a callee's errno, handed on as a u32 where 0 says that there is none.
      """,
    whyItMatters: "The test for the error is never true, or what is an error reads as success.",
    accepts: [
      "positive codes in a file that is full of them", "a bool whose name says that it holds a failure",
      "tests of unsigned values that no call set",
    ],
    knownFalsePositives: ["a function of another operating system's convention"],
    triggering: [
      RuleExample(
        """
        void look_up(struct pgd *pgd, bool *nx, bool *rw)
        {
        	*nx |= flags_of(pgd) & _PAGE_NX;
        	*rw &= flags_of(pgd) & _PAGE_RW; /* reported */
        }
        """),
      RuleExample(
        """
        static bool get_queue(struct foo *foo)
        {
        	return foo->n > 0;
        }

        static int register_one(u32 gsi)
        {
        	if (gsi > 16)
        		return -EINVAL;
        	return gsi + 1;
        }

        int add(struct foo *foo)
        {
        	int error;

        	error = get_queue(foo);
        	if (error)
        		return error; /* reported */
        	foo->data = kmalloc(8, GFP_KERNEL);
        	return foo->data ? 0 : -ENOMEM;
        }

        u32 to_irq(u32 gsi)
        {
        	if (gsi >= 8)
        		return register_one(gsi); /* reported */
        	return 0;
        }
        """),
      RuleExample(
        """
        bool ready(struct foo *foo)
        {
        	if (!foo)
        		return -EINVAL; /* reported */
        	return foo->on;
        }
        """),
      RuleExample(
        """
        int f(struct foo *foo)
        {
        	unsigned int n;

        	n = foo_count(foo);
        	if (n < 0) /* reported */
        		return n;
        	return 0;
        }
        """),
      RuleExample(
        """
        static int drop(struct foo *foo)
        {
        	if (!foo->n)
        		return -ENOENT;
        	foo->n--;
        	return 0;
        }

        void f(struct foo *foo)
        {
        	bool changed = false;

        	changed = drop(foo); /* reported */
        	if (changed)
        		tell(foo);
        }
        """),
      RuleExample(
        """
        int f(struct foo *foo)
        {
        	if (!foo)
        		return -ENODEV;
        	if (!foo->n)
        		return EINVAL; /* reported */
        	return 0;
        }
        """),
      RuleExample(
        """
        long f(struct foo *foo, void __user *arg)
        {
        	if (!foo->n)
        		return -ENODEV;
        	return copy_to_user(arg, &foo->n, sizeof(foo->n)); /* reported */
        }
        """),
    ],
    nonTriggering: [
      RuleExample(
        """
        static bool get_queue(struct foo *foo)
        {
        	return foo->n > 0;
        }

        static int register_one(u32 gsi)
        {
        	if (gsi > 16)
        		return -EINVAL;
        	return gsi + 1;
        }

        int add(struct foo *foo)
        {
        	int error = -ENODEV;

        	error = get_queue(foo);
        	if (error)
        		return 0;
        	return -ENODEV;
        }

        u32 to_irq(u32 gsi)
        {
        	int irq = register_one(gsi);

        	return irq > 0 ? irq : 0;
        }
        """),
      RuleExample(
        """
        static int write_one(struct foo *foo, u32 value)
        {
        	if (!foo->on)
        		return -ENODEV;
        	return foo->n + value;
        }

        u32 foo_write(struct foo *foo, u32 value)
        {
        	return write_one(foo, value);
        }
        """),
      RuleExample(
        """
        void look_up(struct pgd *pgd, unsigned long *all, bool *rw)
        {
        	*all &= flags_of(pgd) & _PAGE_NX;
        	*rw &= !!(flags_of(pgd) & _PAGE_RW);
        }
        """),
      RuleExample(
        """
        static int drop(struct foo *foo)
        {
        	if (!foo->n)
        		return -ENOENT;
        	return 0;
        }

        int f(struct foo *foo, unsigned int max, void __user *arg)
        {
        	bool failed = drop(foo);
        	bool ok = !drop(foo);
        	int n = foo_count(foo);

        	if (n < 0)
        		return n;
        	if (failed || !ok || n > max)
        		return -EINVAL;
        	return copy_to_user(arg, &n, sizeof(n)) ? -EFAULT : 0;
        }

        static int put_times(void __user *to, struct times *times)
        {
        	return copy_to_user(to, times, sizeof(*times));
        }

        static int get_error(struct foo *foo)
        {
        	if (foo->n > 3)
        		return EINVAL;
        	return foo->codes[foo->n];
        }

        int told(struct foo *foo, int code)
        {
        	int err = 0;

        	if (!foo)
        		return -ENOENT;
        	if (code == 4)
        		err = EPROTO;
        	foo->error = err;
        	return 0;
        }

        void g(struct foo *foo)
        {
        	bool bRC = drop(foo);

        	errno = EINVAL;
        	if (bRC)
        		tell(foo);
        }
        """),
    ])

  func check(_ context: RuleContext) -> [Finding] {
    let names = Names(context)
    let findings = context.functions.flatMap { id -> [Finding] in
      let file = context.program.file(of: id)
      let types = localTypes(id, file, context)
      var called: Set<Symbol> = []
      var findings: [Finding] = []
      for node in context.program.definition(id).nodes {
        let item = file[node]
        switch item.kind {
        case .block: findings += answers(node, id, context)
        case .assign where item.operation == .equal && file[item.a].kind == .name:
          let name = Symbol(file[item.a].a)
          if canBeNegative(item.b, file, context) { called.insert(name) }
          findings += boolean(name, item.b, types, id, context)
          // What is not declared here, such as 'errno', has a convention of its own.
          if types[name] != nil { findings += positive(name, item.b, node, names, id, context) }
        case .variable where item.c >= 0:
          if canBeNegative(item.c, file, context) { called.insert(Symbol(item.a)) }
          findings += boolean(Symbol(item.a), item.c, types, id, context)
        case .assign where item.operation == .ampersandEqual: findings += masked(node, types, id, context)
        case .returnStatement where item.a >= 0:
          findings += returned(item.a, node, names, id, context)
        case .binary where item.operation == .less: findings += comparison(node, types, called, names, id, context)
        default: break
        }
      }
      return findings
    }
    // A file that is full of positive codes has a convention of its own.
    let signless = Dictionary(grouping: findings.filter { $0.message.hasSuffix(Self.signless) }, by: \.place.path)
    return findings.filter { !$0.message.hasSuffix(Self.signless) || signless[$0.place.path, default: []].count < 3 }
  }

  private static let signless = "lacks its minus"

  private struct Names {
    let errnos: Set<Symbol>
    let copies: Set<Symbol>
    let unsigned: Set<Symbol>
    let results: Set<Symbol>
    let narrow: Set<Symbol>

    init(_ context: RuleContext) {
      func set(_ text: String) -> Set<Symbol> {
        Set(text.split(separator: " ").map { context.program.symbols.intern(String($0)) })
      }
      errnos = set(
        "EINVAL ENOMEM EIO ENODEV EFAULT EBUSY EAGAIN ENOENT EPERM EACCES EEXIST ENOSPC ETIMEDOUT EOPNOTSUPP ENOTSUPP EPROTO "
          + "ENOSYS EPROBE_DEFER ENXIO ENOBUFS EMSGSIZE")
      copies = set("copy_from_user copy_to_user __copy_from_user __copy_to_user clear_user")
      unsigned = set("u8 u16 u32 u64 __u8 __u16 __u32 __u64 uint8_t uint16_t uint32_t uint64_t size_t uint ulong")
      results = set("irqreturn_t netdev_tx_t")
      // The bits of 32 come back when a caller stores them in an int.
      narrow = set("u8 u16 __u8 __u16 uint8_t uint16_t")
    }
  }

  private func localTypes(_ id: FunctionID, _ file: ParsedFile, _ context: RuleContext) -> [Symbol: CType] {
    var types: [Symbol: CType] = [:]
    let definition = context.program.definition(id)
    for parameter in definition.parameters { types[parameter.name] = parameter.type }
    for node in definition.nodes where file[node].kind == .variable {
      let name = Symbol(file[node].a)
      // Two variables of one name in different scopes are not told apart.
      if types.updateValue(file.types[Int(file[node].b)], forKey: name) != nil { types[name] = .unknown }
    }
    return types
  }

  private func isUnsigned(_ type: CType, _ names: Names, _ context: RuleContext) -> Bool {
    guard !type.isPointer, type.arrays == 0 else { return false }
    let type = context.program.resolved(type)
    guard !type.isPointer else { return false }
    return type.base == .unsigned || type.base == .boolean
      || type.base == .typedef && names.unsigned.contains(type.name)
  }

  private func canBeNegative(_ value: NodeID, _ file: ParsedFile, _ context: RuleContext) -> Bool {
    let node = file[value]
    switch node.kind {
    case .cast: return canBeNegative(node.b, file, context)
    case .unary: return node.operation == .minus
    case .call:
      let name = context.callee(value, in: file)
      guard let returns = context.solver.returns(of: name) else { return name.exists }
      return returns.contains(.negative)
    default: return false
    }
  }

  /// `n < 0` for an unsigned `n`.
  private func comparison(
    _ node: NodeID, _ types: [Symbol: CType], _ called: Set<Symbol>, _ names: Names, _ id: FunctionID,
    _ context: RuleContext
  ) -> [Finding] {
    let file = context.program.file(of: id)
    let (left, right) = (file[file[node].a], file[file[node].b])
    guard right.kind == .number, right.a == 0, left.kind == .name, called.contains(Symbol(left.a)),
      let type = types[Symbol(left.a)], isUnsigned(type, names, context)
    else { return [] }
    let name = context.text(Symbol(left.a))
    return [
      context.finding(description, id, node, "'\(name)' is unsigned: it is never less than 0", key: "\(name) < 0")
    ]
  }

  /// `*writable &= flags & FLAG_RW;` for a bool: true is 1, and the bit another.
  private func masked(_ node: NodeID, _ types: [Symbol: CType], _ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    let (target, value) = (file[file[node].a], file[file[node].b])
    let isPointed = target.kind == .unary && target.operation == .star
    let name = isPointed ? file[target.a] : target
    guard name.kind == .name, let type = types[Symbol(name.a)], type.base == .boolean, type.isPointer == isPointed,
      value.kind == .binary, value.operation == .ampersand, file[value.b].kind == .name,
      file.tokens[Int(file[value.b].token)].traits.contains(.upperCase)
    else { return [] }
    let text = context.text(Symbol(name.a))
    return [
      context.finding(
        description, id, node,
        "'\(text)' is a bool, and what it is masked with is '\(context.text(Symbol(file[value.b].a)))' or 0, not 1 or 0",
        key: "\(text) masked")
    ]
  }

  /// `changed = f()` for a bool and a function that returns 0 or a negative errno.
  private func boolean(
    _ name: Symbol, _ value: NodeID, _ types: [Symbol: CType], _ id: FunctionID, _ context: RuleContext
  ) -> [Finding] {
    let file = context.program.file(of: id)
    guard let type = types[name], type.base == .boolean, !type.isPointer, file[value].kind == .call else { return [] }
    let callee = context.callee(value, in: file)
    let fileIndex = Int(context.program.functions[Int(id.rawValue)].file)
    guard callee.exists, context.solver.isErrnoLike(callee, fromFile: fileIndex),
      context.program.returnType(callee)?.base == .integer
    else { return [] }
    let text = context.text(name)
    let words = ["err", "fail", "ret", "rc", "bad", "res", "rv", "timeout", "stall"]
    guard !words.contains(where: text.lowercased().contains) else { return [] }
    return [
      context.finding(
        description, id, value,
        "'\(text)' is true when '\(context.text(callee))' fails: it returns 0 or a negative errno",
        key: "\(text) \(context.text(callee))")
    ]
  }

  private func positive(
    _ name: Symbol, _ value: NodeID, _ node: NodeID, _ names: Names, _ id: FunctionID, _ context: RuleContext
  ) -> [Finding] {
    let file = context.program.file(of: id)
    guard file[value].kind == .name, names.errnos.contains(Symbol(file[value].a)),
      Statements.errorNames.contains(context.text(name)),
      returnsNegative(id, context) || storesNegative(in: name, id, context), !isKept(name, id, context)
    else { return [] }
    let code = context.text(Symbol(file[value].a))
    return [context.finding(description, id, node, "'\(code)' \(Self.signless)", key: "\(context.text(name)) \(code)")]
  }

  /// Some way out returns a negative number: only there is a positive one the odd one out.
  private func returnsNegative(_ id: FunctionID, _ context: RuleContext) -> Bool {
    context.solver.facts(id)?.exits.contains { $0.values == .negative } == true
  }

  /// `sk->sk_err = err`: the member says which sign its codes have.
  private func isKept(_ name: Symbol, _ id: FunctionID, _ context: RuleContext) -> Bool {
    let file = context.program.file(of: id)
    return context.program.definition(id).nodes.contains { node in
      let item = file[node]
      return item.kind == .assign && file[item.a].kind == .member && file[item.b].kind == .name
        && Symbol(file[item.b].a) == name
    }
  }

  /// `ret = -EINVAL`
  private func storesNegative(in name: Symbol, _ id: FunctionID, _ context: RuleContext) -> Bool {
    let file = context.program.file(of: id)
    return context.program.definition(id).nodes.contains { node in
      let item = file[node]
      return item.kind == .assign && file[item.a].kind == .name && Symbol(file[item.a].a) == name
        && file[item.b].kind == .unary && file[item.b].operation == .minus
    }
  }

  /// `error = get(q); if (error) return error;` where `get()` says true or false.
  private func answers(_ block: NodeID, _ id: FunctionID, _ context: RuleContext) -> [Finding] {
    let file = context.program.file(of: id)
    let type = context.program.definition(id).returnType
    guard type.base == .integer, !type.isPointer else { return [] }
    let shapes = Statements(file: file, symbols: context.program.symbols)
    let statements = Array(file.list(file[block].a, file[block].b))
    return zip(statements, statements.dropFirst()).compactMap { previous, test -> Finding? in
      guard file[previous].kind == .expressionStatement, file[test].kind == .ifStatement,
        case let store = file[file[previous].a], store.kind == .assign, store.operation == .equal,
        file[store.a].kind == .name, case let variable = Symbol(file[store.a].a),
        Statements.errorNames.contains(context.text(variable)),
        case let core = shapes.core(file[test].a), !core.isNegated, core.node >= 0, file[core.node].kind == .name,
        Symbol(file[core.node].a) == variable, let leaving = shapes.leaving(file[test].b),
        file[leaving].kind == .returnStatement, file[leaving].a >= 0, case let value = file[file[leaving].a],
        value.kind == .name, Symbol(value.a) == variable, case let callee = shapes.callee(store.b), callee.exists,
        let answer = context.program.returnType(callee), answer.base == .boolean, !answer.isPointer,
        context.solver.facts(id)?.exits.contains(where: { $0.values == .negative }) == true
      else { return nil }
      let name = context.text(callee)
      return context.finding(
        description, id, leaving, "'\(name)' says true or false, which is no errno to return", key: "\(name) answer")
    }
  }

  /// `return register_it(…);` from a function whose type has no negative numbers.
  private func handedOn(
    _ value: NodeID, _ node: NodeID, _ names: Names, _ id: FunctionID, _ context: RuleContext
  ) -> [Finding] {
    let file = context.program.file(of: id)
    guard file[value].kind == .call, isAnyOf(names.unsigned, id, context), returnsZero(id, context),
      case let callee = context.callee(value, in: file), callee.exists,
      let returns = context.program.returnType(callee), returns.base == .integer, !returns.isPointer,
      returnsErrno(callee, id, names, context)
    else { return [] }
    let name = context.text(callee)
    return [
      context.finding(
        description, id, node,
        "a negative errno of '\(name)' becomes a large number in what '\(context.name(id))' returns",
        key: "\(name) unsigned")
    ]
  }

  /// Whether the word in front of the function's name is one of those for unsigned numbers of a given width.
  private func isAnyOf(_ types: Set<Symbol>, _ id: FunctionID, _ context: RuleContext) -> Bool {
    let definition = context.program.definition(id)
    guard definition.returnType.base == .unsigned, !definition.returnType.isPointer, definition.token > 0 else {
      return false
    }
    return types.contains(context.program.file(of: id).tokens[Int(definition.token) - 1].symbol)
  }

  /// Whether the function says "none" with 0.
  private func returnsZero(_ id: FunctionID, _ context: RuleContext) -> Bool {
    let file = context.program.file(of: id)
    return context.program.definition(id).nodes.contains { node in
      guard file[node].kind == .returnStatement, file[node].a >= 0 else { return false }
      return file[file[node].a].kind == .number && file[file[node].a].a == 0
    }
  }

  /// Whether a body of the function has `return -EINVAL;`.
  private func returnsErrno(_ callee: Symbol, _ id: FunctionID, _ names: Names, _ context: RuleContext) -> Bool {
    guard
      let target = context.program.resolve(callee, fromFile: Int(context.program.functions[Int(id.rawValue)].file))
    else { return false }
    let file = context.program.file(of: target)
    return context.program.definition(target).nodes.contains { node in
      guard file[node].kind == .returnStatement, file[node].a >= 0, case let value = file[file[node].a],
        value.kind == .unary, value.operation == .minus
      else { return false }
      return file[value.a].kind == .name && names.errnos.contains(Symbol(file[value.a].a))
    }
  }

  private func returned(
    _ value: NodeID, _ node: NodeID, _ names: Names, _ id: FunctionID, _ context: RuleContext
  ) -> [Finding] {
    let file = context.program.file(of: id)
    let type = context.program.definition(id).returnType
    let item = file[value]
    if item.kind == .name, names.errnos.contains(Symbol(item.a)), type.base == .integer, !type.isPointer,
      returnsNegative(id, context)
    {
      let code = context.text(Symbol(item.a))
      return [context.finding(description, id, node, "'\(code)' \(Self.signless)", key: "return \(code)")]
    }
    if item.kind == .call, names.copies.contains(context.callee(value, in: file)), type.base == .integer,
      !type.isPointer, returnsNegative(id, context) || !context.solver.callbacks.members(holding: id).isEmpty
    {
      let name = context.text(context.callee(value, in: file))
      return [
        context.finding(
          description, id, node, "'\(name)' returns the number of bytes it could not copy, which is no errno", key: name
        )
      ]
    }
    guard item.kind == .unary, item.operation == .minus, file[item.a].kind == .name,
      names.errnos.contains(Symbol(file[item.a].a)), !type.isPointer
    else { return handedOn(value, node, names, id, context) }
    let isWrong = names.results.contains(type.name) || type.base == .boolean || isAnyOf(names.narrow, id, context)
    guard isWrong else { return [] }
    let code = context.text(Symbol(file[item.a].a))
    return [
      context.finding(
        description, id, node, "the type that '\(context.name(id))' returns cannot carry '-\(code)'",
        key: "return -\(code)")
    ]
  }
}
