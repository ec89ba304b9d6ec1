/* SPDX-License-Identifier: MIT */
/*
 * pcapng files: the blocks byte by byte as the format's specification lays them out, what export
 * puts into them, and, where tshark is installed, what it reads.
 */
#include "tools/pcapng.h"

#include <sys/stat.h>

#include "tests/unit/trace_rows.h"
#include "tests/unit/unit.h"
#include "tools/cmd.h"

static u32 le32(const u8 *p)
{
	return p[0] | (u32)p[1] << 8 | (u32)p[2] << 16 | (u32)p[3] << 24;
}

static u8 *slurp(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	u8 *p = calloc(1, 1 << 20);

	assert_non_null(f);
	*len = fread(p, 1, 1 << 20, f);
	fclose(f);
	return p;
}

static void test_blocks(void **state)
{
	static const u8 mac[6] = {2, 0, 0, 0, 0, 1}, data[5] = {1, 2, 3, 4, 5};
	static const u8 packet[] = {
	    6, 0, 0, 0, 60,  0,	  0, 0, /* enhanced packet block */
	    0, 0, 0, 0,			/* interface */
	    1, 0, 0, 0, 5,   0,	  0, 0, /* time: high, low */
	    5, 0, 0, 0, 5,   0,	  0, 0, /* captured and original length */
	    1, 2, 3, 4, 5,   0,	  0, 0, /* data, padded */
	    1, 0, 2, 0, 'h', 'i', 0, 0, /* comment */
	    2, 0, 4, 0, 2,   0,	  0, 0, /* flags: outbound */
	    0, 0, 0, 0, 60,  0,	  0, 0, /* end of options, length again */
	};
	struct pcapng *p;
	char path[64];
	size_t len;
	u8 *b;

	rows_path(path, sizeof(path), "blocks.pcapng");
	p = pcapng_open(path, "test");
	assert_non_null(p);
	assert_int_equal(pcapng_interface(p, "a:eth0", mac), 0);
	pcapng_packet(p, 0, (1LL << 32) + 5, data, sizeof(data), PCAPNG_OUTBOUND, "hi");
	assert_int_equal(pcapng_close(p), 0);
	b = slurp(path, &len);
	unlink(path);
	assert_int_equal(le32(b), 0x0a0d0d0a);
	assert_int_equal(le32(b + 8), 0x1a2b3c4d);
	assert_int_equal(le32(b + le32(b + 4) - 4), le32(b + 4));
	u8 *idb = b + le32(b + 4);
	assert_int_equal(le32(idb), 1);
	assert_int_equal(le32(idb + 8), 1); /* LINKTYPE_ETHERNET */
	u8 *epb = idb + le32(idb + 4);
	assert_int_equal(len - (size_t)(epb - b), sizeof(packet));
	assert_memory_equal(epb, packet, sizeof(packet));
	free(b);
	assert_null(pcapng_open("/nonexistent/x.pcapng", "test"));
}

/* Walks the blocks; returns how many packets there are and checks each block's frame. */
static int count_packets(const u8 *b, size_t len, int *interfaces)
{
	int packets = 0;

	*interfaces = 0;
	for (size_t off = 0; off < len;) {
		u32 n = le32(b + off + 4);

		assert_true(n >= 12 && n % 4 == 0 && off + n <= len);
		assert_int_equal(le32(b + off + n - 4), n);
		packets += le32(b + off) == 6;
		*interfaces += le32(b + off) == 1;
		off += n;
	}
	return packets;
}

/* option may be NULL: then value is ignored. */
static int export_with(const char *db, const char *out, const char *option, const char *value)
{
	char *argv[8] = {(char[]){"export"}, (char[]){"-o"}};
	int argc = 2, status, null = dup(2);

	argv[argc++] = strdup(out);
	argv[argc++] = strdup(db);
	if (option) {
		argv[argc++] = strdup(option);
		argv[argc++] = strdup(value);
	}
	argv[argc] = NULL;
	assert_non_null(freopen("/dev/null", "w", stderr));
	status = cmd_export(argc, argv);
	fflush(stderr);
	dup2(null, 2);
	close(null);
	for (int i = 2; i < argc; i++)
		free(argv[i]);
	return status;
}

static int export(const char *db, const char *out, const char *host)
{
	return export_with(db, out, host ? "--host" : NULL, host);
}

static int export_filtered(const char *db, const char *out, const char *filter)
{
	int interfaces, status = export_with(db, out, "--filter", filter), packets;
	size_t len;
	u8 *b;

	assert_int_equal(status, EXIT_OK);
	b = slurp(out, &len);
	packets = count_packets(b, len, &interfaces);
	free(b);
	return packets;
}

/* pcap-filter(7) */
static void test_filter(void **state)
{
	char db[64], out[80];

	rows_file(rows_path(db, sizeof(db), "filter.db"), TRACE_PACKETS, 20);
	rows_path(out, sizeof(out), "filter.pcapng");
	assert_int_equal(export_filtered(db, out, "udp and dst port 53"), 40);
	assert_int_equal(export_filtered(db, out, "src host 10.0.0.2"), 0);
	unlink(out);
	assert_int_equal(export_with(db, out, "--filter", "udp prot 53"), EXIT_USAGE);
	assert_int_equal(access(out, F_OK), -1);
	unlink(db);
}

static void test_export(void **state)
{
	char db[64], out[80], file[160];
	int interfaces;
	size_t len;
	u8 *b;

	rows_file(rows_path(db, sizeof(db), "export.db"), TRACE_PACKETS, 20);
	rows_path(out, sizeof(out), "export.pcapng");
	assert_int_equal(export(db, out, NULL), EXIT_OK);
	b = slurp(out, &len);
	assert_int_equal(count_packets(b, len, &interfaces), 40); /* sent and received */
	assert_int_equal(interfaces, 2);
	free(b);
	assert_int_equal(export(db, out, "server"), EXIT_OK);
	b = slurp(out, &len);
	assert_int_equal(count_packets(b, len, &interfaces), 20);
	assert_int_equal(interfaces, 1);
	free(b);
	unlink(out);
	assert_int_equal(export(db, out, "nobody"), EXIT_USAGE);
	unlink(out);

	rows_path(out, sizeof(out), "export-dir");
	assert_int_equal(export(db, out, NULL), EXIT_OK);
	for (int i = 0; i < 2; i++) {
		snprintf(file, sizeof(file), "%s/%s-eth0.pcapng", out, i ? "server" : "client");
		b = slurp(file, &len);
		assert_int_equal(count_packets(b, len, &interfaces), 20);
		free(b);
		unlink(file);
	}
	rmdir(out);
	rows_file(db, TRACE_SYSCALLS, 1); /* no packets in it */
	assert_int_equal(export(db, out, NULL), EXIT_USAGE);
	unlink(db);
}

static void test_tshark(void **state)
{
	static const char *const expected[] = {
	    "0.000010000\tclient:eth0\t10.0.0.1\t4000\t10.0.0.2\t53\tpacket 1:0\n",
	    "0.000015000\tserver:eth0\t10.0.0.1\t4000\t10.0.0.2\t53\tpacket 1:0\n",
	    "0.000020000\tclient:eth0\t10.0.0.1\t4000\t10.0.0.2\t53\tpacket 1:1\n",
	    "0.000025000\tserver:eth0\t10.0.0.1\t4000\t10.0.0.2\t53\tpacket 1:1\n",
	};
	char db[64], out[64], command[512], line[256];
	FILE *f;

	if (access("/usr/bin/tshark", X_OK) < 0)
		skip();
	rows_file(rows_path(db, sizeof(db), "tshark.db"), TRACE_PACKETS, 2);
	rows_path(out, sizeof(out), "tshark.pcapng");
	assert_int_equal(export(db, out, NULL), EXIT_OK);
	snprintf(
	    command, sizeof(command),
	    "/usr/bin/tshark -r %s -T fields -e frame.time_epoch -e frame.interface_name -e ip.src"
	    " -e udp.srcport -e ip.dst -e udp.dstport -e frame.comment 2>/dev/null",
	    out);
	f = popen(command, "r");
	assert_non_null(f);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
		assert_non_null(fgets(line, sizeof(line), f));
		assert_string_equal(line, expected[i]);
	}
	assert_null(fgets(line, sizeof(line), f));
	assert_int_equal(pclose(f), 0);
	unlink(db);
	unlink(out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_blocks),
	    cmocka_unit_test(test_export),
	    cmocka_unit_test(test_filter),
	    cmocka_unit_test(test_tshark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
