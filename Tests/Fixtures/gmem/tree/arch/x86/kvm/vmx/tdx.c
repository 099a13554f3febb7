// SPDX-License-Identifier: BSD-3-Clause
#include <linux/kvm_host.h>
#include "../mmu/mmu_internal.h"

struct tdx_populate_arg {
	struct kvm_vcpu *vcpu;
	u64 flags;
};

/* The page must be in the mirror tables before the module is told to add it. */
static int tdx_gmem_post_populate(struct kvm *kvm, gfn_t gfn, kvm_pfn_t pfn, void __user *src, int order,
				  void *opaque)
{
	struct tdx_populate_arg *arg = opaque;
	struct page *page;
	int r;

	r = get_user_pages_fast((unsigned long)src, 1, 0, &page);
	if (r < 0)
		return r;
	if (r != 1)
		return -ENOMEM;

	r = tdp_map_page(arg->vcpu, gfn, PFERR_PRIVATE_ACCESS);
	if (!r)
		r = tdx_mem_page_add(kvm, gfn, pfn, page);

	put_page(page);
	return r;
}

int tdx_vcpu_init_mem_region(struct kvm_vcpu *vcpu, gfn_t gfn, void __user *src, long npages)
{
	struct tdx_populate_arg arg = {
		.vcpu = vcpu,
	};
	long done;

	mutex_lock(&vcpu->kvm->slots_lock);
	done = gmem_populate(vcpu->kvm, gfn, src, npages, tdx_gmem_post_populate, &arg);
	mutex_unlock(&vcpu->kvm->slots_lock);

	return done < 0 ? done : 0;
}
