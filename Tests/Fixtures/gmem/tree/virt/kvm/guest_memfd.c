// SPDX-License-Identifier: BSD-3-Clause
#include <linux/fs.h>
#include <linux/kvm_host.h>
#include <linux/pagemap.h>

struct gmem_inode {
	unsigned long *prepared;
};

static struct gmem_inode *gmem_i(struct file *file)
{
	return file->f_inode->i_private;
}

static pgoff_t gmem_index(struct kvm_memory_slot *slot, gfn_t gfn)
{
	return gfn - slot->base_gfn + slot->gmem.pgoff;
}

static bool gmem_is_prepared(struct file *file, pgoff_t index)
{
	return test_bit(index, gmem_i(file)->prepared);
}

static void gmem_mark_prepared(struct file *file, pgoff_t index)
{
	set_bit(index, gmem_i(file)->prepared);
}

static int gmem_prepare_folio(struct kvm *kvm, struct file *file, struct kvm_memory_slot *slot,
			      gfn_t gfn, struct folio *folio)
{
	pgoff_t index = gmem_index(slot, gfn);
	int r;

	clear_highpage(folio_file_page(folio, index));
	r = kvm_arch_gmem_prepare(kvm, gfn, folio_pfn(folio), folio_order(folio));
	if (!r)
		gmem_mark_prepared(file, index);

	return r;
}

/* Returns a locked folio, or an error pointer. */
static struct folio *gmem_get_folio(struct inode *inode, pgoff_t index)
{
	return filemap_grab_folio(inode->i_mapping, index);
}

/* The caller drops the reference. */
static struct file *gmem_get_file(struct kvm_memory_slot *slot)
{
	return get_file_active(&slot->gmem.file);
}

static struct folio *__gmem_get_pfn(struct file *file, struct kvm_memory_slot *slot, pgoff_t index,
				    kvm_pfn_t *pfn, bool *is_prepared, int *max_order)
{
	struct folio *folio;

	if (file != slot->gmem.file)
		return ERR_PTR(-EIO);

	folio = gmem_get_folio(file_inode(file), index);
	if (IS_ERR(folio))
		return folio;

	*pfn = folio_pfn(folio) + (index & (folio_nr_pages(folio) - 1));
	if (max_order)
		*max_order = 0;

	*is_prepared = gmem_is_prepared(file, index);
	return folio;
}

int gmem_get_pfn(struct kvm *kvm, struct kvm_memory_slot *slot, gfn_t gfn, kvm_pfn_t *pfn, int *max_order)
{
	pgoff_t index = gmem_index(slot, gfn);
	struct file *file = gmem_get_file(slot);
	struct folio *folio;
	bool is_prepared = false;
	int r = 0;

	if (!file)
		return -EFAULT;

	folio = __gmem_get_pfn(file, slot, index, pfn, &is_prepared, max_order);
	if (IS_ERR(folio)) {
		r = PTR_ERR(folio);
		goto out;
	}

	if (!is_prepared)
		r = gmem_prepare_folio(kvm, file, slot, gfn, folio);

	folio_unlock(folio);
	if (r < 0)
		folio_put(folio);

out:
	fput(file);
	return r;
}
EXPORT_SYMBOL_GPL(gmem_get_pfn);

long gmem_populate(struct kvm *kvm, gfn_t start_gfn, void __user *src, long npages,
		   gmem_populate_cb post_populate, void *opaque)
{
	struct kvm_memory_slot *slot;
	struct file *file;
	int ret = 0, max_order;
	long i;

	lockdep_assert_held(&kvm->slots_lock);

	slot = gfn_to_memslot(kvm, start_gfn);
	if (!slot)
		return -EINVAL;

	file = gmem_get_file(slot);
	if (!file)
		return -EFAULT;

	filemap_invalidate_lock(file->f_mapping);

	for (i = 0; i < npages; i += (1 << max_order)) {
		struct folio *folio;
		gfn_t gfn = start_gfn + i;
		pgoff_t index = gmem_index(slot, gfn);
		bool is_prepared = false;
		kvm_pfn_t pfn;

		if (signal_pending(current)) {
			ret = -EINTR;
			break;
		}

		folio = __gmem_get_pfn(file, slot, index, &pfn, &is_prepared, &max_order);
		if (IS_ERR(folio)) {
			ret = PTR_ERR(folio);
			break;
		}

		if (is_prepared) {
			folio_unlock(folio);
			folio_put(folio);
			ret = -EEXIST;
			break;
		}

		folio_unlock(folio);
		ret = post_populate(kvm, gfn, pfn, src ? src + i * PAGE_SIZE : NULL, max_order, opaque);
		if (!ret)
			gmem_mark_prepared(file, index);

		folio_put(folio);
		if (ret)
			break;
	}

	filemap_invalidate_unlock(file->f_mapping);

	fput(file);
	return ret && !i ? ret : i;
}
EXPORT_SYMBOL_GPL(gmem_populate);

static int gmem_release(struct inode *inode, struct file *file)
{
	kfree(file->private_data);
	return 0;
}

static struct file_operations gmem_fops = {
	.release	= gmem_release,
};

struct file *gmem_create(struct kvm *kvm)
{
	return anon_inode_create_getfile("[gmem]", &gmem_fops, kvm, O_RDWR, NULL);
}
