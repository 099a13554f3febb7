// SPDX-License-Identifier: GPL-2.0-only
/* Two locks in two orders; and what is always touched under a lock, once without it. */

struct pair {
	struct mutex first;
	struct mutex second;
	struct rw_semaphore sem;
	int n;
};

void forward(struct pair *pair)
{
	mutex_lock(&pair->first);
	mutex_lock(&pair->second); /* reported */
	pair->n++;
	mutex_unlock(&pair->second);
	mutex_unlock(&pair->first);
}

static void take_first(struct pair *pair)
{
	mutex_lock(&pair->first);
	pair->n++;
	mutex_unlock(&pair->first);
}

void backward(struct pair *pair)
{
	mutex_lock(&pair->second);
	/* The other half of the same fact: evidence of the finding in forward(). */
	take_first(pair);
	mutex_unlock(&pair->second);
}

static void add(struct pair *pair)
{
	lockdep_assert_held_write(&pair->sem);
	pair->n++;
}

void add_locked(struct pair *pair)
{
	down_write(&pair->sem);
	add(pair);
	up_write(&pair->sem);
}

void add_late(struct pair *pair)
{
	down_write(&pair->sem);
	pair->n++;
	up_write(&pair->sem);
	add(pair); /* reported */
}

int read_twice(struct pair *pair)
{
	int n;

	down_read(&pair->sem);
	down_read(&pair->sem); /* reported */
	n = pair->n;
	up_read(&pair->sem);
	up_read(&pair->sem);
	return n;
}
