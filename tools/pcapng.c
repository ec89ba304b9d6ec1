/* SPDX-License-Identifier: MIT */
/*
 * pcapng files (pcapng.h). Little-endian, whatever the machine: readers take either.
 */
#include "tools/pcapng.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/engine/pool.h"

#define BLOCK_SECTION 0x0a0d0d0au
#define BLOCK_INTERFACE 1u
#define BLOCK_PACKET 6u
#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define LINKTYPE_ETHERNET 1u

#define OPT_END 0
#define OPT_COMMENT 1
#define OPT_SHB_USERAPPL 4
#define OPT_IF_NAME 2
#define OPT_IF_MACADDR 6
#define OPT_IF_TSRESOL 9
#define OPT_EPB_FLAGS 2

struct pcapng {
	FILE *f;
	u32 ninterfaces;
	u8 *block; /* the block under construction */
	size_t len, cap;
};

static void put_bytes(struct pcapng *p, const void *data, size_t len)
{
	size_t padded = (len + 3) & ~(size_t)3;

	if (p->len + padded > p->cap) {
		p->cap = max(p->cap * 2, p->len + padded);
		p->block = xrealloc(p->block, p->cap);
	}
	memcpy(p->block + p->len, data, len);
	memset(p->block + p->len + len, 0, padded - len);
	p->len += padded;
}

static void put_u32(struct pcapng *p, u32 v)
{
	u8 b[4] = {(u8)v, (u8)(v >> 8), (u8)(v >> 16), (u8)(v >> 24)};

	put_bytes(p, b, sizeof(b));
}

static void put_option(struct pcapng *p, u32 code, const void *data, size_t len)
{
	len = min(len, (size_t)UINT16_MAX);
	put_u32(p, code | (u32)len << 16);
	put_bytes(p, data, len);
}

static void begin_block(struct pcapng *p, u32 type)
{
	p->len = 0;
	put_u32(p, type);
	put_u32(p, 0); /* the length, when it is known */
}

static void end_block(struct pcapng *p)
{
	u32 len = (u32)p->len + 4;
	size_t end;

	put_u32(p, len);
	end = p->len;
	p->len = 4;
	put_u32(p, len);
	fwrite(p->block, 1, end, p->f);
}

struct pcapng *pcapng_open(const char *path, const char *application)
{
	FILE *f = fopen(path, "wb");
	struct pcapng *p;

	if (!f)
		return NULL;
	p = xcalloc(1, sizeof(*p));
	p->f = f;
	begin_block(p, BLOCK_SECTION);
	put_u32(p, BYTE_ORDER_MAGIC);
	put_u32(p, 1);		/* version 1.0 */
	put_u32(p, UINT32_MAX); /* section length: not given */
	put_u32(p, UINT32_MAX);
	put_option(p, OPT_SHB_USERAPPL, application, strlen(application));
	put_u32(p, OPT_END);
	end_block(p);
	return p;
}

u32 pcapng_interface(struct pcapng *p, const char *name, const u8 *mac)
{
	static const u8 nanoseconds = 9;

	begin_block(p, BLOCK_INTERFACE);
	put_u32(p, LINKTYPE_ETHERNET);
	put_u32(p, 0); /* no snap length */
	put_option(p, OPT_IF_NAME, name, strlen(name));
	if (mac)
		put_option(p, OPT_IF_MACADDR, mac, 6);
	put_option(p, OPT_IF_TSRESOL, &nanoseconds, 1);
	put_u32(p, OPT_END);
	end_block(p);
	return p->ninterfaces++;
}

void pcapng_packet(struct pcapng *p, u32 interface, nsec_t t, const u8 *data, u32 len,
		   enum pcapng_direction dir, const char *comment)
{
	u8 flags[4] = {(u8)dir, 0, 0, 0};

	assert(interface < p->ninterfaces);
	begin_block(p, BLOCK_PACKET);
	put_u32(p, interface);
	put_u32(p, (u32)((u64)t >> 32));
	put_u32(p, (u32)(u64)t);
	put_u32(p, len);
	put_u32(p, len);
	put_bytes(p, data, len);
	if (comment)
		put_option(p, OPT_COMMENT, comment, strlen(comment));
	if (dir != PCAPNG_UNKNOWN)
		put_option(p, OPT_EPB_FLAGS, flags, sizeof(flags));
	if (comment || dir != PCAPNG_UNKNOWN)
		put_u32(p, OPT_END);
	end_block(p);
}

int pcapng_close(struct pcapng *p)
{
	int err = 0;

	if (fflush(p->f) != 0 || ferror(p->f))
		err = errno ? -errno : -EIO;
	if (fclose(p->f) != 0 && !err)
		err = -errno;
	free(p->block);
	free(p);
	return err;
}
