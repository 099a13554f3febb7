/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef _LINUX_KVM_HOST_H
#define _LINUX_KVM_HOST_H

#include <linux/fs.h>

struct kvm_memory_slot {
	gfn_t base_gfn;
	unsigned long npages;
	struct {
		struct file *file;
		pgoff_t pgoff;
	} gmem;
};

struct kvm {
	struct mutex slots_lock;
	struct kvm_memory_slot *slots;
	u32 asid;
};

struct kvm_vcpu {
	struct kvm *kvm;
	struct mutex mutex;
	struct kvm_mmu *mmu;
};

typedef int (*gmem_populate_cb)(struct kvm *kvm, gfn_t gfn, kvm_pfn_t pfn, void __user *src, int order, void *opaque);

struct kvm_memory_slot *gfn_to_memslot(struct kvm *kvm, gfn_t gfn);

int gmem_get_pfn(struct kvm *kvm, struct kvm_memory_slot *slot, gfn_t gfn, kvm_pfn_t *pfn, int *max_order);
long gmem_populate(struct kvm *kvm, gfn_t start_gfn, void __user *src, long npages,
		   gmem_populate_cb post_populate, void *opaque);
int kvm_arch_gmem_prepare(struct kvm *kvm, gfn_t gfn, kvm_pfn_t pfn, int max_order);

#endif
