import KernelC
import LockModel
import Testing

/// Some files, linked and solved.
struct Model {
  let solver: Solver
  var program: Program { solver.program }

  /// `known` are names that the symbol table has met before.
  init(_ files: [(path: String, source: String)], known: [String] = []) {
    let symbols = SymbolTable()
    for name in known { _ = symbols.intern(name) }
    solver = Solver(
      Program(
        files: files.map { ParsedFile(path: $0.path, bytes: Array($0.source.utf8), symbols: symbols) }, symbols: symbols
      ))
  }

  init(_ source: String) { self.init([("a.c", source)]) }

  func symbol(_ name: String) -> Symbol { program.symbols.intern(name) }

  func function(_ name: String, in path: String = "a.c") throws -> FunctionID {
    try #require(
      program.allFunctions.first { id in
        program.definition(id).name == symbol(name) && program.file(of: id).path == path
      })
  }

  func facts(_ name: String, in path: String = "a.c") throws -> FunctionFacts {
    try #require(solver.facts(try function(name, in: path)))
  }

  func summary(_ name: String, in path: String = "a.c") throws -> Summary {
    try #require(solver.summary(try function(name, in: path)))
  }

  /// The classes of the locks held at the calls of `callee` in `name`.
  func held(at callee: String, in name: String) throws -> [[String]] {
    let id = try function(name)
    return try facts(name).calls.filter { $0.callee == symbol(callee) }.map { call in
      call.held.filter { $0.balance > 0 }.compactMap { solver.lockClass(of: $0, in: id)?.text(program.symbols) }
        .sorted()
    }
  }
}

private let types = """
  struct mutex { int x; };
  struct foo { struct mutex lock; spinlock_t spin; struct rw_semaphore sem; int n; const struct foo_ops *ops; };
  struct foo_ops { int (*run)(struct foo *foo); };

  """

@Suite("Wrappers are learnt from their bodies")
struct WrapperTests {
  @Test(
    "what a wrapper does is what its primitive does, through any depth and through macros",
    arguments: [
      "static void take(struct foo *foo) { mutex_lock(&foo->lock); }",
      "#define take(f) mutex_lock(&(f)->lock)\n",
      "static void inner(struct foo *f) { mutex_lock(&f->lock); }\nstatic void take(struct foo *foo) { inner(foo); }",
    ])
  func learns(_ wrapper: String) throws {
    let model = Model(
      types + wrapper + "\nvoid f(struct foo *foo) { take(foo); work(foo); mutex_unlock(&foo->lock); after(foo); }\n")
    #expect(try model.held(at: "work", in: "f") == [["foo::lock"]])
    #expect(try model.held(at: "after", in: "f") == [[]])
    #expect(try model.facts("f").exits.allSatisfy { $0.held.isEmpty })
  }

  @Test("a wrapper that may fail holds the lock only where it says so")
  func conditional() throws {
    let model = Model(
      types + """
        static int take(struct foo *foo)
        {
        	if (foo->n)
        		return -EBUSY;
        	mutex_lock(&foo->lock);
        	return 0;
        }
        void f(struct foo *foo)
        {
        	if (take(foo)) {
        		failed(foo);
        		return;
        	}
        	work(foo);
        	mutex_unlock(&foo->lock);
        }
        """)
    #expect(try model.held(at: "failed", in: "f") == [[]])
    #expect(try model.held(at: "work", in: "f") == [["foo::lock"]])
  }

  @Test("a call that ends in the drop of another lock on some path does not make an object's lock unknown")
  func ownLock() throws {
    let callee = """
      static DEFINE_MUTEX(own_lock);
      static void other(struct foo *foo, void *buffer)
      {
      	char *local;

      	if (foo->n > 32 || !mutex_trylock(&own_lock))
      		local = allocate(foo->n);
      	else
      		local = buffer;
      	run(foo, local);
      	if (local == buffer)
      		mutex_unlock(&own_lock);
      }
      static void middle(struct foo *foo, void *buffer)
      {
      	other(foo, buffer);
      }
      void f(struct foo *foo, void *buffer)
      {
      	mutex_lock(&foo->lock);
      	middle(foo, buffer);
      	work(foo);
      	mutex_unlock(&foo->lock);
      }
      """
    #expect(try Model(types + callee).held(at: "work", in: "f") == [["foo::lock"]])
    // Through a pointer it may be any.
    let pointer = callee.replacing("static DEFINE_MUTEX(own_lock);", with: "static struct mutex *own_lock;")
      .replacing("&own_lock", with: "own_lock")
    #expect(try Model(types + pointer).held(at: "work", in: "f") == [[]])
  }

  @Test func aConditionThatRecursGoesTheSameWay() throws {
    let model = Model(
      types + """
        void f(struct foo *foo, bool locked)
        {
        	if (!locked)
        		mutex_lock(&foo->lock);
        	foo->n++;
        	if (!locked)
        		mutex_unlock(&foo->lock);
        }
        """)
    #expect(try model.facts("f").exits.allSatisfy { $0.held.isEmpty })
  }

  @Test func anAssertionIsARequirementOnTheCaller() throws {
    let model = Model(types + "static void f(struct foo *foo) { lockdep_assert_held(&foo->lock); foo->n++; }")
    let requires = try model.summary("f").requires
    #expect(requires.map { $0.lockClass?.text(model.program.symbols) } == ["foo::lock"])
  }

  @Test func aGuardEndsWithItsScope() throws {
    let model = Model(
      types + "void f(struct foo *foo) { { guard(mutex)(&foo->lock); work(foo); } after(foo); }")
    #expect(try model.held(at: "work", in: "f") == [["foo::lock"]])
    #expect(try model.held(at: "after", in: "f") == [[]])
  }
}

@Suite("Who a call means")
struct LinkingTests {
  @Test("a static function is its own file's; a header's is anybody's")
  func staticScope() throws {
    let model = Model([
      ("a.c", "static void helper(void) { in_a(); }\nvoid f(void) { helper(); shared(); }"),
      ("b.c", "static void helper(void) { in_b(); }\nvoid g(void) { helper(); }"),
      ("c.c", "void h(void) { helper(); shared(); }"),
      ("include/s.h", "static inline void shared(void) { }"),
    ])
    func target(_ name: String, _ callee: String, _ path: String) throws -> [String] {
      try model.facts(name, in: path).calls.filter { $0.callee == model.symbol(callee) }.flatMap(\.targets)
        .map { model.program.file(of: $0).path }
    }
    #expect(try target("f", "helper", "a.c") == ["a.c"])
    #expect(try target("g", "helper", "b.c") == ["b.c"])
    #expect(try target("h", "helper", "c.c") == [])
    #expect(try target("h", "shared", "c.c") == ["include/s.h"])
  }

  @Test("functions in operations tables are what a call through the member means")
  func tables() throws {
    let model = Model(
      types + """
        static int first(struct foo *foo) { return 0; }
        static int second(struct foo *foo) { return 1; }
        static const struct foo_ops a = { .run = first };
        static const struct foo_ops b[] = { { .run = &second }, [3] = { .run = first } };
        int f(struct foo *foo) { return foo->ops->run(foo); }
        """)
    let slot = model.program.slots.first {
      $0.key.structure == model.symbol("foo_ops") && $0.key.member == model.symbol("run")
    }
    let names = (slot?.value ?? []).map { model.program.symbols.text(model.program.definition($0).name) }
    #expect(names == ["first", "second"])
    let call = try #require(try model.facts("f").calls.first)
    #expect(call.isIndirect)
    #expect(call.targets.count == 2)
  }

  @Test("an alias means its target")
  func aliases() throws {
    let model = Model("void real(void) { }\n#define other real\nvoid f(void) { other(); }")
    #expect(model.program.resolve(model.symbol("other"), fromFile: 0) == (try model.function("real")))
  }

  @Test("recursion ends, and the order of the files changes nothing")
  func recursion() throws {
    let a = ("a.c", types + "void g(struct foo *foo);\nvoid f(struct foo *foo) { mutex_lock(&foo->lock); g(foo); }")
    let b = ("b.c", "void f(struct foo *foo);\nvoid g(struct foo *foo) { f(foo); g(foo); }")
    for model in [Model([a, b]), Model([b, a])] {
      #expect(try model.facts("f").acquires.count == 1)
      #expect(try model.facts("g", in: "b.c").calls.count == 2)
    }
  }
}

@Suite("Which functions mention which")
struct ReferenceIndexTests {
  @Test func callersByNameByArgumentAndThroughAMember() throws {
    let model = Model(
      types + """
        static int target(struct foo *foo) { return 0; }
        static const struct foo_ops ops = { .run = target };
        void direct(struct foo *foo) { target(foo); }
        void passes(struct foo *foo) { for_all(foo, target); }
        void indirect(struct foo *foo) { foo->ops->run(foo); }
        void other(struct foo *foo) { foo->n = 1; }
        """)
    let index = ReferenceIndex(model.program, callbacks: model.solver.callbacks)
    let names = index.mayCall(try model.function("target")).map {
      model.program.symbols.text(model.program.definition($0).name)
    }
    #expect(names == ["direct", "passes", "indirect"])
  }
}

@Suite("Names are numbered as they are met, which several readers do in another order each time")
struct SymbolOrderTests {
  @Test("which conditions a function remembers depends on its text alone", arguments: 0..<12)
  func conditions(_ start: Int) throws {
    // Six conditions on a parameter are remembered: the first ones leave few states, the last ones more than are followed.
    let first = (0..<6).map { "F\($0)" }
    let last = (0..<6).map { "L\($0)" }
    let source =
      "void f(int flags) {\n"
      + first.map { "if (flags & \($0)) return;\n" }.joined()
      + last.map { "if (flags & \($0)) g();\n" }.joined() + "h();\n}\n"
    let names = first + last
    let model = Model([("a.c", source)], known: Array(names[start...] + names[..<start]))
    #expect(try !model.facts("f").isJoined)
  }
}

@Suite("A header's stub for another configuration says nothing")
struct StubTests {
  @Test("what is known to sleep sleeps, whatever the stub does", arguments: [true, false])
  func sleeps(_ isStub: Bool) throws {
    let body = isStub ? "" : "other(key);"
    let model = Model([
      ("include/linux/clk.h", "static inline void clk_set_rate(struct key *key)\n{\n\(body)\n}\n"),
      ("a.c", "void f(struct key *key)\n{\n\tclk_set_rate(key);\n}\n"),
    ])
    #expect(try (model.summary("f").sleeps != nil) == isStub)
  }
}
