/* SPDX-License-Identifier: MIT */
/*
 * Regular files in memory: what sendfile(2), pread(2) and lseek(2) work on. They have no names.
 */
#ifndef STACK_MEMFILE_H
#define STACK_MEMFILE_H

#include "stack/file.h"

/* Is it a file of this kind? */
bool memfile_is(const struct file *f);
/* It is (asserted): bytes from pos on, and how many there are. */
const void *memfile_data(const struct file *f, u64 pos, size_t *len);
u64 memfile_size(const struct file *f);
/* 0 or -EFBIG. */
s64 memfile_truncate(struct file *f, u64 size);

#endif
