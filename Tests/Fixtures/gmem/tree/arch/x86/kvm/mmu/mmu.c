// SPDX-License-Identifier: BSD-3-Clause
#include <linux/kvm_host.h>
#include "mmu_internal.h"

static int mmu_faultin_pfn_private(struct kvm_vcpu *vcpu, struct kvm_page_fault *fault)
{
	return gmem_get_pfn(vcpu->kvm, fault->slot, fault->gfn, &fault->pfn, &fault->max_order);
}

static int mmu_faultin_pfn(struct kvm_vcpu *vcpu, struct kvm_page_fault *fault)
{
	if (fault->error_code & PFERR_PRIVATE_ACCESS)
		return mmu_faultin_pfn_private(vcpu, fault);

	return host_faultin_pfn(vcpu, fault);
}

static int direct_page_fault(struct kvm_vcpu *vcpu, struct kvm_page_fault *fault)
{
	int r;

	r = mmu_faultin_pfn(vcpu, fault);
	if (r)
		return r;

	return tdp_mmu_map(vcpu, fault);
}

static int nonpaging_page_fault(struct kvm_vcpu *vcpu, struct kvm_page_fault *fault)
{
	return direct_page_fault(vcpu, fault);
}

static int tdp_page_fault(struct kvm_vcpu *vcpu, struct kvm_page_fault *fault)
{
	return direct_page_fault(vcpu, fault);
}

/* Maps a page as a fault of the guest would. */
int tdp_map_page(struct kvm_vcpu *vcpu, gfn_t gfn, u64 error_code)
{
	int r;

	do {
		if (signal_pending(current))
			return -EINTR;

		r = mmu_do_page_fault(vcpu, gfn, error_code);
	} while (r == RET_PF_RETRY);

	return r == RET_PF_FIXED ? 0 : -EIO;
}
EXPORT_SYMBOL_GPL(tdp_map_page);

void mmu_init(struct kvm_vcpu *vcpu, bool tdp)
{
	struct kvm_mmu *context = vcpu->mmu;

	if (tdp)
		context->page_fault = tdp_page_fault;
	else
		context->page_fault = nonpaging_page_fault;
}
