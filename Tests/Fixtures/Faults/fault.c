// SPDX-License-Identifier: GPL-2.0-only
/* A test program that ends, or does not end, in the way that FAULT names. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int put(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0) {
		perror(path);
		return 1;
	}
	close(fd);
	return 0;
}

static int panic(void)
{
	return put("/proc/sysrq-trigger", "c");
}

/* Waits until every processor is here: one that is gone already would keep the others from what is left to do. */
static void lock_up(int processor, int all, int *arrived)
{
	cpu_set_t set;
	int fd = open("/sys/kernel/debug/provoke-crash/DIRECT", O_WRONLY);

	CPU_ZERO(&set);
	CPU_SET(processor, &set);
	if (fd < 0 || sched_setaffinity(0, sizeof(set), &set)) {
		perror("lock_up");
		return;
	}
	__atomic_add_fetch(arrived, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(arrived, __ATOMIC_SEQ_CST) < all)
		;
	if (write(fd, "HARDLOCKUP", 10) < 0)
		perror("HARDLOCKUP");
}

/* No processor takes an interrupt any more. */
static int interrupts_off(void)
{
	int processor, all = sysconf(_SC_NPROCESSORS_ONLN);
	int *arrived = mmap(NULL, sizeof(*arrived), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (arrived == MAP_FAILED)
		return 1;
	for (processor = 1; processor < all; processor++) {
		if (!fork()) {
			lock_up(processor, all, arrived);
			_exit(1);
		}
	}
	lock_up(0, all, arrived);
	return 1;
}

/* Init's code becomes instructions that no processor has. */
static int kill_init(void)
{
	unsigned long start, end;
	char line[256], mode[8];
	FILE *maps = fopen("/proc/1/maps", "r");
	int mem = open("/proc/1/mem", O_WRONLY);
	unsigned char *code;

	if (!maps || mem < 0) {
		perror("/proc/1");
		return 1;
	}
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %7s", &start, &end, mode) != 3)
			continue;
		if (!strchr(mode, 'x') || strchr(line, '['))
			continue;
		code = malloc(end - start);
		memset(code, 0xff, end - start);
		if (pwrite(mem, code, end - start, start) < 0)
			perror("/proc/1/mem");
	}
	return 0;
}

static int spin(void)
{
	for (;;)
		;
}

static int flood(void)
{
	char line[1024];
	int console = open("/dev/console", O_WRONLY);

	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	for (;;)
		if (write(console, line, sizeof(line)) < 0)
			return 1;
}

/* A flag that no kernel knows stands for one that this kernel is too old for. */
static int too_old(void)
{
	if (memfd_create("x", 0x40000000) >= 0)
		return 1;
	printf("1..0 # SKIP this kernel has no memfd of that kind\n");
	return 4;
}

int main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("a program that ends badly\n");
	return FAULT();
}
