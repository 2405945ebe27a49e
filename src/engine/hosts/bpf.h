/* The bpf system call. What is loaded is decided in src/observe. The
 * layouts are those of linux/bpf.h, which musl does not have. */
#pragma once
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "values.h"

enum { MAP_CREATE, MAP_LOOKUP, MAP_UPDATE, MAP_DELETE, PROGRAM_LOAD = 5, PROGRAM_RUN = 10, INFO_BY_FD = 15, RAW_TRACEPOINT_OPEN = 17, MAP_FREEZE = 22 };
enum { RAW_TRACEPOINT = 17, TRACING = 26, FUNCTION_END = 25, RDONLY_PROGRAM = 1 << 7, LOG_BYTES = 1 << 20 };

typedef union {
    struct { uint32_t type, keyBytes, valueBytes, entries, flags, inner, node; char name[16]; } map;
    struct { uint32_t fd, zero; uint64_t key, value, flags; } element;
    struct {
        uint32_t type, count; uint64_t instructions, license; uint32_t logLevel, logBytes; uint64_t log;
        uint32_t version, flags; char name[16]; uint32_t device, attachType, btf, recordBytes; uint64_t functions;
        uint32_t functionCount, lineBytes; uint64_t lines; uint32_t lineCount, attachTypeId, attachTo, zero;
    } program;
    struct { uint32_t fd, result, inBytes, outBytes; uint64_t in, out; uint32_t repeat, duration, contextBytes, contextOutBytes; uint64_t context, contextOut; uint32_t flags, cpu, batch, zero; } run;
    struct { uint32_t fd, bytes; uint64_t info; } info;
    struct { uint64_t name; uint32_t program, zero; } tracepoint;
} BpfArguments;

static int64_t bpf(int command, const BpfArguments *arguments) { return syscall(SYS_bpf, command, arguments, sizeof *arguments); }

static uint64_t address(const void *at) { return (uint64_t)(uintptr_t)at; }

/* Before Linux 5.11, memory of maps and programs counts as locked memory, of which a process may have little. */
static int64_t createMap(const BpfArguments *arguments)
{
    const struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
    int64_t fd = bpf(MAP_CREATE, arguments);
    if (fd >= 0 || errno != EPERM) return fd;
    if (setrlimit(RLIMIT_MEMLOCK, &unlimited)) { errno = EPERM; return -1; }
    return bpf(MAP_CREATE, arguments);
}

/* (type, bytes of a key, of a value, entries, read-only for programs) */
NATIVE(bpfMap)
{
    BpfArguments a = { .map = { (uint32_t)INTEGER(0), (uint32_t)INTEGER(1), (uint32_t)INTEGER(2), (uint32_t)INTEGER(3), INTEGER(4) ? RDONLY_PROGRAM : 0, 0, 0, "cnitap" } };
    UNUSED;
    return resultOf(ctx, createMap(&a));
}

static JSValue element(JSContext *ctx, int command, JSValueConst *argv)
{
    size_t size;
    BpfArguments a = { .element = { (uint32_t)INTEGER(0), 0, address(bytesOf(ctx, argv[1], &size)), 0, 0 } };
    if (command != MAP_DELETE) a.element.value = address(bytesOf(ctx, argv[2], &size));
    return resultOf(ctx, bpf(command, &a));
}

NATIVE(bpfLookup) { UNUSED; return element(ctx, MAP_LOOKUP, argv); }
NATIVE(bpfUpdate) { UNUSED; return element(ctx, MAP_UPDATE, argv); }
NATIVE(bpfDelete) { UNUSED; return element(ctx, MAP_DELETE, argv); }

NATIVE(bpfFreeze)
{
    BpfArguments a = { .element = { .fd = (uint32_t)INTEGER(0) } };
    UNUSED;
    return resultOf(ctx, bpf(MAP_FREEZE, &a));
}

/* (instructions of a program, type ID of the function at whose end it runs or 0 for raw tracepoints): descriptor, or what the
 * verifier printed */
NATIVE(bpfLoad)
{
    size_t size;
    const uint8_t *instructions = bytesOf(ctx, argv[0], &size);
    BpfArguments a = { .program = { .type = INTEGER(1) ? TRACING : RAW_TRACEPOINT, .count = (uint32_t)(size / 8),
        .instructions = address(instructions), .license = address("Dual BSD/GPL"), .name = "cnitap",
        .attachType = INTEGER(1) ? FUNCTION_END : 0, .attachTypeId = (uint32_t)INTEGER(1) } };
    int64_t fd = bpf(PROGRAM_LOAD, &a);
    char *log;
    JSValue text;
    UNUSED;
    if (fd >= 0 || (errno != EACCES && errno != EINVAL) || !(log = calloc(1, LOG_BYTES))) return resultOf(ctx, fd);
    a.program.logLevel = 1, a.program.logBytes = LOG_BYTES, a.program.log = address(log);
    fd = bpf(PROGRAM_LOAD, &a);
    text = fd >= 0 || !*log ? resultOf(ctx, fd) : JS_NewString(ctx, log);
    free(log);
    return text;
}

/* (program, name of a raw tracepoint, or nothing for a program that was loaded for a function): descriptor that keeps it attached */
NATIVE(bpfAttach)
{
    const char *name = JS_ToCString(ctx, argv[1]);
    BpfArguments a = { .tracepoint = { *name ? address(name) : 0, (uint32_t)INTEGER(0), 0 } };
    int64_t fd = bpf(RAW_TRACEPOINT_OPEN, &a);
    JSValue result = resultOf(ctx, fd);
    UNUSED;
    JS_FreeCString(ctx, name);
    return result;
}

/* (program, arguments): runs it once in this process */
NATIVE(bpfRun)
{
    size_t size;
    const uint8_t *arguments = bytesOf(ctx, argv[1], &size);
    BpfArguments a = { .run = { .fd = (uint32_t)INTEGER(0), .contextBytes = (uint32_t)size, .context = address(arguments) } };
    UNUSED;
    return resultOf(ctx, bpf(PROGRAM_RUN, &a));
}

/* How often the kernel did not run a program because it ran already (bpf_prog_info.recursion_misses). */
NATIVE(bpfMisses)
{
    uint64_t info[32] = { 0 };
    BpfArguments a = { .info = { (uint32_t)INTEGER(0), sizeof info, address(info) } };
    UNUSED;
    return JS_NewInt64(ctx, bpf(INFO_BY_FD, &a) ? 0 : (int64_t)info[26]);
}

NATIVE(pageBytes) { UNUSED; return JS_NewInt64(ctx, sysconf(_SC_PAGESIZE)); }

/* Nanoseconds since 1970. */
NATIVE(realtimeNs)
{
    struct timespec now;
    UNUSED;
    clock_gettime(CLOCK_REALTIME, &now);
    return JS_NewBigInt64(ctx, (int64_t)now.tv_sec * 1000000000 + now.tv_nsec);
}
