// SPDX-License-Identifier: GPL-2.0-only
/* The kinds of function that checkers of lock balance are tried on; a line that must be reported says so. */

struct ring {
	spinlock_t lock;
	struct mutex mutex;
	int used;
	int size;
};

static int ring_push(struct ring *ring, int n);
static bool ring_is_full(struct ring *ring);

/* Balanced. */

void plain(struct ring *ring)
{
	spin_lock(&ring->lock);
	ring->used++;
	spin_unlock(&ring->lock);
}

void twice_in_a_row(struct ring *ring)
{
	spin_lock(&ring->lock);
	ring->used++;
	spin_unlock(&ring->lock);
	spin_lock(&ring->lock);
	ring->used--;
	spin_unlock(&ring->lock);
}

void one_in_the_other(struct ring *ring)
{
	mutex_lock(&ring->mutex);
	spin_lock(&ring->lock);
	ring->used++;
	spin_unlock(&ring->lock);
	mutex_unlock(&ring->mutex);
}

void crosswise(struct ring *ring)
{
	mutex_lock(&ring->mutex);
	spin_lock(&ring->lock);
	ring->used++;
	mutex_unlock(&ring->mutex);
	spin_unlock(&ring->lock);
}

void either_branch_unlocks(struct ring *ring, int n)
{
	spin_lock(&ring->lock);
	if (n > 3) {
		ring->used = n;
		spin_unlock(&ring->lock);
	} else {
		spin_unlock(&ring->lock);
	}
}

void same_condition(struct ring *ring, bool locked)
{
	if (!locked)
		spin_lock(&ring->lock);
	ring->used++;
	if (!locked)
		spin_unlock(&ring->lock);
}

void in_a_loop(struct ring *ring)
{
	int i;

	for (i = 0; i < 8; i++) {
		spin_lock(&ring->lock);
		ring->used++;
		spin_unlock(&ring->lock);
	}
}

void dropped_in_a_loop(struct ring *ring)
{
	spin_lock(&ring->lock);
	while (ring->used) {
		spin_unlock(&ring->lock);
		ring_push(ring, 1);
		spin_lock(&ring->lock);
	}
	spin_unlock(&ring->lock);
}

int ladder(struct ring *ring, int n)
{
	int ret;

	mutex_lock(&ring->mutex);
	ret = ring_push(ring, n);
	if (ret)
		goto unlock;
	spin_lock(&ring->lock);
	if (ring->used > ring->size) {
		ret = -ENOSPC;
		goto unlock_both;
	}
	ring->used += n;
unlock_both:
	spin_unlock(&ring->lock);
unlock:
	mutex_unlock(&ring->mutex);
	return ret;
}

int tried(struct ring *ring)
{
	if (!mutex_trylock(&ring->mutex))
		return -EBUSY;
	ring->used++;
	mutex_unlock(&ring->mutex);
	return 0;
}

int interrupted(struct ring *ring)
{
	int ret = mutex_lock_interruptible(&ring->mutex);

	if (ret)
		return ret;
	ring->used++;
	mutex_unlock(&ring->mutex);
	return 0;
}

void enter(struct ring *ring) __acquires(&ring->lock)
{
	spin_lock(&ring->lock);
}

void leave(struct ring *ring) __releases(&ring->lock)
{
	spin_unlock(&ring->lock);
}

void drops_and_takes(struct ring *ring) __must_hold(&ring->lock)
{
	spin_unlock(&ring->lock);
	ring_push(ring, 1);
	spin_lock(&ring->lock);
}

void through_helpers(struct ring *ring)
{
	enter(ring);
	drops_and_takes(ring);
	leave(ring);
}

void guarded(struct ring *ring, int n)
{
	guard(mutex)(&ring->mutex);
	if (n < 0)
		return;
	scoped_guard(spinlock, &ring->lock) {
		if (n == 0)
			return;
		ring->used += n;
	}
}

void by_cases(struct ring *ring, int what)
{
	spin_lock(&ring->lock);
	switch (what) {
	case 0:
		ring->used = 0;
		break;
	case 1:
		ring->used++;
		fallthrough;
	default:
		ring->size++;
	}
	spin_unlock(&ring->lock);
}

/* Not balanced. */

int early_return(struct ring *ring, int n)
{
	spin_lock(&ring->lock);
	if (n < 0)
		return -EINVAL; /* reported */
	ring->used += n;
	spin_unlock(&ring->lock);
	return 0;
}

int wrong_label(struct ring *ring, int n)
{
	int ret = 0;

	mutex_lock(&ring->mutex);
	if (ring_push(ring, n)) {
		ret = -EIO;
		goto out;
	}
	ring->used += n;
	mutex_unlock(&ring->mutex);
out:
	return ret; /* reported */
}

int leaves_the_loop(struct ring *ring)
{
	int i;

	for (i = 0; i < 8; i++) {
		spin_lock(&ring->lock);
		if (ring->used == i)
			break;
		spin_unlock(&ring->lock);
	}
	return 0; /* reported */
}

int goes_round_again(struct ring *ring)
{
	int i;

	for (i = 0; i < 8; i++) {
		spin_lock(&ring->lock); /* reported */
		if (ring->used == i)
			continue;
		spin_unlock(&ring->lock);
	}
	return 0; /* reported */
}

int one_case_forgets(struct ring *ring, int what)
{
	mutex_lock(&ring->mutex);
	switch (what) {
	case 0:
		ring->used = 0;
		break;
	case 1:
		return -EINVAL; /* reported */
	default:
		ring->size++;
	}
	mutex_unlock(&ring->mutex);
	return 0;
}

int tried_and_forgotten(struct ring *ring, int n)
{
	if (!mutex_trylock(&ring->mutex))
		return -EBUSY;
	if (n > ring->size)
		return -ENOSPC; /* reported */
	mutex_unlock(&ring->mutex);
	return 0;
}

int only_one_of_two(struct ring *ring, int n)
{
	mutex_lock(&ring->mutex);
	spin_lock(&ring->lock);
	if (n > ring->size) {
		spin_unlock(&ring->lock);
		return -ENOSPC; /* reported */
	}
	spin_unlock(&ring->lock);
	mutex_unlock(&ring->mutex);
	return 0;
}

int locked_again(struct ring *ring, int n)
{
	mutex_lock(&ring->mutex);
	if (n > 3) {
		mutex_lock(&ring->mutex); /* reported */
		ring->used = n;
	}
	mutex_unlock(&ring->mutex);
	return 0; /* reported */
}

int unlocked_twice(struct ring *ring, int n)
{
	mutex_lock(&ring->mutex);
	if (ring_push(ring, n)) {
		mutex_unlock(&ring->mutex);
		goto out;
	}
	ring->used = n;
out:
	mutex_unlock(&ring->mutex); /* reported */
	return 0;
}

int through_a_helper(struct ring *ring, int n)
{
	enter(ring);
	if (n > ring->size)
		return -ENOSPC; /* reported */
	leave(ring);
	return 0;
}

int helper_takes_it_again(struct ring *ring)
{
	spin_lock(&ring->lock);
	plain(ring); /* reported */
	spin_unlock(&ring->lock);
	return 0;
}
