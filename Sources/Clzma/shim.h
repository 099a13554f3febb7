/* SPDX-License-Identifier: MIT */
#ifndef GMEMKIT_LZMA_SHIM_H
#define GMEMKIT_LZMA_SHIM_H

#include <lzma.h>

/* LZMA_STREAM_INIT is a brace initialiser, which Swift does not import. */
static inline lzma_stream gmemkit_lzma_stream(void)
{
	lzma_stream stream = LZMA_STREAM_INIT;

	return stream;
}

#endif
