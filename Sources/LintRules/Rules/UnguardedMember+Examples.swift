import Findings

extension UnguardedMember {
  static let triggering: [RuleExample] = [
    RuleExample(
      """
      void a(struct foo *foo, struct item *item)
      {
      	spin_lock(&foo->lock);
      	list_add(&item->node, &foo->items);
      	spin_unlock(&foo->lock);
      }

      void b(struct foo *foo, struct item *item)
      {
      	spin_lock(&foo->lock);
      	list_add_tail(&item->node, &foo->items);
      	spin_unlock(&foo->lock);
      }

      void c(struct foo *foo)
      {
      	struct item *item;

      	spin_lock(&foo->lock);
      	list_for_each_entry(item, &foo->items, node)
      		use(item);
      	if (list_empty(&foo->items))
      		stop(foo);
      	spin_unlock(&foo->lock);
      }

      void d(struct foo *foo, struct item *item)
      {
      	list_add(&item->node, &foo->items); /* reported */
      }
      """),
    RuleExample(
      """
      static void set_speed(struct fan *fan, int speed)
      {
      	write_register(fan->base, speed);
      	fan->speed = speed;
      }

      int fan_store(struct fan *fan, int speed)
      {
      	mutex_lock(&fan->lock);
      	set_speed(fan, speed);
      	mutex_unlock(&fan->lock);
      	return 0;
      }

      int fan_suspend(struct fan *fan)
      {
      	mutex_lock(&fan->lock);
      	set_speed(fan, 0);
      	mutex_unlock(&fan->lock);
      	return 0;
      }

      int fan_resume(struct fan *fan)
      {
      	mutex_lock(&fan->lock);
      	set_speed(fan, fan->wanted);
      	mutex_unlock(&fan->lock);
      	return 0;
      }

      void fan_shutdown(struct fan *fan)
      {
      	set_speed(fan, 0); /* reported */
      }
      """),
    RuleExample(
      """
      static DEFINE_MUTEX(cleanup_lock);
      static DEFINE_SPINLOCK(target_lock);

      void enable(struct target *target)
      {
      	mutex_lock(&cleanup_lock);
      	spin_lock(&target_lock);
      	list_move(&target->list, &targets);
      	spin_unlock(&target_lock);
      	mutex_unlock(&cleanup_lock);
      }

      void disable(struct target *target)
      {
      	mutex_lock(&cleanup_lock);
      	spin_lock(&target_lock);
      	list_move(&target->list, &idle);
      	spin_unlock(&target_lock);
      	mutex_unlock(&cleanup_lock);
      }

      void expire(struct target *target)
      {
      	mutex_lock(&cleanup_lock);
      	spin_lock(&target_lock);
      	list_del(&target->list);
      	spin_unlock(&target_lock);
      	mutex_unlock(&cleanup_lock);
      }

      void add(struct target *target)
      {
      	spin_lock(&target_lock);
      	list_add(&target->list, &idle);
      	spin_unlock(&target_lock);
      }

      void drop(struct target *target)
      {
      	spin_lock(&target_lock);
      	list_del(&target->list); /* reported */
      	spin_unlock(&target_lock);
      }
      """),
    RuleExample(
      """
      static ssize_t limit_store(struct config_item *item, const char *page, size_t count)
      {
      	struct foo *foo = to_foo(item);

      	set_limit(foo, page); /* reported */
      	return count;
      }
      CONFIGFS_ATTR(foo_, limit);

      static void set_limit(struct foo *foo, const char *page)
      {
      	foo->limit = page[0];
      }

      void a(struct foo *foo)
      {
      	mutex_lock(&foo->lock);
      	set_limit(foo, "1");
      	mutex_unlock(&foo->lock);
      }

      void b(struct foo *foo)
      {
      	mutex_lock(&foo->lock);
      	set_limit(foo, "2");
      	mutex_unlock(&foo->lock);
      }

      void c(struct foo *foo)
      {
      	mutex_lock(&foo->lock);
      	set_limit(foo, "3");
      	mutex_unlock(&foo->lock);
      }
      """),
    RuleExample(
      """
      static DEFINE_MUTEX(all_lock);
      static DEFINE_IDR(all);

      static struct foo *find(int n)
      {
      	struct foo *foo;
      	int id;

      	idr_for_each_entry(&all, foo, id)
      		if (foo->n == n)
      			return foo;
      	return NULL;
      }

      int insert(struct foo *foo)
      {
      	int ret = -EEXIST;

      	mutex_lock(&all_lock);
      	if (!find(foo->n))
      		ret = idr_alloc(&all, foo, 1, 10, GFP_KERNEL);
      	mutex_unlock(&all_lock);
      	return ret;
      }

      void take_out(int n)
      {
      	mutex_lock(&all_lock);
      	if (find(n))
      		idr_remove(&all, n);
      	mutex_unlock(&all_lock);
      }

      void take_first(void)
      {
      	mutex_lock(&all_lock);
      	idr_remove(&all, 1);
      	mutex_unlock(&all_lock);
      }

      int foo_open(struct inode *inode)
      {
      	struct foo *foo = idr_find(&all, iminor(inode)); /* reported */

      	if (!foo)
      		return -ENODEV;
      	return foo->n;
      }

      static void foo_exit(void)
      {
      	idr_destroy(&all);
      }
      """),
  ]

  static let nonTriggering: [RuleExample] = [
    RuleExample(
      """
      static DEFINE_MUTEX(cleanup_lock);

      void enable(struct target *target)
      {
      	mutex_lock(&cleanup_lock);
      	list_move(&target->list, &targets);
      	mutex_unlock(&cleanup_lock);
      }

      void disable(struct target *target)
      {
      	mutex_lock(&cleanup_lock);
      	list_move(&target->list, &idle);
      	mutex_unlock(&cleanup_lock);
      }

      void expire(struct target *target)
      {
      	mutex_lock(&cleanup_lock);
      	list_del(&target->list);
      	mutex_unlock(&cleanup_lock);
      }

      void let_go(struct target *target)
      {
      	list_del(&target->list);
      }
      """),
    RuleExample(
      """
      void a(struct foo *foo)
      {
      	spin_lock(&foo->lock);
      	foo->n++;
      	spin_unlock(&foo->lock);
      }

      void b(struct foo *foo)
      {
      	foo->n = 0;
      }
      """),
    RuleExample(
      """
      static DEFINE_MUTEX(all_lock);

      static void enter(struct foo *foo)
      {
      	foo->next = all;
      	all = foo;
      }

      void a(struct foo *foo)
      {
      	mutex_lock(&all_lock);
      	enter(foo);
      	mutex_unlock(&all_lock);
      }

      void b(struct foo *foo)
      {
      	mutex_lock(&all_lock);
      	enter(foo);
      	mutex_unlock(&all_lock);
      }

      void c(struct foo *foo)
      {
      	mutex_lock(&all_lock);
      	enter(foo);
      	mutex_unlock(&all_lock);
      }

      void __init begin(struct foo *foo)
      {
      	enter(foo);
      }
      """),
    RuleExample(
      """
      void a(struct foo *foo, struct item *item)
      {
      	spin_lock(&foo->lock);
      	list_add(&item->node, &foo->items);
      	spin_unlock(&foo->lock);
      }

      void b(struct foo *foo, struct item *item)
      {
      	spin_lock(&foo->lock);
      	list_add_tail(&item->node, &foo->items);
      	spin_unlock(&foo->lock);
      }

      void c(struct foo *foo, struct item *item)
      {
      	spin_lock(&foo->lock);
      	list_add_tail(&item->node, &foo->items);
      	list_add_tail(&item->other, &foo->items);
      	spin_unlock(&foo->lock);
      }

      void d(struct foo *foo)
      {
      	WARN_ON(!list_empty(&foo->items));
      }
      """),
    RuleExample(
      """
      static DEFINE_MUTEX(all_lock);
      static LIST_HEAD(all);

      void a(struct foo *foo)
      {
      	mutex_lock(&all_lock);
      	list_add(&foo->node, &all);
      	mutex_unlock(&all_lock);
      }

      void b(struct foo *foo)
      {
      	mutex_lock(&all_lock);
      	list_add_tail(&foo->other, &all);
      	mutex_unlock(&all_lock);
      }

      static void under(struct foo *foo)
      {
      	list_add(&foo->third, &all);
      }

      void c(struct foo *foo)
      {
      	mutex_lock(&all_lock);
      	under(foo);
      	list_splice(&foo->more, &all);
      	mutex_unlock(&all_lock);
      }

      static void sub_init(struct foo *foo)
      {
      	list_add(&foo->fourth, &all);
      }

      void local(struct foo *foo)
      {
      	LIST_HEAD(all);

      	list_add(&foo->fifth, &all);
      }
      """),
    RuleExample(
      """
      static DEFINE_MUTEX(map_lock);
      static DEFINE_SPINLOCK(other_lock);
      static LIST_HEAD(map);

      void m1(struct foo *foo)
      {
      	mutex_lock(&map_lock);
      	list_add(&foo->one, &map);
      	mutex_unlock(&map_lock);
      }

      void m2(struct foo *foo)
      {
      	mutex_lock(&map_lock);
      	list_add(&foo->two, &map);
      	mutex_unlock(&map_lock);
      }

      void m3(struct foo *foo)
      {
      	mutex_lock(&map_lock);
      	list_add(&foo->three, &map);
      	list_add(&foo->four, &map);
      	mutex_unlock(&map_lock);
      }

      int reader(int n)
      {
      	struct foo *foo;

      	rcu_read_lock();
      	list_for_each_entry(foo, &map, one)
      		n += foo->n;
      	rcu_read_unlock();
      	return n;
      }

      static DEFINE_MUTEX(tree_lock);
      static DEFINE_IDR(tree);

      static void *tree_start(struct seq_file *s, loff_t *pos)
      {
      	mutex_lock(&tree_lock);
      	return idr_get_next(&tree, pos);
      }

      static void *tree_next(struct seq_file *s, void *v, loff_t *pos)
      {
      	return idr_get_next(&tree, pos);
      }

      static void tree_stop(struct seq_file *s, void *v)
      {
      	mutex_unlock(&tree_lock);
      }

      static const struct seq_operations tree_ops = { .start = tree_start, .next = tree_next, .stop = tree_stop };

      void t1(struct foo *foo)
      {
      	mutex_lock(&tree_lock);
      	idr_alloc(&tree, foo, 0, 0, GFP_KERNEL);
      	mutex_unlock(&tree_lock);
      }

      void t2(int n)
      {
      	mutex_lock(&tree_lock);
      	idr_remove(&tree, n);
      	idr_remove(&tree, n + 1);
      	mutex_unlock(&tree_lock);
      }
      """),
  ]
}
