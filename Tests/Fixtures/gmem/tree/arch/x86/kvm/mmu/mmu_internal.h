/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef __KVM_MMU_INTERNAL_H
#define __KVM_MMU_INTERNAL_H

#include <linux/kvm_host.h>

struct kvm_page_fault {
	gfn_t gfn;
	u64 error_code;
	struct kvm_memory_slot *slot;
	kvm_pfn_t pfn;
	int max_order;
};

struct kvm_mmu {
	int (*page_fault)(struct kvm_vcpu *vcpu, struct kvm_page_fault *fault);
};

static inline int mmu_do_page_fault(struct kvm_vcpu *vcpu, gfn_t gfn, u64 error_code)
{
	struct kvm_page_fault fault = {
		.gfn = gfn,
		.error_code = error_code,
	};

	fault.slot = gfn_to_memslot(vcpu->kvm, gfn);
	if (!fault.slot)
		return RET_PF_EMULATE;

	return vcpu->mmu->page_fault(vcpu, &fault);
}

int tdp_map_page(struct kvm_vcpu *vcpu, gfn_t gfn, u64 error_code);

#endif
