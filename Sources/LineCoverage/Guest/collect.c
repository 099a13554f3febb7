// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints the kernel's own gcov data, as debugfs has it, on standard output:
 * "gcda PATH" for each object, its bytes as hexadecimal lines "gcdb ...", and
 * "gcde SIZE" at its end.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int found;

static void print_file(const char *path)
{
	FILE *file = fopen(path, "r");
	unsigned char bytes[400];
	size_t count, i, size = 0;

	if (!file)
		return;
	found++;
	printf("gcda %s\n", path);
	while ((count = fread(bytes, 1, sizeof(bytes), file)) > 0) {
		fputs("gcdb ", stdout);
		for (i = 0; i < count; i++)
			printf("%02x", bytes[i]);
		putchar('\n');
		size += count;
	}
	printf("gcde %zu\n", size);
	fclose(file);
}

static void walk(const char *directory)
{
	DIR *entries = opendir(directory);
	struct dirent *entry;
	char path[4096];
	size_t length;

	while (entries && (entry = readdir(entries))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", directory, entry->d_name);
		length = strlen(path);
		if (entry->d_type == DT_DIR)
			walk(path);
		else if (length > 5 && !strcmp(path + length - 5, ".gcda"))
			print_file(path);
	}
	if (entries)
		closedir(entries);
}

int main(void)
{
	walk("/sys/kernel/debug/gcov");
	if (!found)
		puts("no gcov data in debugfs");
	return found ? 0 : 4;
}
