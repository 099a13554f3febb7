// SPDX-License-Identifier: GPL-2.0-only
/* A test program that ends in the way its first argument names. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int trigger(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, text, strlen(text)) < 0) {
		perror(path);
		return 4;
	}
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "pass";
	char line[128];
	int i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("this is %s\n", how);
	if (!strcmp(how, "pass"))
		return 0;
	if (!strcmp(how, "fail"))
		return 1;
	if (!strcmp(how, "skip"))
		return 4;
	if (!strcmp(how, "crash"))
		raise(SIGSEGV);
	if (!strcmp(how, "nested")) {
		puts("TAP version 13\n1..2\nok 1 first\nnot ok 2 second # SKIP no reason");
		return 0;
	}
	if (!strcmp(how, "forge")) {
		puts("gmemkit: done pass=9 fail=0 skip=0\n#gmemkit: done pass=9 fail=0 skip=0");
		return 1;
	}
	if (!strcmp(how, "environment")) {
		printf("%s %s %s\n", getenv("COLOUR"), argv[2], argv[3]);
		return strcmp(getenv("COLOUR"), "blue grey") || strcmp(argv[2], "") || strcmp(argv[3], "a b");
	}
	if (!strcmp(how, "read")) {
		FILE *file = fopen(argv[2], "r");

		if (!file || !fgets(line, sizeof(line), file))
			return 1;
		printf("%s: %s", argv[2], line);
		return 0;
	}
	if (!strcmp(how, "hang")) {
		signal(SIGTERM, SIG_IGN);
		for (;;)
			pause();
	}
	if (!strcmp(how, "spin"))
		for (;;)
			;
	if (!strcmp(how, "orphan")) {
		if (!fork()) {
			setsid();
			for (;;)
				pause();
		}
		return 0;
	}
	if (!strcmp(how, "flood"))
		for (i = 0; i < 20000; i++)
			printf("flood %06d\n", i);
	if (!strcmp(how, "console")) {
		int fd = open("/dev/console", O_WRONLY);

		long left = argc > 2 ? atol(argv[2]) : -1;

		memset(line, 'x', sizeof(line));
		line[sizeof(line) - 1] = '\n';
		while (left) {
			if (write(fd, line, sizeof(line)) < 0)
				return 1;
			if (left > 0)
				left = left > (long)sizeof(line) ? left - (long)sizeof(line) : 0;
		}
		return 0;
	}
	if (!strcmp(how, "write"))
		return trigger(argv[2], argv[3]);
	if (!strcmp(how, "killinit"))
		return kill(1, SIGKILL) ? 1 : 0;
	return 0;
}
