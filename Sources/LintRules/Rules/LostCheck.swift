import Findings
import KernelC

/// A patch takes away the check of a result that it goes on using.
struct LostCheck: ChangeRule {
  let description = RuleDescription(
    id: "lost-check",
    summary: "the result of a call is not checked any more where it was checked before the patch",
    severity: .warning, confidence: .medium,
    whatItDoes: """
      Compares each function before and after a patch. Where a branch left the function because of what a call had returned, \
      and the same call is still made without anything that looks at its result, the call is reported. So is a check that \
      sees less: of an error pointer for which the file looks elsewhere only NULL is left, of a negative result only that \
      it is not 0, and what follows is success, or a positive one is returned as it is that was made an errno. And a \
      pointer that was asked for in front of a statement that stands there without the question.
      """,
    whyItMatters: "The failure goes on as a success: an error pointer or NULL is used, an error is not returned.",
    accepts: [
      "a callee that returns nothing any more", "results that were compared with a bound, and not with an error",
      "another check of the result", "results that are returned",
    ],
    knownFalsePositives: ["a callee that cannot fail any more"],
    triggering: [
      RuleExample(
        before: """
          bool is_chained(struct worker *worker, struct wq *wq)
          {
          	return worker && worker->current_pwq && worker->current_pwq->wq == wq;
          }

          int link(struct foo *foo, struct dev *dev)
          {
          	if (dev->type != TYPE_FOO || !dev->ptr)
          		return -EINVAL;
          	dev->ptr->n++;
          	return 0;
          }
          """,
        after: """
          bool is_chained(struct worker *worker, struct wq *wq)
          {
          	return worker && worker->current_pwq->wq == wq; /* reported */
          }

          int link(struct foo *foo, struct dev *dev)
          {
          	if (dev->type != TYPE_FOO) /* reported */
          		return -EINVAL;
          	dev->ptr->n++;
          	return 0;
          }
          """),
      RuleExample(
        before: """
          int f(struct foo *foo, int n)
          {
          	struct item *item = item_of(foo, n);
          	int status;

          	if (WARN_ON_ONCE(!item))
          		return -EINVAL;
          	status = item_set(item, n);
          	if (status != nfs_ok)
          		goto out;
          	switch (item->type) {
          	case 1:
          		status = link_item(foo);
          		break;
          	default:
          		status = make_item(foo);
          	}
          	if (item->n < n || status)
          		foo->failed++;
          out:
          	return status;
          }
          """,
        after: """
          int f(struct foo *foo, int n)
          {
          	struct item *item = item_of(foo, n); /* reported */
          	int status;

          	status = item_set(item, n); /* reported */
          	switch (item->type) {
          	case 1:
          		status = link_item(foo);
          		break;
          	default:
          		status = make_item(foo);
          	}
          	if (item->n < n || status)
          		foo->failed++;
          out:
          	return status;
          }
          """),
      RuleExample(
        before: """
          void f(struct foo *foo)
          {
          	if (foo->path)
          		activate(foo, foo->path, true);
          	foo->on = true;
          }

          void set(struct foo *foo)
          {
          	foo->path = add_new_path(foo);
          }

          int show(struct foo *foo, char *buf)
          {
          	int ret = update(foo);

          	if (ret < 0)
          		return ret;
          	else if (ret > 0)
          		return -EIO;
          	return emit(buf, foo->n);
          }
          """,
        after: """
          void f(struct foo *foo)
          {
          	activate(foo, foo->path, true); /* reported */
          	foo->on = true;
          }

          void set(struct foo *foo)
          {
          	foo->path = add_new_path(foo);
          }

          int show(struct foo *foo, char *buf)
          {
          	int ret = update(foo); /* reported */

          	if (ret)
          		return ret;
          	return emit(buf, foo->n);
          }
          """),
      RuleExample(
        before: """
          static int find(struct foo *foo, int n)
          {
          	struct item *item = idr_find(&foo->idr, n);

          	if (IS_ERR(item))
          		return -EBUSY;
          	return item ? item->n : 0;
          }

          int f(struct foo *foo, int n)
          {
          	struct item *item = idr_find(&foo->idr, n);

          	if (IS_ERR_OR_NULL(item))
          		return -ENOENT;
          	return item->n;
          }

          int wait(struct foo *foo)
          {
          	int ret = check_status(foo);

          	if (ret < 0)
          		return ret;
          	if (ret)
          		return 0;
          	return -ETIMEDOUT;
          }
          """,
        after: """
          static int find(struct foo *foo, int n)
          {
          	struct item *item = idr_find(&foo->idr, n);

          	if (IS_ERR(item))
          		return -EBUSY;
          	return item ? item->n : 0;
          }

          int f(struct foo *foo, int n)
          {
          	struct item *item = idr_find(&foo->idr, n); /* reported */

          	if (!item)
          		return -ENOENT;
          	return item->n;
          }

          int wait(struct foo *foo)
          {
          	if (check_status(foo)) /* reported */
          		return 0;
          	return -ETIMEDOUT;
          }
          """),
      RuleExample(
        before: """
          int f(struct foo *foo)
          {
          	int ret = set_up(foo);

          	if (ret < 0)
          		return ret;
          	foo->n = 1;
          	return 0;
          }
          """,
        after: """
          int f(struct foo *foo)
          {
          	set_up(foo); /* reported */
          	foo->n = 1;
          	return 0;
          }
          """),
      RuleExample(
        before: """
          int f(struct foo *foo)
          {
          	foo->name = make_name(foo);
          	if (!foo->name) {
          		foo->n = 0;
          		return -ENOMEM;
          	}
          	return run(foo);
          }
          """,
        after: """
          int f(struct foo *foo)
          {
          	foo->name = make_name(foo); /* reported */
          	return run(foo);
          }
          """),
      RuleExample(
        before: """
          int f(struct foo *foo)
          {
          	struct item *item;

          	list_for_each_entry(item, &foo->all, node) {
          		struct clk *clk = clk_of(item);

          		if (IS_ERR(clk))
          			return PTR_ERR(clk);
          		start(item, clk);
          	}
          	return 0;
          }
          """,
        after: """
          int f(struct foo *foo)
          {
          	struct item *item;

          	list_for_each_entry(item, &foo->all, node) {
          		struct clk *clk = clk_of(item); /* reported */

          		start(item, clk);
          	}
          	return 0;
          }
          """),
    ],
    nonTriggering: [
      RuleExample(
        before: """
          int link(struct foo *foo, struct dev *dev)
          {
          	if (dev->type != TYPE_FOO || !dev->ptr)
          		return -EINVAL;
          	if (foo->on && foo->flag)
          		foo->n++;
          	dev->ptr->n++;
          	return 0;
          }
          """,
        after: """
          int link(struct foo *foo, struct dev *dev)
          {
          	if (!dev->ptr)
          		return -ENODEV;
          	if (dev->type != TYPE_FOO)
          		return -EINVAL;
          	if (foo->on)
          		foo->n++;
          	dev->ptr->n++;
          	return 0;
          }
          """),
      RuleExample(
        before: """
          void f(struct foo *foo)
          {
          	if (foo->path)
          		kfree(foo->path);
          	if (foo->debug)
          		dump(foo);
          	if (foo->clk)
          		clk_disable_unprepare(foo->clk);
          }
          """,
        after: """
          void f(struct foo *foo)
          {
          	kfree(foo->path);
          	dump(foo);
          	clk_disable_unprepare(foo->clk);
          }
          """),
      RuleExample(
        before: """
          void f(struct foo *foo)
          {
          	if (foo->path)
          		activate(foo, foo->path, true);
          }
          """,
        after: """
          void f(struct foo *foo)
          {
          	if (!foo->path)
          		return;
          	activate(foo, foo->path, true);
          }
          """),
      RuleExample(
        before: """
          int f(struct foo *foo, int n)
          {
          	struct item *item = item_get(foo, n);

          	if (IS_ERR_OR_NULL(item))
          		return -ENOENT;
          	return item->n;
          }

          int start(struct foo *foo)
          {
          	int ret = power_on(foo);

          	if (ret < 0)
          		return ret;
          	return run(foo);
          }
          """,
        after: """
          int f(struct foo *foo, int n)
          {
          	struct item *item = item_get(foo, n);

          	if (!item)
          		return -ENOENT;
          	return item->n;
          }

          int start(struct foo *foo)
          {
          	int ret = power_on(foo);

          	if (ret)
          		return ret;
          	return run(foo);
          }
          """),
      RuleExample(
        before: """
          static int set_up(struct foo *foo)
          {
          	foo->m = 1;
          	return 0;
          }

          int f(struct foo *foo)
          {
          	int ret = set_up(foo);

          	if (ret < 0)
          		return ret;
          	foo->n = 1;
          	return 0;
          }
          """,
        after: """
          static void set_up(struct foo *foo)
          {
          	foo->m = 1;
          }

          int f(struct foo *foo)
          {
          	set_up(foo);
          	foo->n = 1;
          	return 0;
          }
          """),
      RuleExample(
        before: """
          int f(struct foo *foo)
          {
          	struct clk *clk = clk_of(foo);

          	if (IS_ERR(clk))
          		return PTR_ERR(clk);
          	return start(foo, clk);
          }
          """,
        after: """
          int f(struct foo *foo)
          {
          	struct clk *clk = clk_of(foo);

          	if (IS_ERR_OR_NULL(clk))
          		return -ENODEV;
          	return start(foo, clk);
          }
          """),
    ])

  func check(_ change: FileChange) -> [Finding] {
    let changed = change.changed
    return change.functions.flatMap { before, after in
      changed.contains(after.name) && after.nodes.count < CallResults.limit
        ? check(before, after, changed, change) : []
    }
  }

  private func check(
    _ before: FunctionDefinition, _ after: FunctionDefinition, _ changed: Set<Symbol>, _ change: FileChange
  ) -> [Finding] {
    // Another type, another contract.
    guard before.returnType == after.returnType else { return [] }
    let was = CallResults(before, change.before, change.symbols)
    let now = CallResults(after, change.after, change.symbols)
    let old = results(was)
    let new = results(now)
    // Asked before whether there is any, and not any more: what it points to may still be a question.
    let unasked = Set(
      new.filter { text, results in
        old[text]?.allSatisfy(was.isAskedItself) == true && results.contains { !now.isAskedItself($0) }
      }.keys)
    // A failure that left the function, and that something else takes the place of now.
    let overwritten = Set(
      new.filter { text, results in
        results.contains { !$0.isFailure && !$0.holder.isEmpty && now.isOverwritten($0) && !now.isLeaving($0) }
          && old[text]?.contains { was.isOverwritten($0) && !was.isLeaving($0) } != true
      }.keys)
    return lost(before, after, old, new, unasked, overwritten, changed, change)
      + weaker(before, after, old, new, changed, change)
      + guards(before, after, change) + parts(before, after, change)
  }

  private func lost(
    _ before: FunctionDefinition, _ after: FunctionDefinition, _ old: [String: [CallResults.Result]],
    _ new: [String: [CallResults.Result]], _ unasked: Set<String>, _ overwritten: Set<String>, _ changed: Set<Symbol>,
    _ change: FileChange
  ) -> [Finding] {
    new.keys.sorted().compactMap { text -> Finding? in
      guard let was = old[text], let now = new[text], was.count == now.count, was.allSatisfy(\.isFailure),
        let lost = now.first(where: {
          (!$0.isChecked || unasked.contains(text) || overwritten.contains(text))
            && ($0.isDiscarded || !$0.holder.isEmpty)
        })
      else { return nil }
      let callee = Statements(file: change.after, symbols: change.symbols).callee(lost.call)
      guard callee.exists, !changed.contains(callee), !isQuestion(change.symbols.text(callee)) else { return nil }
      let isUsed = lost.isDiscarded || isUsed(lost, after, change)
      guard isUsed else { return nil }
      return Finding(
        rule: description.id, severity: description.severity, confidence: description.confidence,
        place: change.place(lost.call), function: change.symbols.text(after.name),
        message: "what '\(change.symbols.text(callee))' returns was checked before the patch, and is not any more",
        evidence: [Evidence(change.placeBefore(was[0].call), "its result was checked here")], key: text)
    }
  }

  /// Only looks: nobody misses the answer.
  private func isQuestion(_ name: String) -> Bool {
    name.first?.isUppercase == true || FunctionText.ends(name)
      || name.split(separator: "_").contains {
        [
          "is", "has", "test", "empty", "pending", "can", "should", "need", "needs", "likely", "unlikely", "cmp",
          "warn",
        ].contains($0)
      }
  }

  /// Something is done with the holder behind the call.
  private func isUsed(_ result: CallResults.Result, _ function: FunctionDefinition, _ change: FileChange) -> Bool {
    let file = change.after
    let isPath = result.holder.contains("->") || result.holder.contains(".")
    return isPath
      || function.nodes.contains { node in
        (file[node].kind == .name) && file[node].token > file[result.call].token
          && change.symbols.text(Symbol(file[node].a)) == result.holder
      }
  }

  /// The calls of a function by their text.
  private func results(_ results: CallResults) -> [String: [CallResults.Result]] {
    Dictionary(grouping: results.all()) { SourceText.text(of: $0.call, results.file, results.symbols) }
  }
}
