import Findings

extension LateInit {
  static let triggering: [RuleExample] = [
    RuleExample(
      """
      struct foo { spinlock_t lock; int n; };

      static void count(struct foo *foo)
      {
      	spin_lock(&foo->lock);
      	foo->n++;
      	spin_unlock(&foo->lock);
      }

      static irqreturn_t handler(int irq, void *data)
      {
      	struct foo *foo = data;

      	count(foo);
      	return IRQ_HANDLED;
      }

      static int probe(struct device *dev, struct foo *foo, int irq)
      {
      	int ret = devm_request_irq(dev, irq, handler, 0, "foo", foo);

      	if (ret)
      		return ret;
      	spin_lock_init(&foo->lock); /* reported */
      	return 0;
      }
      """),
    RuleExample(
      """
      struct foo { struct mutex lock; struct chip chip; int n; };

      static int get(struct chip *chip)
      {
      	struct foo *foo = chip_data(chip);

      	guard(mutex)(&foo->lock);
      	return foo->n;
      }

      static const struct chip_ops ops = {
      	.get = get,
      };

      static int add(struct foo *foo)
      {
      	foo->chip.ops = &ops;
      	return chip_register(&foo->chip);
      }

      static void prepare(struct foo *foo)
      {
      	mutex_init(&foo->lock);
      	foo->n = 1;
      }

      static int probe(struct foo *foo)
      {
      	if (foo->n) {
      		int ret = add(foo);

      		if (ret)
      			return ret;
      	}
      	prepare(foo); /* reported */
      	return 0;
      }
      """),
    RuleExample(
      """
      struct foo { struct work_struct work; struct completion done; };

      static void work(struct work_struct *work)
      {
      }

      static irqreturn_t quick(int irq, void *data)
      {
      	struct foo *foo = data;

      	schedule_work(&foo->work);
      	return IRQ_WAKE_THREAD;
      }

      static int start(struct foo *foo)
      {
      	int ret = request_threaded_irq(foo->irq, quick, slow, 0, "foo", foo);

      	INIT_WORK(&foo->work, work); /* reported */
      	return ret;
      }
      """),
  ]

  /// In a loop, for a chip that goes by another name, through a table of calls.
  static let throughTable = RuleExample(
    """
    struct slice { spinlock_t lock; };
    struct foo { struct slice slices[4]; struct chip *chip; };

    static int request(struct chip *chip, int number)
    {
    	struct foo *foo = chip->data;

    	spin_lock(&foo->slices[number].lock);
    	spin_unlock(&foo->slices[number].lock);
    	return 0;
    }

    static const struct chip_ops ops = {
    	.request = request,
    };

    static int probe(struct foo *foo, struct chip *chip, const struct host_ops *host)
    {
    	chip->ops = &ops;
    	foo->chip = chip;
    	host->register_chip(foo->chip);
    	for (int i = 0; i < 4; i++)
    		spin_lock_init(&foo->slices[i].lock); /* reported */
    	return 0;
    }
    """)

  static let nonTriggering: [RuleExample] = [
    RuleExample(
      """
      struct foo { struct work_struct work; bool is_ready; };

      static irqreturn_t handler(int irq, void *data)
      {
      	struct foo *foo = data;

      	if (foo->is_ready)
      		schedule_work(&foo->work);
      	return IRQ_HANDLED;
      }

      static int probe(struct foo *foo)
      {
      	int ret = request_irq(foo->irq, handler, 0, "foo", foo);

      	if (ret)
      		return ret;
      	INIT_WORK(&foo->work, work);
      	foo->is_ready = true;
      	return 0;
      }
      """),
    // The thread finds its objects in a list.
    RuleExample(
      """
      struct foo { spinlock_t lock; struct list_head node; };

      static int thread(void *unused)
      {
      	struct foo *foo;

      	list_for_each_entry(foo, &foos, node) {
      		spin_lock(&foo->lock);
      		spin_unlock(&foo->lock);
      	}
      	return 0;
      }

      static int add(struct foo *foo)
      {
      	task = kthread_run(thread, NULL, "foo");
      	spin_lock_init(&foo->lock);
      	list_add(&foo->node, &foos);
      	return 0;
      }
      """),
    // The table is not that of the interrupt.
    RuleExample(
      """
      struct foo { struct mutex lock; struct chip *chip; };

      static int get(struct chip *chip)
      {
      	struct foo *foo = chip_data(chip);

      	guard(mutex)(&foo->lock);
      	return 0;
      }

      static irqreturn_t handler(int irq, void *data)
      {
      	return IRQ_HANDLED;
      }

      static const struct chip_ops ops = {
      	.get = get,
      };

      static int probe(struct foo *foo, struct chip *chip)
      {
      	int ret;

      	chip->ops = &ops;
      	ret = request_irq(chip->irq, handler, 0, "foo", chip);
      	if (ret)
      		return ret;
      	mutex_init(&foo->lock);
      	return chip_register(chip);
      }
      """),
    RuleExample(
      """
      struct foo { spinlock_t lock; spinlock_t other; struct bar *bar; int n; };
      struct bar { spinlock_t other; spinlock_t lock; };

      static irqreturn_t handler(int irq, void *data)
      {
      	struct foo *foo = data;

      	spin_lock(&foo->lock);
      	spin_lock(&foo->bar->other);
      	spin_unlock(&foo->bar->other);
      	spin_unlock(&foo->lock);
      	return IRQ_HANDLED;
      }

      static int probe(struct foo *foo)
      {
      	spin_lock_init(&foo->lock);
      	foo->n = request_irq(foo->irq, handler, 0, "foo", foo);
      	spin_lock_init(&foo->other);
      	return foo->n;
      }
      """),
    RuleExample(
      """
      struct foo { spinlock_t lock; int n; };

      static irqreturn_t handler(int irq, void *data)
      {
      	struct foo *foo = data;

      	spin_lock(&foo->lock);
      	spin_unlock(&foo->lock);
      	return IRQ_HANDLED;
      }

      static int probe(struct foo *foo)
      {
      	if (foo->irq) {
      		return request_irq(foo->irq, handler, 0, "foo", foo);
      	}
      	spin_lock_init(&foo->lock);
      	return 0;
      }
      """),
    RuleExample(
      """
      struct foo { spinlock_t lock; int n; };

      static irqreturn_t handler(int irq, void *data)
      {
      	struct foo *foo = data;

      	spin_lock(&foo->lock);
      	spin_unlock(&foo->lock);
      	return IRQ_HANDLED;
      }

      static int probe(struct foo *foo)
      {
      	int ret = request_irq(foo->irq, handler, IRQF_NO_AUTOEN, "foo", foo);

      	spin_lock_init(&foo->lock);
      	enable_irq(foo->irq);
      	return ret;
      }
      """),
    RuleExample(
      """
      struct foo { struct mutex lock; int n; };

      static int show(struct device *dev)
      {
      	struct foo *foo = dev_get_drvdata(dev);

      	mutex_lock(&foo->lock);
      	mutex_unlock(&foo->lock);
      	return 0;
      }

      static struct foo *make(void)
      {
      	struct foo *foo = kzalloc(sizeof(*foo), GFP_KERNEL);

      	if (foo)
      		mutex_init(&foo->lock);
      	return foo;
      }

      static int again(struct foo *foo)
      {
      	thing_register(foo->dev, show);
      	mutex_init(&foo->lock);
      	return 0;
      }
      """),
    RuleExample(
      """
      struct foo { struct mutex lock; int n; };

      static int show(struct device *dev)
      {
      	struct foo *foo = dev_get_drvdata(dev);

      	mutex_lock(&foo->lock);
      	mutex_unlock(&foo->lock);
      	return 0;
      }

      static int probe(struct foo *foo)
      {
      	if (foo->n) {
      		thing_register(foo->dev, show);
      	} else {
      		mutex_init(&foo->lock);
      	}
      	return 0;
      }
      """),
  ]
}
