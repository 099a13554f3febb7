// SPDX-License-Identifier: GPL-2.0-only
/* Sleeping where it is forbidden, and where it is not. */

struct cell {
	spinlock_t lock;
	struct mutex mutex;
	void *data;
};

static void fill(struct cell *cell)
{
	mutex_lock(&cell->mutex);
	cell->data = NULL;
	mutex_unlock(&cell->mutex);
}

void atomic_memory(struct cell *cell)
{
	spin_lock(&cell->lock);
	cell->data = kmalloc(8, GFP_ATOMIC);
	spin_unlock(&cell->lock);
}

void patient_memory(struct cell *cell)
{
	spin_lock(&cell->lock);
	cell->data = kmalloc(8, GFP_KERNEL); /* reported */
	spin_unlock(&cell->lock);
}

void afterwards(struct cell *cell)
{
	spin_lock_irq(&cell->lock);
	cell->data = NULL;
	spin_unlock_irq(&cell->lock);
	msleep(10);
}

void through_a_callee(struct cell *cell)
{
	spin_lock(&cell->lock);
	fill(cell); /* reported */
	spin_unlock(&cell->lock);
}

void from_user(struct cell *cell, void __user *from)
{
	rcu_read_lock();
	if (copy_from_user(cell->data, from, 8)) /* reported */
		cell->data = NULL;
	rcu_read_unlock();
}

void with_a_mutex(struct cell *cell, void __user *from)
{
	mutex_lock(&cell->mutex);
	if (copy_from_user(cell->data, from, 8))
		cell->data = NULL;
	mutex_unlock(&cell->mutex);
}
