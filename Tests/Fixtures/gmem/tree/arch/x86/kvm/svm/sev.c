// SPDX-License-Identifier: BSD-3-Clause
#include <linux/kvm_host.h>

static int sev_gmem_post_populate(struct kvm *kvm, gfn_t gfn, kvm_pfn_t pfn, void __user *src, int order,
				  void *opaque)
{
	u64 *type = opaque;

	return rmp_make_private(pfn, gfn << PAGE_SHIFT, *type, kvm->asid, true);
}

int snp_launch_update(struct kvm *kvm, gfn_t gfn, void __user *src, long npages, u64 type)
{
	long done;

	mutex_lock(&kvm->slots_lock);
	done = gmem_populate(kvm, gfn, src, npages, sev_gmem_post_populate, &type);
	mutex_unlock(&kvm->slots_lock);

	return done < 0 ? done : 0;
}

static bool is_pfn_range_shared(kvm_pfn_t start, kvm_pfn_t end)
{
	kvm_pfn_t pfn;

	for (pfn = start; pfn < end; pfn++) {
		bool assigned;
		int ret, level;

		ret = snp_lookup_rmpentry(pfn, &assigned, &level);
		if (ret || assigned)
			return false;
	}

	return true;
}

int sev_gmem_prepare(struct kvm *kvm, kvm_pfn_t pfn, gfn_t gfn, int max_order)
{
	int level = PG_LEVEL_4K;
	int rc;

	if (max_order && is_pfn_range_shared(pfn, pfn + (1 << max_order)))
		level = PG_LEVEL_2M;

	rc = rmp_make_private(pfn, gfn << PAGE_SHIFT, level, kvm->asid, false);
	if (rc) {
		pr_err_ratelimited("SEV: Failed to update RMP entry: GFN %llx PFN %llx error %d\n", gfn, pfn, rc);
		return -EINVAL;
	}

	return 0;
}
