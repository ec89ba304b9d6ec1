/* SPDX-License-Identifier: MIT */
/*
 * What becomes of capabilities when ids change and when a program is executed (capabilities(7),
 * "Effect of user ID changes on capabilities", "Transformation of capabilities during execve()").
 */
#ifndef STACK_CRED_H
#define STACK_CRED_H

#include "sim/host/process.h"

/* User ids went from old to c: capabilities follow, unless the securebits say otherwise. */
void cred_fix_caps(struct cred *c, const struct cred *old);
/* The same for the file system's user id. */
void cred_fix_fscaps(struct cred *c, const struct cred *old);
/* c is the process's from now on. */
void cred_commit(struct process *p, const struct cred *c);
/* execve(2) of a file without set-user-ID bits and capabilities. */
void cred_exec(struct process *p);

#endif
