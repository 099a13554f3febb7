/* SPDX-License-Identifier: MIT */
#ifndef GMEMKIT_ZLIB_SHIM_H
#define GMEMKIT_ZLIB_SHIM_H

#include <zlib.h>

#endif
