/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef _LINUX_FS_H
#define _LINUX_FS_H

struct folio;

struct address_space {
	struct inode *host;
	struct rw_semaphore invalidate_lock;
	gfp_t gfp_mask;
};

struct inode {
	struct address_space *i_mapping;
	void *i_private;
	loff_t i_size;
};

struct file {
	struct inode *f_inode;
	struct address_space *f_mapping;
	void *private_data;
};

struct file_operations {
	int (*mmap)(struct file *file, struct vm_area_struct *vma);
	int (*release)(struct inode *inode, struct file *file);
};

static inline struct inode *file_inode(const struct file *f)
{
	return f->f_inode;
}

void fput(struct file *file);

#endif
