import Findings

extension LockWeakened {
  static let triggering: [RuleExample] = [
    RuleExample(
      before: """
        void add(struct foo *foo, struct item *item)
        {
        	xa_insert_bh(&foo->items, item->id, item, GFP_ATOMIC);
        }

        void drop(struct foo *foo, struct item *item)
        {
        	xa_erase_bh(&foo->items, item->id);
        }
        """,
      after: """
        void add(struct foo *foo, struct item *item)
        {
        	xa_insert_bh(&foo->items, item->id, item, GFP_ATOMIC);
        }

        void drop(struct foo *foo, struct item *item)
        {
        	xa_erase(&foo->items, item->id); /* reported */
        }
        """),
    RuleExample(
      before: """
        void take(struct foo *foo)
        {
        	unsigned long flags;

        	spin_lock_irqsave(&foo->lock, flags);
        	foo->n++;
        	spin_unlock_irqrestore(&foo->lock, flags);
        }

        void add(struct foo *foo)
        {
        	spin_lock_irq(&foo->lock);
        	foo->n++;
        	spin_unlock_irq(&foo->lock);
        }
        """,
      after: """
        void take(struct foo *foo)
        {
        	unsigned long flags;

        	spin_lock_irqsave(&foo->lock, flags);
        	foo->n++;
        	spin_unlock_irqrestore(&foo->lock, flags);
        }

        void add(struct foo *foo)
        {
        	spin_lock(&foo->lock); /* reported */
        	foo->n++;
        	spin_unlock(&foo->lock);
        }
        """),
    RuleExample(
      before: """
        void next_event(struct foo *foo)
        {
        	unsigned long flags;

        	raw_spin_lock_irqsave(&foo->lock, flags);
        	foo->n++;
        	raw_spin_unlock_irqrestore(&foo->lock, flags);
        }
        """,
      after: """
        void next_event(struct foo *foo)
        {
        	unsigned long flags;

        	spin_lock_irqsave(&foo->lock, flags); /* reported */
        	foo->n++;
        	spin_unlock_irqrestore(&foo->lock, flags);
        }
        """),
    RuleExample(
      before: """
        void free(struct foo *foo)
        {
        	unsigned long flags;

        	spin_lock_irqsave(&foo->lock, flags);
        	list_del(&foo->node);
        	spin_unlock_irqrestore(&foo->lock, flags);
        	kfree(foo);
        }
        """,
      after: """
        void free(struct foo *foo)
        {
        	spin_lock_irq(&foo->lock); /* reported */
        	list_del(&foo->node);
        	spin_unlock_irq(&foo->lock);
        	kfree(foo);
        }
        """),
  ]

  static let nonTriggering: [RuleExample] = [
    RuleExample(
      before: """
        void add(struct foo *foo, struct item *item)
        {
        	xa_insert_bh(&foo->others, item->id, item, GFP_ATOMIC);
        	xa_insert(&foo->items, item->id, item, GFP_KERNEL);
        }

        void drop(struct foo *foo, struct item *item)
        {
        	xa_erase_bh(&foo->items, item->id);
        }
        """,
      after: """
        void add(struct foo *foo, struct item *item)
        {
        	xa_insert_bh(&foo->others, item->id, item, GFP_ATOMIC);
        	xa_insert(&foo->items, item->id, item, GFP_KERNEL);
        }

        void drop(struct foo *foo, struct item *item)
        {
        	xa_erase(&foo->items, item->id);
        }
        """),
    RuleExample(
      before: """
        void free(struct foo *foo)
        {
        	spin_lock_irq(&foo->lock);
        	list_del(&foo->node);
        	spin_unlock_irq(&foo->lock);
        }
        """,
      after: """
        void free(struct foo *foo)
        {
        	unsigned long flags;

        	spin_lock_irqsave(&foo->lock, flags);
        	list_del(&foo->node);
        	spin_unlock_irqrestore(&foo->lock, flags);
        }
        """),
    RuleExample(
      before: """
        void next_event(struct foo *foo)
        {
        	unsigned long flags;

        	spin_lock_irqsave(&foo->lock, flags);
        	foo->n++;
        	spin_unlock_irqrestore(&foo->lock, flags);
        }
        """,
      after: """
        void next_event(struct foo *foo)
        {
        	unsigned long flags;

        	raw_spin_lock_irqsave(&foo->lock, flags);
        	foo->n++;
        	raw_spin_unlock_irqrestore(&foo->lock, flags);
        }
        """),
    RuleExample(
      before: """
        static irqreturn_t foo_irq(int irq, void *data)
        {
        	struct foo *foo = data;
        	unsigned long flags;

        	spin_lock_irqsave(&foo->lock, flags);
        	foo->n++;
        	spin_unlock_irqrestore(&foo->lock, flags);
        	return IRQ_HANDLED;
        }

        int add(struct foo *foo)
        {
        	spin_lock_irq(&foo->lock);
        	foo->n++;
        	spin_unlock_irq(&foo->lock);
        	return request_irq(foo->irq, foo_irq, 0, "foo", foo);
        }
        """,
      after: """
        static irqreturn_t foo_irq(int irq, void *data)
        {
        	struct foo *foo = data;

        	spin_lock(&foo->lock);
        	foo->n++;
        	spin_unlock(&foo->lock);
        	return IRQ_HANDLED;
        }

        int add(struct foo *foo)
        {
        	spin_lock_irq(&foo->lock);
        	foo->n++;
        	spin_unlock_irq(&foo->lock);
        	return request_irq(foo->irq, foo_irq, 0, "foo", foo);
        }
        """),
    RuleExample(
      before: """
        void add(struct foo *foo)
        {
        	spin_lock_irq(&foo->lock);
        	foo->n++;
        	spin_unlock_irq(&foo->lock);
        }
        """,
      after: """
        void add(struct foo *foo)
        {
        	spin_lock(&foo->lock);
        	foo->n++;
        	spin_unlock(&foo->lock);
        }
        """),
  ]
}
