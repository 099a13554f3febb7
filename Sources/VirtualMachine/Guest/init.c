// SPDX-License-Identifier: GPL-2.0-only
/*
 * The init of a gmemkit guest: mounts what tests need, runs the tests of
 * /plan one after the other, reports in KTAP version 1 on a channel of its
 * own, and ends the machine.  It needs no shell, no library and no module.
 *
 * /plan is a sequence of NUL-terminated strings, keys followed by values:
 *
 *	results PATH	character device for the report
 *	finish reset|poweroff	how the machine ends
 *	output BYTES	kept of each test's output, then only its last lines
 *	test NAME	begins a test; the keys below belong to it
 *	timeout SECONDS
 *	arg WORD	one word of the command line, the first is the path
 *	env NAME=VALUE
 *	set PATH VALUE	written before the test; a missing PATH skips it
 *	show PATH	printed after the test
 *	end		closes the plan; without it the plan was cut off
 *
 * Lines that begin with "#gmemkit: " carry the state of the run to the host.
 * The same markers go to the kernel log, so that a splat between two of them
 * belongs to one test.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <linux/kvm.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* Exit codes of kselftest (tools/testing/selftests/kselftest.h). */
enum { KSFT_PASS, KSFT_FAIL, KSFT_XFAIL, KSFT_XPASS, KSFT_SKIP };

/* After SIGKILL, how long a process may take to go before it counts as stuck. */
#define REAP_MS		5000
#define TAIL_BYTES	4096
#define LINE_BYTES	1024

struct test {
	const char *name;
	long timeout;
	char **arg, **env;
	const char **set, **show;
	int args, envs, sets, shows;
};

static const char *results_path = "/dev/ttyS1";
static const char *finish = "reset";
static long output_limit = 128 << 10;
static struct test *tests;
static int test_count;
static bool plan_complete;
static int results = -1, kmsg = -1;

static long now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void write_all(int fd, const char *bytes, size_t count)
{
	while (count) {
		ssize_t done = write(fd, bytes, count);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return;
		bytes += done;
		count -= done;
	}
}

/* One line of the report. */
__attribute__((format(printf, 1, 2)))
static void report(const char *format, ...)
{
	char line[LINE_BYTES * 2];
	va_list args;
	int count;

	va_start(args, format);
	count = vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	if (count < 0)
		return;
	if (count > (int)sizeof(line) - 2)
		count = sizeof(line) - 2;
	line[count++] = '\n';
	write_all(results, line, count);
}

/* One line of the kernel log, visible on the console at loglevel 6. */
__attribute__((format(printf, 1, 2)))
static void mark(const char *format, ...)
{
	char line[512] = "<5>gmemkit: ";
	va_list args;
	int start = strlen(line), count;

	va_start(args, format);
	count = vsnprintf(line + start, sizeof(line) - start, format, args);
	va_end(args);
	if (count > 0 && kmsg >= 0)
		write_all(kmsg, line, strlen(line));
}

static void end_machine(void)
{
	sync();
	if (results >= 0)
		tcdrain(results);
	reboot(strcmp(finish, "poweroff") ? RB_AUTOBOOT : RB_POWER_OFF);
	/* A kernel that cannot reset returns; the host's deadline ends us. */
	for (;;)
		pause();
}

static void bail_out(const char *what, const char *detail)
{
	int error = errno;

	mark("init: %s %s: %s", what, detail, strerror(error));
	if (results >= 0)
		report("Bail out! %s %s: %s", what, detail, strerror(error));
	end_machine();
}

static ssize_t read_file(const char *path, char *buffer, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t count;

	if (fd < 0)
		return -1;
	count = read(fd, buffer, size - 1);
	close(fd);
	buffer[count < 0 ? 0 : count] = 0;
	return count;
}

static int write_file(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int error = 0;

	if (fd < 0)
		return errno;
	if (write(fd, value, strlen(value)) < 0)
		error = errno;
	close(fd);
	return error;
}

static void mount_all(void)
{
	static const struct {
		const char *type, *path, *options;
	} mounts[] = {
		{ "proc", "/proc", NULL },
		{ "sysfs", "/sys", NULL },
		{ "devtmpfs", "/dev", NULL },
		{ "tmpfs", "/tmp", "mode=1777" },
		{ "tmpfs", "/dev/shm", "mode=1777" },
		{ "debugfs", "/sys/kernel/debug", NULL },
		{ "tracefs", "/sys/kernel/tracing", NULL },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(mounts); i++) {
		mkdir(mounts[i].path, 0755);
		/* What the kernel was built without is the test's business. */
		mount(mounts[i].type, mounts[i].path, mounts[i].type,
		      MS_NOSUID, mounts[i].options);
	}
}

/* Tests of sockets meet themselves at 127.0.0.1, which no distribution leaves down. */
static void loopback_up(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	ioctl(fd, SIOCSIFFLAGS, &lo);
	close(fd);
}

static char *slurp(const char *path, size_t *size)
{
	struct stat status;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char *bytes;
	ssize_t count;

	if (fd < 0 || fstat(fd, &status))
		return NULL;
	bytes = malloc(status.st_size + 1);
	if (!bytes)
		return NULL;
	*size = 0;
	while (*size < (size_t)status.st_size) {
		count = read(fd, bytes + *size, status.st_size - *size);
		if (count <= 0)
			return NULL;
		*size += count;
	}
	bytes[*size] = 0;
	close(fd);
	return bytes;
}

static void *grown(void *array, int count, size_t size)
{
	array = realloc(array, (count + 2) * size);
	if (!array)
		bail_out("plan", "memory");
	return array;
}

static const char *plan_next, *plan_end;

static char *plan_word(void)
{
	const char *word = plan_next;

	if (word >= plan_end)
		return NULL;
	plan_next += strlen(word) + 1;
	return (char *)word;
}

static void append(char ***array, int *count, char *word)
{
	*array = grown(*array, *count, sizeof(char *));
	(*array)[(*count)++] = word;
	(*array)[*count] = NULL;
}

static void read_plan(void)
{
	struct test *test = NULL;
	size_t size;
	char *key, *value;

	plan_next = slurp("/plan", &size);
	if (!plan_next)
		bail_out("read", "/plan");
	plan_end = plan_next + size;
	while ((key = plan_word())) {
		if (!strcmp(key, "end")) {
			plan_complete = true;
			return;
		}
		value = plan_word();
		if (!value)
			return;
		if (!strcmp(key, "results")) {
			results_path = value;
		} else if (!strcmp(key, "finish")) {
			finish = value;
		} else if (!strcmp(key, "output")) {
			output_limit = atol(value);
		} else if (!strcmp(key, "test")) {
			tests = grown(tests, test_count, sizeof(*tests));
			test = &tests[test_count++];
			memset(test, 0, sizeof(*test));
			test->name = value;
			test->timeout = 60;
		} else if (!test) {
			return;
		} else if (!strcmp(key, "timeout")) {
			test->timeout = atol(value);
		} else if (!strcmp(key, "arg")) {
			append(&test->arg, &test->args, value);
		} else if (!strcmp(key, "env")) {
			append(&test->env, &test->envs, value);
		} else if (!strcmp(key, "set")) {
			char *text = plan_word();

			if (!text)
				return;
			append((char ***)&test->set, &test->sets, value);
			append((char ***)&test->set, &test->sets, text);
		} else if (!strcmp(key, "show")) {
			append((char ***)&test->show, &test->shows, value);
		}
	}
}

static void open_results(void)
{
	struct termios mode;

	results = open(results_path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	if (results < 0)
		bail_out("open", results_path);
	if (!tcgetattr(results, &mode)) {
		cfmakeraw(&mode);
		cfsetspeed(&mode, B115200);
		mode.c_cflag |= CLOCAL;
		tcsetattr(results, TCSANOW, &mode);
	}
}

/*
 * A test's output, line by line behind "# ", which nests it the way kselftest
 * does.  Past the limit only the last TAIL_BYTES are kept, to be shown at the
 * end: how a test ends says more than its thousandth line.
 */
struct output {
	char line[LINE_BYTES];
	size_t length;
	long passed, dropped;
	char tail[TAIL_BYTES];
	size_t tail_end;
	bool tail_full;
};

static void output_line(struct output *out)
{
	size_t i;

	if (out->passed < output_limit) {
		out->passed += out->length + 1;
		report("# %.*s", (int)out->length, out->line);
	} else {
		out->dropped += out->length + 1;
		for (i = 0; i <= out->length; i++) {
			out->tail[out->tail_end++] = i < out->length ? out->line[i] : '\n';
			if (out->tail_end == TAIL_BYTES) {
				out->tail_end = 0;
				out->tail_full = true;
			}
		}
	}
	out->length = 0;
}

static void output_add(struct output *out, const char *bytes, ssize_t count)
{
	ssize_t i;

	for (i = 0; i < count; i++) {
		char byte = bytes[i];

		if (byte == '\n') {
			output_line(out);
			continue;
		}
		if (out->length == LINE_BYTES)
			output_line(out);
		if (!byte)
			byte = '?';
		out->line[out->length++] = byte;
	}
}

static void output_finish(struct output *out)
{
	size_t i, start, count;

	if (out->length)
		output_line(out);
	if (!out->dropped)
		return;
	count = out->tail_full ? TAIL_BYTES : out->tail_end;
	start = out->tail_full ? out->tail_end : 0;
	report("#gmemkit: dropped %ld bytes of output, the last %zu follow",
	       out->dropped - (long)count, count);
	output_limit += TAIL_BYTES * 2;
	for (i = 0; i < count; i++) {
		char byte = out->tail[(start + i) % TAIL_BYTES];

		output_add(out, &byte, 1);
	}
	if (out->length)
		output_line(out);
	output_limit -= TAIL_BYTES * 2;
}

static void child_started(int number)
{
	(void)number;
}

static pid_t spawn(struct test *test, int out, int fail[2])
{
	static char path[] = "PATH=/bin:/sbin:/usr/bin:/usr/sbin", home[] = "HOME=/tmp";
	char **env = NULL;
	int count = 0, i, null, error;
	sigset_t none;
	pid_t pid = fork();

	if (pid)
		return pid;
	setsid();
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	append(&env, &count, path);
	append(&env, &count, home);
	for (i = 0; i < test->envs; i++)
		append(&env, &count, test->env[i]);
	null = open("/dev/null", O_RDWR);
	dup2(null, 0);
	dup2(out, 1);
	dup2(out, 2);
	if (null > 2)
		close(null);
	if (!chdir("/tmp"))
		execve(test->arg[0], test->arg, env);
	error = errno;
	write_all(fail[1], (char *)&error, sizeof(error));
	_exit(127);
}

/* Reaps everything; true if the test's own process was among it. */
static bool reap(pid_t pid, int *status)
{
	bool found = false;
	int other;
	pid_t dead;

	while ((dead = waitpid(-1, &other, WNOHANG)) > 0) {
		if (dead == pid) {
			*status = other;
			found = true;
		}
	}
	return found;
}

static bool anyone_left(void)
{
	int status;

	return waitpid(-1, &status, WNOHANG) == 0;
}

/* Kills all that runs besides us; false if something is stuck in the kernel. */
static bool kill_all(void)
{
	long deadline = now_ms() + REAP_MS;
	int status;

	do {
		kill(-1, SIGKILL);
		while (waitpid(-1, &status, WNOHANG) > 0)
			;
		if (!anyone_left())
			return true;
		poll(NULL, 0, 10);
	} while (now_ms() < deadline);
	return false;
}

static void dump_blocked(void)
{
	/* Blocked tasks and all held locks, into the kernel log. */
	write_file("/proc/sysrq-trigger", "w");
	write_file("/proc/sysrq-trigger", "d");
}

static void show_file(const char *path)
{
	char text[4096], *line, *rest = text;

	if (read_file(path, text, sizeof(text)) < 0) {
		report("#gmemkit: show %s: %s", path, strerror(errno));
		return;
	}
	while ((line = strsep(&rest, "\n")))
		if (*line || rest)
			report("#gmemkit: show %s: %s", path, line);
}

static long taint(void)
{
	char text[32];

	return read_file("/proc/sys/kernel/tainted", text, sizeof(text)) < 0 ? 0 : atol(text);
}

enum verdict { PASSED, FAILED, SKIPPED };

static enum verdict verdict_line(int number, const char *name, int status)
{
	int code = WEXITSTATUS(status);

	if (WIFSIGNALED(status)) {
		report("not ok %d %s # signal=%d %s", number, name,
		       WTERMSIG(status), strsignal(WTERMSIG(status)));
		return FAILED;
	}
	switch (code) {
	case KSFT_PASS:
		report("ok %d %s", number, name);
		return PASSED;
	case KSFT_XFAIL:
		report("ok %d %s # XFAIL", number, name);
		return PASSED;
	case KSFT_SKIP:
		report("ok %d %s # SKIP", number, name);
		return SKIPPED;
	default:
		report("not ok %d %s # exit=%d", number, name, code);
		return FAILED;
	}
}

static enum verdict run_test(int number, struct test *test)
{
	static struct output out;
	struct timespec patience;
	int pipes[2], fail[2], status = 0, error = 0, i;
	long start, deadline, tainted = taint();
	bool ended = false, timed_out = false, stuck;
	struct pollfd input;
	char chunk[4096];
	ssize_t count;
	sigset_t child, none;
	pid_t pid;

	memset(&out, 0, sizeof(out));
	mark("start %d %s", number, test->name);
	report("#gmemkit: start %d %s", number, test->name);

	for (i = 0; i + 1 < test->sets; i += 2) {
		error = write_file(test->set[i], test->set[i + 1]);
		if (error == ENOENT) {
			report("ok %d %s # SKIP no %s in this kernel", number,
			       test->name, test->set[i]);
			return SKIPPED;
		}
		if (error) {
			report("not ok %d %s # cannot write '%s' to %s: %s", number,
			       test->name, test->set[i + 1], test->set[i], strerror(error));
			return FAILED;
		}
	}
	if (!test->args || pipe2(pipes, O_CLOEXEC) || pipe2(fail, O_CLOEXEC)) {
		report("not ok %d %s # cannot start: %s", number, test->name,
		       test->args ? strerror(errno) : "no command");
		return FAILED;
	}

	sigemptyset(&none);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	sigprocmask(SIG_BLOCK, &child, NULL);
	start = now_ms();
	deadline = start + test->timeout * 1000;
	pid = spawn(test, pipes[1], fail);
	close(pipes[1]);
	close(fail[1]);
	if (pid < 0 || read(fail[0], &error, sizeof(error)) == sizeof(error)) {
		if (pid < 0)
			error = errno;
		report("not ok %d %s # cannot run %s: %s", number, test->name,
		       test->arg[0], strerror(error));
		close(pipes[0]);
		close(fail[0]);
		reap(pid, &status);
		return FAILED;
	}
	close(fail[0]);
	fcntl(pipes[0], F_SETFL, O_NONBLOCK);

	input.fd = pipes[0];
	input.events = POLLIN;
	while (!ended) {
		long left = deadline - now_ms();

		if (left <= 0) {
			timed_out = true;
			break;
		}
		patience.tv_sec = left / 1000;
		patience.tv_nsec = left % 1000 * 1000000;
		ppoll(&input, 1, &patience, &none);
		ended = reap(pid, &status);
		while ((count = read(pipes[0], chunk, sizeof(chunk))) > 0) {
			output_add(&out, chunk, count);
			if (now_ms() > deadline)
				break;
		}
		if (count == 0)
			input.fd = -1;
	}
	if (timed_out) {
		dump_blocked();
		kill(-pid, SIGTERM);
		poll(NULL, 0, 200);
	}
	stuck = !kill_all();
	while ((count = read(pipes[0], chunk, sizeof(chunk))) > 0)
		output_add(&out, chunk, count);
	close(pipes[0]);
	sigprocmask(SIG_UNBLOCK, &child, NULL);
	output_finish(&out);

	for (i = 0; i < test->shows; i++)
		show_file(test->show[i]);
	if (stuck)
		report("#gmemkit: stuck %d a process of this test does not die", number);
	if (taint() != tainted)
		report("#gmemkit: taint %ld %ld", tainted, taint());
	mark("end %d %s", number, test->name);
	report("#gmemkit: took %d %ld", number, now_ms() - start);
	if (timed_out) {
		report("not ok %d %s # TIMEOUT %ld seconds", number, test->name, test->timeout);
		return FAILED;
	}
	if (stuck) {
		report("not ok %d %s # ERROR left a process that cannot be killed",
		       number, test->name);
		return FAILED;
	}
	return verdict_line(number, test->name, status);
}

/*
 * Whether hardware virtualisation works here, as far as a guest that exits
 * once: /dev/kvm alone proves nothing on a host that cannot nest.
 */
#if defined(__x86_64__)
static int kvm_probe(void)
{
	/* mov $0x42, %al; out %al, $0x10; hlt */
	static const unsigned char code[] = { 0xb0, 0x42, 0xe6, 0x10, 0xf4 };
	struct kvm_userspace_memory_region region = { .memory_size = 4096 };
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), vm, vcpu;
	struct kvm_sregs sregs;
	struct kvm_regs regs = { .rflags = 2 };
	struct kvm_run *run;
	void *page;

	if (kvm < 0)
		return printf("no /dev/kvm: %s\n", strerror(errno)), KSFT_SKIP;
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm < 0)
		return printf("KVM_CREATE_VM: %s\n", strerror(errno)), KSFT_FAIL;
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memcpy(page, code, sizeof(code));
	region.userspace_addr = (unsigned long)page;
	if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region))
		return printf("memory region: %s\n", strerror(errno)), KSFT_FAIL;
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	if (vcpu < 0)
		return printf("KVM_CREATE_VCPU: %s\n", strerror(errno)), KSFT_FAIL;
	run = mmap(NULL, ioctl(kvm, KVM_GET_VCPU_MMAP_SIZE, 0),
		   PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);
	if (run == MAP_FAILED || ioctl(vcpu, KVM_GET_SREGS, &sregs))
		return printf("vcpu state: %s\n", strerror(errno)), KSFT_FAIL;
	sregs.cs.base = 0;
	sregs.cs.selector = 0;
	if (ioctl(vcpu, KVM_SET_SREGS, &sregs) || ioctl(vcpu, KVM_SET_REGS, &regs))
		return printf("vcpu state: %s\n", strerror(errno)), KSFT_FAIL;
	if (ioctl(vcpu, KVM_RUN, 0))
		return printf("KVM_RUN: %s\n", strerror(errno)), KSFT_FAIL;
	if (run->exit_reason != KVM_EXIT_IO || run->io.port != 0x10)
		return printf("KVM_RUN: exit %u\n", run->exit_reason), KSFT_FAIL;
	printf("a nested guest runs\n");
	return KSFT_PASS;
}
#else
static int kvm_probe(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), vm;

	if (kvm < 0)
		return printf("no /dev/kvm: %s\n", strerror(errno)), KSFT_SKIP;
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	if (vm < 0 || ioctl(vm, KVM_CREATE_VCPU, 0) < 0)
		return printf("vcpu: %s\n", strerror(errno)), KSFT_FAIL;
	printf("a nested guest can be made\n");
	return KSFT_PASS;
}
#endif

/*
 * The frequency in kHz of the counter that the emulator shows to guests, as
 * run on the host.  A small machine has no timer to calibrate it against.
 */
static int host_clock(void)
{
#if defined(__x86_64__)
	const struct timespec pause = { 0, 20000000 };
	struct timespec from, to;
	unsigned long long start, end;
	double elapsed;

	clock_gettime(CLOCK_MONOTONIC_RAW, &from);
	start = __builtin_ia32_rdtsc();
	nanosleep(&pause, NULL);
	clock_gettime(CLOCK_MONOTONIC_RAW, &to);
	end = __builtin_ia32_rdtsc();
	elapsed = (to.tv_sec - from.tv_sec) * 1e9 + (to.tv_nsec - from.tv_nsec);
	printf("%.0f\n", (end - start) * 1e6 / elapsed);
	return KSFT_PASS;
#else
	return KSFT_SKIP;
#endif
}

int main(int argc, char **argv)
{
	struct rlimit files = { 65536, 65536 };
	int tally[3] = { 0, 0, 0 }, i;

	if (argc > 1 && !strcmp(argv[1], "kvm-probe"))
		return kvm_probe();
	if (argc > 1 && !strcmp(argv[1], "host-clock"))
		return host_clock();
	if (getpid() != 1)
		return fprintf(stderr, "this is the init of a test guest\n"), KSFT_SKIP;

	signal(SIGCHLD, child_started);
	setrlimit(RLIMIT_NOFILE, &files);
	mount_all();
	loopback_up();
	kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	read_plan();
	open_results();
	mark("init up");
	report("KTAP version 1");
	report("#gmemkit: init up");
	if (!plan_complete) {
		errno = EPROTO;
		bail_out("read", "/plan");
	}
	report("1..%d", test_count);
	for (i = 0; i < test_count; i++)
		tally[run_test(i + 1, &tests[i])]++;
	mark("done");
	report("#gmemkit: done pass=%d fail=%d skip=%d",
	       tally[PASSED], tally[FAILED], tally[SKIPPED]);
	end_machine();
}
