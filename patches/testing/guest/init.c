// SPDX-License-Identifier: GPL-2.0-only
/*
 * The first and only process of a test guest: loads the modules that /modules
 * lists, runs the command lines in /tests one after the other, powers off.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What the kernel's command line has for the module in @path, as modprobe does it. */
static void module_parameters(const char *path, char *parameters, size_t size)
{
	char word[256], name[64] = "";
	FILE *f = fopen("/proc/cmdline", "r");
	size_t n;

	sscanf(path, "/%63[^.]", name);
	for (n = 0; name[n]; n++)
		if (name[n] == '-')
			name[n] = '_';

	*parameters = 0;
	while (f && fscanf(f, "%255s", word) == 1) {
		if (strncmp(word, name, n) || word[n] != '.' ||
		    strlen(parameters) + strlen(word) >= size)
			continue;
		strcat(strcat(parameters, word + n + 1), " ");
	}
	if (f)
		fclose(f);
}

static void load_modules(void)
{
	FILE *f = fopen("/modules", "r");
	char path[256], parameters[512];

	while (f && fscanf(f, "%255s", path) == 1) {
		int fd = open(path, O_RDONLY);

		module_parameters(path, parameters, sizeof(parameters));
		if (fd < 0 || syscall(SYS_finit_module, fd, parameters, 0))
			printf("guest: cannot load %s: %m\n", path);
		close(fd);
	}
}

static void run(char *line)
{
	struct timespec start, end;
	char *argv[16], *word;
	int n = 0, status;
	pid_t pid;

	for (word = strtok(line, " \n"); word && n < 15; word = strtok(NULL, " \n"))
		argv[n++] = word;
	argv[n] = NULL;
	if (!n)
		return;

	printf("guest: run %s %s\n", argv[0], n > 2 ? argv[2] : "");
	clock_gettime(CLOCK_MONOTONIC, &start);
	pid = fork();
	if (!pid) {
		execv(argv[0], argv);
		perror(argv[0]);
		_exit(127);
	}
	waitpid(pid, &status, 0);
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("guest: %s status %d signal %d after %.1f s\n", argv[0],
	       WEXITSTATUS(status), WIFSIGNALED(status) ? WTERMSIG(status) : 0,
	       end.tv_sec - start.tv_sec + (end.tv_nsec - start.tv_nsec) / 1e9);
}

int main(void)
{
	char line[512];
	FILE *f;
	int fd;

	mount("dev", "/dev", "devtmpfs", 0, NULL);
	mount("proc", "/proc", "proc", 0, NULL);
	mount("sys", "/sys", "sysfs", 0, NULL);
	mount("debug", "/sys/kernel/debug", "debugfs", 0, NULL);
	mkdir("/dev/shm", 0755);
	mount("shm", "/dev/shm", "tmpfs", 0, NULL);
	mount("tmp", "/tmp", "tmpfs", 0, NULL);

	fd = open("/dev/console", O_RDWR);
	if (fd >= 0) {
		dup2(fd, 0);
		dup2(fd, 1);
		dup2(fd, 2);
	}
	setvbuf(stdout, NULL, _IOLBF, 0);

	load_modules();
	f = fopen("/tests", "r");
	while (f && fgets(line, sizeof(line), f))
		run(line);

	printf("guest: all done\n");
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}
