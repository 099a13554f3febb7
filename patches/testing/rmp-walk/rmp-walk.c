// SPDX-License-Identifier: GPL-2.0-only
/*
 * sev_gmem_prepare() against a reverse map table of a few pages: every state of
 * the table, every range, every failure.  The function is taken from sev.c as
 * it is (see run), the 2M page is four pages here so that all of them can be
 * tried.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned long long u64;
typedef uint8_t u8;
typedef u64 kvm_pfn_t;
typedef u64 gfn_t;

#define PTRS_PER_PMD		4
#define NR_BLOCKS		4
#define NR_PFNS			(NR_BLOCKS * PTRS_PER_PMD)
#define PG_LEVEL_4K		1
#define PG_LEVEL_2M		2
#define ALIGN_DOWN(x, a)	((x) & ~((a) - 1))
#define IS_ALIGNED(x, a)	(((x) & ((a) - 1)) == 0)
#define gfn_to_gpa(gfn)		((gfn) << 12)
#define KVM_HPAGE_GFN_SHIFT(level)	(((level) - 1) * 2)
#define pr_err_ratelimited(...)	do { if (0) printf(__VA_ARGS__); } while (0)
#define pr_warn_ratelimited	pr_err_ratelimited
#define pr_debug		pr_err_ratelimited
#define cond_resched()		do { } while (0)

struct kvm_sev_info { int asid; };
struct kvm { int unused; };
struct kvm_svm { struct kvm_sev_info sev_info; };

static struct kvm_svm svm = { .sev_info.asid = 7 };
#define to_kvm_svm(kvm)		((void)(kvm), &svm)
#define sev_snp_guest(kvm)	((void)(kvm), true)

/* The table; gfn is meaningful where assigned. */
struct entry {
	bool assigned;
	int level;
	gfn_t gfn;
};

static struct entry rmp[NR_PFNS], before[NR_PFNS];
/* Lookups of this pfn fail, updates of this one do. */
static long bad_lookup = -1, bad_update = -1;
static bool lookup_failed, update_failed;
static const char *wrong;

static int snp_lookup_rmpentry(u64 pfn, bool *assigned, int *level)
{
	if (pfn >= NR_PFNS) {
		wrong = "looks up a page outside of the table";
		return -ENXIO;
	}
	if ((long)pfn == bad_lookup) {
		lookup_failed = true;
		return -ENXIO;
	}
	*assigned = rmp[pfn].assigned;
	*level = rmp[pfn].level;
	return 0;
}

static int rmp_make_private(u64 pfn, u64 gpa, int level, int asid, bool immutable)
{
	unsigned int i, n = level == PG_LEVEL_2M ? PTRS_PER_PMD : 1;

	if (asid != 7 || immutable)
		wrong = "passes something else on";
	if (pfn % n || gpa >> 12 & (n - 1))
		wrong = "uses a 2M entry that is not aligned";
	if ((long)pfn == bad_update) {
		update_failed = true;
		return -EIO;
	}
	for (i = 0; i < n; i++) {
		if (pfn + i >= NR_PFNS || rmp[pfn + i].assigned) {
			wrong = "assigns a page twice";
			return -EIO;
		}
		rmp[pfn + i] = (struct entry) { true, level, (gpa >> 12) + i };
	}
	return 0;
}

#include "sev_gmem_prepare.inc"

#define OTHER_GFN	0x5000

/* State number @state of the table: 17 states of each block. */
static void set_table(unsigned int state)
{
	unsigned int block, i;

	for (block = 0; block < NR_BLOCKS; block++, state /= 17) {
		unsigned int s = state % 17;

		for (i = 0; i < PTRS_PER_PMD; i++) {
			rmp[block * PTRS_PER_PMD + i] = (struct entry) {
				.assigned = s == 16 || s & 1 << i,
				.level = s == 16 ? PG_LEVEL_2M : PG_LEVEL_4K,
				.gfn = OTHER_GFN + block * PTRS_PER_PMD + i,
			};
		}
	}
	memcpy(before, rmp, sizeof(rmp));
}

static bool shared_before(unsigned int pfn, unsigned int n)
{
	while (n--)
		if (before[pfn + n].assigned)
			return false;
	return true;
}

static const char *check(int r, unsigned int start, gfn_t gfn, unsigned int n)
{
	unsigned int pfn;

	if (wrong)
		return wrong;
	if (lookup_failed && !r)
		return "succeeds although a lookup failed";
	if (update_failed)
		return r == -EINVAL ? NULL : "returns the wrong error for an update";
	if (r)
		return !lookup_failed ? "fails for no reason" :
		       r == -ENOENT ? NULL : "returns the wrong error for a lookup";

	for (pfn = 0; pfn < NR_PFNS; pfn++) {
		unsigned int block = ALIGN_DOWN(pfn, PTRS_PER_PMD);
		bool large;

		if (pfn < start || pfn >= start + n || before[pfn].assigned) {
			if (memcmp(&rmp[pfn], &before[pfn], sizeof(rmp[pfn])))
				return "changes what is none of its business";
			continue;
		}
		if (!rmp[pfn].assigned)
			return "leaves a page shared";
		if (rmp[pfn].gfn != gfn + (pfn - start))
			return "assigns a page to the wrong gfn";
		large = block >= start && block + PTRS_PER_PMD <= start + n &&
			shared_before(block, PTRS_PER_PMD) &&
			IS_ALIGNED(gfn + (block - start), PTRS_PER_PMD);
		if (rmp[pfn].level != (large ? PG_LEVEL_2M : PG_LEVEL_4K))
			return large ? "misses a 2M entry" : "uses a 2M entry wrongly";
	}
	return NULL;
}

int main(void)
{
	unsigned int state, order, nr_states = 1, i, at;
	unsigned long cases = 0;
	struct kvm kvm = { 0 };
	const char *what;

	for (i = 0; i < NR_BLOCKS; i++)
		nr_states *= 17;

	for (state = 0; state < nr_states; state++)
	for (order = 0; 1u << order <= NR_PFNS; order++)
	for (at = 0; at < NR_PFNS; at += 1u << order) {
		unsigned int n = 1u << order;
		/* Called for the first, or for the last page of the range. */
		unsigned int in = at % (2 * n) ? n - 1 : 0;
		/* With failures only for a part of the states: they take long. */
		long bad, last = state % 17 < 4 ? (long)(2 * NR_PFNS) : 0;

		for (bad = -1; bad < last; bad++) {
			gfn_t gfn = 0x100 + at;
			int r;

			bad_lookup = bad >= 0 && bad < NR_PFNS ? bad : -1;
			bad_update = bad >= NR_PFNS ? bad - NR_PFNS : -1;
			lookup_failed = update_failed = false;
			wrong = NULL;
			set_table(state);
			r = sev_gmem_prepare(&kvm, at + in, gfn + in, order);
			what = check(r, at, gfn, n);
			cases++;
			if (what) {
				printf("not ok 1 - sev_gmem_prepare %s: state %u, pfns %u..%u, lookup %ld, update %ld, returned %d\n",
				       what, state, at, at + n - 1, bad_lookup, bad_update, r);
				return 1;
			}
		}
	}

	printf("ok 1 - sev_gmem_prepare: %lu cases\n", cases);
	return 0;
}
