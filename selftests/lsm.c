// SPDX-License-Identifier: GPL-2.0-only
/* A security module of ours. */
#include "lsm.h"
#include "common.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/btf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TYPES "/sys/kernel/btf/vmlinux"

/* What the kernel says of its types and functions: numbered from 1, one behind the other. */
struct types {
	char *memory;
	const struct btf_header *head;
};

static bool types_read(struct types *types)
{
	int fd = open(TYPES, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return false;
	must(fstat(fd, &st));
	types->memory = malloc(st.st_size);
	if (!types->memory)
		die("no memory");
	read_all(fd, types->memory, st.st_size);
	close(fd);
	types->head = (const struct btf_header *)types->memory;
	return true;
}

/* Bytes that follow the head of a type. */
static size_t size_behind(const struct btf_type *type)
{
	size_t nr = BTF_INFO_VLEN(type->info);

	switch (BTF_INFO_KIND(type->info)) {
	case BTF_KIND_INT:
	case BTF_KIND_VAR:
	case BTF_KIND_DECL_TAG:
		return sizeof(uint32_t);
	case BTF_KIND_ARRAY:
		return sizeof(struct btf_array);
	case BTF_KIND_STRUCT:
	case BTF_KIND_UNION:
		return nr * sizeof(struct btf_member);
	case BTF_KIND_ENUM:
		return nr * sizeof(struct btf_enum);
	case BTF_KIND_ENUM64:
		return nr * sizeof(struct btf_enum64);
	case BTF_KIND_FUNC_PROTO:
		return nr * sizeof(struct btf_param);
	case BTF_KIND_DATASEC:
		return nr * sizeof(struct btf_var_secinfo);
	default:
		return 0;
	}
}

/* Hooks by their functions. To look for those takes long: so once for all tests. */
static struct {
	const char *function;
	unsigned int number;	/* 0: there is none */
} hooks[] = {
	[LSM_FILE_PERMISSION] = { "bpf_lsm_file_permission", 0 },
	[LSM_SOCKET_RECVMSG] = { "bpf_lsm_socket_recvmsg", 0 },
	[LSM_SOCKET_SENDMSG] = { "bpf_lsm_socket_sendmsg", 0 },
};

static void note(const char *function, unsigned int number)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(hooks); i++)
		if (!strcmp(function, hooks[i].function))
			hooks[i].number = number;
}

static void find_hooks(const struct types *types)
{
	const char *names = types->memory + types->head->hdr_len +
			    types->head->str_off;
	const char *at = types->memory + types->head->hdr_len +
			 types->head->type_off;
	const char *end = at + types->head->type_len;
	unsigned int number = 1;

	for (; at < end; number++) {
		const struct btf_type *type = (const struct btf_type *)at;

		if (BTF_INFO_KIND(type->info) == BTF_KIND_FUNC)
			note(names + type->name_off, number);
		at += sizeof(*type) + size_behind(type);
	}
}

#define INSN(op, to, from, at, value) \
	{ .code = (op), .dst_reg = (to), .src_reg = (from), .off = (at), .imm = (value) }

static int load(unsigned int hook, int mask)
{
	const struct bpf_insn program[] = {
		INSN(BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_6, BPF_REG_1, 0, 0),
		INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_get_current_pid_tgid),
		INSN(BPF_ALU64 | BPF_RSH | BPF_K, BPF_REG_0, 0, 0, 32),
		INSN(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_0, 0, 4, getpid()),
		/* LSM_ANY: refused in either case */
		INSN(BPF_LDX | BPF_MEM | BPF_DW, BPF_REG_1, BPF_REG_6, 8, 0),
		INSN(BPF_JMP32 | BPF_JNE | BPF_K, BPF_REG_1, 0, mask == LSM_ANY ? 0 : 2,
		     mask),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, -EPERM),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
		INSN(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0),
		INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
	};
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_LSM,
		.expected_attach_type = BPF_LSM_MAC,
		.attach_btf_id = hook,
		.insns = (uintptr_t)program,
		.insn_cnt = ARRAY_LEN(program),
		.license = (uintptr_t)"GPL",
	};

	return syscall(SYS_bpf, BPF_PROG_LOAD, &attr, sizeof(attr));
}

/* Return: an fd that keeps it at its hook, or -1. */
static int attach(int program)
{
	union bpf_attr attr = { .raw_tracepoint.prog_fd = program };
	int link = syscall(SYS_bpf, BPF_RAW_TRACEPOINT_OPEN, &attr, sizeof(attr));

	close(program);
	return link;
}

static int refuse(enum lsm_hook hook, int mask)
{
	int program = hooks[hook].number ? load(hooks[hook].number, mask) : -1;

	return program < 0 ? -1 : attach(program);
}

/* Kernels may have such programs, and not ask them. */
static bool is_asked(void)
{
	int ends[2], link, ret;
	char byte;

	must(pipe2(ends, O_CLOEXEC | O_NONBLOCK));
	link = refuse(LSM_FILE_PERMISSION, LSM_READ);
	ret = link < 0 || read(ends[0], &byte, 1) >= 0 ? 0 : errno;
	if (link >= 0)
		close(link);
	close(ends[0]);
	close(ends[1]);
	return ret == EPERM;
}

static bool asked;

static void __attribute__((constructor)) look(void)
{
	struct types types;

	if (!types_read(&types))
		return;
	find_hooks(&types);
	free(types.memory);
	asked = is_asked();
}

const char *lsm_missing(void)
{
	return asked ? NULL : "no security module in BPF";
}

int lsm_refuse(enum lsm_hook hook, int mask)
{
	int link = refuse(hook, mask);

	if (link < 0)
		die("%s: %s", hooks[hook].function, errno_name(errno));
	return link;
}
