import Findings
import LintRules
import Testing

/// What files mean to each other when they are linked.
@Suite("Linked files")
struct LinkTests {
  private func found(_ files: [String: String], focus: Set<String>? = nil, _ rule: String) -> [String] {
    let lint = KernelLint()
    let read = files.sorted { $0.key < $1.key }.map { lint.facts(of: Array($0.value.utf8), path: $0.key) }
    return lint.check(read, focus: focus ?? Set(files.keys), rules: [rule]).findings.map {
      "\($0.place.path):\($0.function)"
    }
  }

  private static let user = """
    void f(struct foo *foo)
    {
    	spin_lock(&foo->lock);
    	foo_wait(foo);
    	spin_unlock(&foo->lock);
    }
    """

  @Test("a stub in a header says nothing of the function that the header also declares")
  func stubOfAnotherConfiguration() {
    let body = "void foo_wait(struct foo *foo)\n{\n\tmsleep(10);\n}\n"
    let stub = "static inline void foo_wait(struct foo *foo) { }\n"
    let both = "#ifdef CONFIG_FOO\nvoid foo_wait(struct foo *foo);\n#else\n\(stub)#endif\n"
    let known = ["z.c": Self.user, "foo.c": body]
    #expect(found(known.merging(["foo.h": both]) { $1 }, "sleep-in-atomic") == ["z.c:f"])
    // Where the function that the header declares is not at hand, the name alone says nothing.
    #expect(found(["z.c": Self.user, "foo.h": both], "sleep-in-atomic") == [])
    let unregister = Self.user.replacing("foo_wait(foo)", with: "device_unregister(foo->dev)")
    let sleeper =
      "#ifdef CONFIG_FOO\nvoid device_unregister(struct device *d);\n#else\n"
      + "static inline void device_unregister(struct device *d) { }\n#endif\n"
    #expect(found(["z.c": unregister, "foo.h": sleeper], "sleep-in-atomic") == ["z.c:f"])
  }

  @Test("static locks of one name in two files are two locks")
  func staticLocksOfOneName() {
    let other = """
      static DEFINE_MUTEX(lock);

      void other(void)
      {
      	mutex_lock(&lock);
      	mutex_unlock(&lock);
      }
      """
    func caller(_ declaration: String) -> String {
      """
      \(declaration)

      void f(void)
      {
      	mutex_lock(&lock);
      	other();
      	mutex_unlock(&lock);
      }
      """
    }
    #expect(found(["a.c": other, "b.c": caller("static DEFINE_MUTEX(lock);")], "double-lock") == [])
    let shared = other.replacing("static DEFINE", with: "DEFINE")
    #expect(found(["a.c": shared, "b.c": caller("extern struct mutex lock;")], "double-lock") == ["b.c:f"])
  }

  @Test("functions that call each other in a circle take what any of them takes")
  func circles() {
    let circle = """
      static void shrink(struct pool *pool);

      static void evict(struct pool *pool)
      {
      	if (pool->parent)
      		shrink(pool->parent);
      	spin_lock(&pool->lock);
      	spin_unlock(&pool->lock);
      }

      static void shrink(struct pool *pool)
      {
      	evict(pool);
      }

      void f(struct pool *pool)
      {
      	spin_lock(&pool->lock);
      	shrink(pool);
      	spin_unlock(&pool->lock);
      }
      """
    #expect(found(["a.c": circle], "double-lock") == ["a.c:f"])
  }

  @Test("the other order may be that of a function that nobody looks at")
  func orderOfABystander() {
    let header =
      "struct foo { struct mutex a; struct mutex b; };\n"
      + "static inline void foo_lock(struct foo *foo) { mutex_lock(&foo->a); }\n"
      + "static inline void foo_unlock(struct foo *foo) { mutex_unlock(&foo->a); }\n"
    func order(_ name: String, _ text: String) -> String { "void \(name)(struct foo *foo)\n{\n\(text)}\n" }
    let there = order(
      "there",
      "\tfoo_lock(foo);\n\tmutex_lock(&foo->b);\n\tmutex_unlock(&foo->b);\n\tfoo_unlock(foo);\n")
    let here = order(
      "here",
      "\tmutex_lock(&foo->b);\n\tfoo_lock(foo);\n\tfoo_unlock(foo);\n\tmutex_unlock(&foo->b);\n")
    #expect(found(["foo.h": header, "a.c": there, "b.c": here], focus: ["b.c"], "lock-order") == ["b.c:here"])
    #expect(
      found(
        ["foo.h": header, "a.c": there, "b.c": there.replacing("there", with: "again")], focus: ["b.c"], "lock-order")
        == [])
  }

  @Test("a body in another file says which results are errors")
  func errorsOfAnotherFile() {
    let callee = """
      int log_init(struct foo *foo, int n)
      {
      	if (n)
      		return ring_init(foo);
      	return 0;
      }

      int ring_init(struct foo *foo)
      {
      	if (!foo->ring)
      		return -EINVAL;
      	return 0;
      }
      """
    let caller = """
      int run(struct foo *foo, int n)
      {
      	int ret = 0;

      	if (log_init(foo, n))
      		goto abort;
      	return 0;
      abort:
      	stop(foo);
      	return ret;
      }
      """
    #expect(found(["log.c": callee, "run.c": caller], "wrong-error") == ["run.c:run"])
    let question = callee.replacing("-EINVAL", with: "1")
    #expect(found(["log.c": question, "run.c": caller], "wrong-error") == [])
  }

  @Test("what is known of the kernel decides where a body leaves open when it sets what it is given")
  func outputsOfAKnownFunction() {
    let callee = """
      const void *of_get_property(const struct device_node *np, const char *name, int *lenp)
      {
      	struct property *pp;

      	for (pp = np->properties; pp; pp = pp->next) {
      		if (pp->name == name) {
      			if (lenp)
      				*lenp = pp->length;
      			break;
      		}
      	}
      	return pp ? pp->value : NULL;
      }
      """
    let caller = """
      int parse(struct device_node *np, struct buffer *buffer)
      {
      	const void *value;
      	int length;

      	value = of_get_property(np, "reg", &length);
      	if (length > 8)
      		length = 8;
      	if (value)
      		memcpy(buffer->bytes, value, length);
      	return 0;
      }
      """
    #expect(found(["a.c": caller], "uninitialised-inout") == ["a.c:parse"])
    #expect(found(["a.c": caller, "base.c": callee], "uninitialised-inout") == ["a.c:parse"])
  }

  @Test("a work item that another file of the folder sets up")
  func workOfAnotherFile() {
    let setup = """
      static void poll_work(struct work_struct *work)
      {
      	struct foo *foo = container_of(work, struct foo, poll);

      	mutex_lock(&foo->lock);
      	mutex_unlock(&foo->lock);
      }

      void setup(struct foo *foo)
      {
      	INIT_WORK(&foo->poll, poll_work);
      }
      """
    let header = "struct foo { struct mutex lock; struct work_struct poll; };\n"
    let stop = """
      void stop(struct foo *foo)
      {
      	mutex_lock(&foo->lock);
      	cancel_work_sync(&foo->poll);
      	mutex_unlock(&foo->lock);
      }
      """
    let files = ["d/a.c": setup, "d/b.c": stop, "d/foo.h": header]
    #expect(found(files, "double-lock") == ["d/b.c:stop"])
    #expect(found(files, focus: ["d/b.c"], "double-lock") == ["d/b.c:stop"])
    #expect(found(["d/a.c": setup, "e/b.c": stop, "d/foo.h": header], "double-lock") == [])
  }

  @Test("a callee that may drop the lock of some object drops none of another name")
  func locksOfOtherObjects() {
    let far = """
      struct queue { struct mutex bus_lock; struct mutex lock; };

      static void settle(struct queue *queue, struct message *message)
      {
      	if (message->last)
      		mutex_unlock(&queue->MEMBER);
      }

      void pump(struct message *message)
      {
      	struct queue *queue = find_queue(message);

      	settle(queue, message);
      	finish(message);
      }
      """
    let near = """
      struct foo { struct mutex lock; };

      static void get(struct foo *foo)
      {
      	mutex_lock(&foo->lock);
      	mutex_unlock(&foo->lock);
      }

      void f(struct foo *foo, struct message *message)
      {
      	mutex_lock(&foo->lock);
      	pump(message);
      	get(foo);
      	mutex_unlock(&foo->lock);
      }
      """
    func files(_ member: String) -> [String: String] { ["a.c": near, "b.c": far.replacing("MEMBER", with: member)] }
    #expect(found(files("bus_lock"), "double-lock") == ["a.c:f"])
    #expect(found(files("lock"), "double-lock") == [])
  }

  @Test("of two inline functions of one name the nearer one is meant")
  func nearness() {
    let sleeping = """
      static inline u32 chip_read(struct chip *chip)
      {
      	int i, sum = 0;

      	mutex_lock(&chip->mutex);
      	for (i = 0; i < 8; i++)
      		sum += chip->registers[i];
      	mutex_unlock(&chip->mutex);
      	return sum;
      }
      """
    let plain = "static inline u32 chip_read(struct chip *chip)\n{\n\treturn readl(chip->base);\n}\n"
    let user = """
      void f(struct chip *chip)
      {
      	spin_lock(&chip->lock);
      	chip_read(chip);
      	spin_unlock(&chip->lock);
      }
      """
    let files = ["d/one/chip.h": sleeping, "d/two/chip.h": plain, "d/two/sub/a.c": user, "d/one/a.c": user]
    #expect(found(files, "sleep-in-atomic") == ["d/one/a.c:f"])
  }
}
