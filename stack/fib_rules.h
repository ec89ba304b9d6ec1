/* SPDX-License-Identifier: MIT */
/*
 * Policy routing (ip-rule(8)): which tables a lookup asks, in which order.
 *
 * Each family has a list of rules by rising preference. A host begins with Linux's: local at 0, main at
 * 32766, for IPv4 the empty table default at 32767; as long as nobody changes them there is no list, and
 * lookups ask the two tables at once.
 */
#ifndef STACK_FIB_RULES_H
#define STACK_FIB_RULES_H

#include <net/if.h>

#include "stack/fib.h"

#define FIB_RULE_PREFS 2 /* of a range: first and last */

/* FRA_* of linux/fib_rules.h. What is 0 matches everything. */
struct fib_rule {
	u32 pref, table;
	u32 target; /* of FR_ACT_GOTO: a pref */
	u32 mark, mask;
	union ipaddr src, dst;
	u8 src_plen, dst_plen; /* in bits of the family */
	u8 action;	       /* FR_ACT_* */
	u8 tos, ipproto, protocol;
	bool invert;
	bool has_uid;
	u32 uid[FIB_RULE_PREFS];
	u16 sport[FIB_RULE_PREFS], dport[FIB_RULE_PREFS]; /* first 0: any */
	int suppress_plen; /* routes of at most this prefix length do not count; -1: all do */
	char iif[IFNAMSIZ], oif[IFNAMSIZ];
};

struct fib_rule_list {
	struct fib_rule *rule;
	u32 n;
};

struct fib_rules {
	struct fib_rule_list v4, v6;
};

/* The family's rules now; those of the beginning when nothing was changed. */
const struct fib_rule_list *fib_rule_list(const struct net *net, bool v4);
/* The preference of a rule that is added without one. */
u32 fib_rule_default_pref(const struct net *net, bool v4);
/* excl: -EEXIST when there is one like it. 0, -EINVAL (a goto backwards). */
int fib_rule_add(struct net *net, bool v4, const struct fib_rule *r, bool excl);
/* Removes the first rule that has all that want sets. -ENOENT: none has. */
int fib_rule_del(struct net *net, bool v4, const struct fib_rule *want, bool has_pref);
/* What the rules lead to; NULL: no route. An action that refuses is an entry without a device. */
const struct fib_entry *fib_rules_lookup(const struct net *net, const struct fib_key *key);
void fib_rules_free(struct fib_rules *rules);

#endif
