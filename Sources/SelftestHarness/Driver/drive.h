/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Drives interfaces of the kernel from several processes at once and fails the
 * test if the kernel complains meanwhile: lockdep, WARN, BUG, a sanitizer.
 *
 * The arguments are guesses; what counts is that the code behind an interface
 * runs, with neighbours, under a kernel that watches its locks.
 */
#ifndef SELFTEST_DRIVE_H
#define SELFTEST_DRIVE_H

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <linux/falloc.h>

#define DRIVE_WORKERS	4
#define DRIVE_MS	400
#define DRIVE_HUGE	(2UL << 20)
#define DRIVE_FDS	16

struct drive_ioctl {
	const char *name;
	unsigned long number;
	bool touched;		/* the series changes what it reaches */
};

/* What the workers of one test share, by value, through fork(). */
struct drive {
	const struct drive_ioctl *ioctls;
	size_t ioctl_count;
	int fds[DRIVE_FDS];
	int fd_count;
	const char *path[DRIVE_FDS];
	int path_count;
	long syscall;
	int syscall_args;
	bool write;
};

/* Calls that got past the interface's own refusal, over all workers. */
static volatile long *drive_reached;

static inline long drive_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static inline unsigned int drive_random(unsigned int *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

static inline void drive_count(long result)
{
	if (result >= 0 || (errno != ENOTTY && errno != ENOSYS && errno != EOPNOTSUPP && errno != EBADF))
		__sync_fetch_and_add(drive_reached, 1);
}

/* The kernel log from here on, or -1. */
static inline int drive_log_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

/* The first complaint since drive_log_open(), or NULL. */
static inline const char *drive_complaint(int log)
{
	static const char *const words[] = {
		"possible recursive locking", "possible circular locking", "inconsistent lock state",
		"bad unlock balance", "held lock freed", "lock held when returning to user space",
		"possible irq lock inversion", "suspicious RCU usage", "Invalid wait context",
		"sleeping function called from invalid context", "scheduling while atomic",
		"WARNING: ", "BUG: ", "kernel BUG at", "KASAN: ", "UBSAN: ", "Oops", "blocked for more than",
		"soft lockup", "rcu: INFO",
	};
	static char record[8192];
	ssize_t count;
	size_t i;

	while (log >= 0) {
		count = read(log, record, sizeof(record) - 1);
		if (count < 0 && errno == EPIPE)
			continue;
		if (count <= 0)
			break;
		record[count] = 0;
		record[strcspn(record, "\n")] = 0;
		for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
			char *text = strchr(record, ';');

			if (text && strstr(text, words[i]))
				return text + 1;
		}
	}
	return NULL;
}

/* lockdep turns itself off after its first report. */
static inline bool drive_lockdep_is_off(void)
{
	FILE *stats = fopen("/proc/lockdep_stats", "r");
	char line[128];
	int on = 1;

	while (stats && fgets(line, sizeof(line), stats))
		if (sscanf(line, " debug_locks: %d", &on) == 1)
			break;
	if (stats)
		fclose(stats);
	return !on;
}

static inline void drive_wake(int signal)
{
	(void)signal;
}

/* A worker's life: bounded memory, a tick that ends blocking calls, then work. */
static inline void drive_worker(void (*work)(struct drive *, unsigned int *), struct drive *drive, unsigned int seed)
{
	struct itimerval tick = { { 0, 20000 }, { 0, 20000 } };
	struct rlimit memory = { 512UL << 20, 512UL << 20 }, core = { 0, 0 };
	struct sigaction action;
	long end = drive_ms() + DRIVE_MS;

	memset(&action, 0, sizeof(action));
	action.sa_handler = drive_wake;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &tick, NULL);
	setrlimit(RLIMIT_AS, &memory);
	setrlimit(RLIMIT_CORE, &core);
	while (drive_ms() < end)
		work(drive, &seed);
	_exit(0);
}

/*
 * Runs the work in several processes at once.  A worker that crashes in user
 * space is no failure; one that does not die, or a complaint, is.
 */
static inline void drive_run(struct __test_metadata *_metadata, struct drive *drive,
			     void (*work)(struct drive *, unsigned int *))
{
	pid_t pids[DRIVE_WORKERS];
	int log = drive_log_open(), i, left = DRIVE_WORKERS;
	bool was_off = drive_lockdep_is_off();
	const char *complaint;
	long end;

	drive_reached = mmap(NULL, sizeof(*drive_reached), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_NE(MAP_FAILED, (void *)drive_reached);
	for (i = 0; i < DRIVE_WORKERS; i++) {
		pids[i] = fork();
		ASSERT_GE(pids[i], 0);
		if (!pids[i])
			drive_worker(work, drive, 7919 * (i + 1));
	}
	end = drive_ms() + DRIVE_MS + 10000;
	while (left && drive_ms() < end) {
		for (i = 0, left = 0; i < DRIVE_WORKERS; i++) {
			/* A call that waits for ever is its right, as long as it can be killed. */
			if (pids[i] > 0 && drive_ms() > end - 9000)
				kill(pids[i], SIGKILL);
			if (pids[i] > 0 && waitpid(pids[i], NULL, WNOHANG) == pids[i])
				pids[i] = 0;
			left += pids[i] > 0;
		}
		usleep(2000);
	}
	complaint = drive_complaint(log);
	if (log >= 0)
		close(log);
	EXPECT_EQ(0, left) {
		TH_LOG("%d workers cannot be killed", left);
	}
	EXPECT_EQ(NULL, complaint) {
		TH_LOG("the kernel complained: %s", complaint);
	}
	if (complaint || left)
		return;
	if (!*drive_reached)
		SKIP(return, "every call was refused at the door: the interface needs more than guesses");
	TH_LOG("%ld calls%s", *drive_reached, was_off ? " (lockdep was off, after an earlier report)" : "");
}

/* Anonymous inodes and regular files take these; others refuse them. */
static inline void drive_file(int fd, unsigned int *seed, bool change)
{
	static const int modes[] = {
		0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, FALLOC_FL_ZERO_RANGE,
	};
	off_t offset = (drive_random(seed) % 4) * (drive_random(seed) & 1 ? 4096 : DRIVE_HUGE);
	off_t length = drive_random(seed) & 1 ? 4096 : DRIVE_HUGE;
	char bytes[64];
	char *map;

	if (change)
		drive_count(fallocate(fd, modes[drive_random(seed) % 4], offset, length));
	switch (drive_random(seed) % 8) {
	case 0:
		drive_count(pread(fd, bytes, sizeof(bytes), offset));
		break;
	case 1:
		if (change)
			drive_count(pwrite(fd, "drive", 5, offset));
		break;
	case 2:
		drive_count(fsync(fd));
		break;
	case 3:
		map = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, offset);
		if (map != MAP_FAILED) {
			drive_count(0);
			madvise(map, length, MADV_WILLNEED);
			munmap(map, length);
		}
		break;
	case 4:
		if (change)
			drive_count(ftruncate(fd, offset + length));
		break;
	}
}

/* One ioctl with one guess at its argument. */
static inline long drive_guess(int fd, unsigned long number, unsigned int guess)
{
	static unsigned long words[512];

	memset(words, 0, sizeof(words));
	switch (guess % 6) {
	case 0:
		return ioctl(fd, number, 0);
	case 1:
		return ioctl(fd, number, 1);
	case 2:
		break;
	case 3:
		words[0] = DRIVE_HUGE;
		break;
	case 4:
		words[0] = 4096;
		words[1] = 1;
		break;
	case 5:
		words[1] = 4096;
		words[2] = DRIVE_HUGE;
		words[3] = (unsigned long)words;
		break;
	}
	return ioctl(fd, number, words);
}

/*
 * Which ioctls make file descriptors is found by trying: from the device on,
 * what a call returns is kept if it is a descriptor that was not there before.
 */
static inline void drive_explore(struct drive *drive)
{
	int at, fresh, probe;
	size_t i;
	unsigned int guess;

	for (at = 0; at < drive->fd_count; at++) {
		for (i = 0; i < drive->ioctl_count; i++) {
			int found = 0;

			for (guess = 0; guess < 5 && found < 2 && drive->fd_count < DRIVE_FDS; guess++) {
				probe = dup(drive->fds[0]);
				close(probe);
				fresh = drive_guess(drive->fds[at], drive->ioctls[i].number, guess);
				if (fresh < probe || probe < 0 || fcntl(fresh, F_GETFD) < 0)
					continue;
				drive->fds[drive->fd_count++] = fresh;
				found++;
			}
		}
	}
}

static inline void drive_ioctl_work(struct drive *drive, unsigned int *seed)
{
	int fd = drive->fds[drive_random(seed) % drive->fd_count];
	size_t i;
	int made;

	for (i = 0; i < drive->ioctl_count; i++)
		if (drive->ioctls[i].touched) {
			made = drive_guess(fd, drive->ioctls[i].number, drive_random(seed));
			drive_count(made);
			/* A descriptor that this call has just made, and only that. */
			if (made > drive->fds[drive->fd_count - 1])
				close(made);
		}
	if (drive->write)
		drive_file(fd, seed, true);
}

/* Every ioctl that the series touches, on every descriptor that can be made. */
static inline void drive_device(struct __test_metadata *_metadata, const char *node,
				const struct drive_ioctl *ioctls, size_t count, bool files)
{
	struct drive drive = { .ioctls = ioctls, .ioctl_count = count, .write = files };
	int fd = open(node, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		SKIP(return, "cannot open %s: %s", node, strerror(errno));
	drive.fds[drive.fd_count++] = fd;
	drive_explore(&drive);
	TH_LOG("%d file descriptors from %s", drive.fd_count, node);
	drive_run(_metadata, &drive, drive_ioctl_work);
	while (drive.fd_count)
		close(drive.fds[--drive.fd_count]);
}

static inline void drive_files_work(struct drive *drive, unsigned int *seed)
{
	drive_file(drive->fds[0], seed, true);
}

/* A file on a file system that needs no disk; nodev is its type, or "memfd". */
static inline void drive_filesystem(struct __test_metadata *_metadata, const char *type)
{
	char directory[] = "/tmp/drive.XXXXXX", path[64];
	struct drive drive = { .fd_count = 1 };

	if (!strcmp(type, "memfd")) {
		drive.fds[0] = syscall(__NR_memfd_create, "drive", 0);
	} else {
		ASSERT_NE(NULL, mkdtemp(directory));
		if (mount("none", directory, type, 0, NULL)) {
			rmdir(directory);
			SKIP(return, "cannot mount %s without a disk: %s", type, strerror(errno));
		}
		snprintf(path, sizeof(path), "%s/file", directory);
		drive.fds[0] = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	}
	if (drive.fds[0] < 0)
		SKIP(return, "no file on %s: %s", type, strerror(errno));
	drive_run(_metadata, &drive, drive_files_work);
	close(drive.fds[0]);
	if (strcmp(type, "memfd")) {
		unlink(path);
		umount2(directory, MNT_DETACH);
		rmdir(directory);
	}
}

static inline void drive_attribute_work(struct drive *drive, unsigned int *seed)
{
	char text[4096];
	const char *path = drive->path[drive_random(seed) % drive->path_count];
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ssize_t count = fd < 0 ? -1 : read(fd, text, sizeof(text));

	drive_count(fd < 0 ? -1 : count);
	if (fd >= 0)
		close(fd);
	if (count <= 0 || count > 256 || !drive->write)
		return;
	fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return;
	drive_count(write(fd, text, count));
	close(fd);
}

static inline void drive_search(struct drive *drive, const char *directory, const char *name, int depth)
{
	DIR *entries = depth ? opendir(directory) : NULL;
	struct dirent *entry;
	char path[1024];

	while (entries && drive->path_count < 4 && (entry = readdir(entries))) {
		if (entry->d_name[0] == '.')
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name) >= (int)sizeof(path))
			continue;
		if (entry->d_type == DT_DIR && strspn(entry->d_name, "0123456789") != strlen(entry->d_name))
			drive_search(drive, path, name, depth - 1);
		else if (entry->d_type == DT_REG && !strcmp(entry->d_name, name))
			drive->path[drive->path_count++] = strdup(path);
	}
	if (entries)
		closedir(entries);
}

/* Reads files of that name below a directory, and writes back what they held. */
static inline void drive_attribute(struct __test_metadata *_metadata, const char *below, const char *name)
{
	struct drive drive = { .write = true };

	drive_search(&drive, below, name, 7);
	if (!drive.path_count)
		SKIP(return, "no file %s below %s in this kernel", name, below);
	drive_run(_metadata, &drive, drive_attribute_work);
	while (drive.path_count)
		free((char *)drive.path[--drive.path_count]);
}

static inline bool drive_write(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool done = fd >= 0 && write(fd, value, strlen(value)) >= 0;

	if (fd >= 0)
		close(fd);
	return done;
}

static inline void drive_parameter_work(struct drive *drive, unsigned int *seed)
{
	static const char *const values[] = { "0", "1", "Y", "N", "2", "-1", "4096" };
	char text[256];
	int fd;

	if (drive->write && drive_random(seed) & 1)
		drive_count(drive_write(drive->path[0], values[drive_random(seed) % 7]) ? 0 : -1);
	fd = open(drive->path[0], O_RDONLY | O_CLOEXEC);
	drive_count(fd < 0 ? -1 : read(fd, text, sizeof(text)));
	if (fd >= 0)
		close(fd);
}

/* A module parameter: what can be written is written, and is what it was at the end. */
static inline void drive_parameter(struct __test_metadata *_metadata, const char *module, const char *name)
{
	struct drive drive = { .path_count = 1 };
	char path[256], before[256] = "", after[256] = "";
	int fd;

	snprintf(path, sizeof(path), "/sys/module/%s/parameters/%s", module, name);
	drive.path[0] = path;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		SKIP(return, "cannot read %s: %s", path, strerror(errno));
	ASSERT_LE(0, read(fd, before, sizeof(before) - 1));
	close(fd);
	drive.write = drive_write(path, before);
	drive_run(_metadata, &drive, drive_parameter_work);
	if (!drive.write)
		return;
	ASSERT_TRUE(drive_write(path, before));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, read(fd, after, sizeof(after) - 1));
	close(fd);
	EXPECT_STREQ(before, after);
}

static inline void drive_syscall_work(struct drive *drive, unsigned int *seed)
{
	static char page[3 * 4096] __attribute__((aligned(4096)));
	long arguments[6];
	int i;

	for (i = 0; i < 6; i++) {
		switch (drive_random(seed) % 6) {
		case 0: arguments[i] = 0; break;
		case 1: arguments[i] = -1; break;
		case 2: arguments[i] = drive_random(seed) % 16; break;
		case 3: arguments[i] = 4096; break;
		default: arguments[i] = (long)page + (drive_random(seed) % 2) * 4096; break;
		}
	}
	drive_count(syscall(drive->syscall, arguments[0], arguments[1], arguments[2], arguments[3],
			    arguments[4], arguments[5]));
}

static inline void drive_syscall(struct __test_metadata *_metadata, long number)
{
	struct drive drive = { .syscall = number };

	drive_run(_metadata, &drive, drive_syscall_work);
}

#endif /* SELFTEST_DRIVE_H */
