/* What the kernel copies for `cnitap observe`. It only copies: which files are plugins, what belongs to which call and what
 * a record holds is decided in TypeScript (src/observe). SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
typedef unsigned char u8;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;

#define SEC(name) __attribute__((section(name), used))
#define INLINE static __attribute__((always_inline)) inline
#define CONSTANT const volatile SEC(".rodata")

static void *(*lookup)(void *map, const void *key) = (void *)1;
static long (*update)(void *map, const void *key, const void *value, u64 flags) = (void *)2;
static long (*remove)(void *map, const void *key) = (void *)3;
static u64 (*now)(void) = (void *)5;
static u64 (*processAndThread)(void) = (void *)14;
static u64 (*currentTask)(void) = (void *)35;
static long (*readUser)(void *to, u32 size, const void *from) = (void *)112;
static long (*readKernel)(void *to, u32 size, const void *from) = (void *)113;
static long (*readKernelText)(void *to, u32 size, const void *from) = (void *)115;
static long (*output)(void *ring, const void *record, u64 size, u64 flags) = (void *)130;
static u64 (*query)(void *ring, u64 flags) = (void *)134;
static u64 (*typedTask)(void) = (void *)158;
static u64 (*registersOf)(u64 typedTask) = (void *)175;

/* Where a field is in its structure, as `structure__field`: the loader reads it from the kernel's own type information (BTF),
 * so that one object runs on every kernel from 5.8 on, and no kernel header is included. */
#define AT(field) ({ extern const char at_##field[]; (u64)at_##field; })
#define WORD(base, field) word((base) + AT(field))
#define HALF(base, field) half((base) + AT(field))

enum { TGID = 1, UPID_BYTES = 16, CHUNK = 16384, PIECES = 64, ANCESTORS = 8, NAME = 64, PATH = 224, PATH_BYTES = 4096 };
enum { PIPEFS = 0x50495045, NARROW = 16, PEEK = 2, POLLED = 2, SYSTEM_CALLS = 512 };
enum { RING_BYTES = 8 << 20, WAKE_BYTES = 1 << 20, QUIETLY = 1, WAKING = 2 };
/* Kinds of records. */
enum { BEGIN, TEXT, FORK, READ, WRITE, EXIT, UNSEEN, KINDS = 8 };
/* Programs that send bytes, each from memory of its own. */
enum { EXECUTION, SYSTEM_CALL, PIPE_READ, PIPE_WRITE, MOVING, RINGS, SOURCES };
/* What a program follows (load.ts). */
enum { PIPES = 1, OTHERS = 2, BUFFERLESS = 4 };

/* What a system call does, by its number (machine.ts). `from` and `to`, which are files, and `flags` are arguments, counted from
 * 1: 0 is none. With PEEK among the flags, nothing is transferred. */
struct effect { u8 kind, buffers, flags, from, to, isCountOfMessages, zero[2]; };
enum { LIST = 1, MESSAGE };
CONSTANT struct effect effects[SYSTEM_CALLS];
/* Where a system call's number and arguments are in the registers, and which of them has the bit NARROW, or has it not, in a
 * 32-bit process: the numbers of its system calls are others. */
CONSTANT u32 machineNumber, machineArguments[4], machineMode, machineNarrow;
/* How many PID namespaces the node's is above the observer's: 1 in a pod that has its own. */
CONSTANT u32 levelsAbove;
/* Bytes of a stream, and of arguments and environment, that are copied. */
CONSTANT u32 streamBytes, textBytes;
/* Bytes of the ring that each kind of record leaves to others. */
CONSTANT u32 leftBytes[KINDS];
/* What is known of a process when it exits: fields of its task, its signal_struct, and the pipe that its stdin is. */
enum { OF_TASK = 4, OF_SIGNAL = 13, AT_EXIT = 16 };
CONSTANT u32 fieldsAtExit[AT_EXIT];

/* Its first 16 bytes identify it: what can be executed is not a pipe. */
struct file { u64 ino; u32 dev, isPipe, mode, rdev; };
struct call { u64 parent; struct file streams[3]; u64 sent[3]; };
/* Of each record in the ring. `left`: bytes of this transfer that follow. */
struct head { u32 kind, size; u64 ns, call; u32 thread, left; };
struct begin {
    struct head head;
    u64 startNs, plugin;
    struct call call;
    u32 pid, ppid, argBytes, envBytes, isNamed, isContained, isNarrow, zero;
    char parentName[16], path[PATH_BYTES];
};
struct transfer { struct head head; u64 ino, total, offset; u32 dev, zero; u8 bytes[CHUNK]; };
struct process { struct head head; u32 pid, zero; struct file stdin; u64 fields[AT_EXIT]; };

struct map { u32 type, keyBytes, valueBytes, entries; };
enum { HASH = 1, ARRAY = 2, PER_PROCESSOR = 6, RINGBUF = 27, IDENTITY = 16 };
struct map plugins SEC("maps") = { HASH, IDENTITY, sizeof(u64), 4096 };
struct map identified SEC("maps") = { ARRAY, sizeof(u32), IDENTITY, 1 };
struct map names SEC("maps") = { HASH, NAME, sizeof(u64), 4096 };
struct map processes SEC("maps") = { HASH, sizeof(u32), sizeof(u64), 8192 };
struct map calls SEC("maps") = { HASH, sizeof(u64), sizeof(struct call), 4096 };
struct map beginning SEC("maps") = { PER_PROCESSOR, sizeof(u32), sizeof(struct begin), 1 };
struct map pieces SEC("maps") = { PER_PROCESSOR, sizeof(u32), sizeof(struct transfer), SOURCES };
struct map ring SEC("maps") = { RINGBUF, 0, 0, RING_BYTES };

/* Processes that belong to a call. While there is none, everybody else's reads and writes leave after one comparison. */
s64 inFlight SEC(".bss");
/* The node's PID namespace. */
struct { u64 at; u32 level, zero; } node SEC(".bss");
/* Set by the loader: what the program at the end of system calls follows. */
u64 systemCallsFollow SEC(".bss");
/* Records that did not fit, by kind. */
u64 lost[KINDS] SEC(".bss");
/* Always 0, which the verifier does not know: a number to which it is added has no history, and a loop is checked once instead
 * of once for each way through it. */
u64 zero SEC(".bss");

INLINE u64 word(u64 at) { u64 v = 0; readKernel(&v, 8, (void *)at); return v; }
INLINE u32 half(u64 at) { u32 v = 0; readKernel(&v, 4, (void *)at); return v; }
INLINE u32 processId(void) { return processAndThread() >> 32; }
INLINE int isSame(const struct file *a, const struct file *b) { return a->ino == b->ino && a->dev == b->dev; }
INLINE int lose(u32 kind) { __sync_fetch_and_add(&lost[kind & (KINDS - 1)], 1); return 0; }

/* A record has so many bytes, and `size` more, at most so many: verifiers before Linux 5.11 forget what is known of a number on
 * the stack. The kernel wakes the observer only when much is waiting. Returns whether the record did fit. */
INLINE int send(struct head *head, u32 kind, u64 call, u64 bytes, u64 most)
{
    u64 waiting = query(&ring, 0), size;
    head->kind = kind, head->ns = now(), head->call = call, head->thread = (u32)processAndThread();
    if (waiting > RING_BYTES - leftBytes[kind & (KINDS - 1)]) return lose(kind);
    size = *(volatile u32 *)&head->size;
    if (size > most) return lose(kind);
    return output(&ring, head, bytes + size, waiting > WAKE_BYTES ? WAKING : QUIETLY) ? lose(kind) : 1;
}

INLINE struct file identify(u64 file)
{
    u64 inode = WORD(file, file__f_inode), filesystem = WORD(inode, inode__i_sb);
    return (struct file) {
        .ino = WORD(inode, inode__i_ino),
        .dev = HALF(filesystem, super_block__s_dev),
        .isPipe = HALF(filesystem, super_block__s_magic) == PIPEFS,
        .mode = HALF(inode, inode__i_mode) & 0xffff,
        .rdev = HALF(inode, inode__i_rdev),
    };
}

INLINE u64 openFile(u64 task, u32 fd)
{
    u64 table = WORD(WORD(task, task_struct__files), files_struct__fdt);
    return fd < HALF(table, fdtable__max_fds) ? word(WORD(table, fdtable__fd) + fd * 8) : 0;
}

INLINE u64 pidOf(u64 task) { return word(WORD(task, task_struct__signal) + AT(signal_struct__pids) + 8 * TGID); }

/* The ID of a process in the node's PID namespace; 0 if it has none, as one of another node with the same kernel. */
INLINE u32 idOnNode(u64 task)
{
    u64 pid = pidOf(task), number = pid + AT(pid__numbers) + node.level * UPID_BYTES;
    return HALF(pid, pid__level) >= node.level && WORD(number, upid__ns) == node.at ? HALF(number, upid__nr) : 0;
}

INLINE u64 mountsOf(u64 task) { return WORD(WORD(task, task_struct__nsproxy), nsproxy__mnt_ns); }

/* Run by the loader in its own process, (descriptor): what the kernel knows that open file by. stat(2) may give other
 * numbers, as on btrfs and overlayfs. And which PID namespace is the node's. */
SEC("identify") int identifyFile(u64 *ctx)
{
    u64 pid = pidOf(currentTask());
    struct file file = identify(openFile(currentTask(), (u32)ctx[0]));
    u32 only = 0;
    node.level = HALF(pid, pid__level) - levelsAbove;
    node.at = WORD(pid + AT(pid__numbers) + node.level * UPID_BYTES, upid__ns);
    update(&identified, &only, &file, 0);
    return 0;
}

/* The plugin that has the name of this file. */
INLINE u64 *pluginNamed(u64 path, char *text)
{
    char name[NAME] = {};
    u32 i, from = 0;
    readKernelText(text, PATH, (void *)path);
    for (i = 0; i < PATH && text[i]; i++)
        if (text[i] == '/') from = i + 1;
    readKernelText(name, sizeof name, (void *)(path + from));
    return lookup(&names, name);
}

/* One piece of a transfer, or of the texts of a call; without bytes, what a record cannot hold. */
INLINE void sendPiece(u32 kind, u32 source, u64 id, const struct file *file, u64 total, u64 offset, u64 from, u64 size, u64 left)
{
    struct transfer *t = lookup(&pieces, &source);
    if (!t) return;
    if (size > CHUNK) size = CHUNK;
    if (size && readUser(t->bytes, (u32)size, (void *)from)) size = 0;
    t->head.size = size, t->head.left = left;
    t->ino = file->ino, t->dev = file->dev, t->total = total, t->offset = offset;
    send(&t->head, kind, id, sizeof *t - CHUNK, CHUNK);
}

/* The first `most` of so many bytes: of one buffer, or of a list of buffers, whose last may be longer. What follows may be memory
 * that was never used, which cannot be read. */
INLINE void sendBytes(u32 kind, u32 source, u64 id, const struct file *file, u64 total, u64 most, u64 buffer, u64 list)
{
    struct { u64 buffer, bytes; } part = { buffer, list ? 0 : total };
    u64 copied = 0, rest = most + zero;
    u32 i;
    for (i = 0; i < PIECES; i++) {
        u64 size;
        if (!part.bytes && rest) {
            if (!list || readUser(&part, sizeof part, (void *)list)) break;
            list += sizeof part;
        }
        size = part.bytes > CHUNK ? CHUNK : part.bytes;
        if (size > rest) size = rest;
        sendPiece(kind, source, id, file, total, copied, part.buffer, size, rest - size);
        copied += size, part.buffer += size, part.bytes -= size + zero, rest -= size + zero;
        if (!rest) return;
    }
    lose(kind);
}

/* Any bytes of any stream may have moved. */
INLINE void sendUnknown(u32 source, u64 id)
{
    struct file none = {};
    sendPiece(UNSEEN, source, id, &none, 0, 0, 0, 0, 0);
}

INLINE void executed(u64 task, u64 bprm)
{
    u64 mm = WORD(task, task_struct__mm), parent = WORD(task, task_struct__real_parent), path = WORD(bprm, linux_binprm__filename);
    u64 from = WORD(mm, mm_struct__arg_start), id, bytes, *of, *plugin;
    u32 tgid = processId(), only = 0, i;
    s64 pathBytes;
    struct file program = identify(WORD(bprm, linux_binprm__file));
    struct begin *begin = lookup(&beginning, &only);
    if (!begin) return;
    plugin = lookup(&plugins, &program);
    begin->isNamed = !plugin;
    begin->isContained = mountsOf(task) != mountsOf(WORD(node.at, pid_namespace__child_reaper));
    /* EI_CLASS of the executable or of a script's interpreter */
    begin->isNarrow = half(bprm + AT(linux_binprm__buf) + 4) << 24 == 1 << 24;
    /* Of a script the kernel knows only the interpreter then, and the path. An agent in a container may have plugins of its
     * own. What is known by its name only is looked at by the observer. */
    if (!plugin && (begin->isContained || WORD(bprm, linux_binprm__interp) != path)) plugin = pluginNamed(path, begin->path);
    of = lookup(&processes, &tgid);
    if (!plugin && of && begin->isNarrow) sendUnknown(EXECUTION, *of);
    if (!plugin || !(begin->pid = idOnNode(task))) return;
    id = (u64)tgid << 31 | (now() >> 10 & 0x7fffffff); /* a script's numbers have 53 bits */
    begin->call.parent = of ? *of : 0;
    for (i = 0; i < 3; i++) begin->call.streams[i] = identify(openFile(task, i));
    begin->startNs = WORD(task, task_struct__start_time), begin->plugin = *plugin, begin->ppid = idOnNode(parent);
    begin->argBytes = WORD(mm, mm_struct__arg_end) - from;
    begin->envBytes = WORD(mm, mm_struct__env_end) - WORD(mm, mm_struct__env_start);
    readKernel(begin->parentName, sizeof begin->parentName, (void *)(parent + AT(task_struct__comm)));
    pathBytes = readKernelText(begin->path, sizeof begin->path, (void *)path);
    begin->head.size = pathBytes < 0 ? 0 : pathBytes;
    if (update(&calls, &id, &begin->call, 0)) { lose(BEGIN); return; }
    if (!send(&begin->head, BEGIN, id, sizeof *begin - PATH_BYTES, PATH_BYTES)) { remove(&calls, &id); return; }
    if (update(&processes, &tgid, &id, 0)) lose(FORK);
    else if (!of) __sync_fetch_and_add(&inFlight, 1);
    bytes = begin->argBytes + begin->envBytes; /* one range of the new stack */
    sendBytes(TEXT, EXECUTION, id, &program, bytes, bytes > textBytes ? textBytes : bytes, from, 0);
}

INLINE void forked(u64 task)
{
    u32 tgid = processId(), child = HALF(task, task_struct__tgid);
    u64 *id = lookup(&processes, &tgid), call;
    struct process process = {};
    if (!id || child != HALF(task, task_struct__pid)) return;
    call = *id;
    process.pid = idOnNode(task);
    if (update(&processes, &child, &call, 0)) { lose(FORK); return; }
    __sync_fetch_and_add(&inFlight, 1);
    send(&process.head, FORK, call, __builtin_offsetof(struct process, stdin), 0);
}

INLINE void exited(u64 task)
{
    u32 tgid = processId(), i;
    u64 *id = lookup(&processes, &tgid), signal = WORD(task, task_struct__signal), stdin, pipe, call;
    struct process process = {};
    if (!id || HALF(signal, signal_struct__live)) return; /* another thread lives */
    call = *id;
    if (remove(&processes, &tgid)) return; /* the last two threads may exit at once */
    __sync_fetch_and_add(&inFlight, -1);
    stdin = openFile(task, 0), pipe = WORD(WORD(stdin, file__f_inode), inode__i_pipe);
    process.pid = idOnNode(task), process.stdin = identify(stdin);
    for (i = 0; i < AT_EXIT; i++)
        process.fields[i] = word((i < OF_TASK ? task : i < OF_SIGNAL ? signal : pipe) + fieldsAtExit[i]);
    send(&process.head, EXIT, call, sizeof process, 0);
}

/* Counts the bytes for each call whose stream this file is: descendants of a plugin write for it. Returns whether there is
 * one, and how many bytes of its stream came before. */
INLINE int countBytes(u64 id, u32 kind, const struct file *file, u64 total, u64 *before)
{
    u32 i, found = 0;
    for (i = 0; file->ino && i < ANCESTORS; i++) {
        struct call *call = lookup(&calls, &id);
        u64 at;
        if (!call) break;
        id = call->parent;
        at = zero + (kind == READ ? 0 : isSame(file, &call->streams[1]) ? 1 : 2);
        if (at > 2 || !isSame(file, &call->streams[at])) continue;
        if (!found) *before = call->sent[at];
        found = 1;
        __sync_fetch_and_add(&call->sent[at], total);
    }
    return found;
}

INLINE u64 argument(u64 registers, u32 index) { return word(registers + machineArguments[(index - 1) & 3]); }

/* Bytes that the kernel moves from or to a file without a buffer of the process. */
INLINE void moved(u32 kind, u32 source, u64 id, u64 registers, u32 index, u64 total)
{
    struct file file = identify(index ? openFile(currentTask(), (u32)argument(registers, index)) : 0);
    u64 before;
    if (countBytes(id, kind, &file, total, &before)) sendPiece(UNSEEN, source, id, &file, total, 0, 0, 0, 0);
}

/* A system call has moved bytes: its arguments are still in the registers, and the result is known. Files are known by the
 * open file behind a descriptor, however the process has moved it. */
INLINE void bytesMoved(u64 registers, s64 result, u32 source, u64 follows)
{
    u32 tgid = processId(), number = half(registers + machineNumber);
    u64 *id = lookup(&processes, &tgid), total = result, before = 0, buffer, list = 0;
    struct effect effect;
    struct file file;
    if (!id || result < 0 || number >= SYSTEM_CALLS || (half(registers + machineMode) & NARROW) == machineNarrow) return;
    effect = effects[number], buffer = argument(registers, 2);
    if (!effect.kind || (effect.flags && argument(registers, effect.flags) & PEEK)) return;
    if (effect.kind == READ && !total && effect.buffers != MESSAGE && !argument(registers, 3)) return; /* it is not the end */
    if (effect.kind == UNSEEN) {
        if (!(follows & BUFFERLESS)) return;
        if (!effect.from && !effect.to) sendUnknown(source, *id);
        if (!total) return;
        moved(READ, source, *id, registers, effect.from, effect.isCountOfMessages ? 0 : total);
        moved(WRITE, source, *id, registers, effect.to, effect.isCountOfMessages ? 0 : total);
        return;
    }
    file = identify(openFile(currentTask(), (u32)argument(registers, 1)));
    if (!(follows & (file.isPipe ? PIPES : OTHERS)) || !countBytes(*id, effect.kind, &file, total, &before)) return;
    if (effect.buffers == MESSAGE) readUser(&list, 8, (void *)(buffer + 16)); /* msghdr.msg_iov */
    else if (effect.buffers == LIST) list = buffer;
    sendBytes(effect.kind, source, *id, &file, total, before >= streamBytes ? 0 : total > streamBytes ? streamBytes : total, buffer, list);
}

/* A thread of the kernel will take what is put into this ring: no system call moves it. */
INLINE void ringCreated(u64 flags)
{
    u32 tgid = processId();
    u64 *id = lookup(&processes, &tgid);
    if (id && flags & POLLED) sendUnknown(RINGS, *id);
}

#define PROGRAM(section, name, condition, body) SEC(section) int name(u64 *ctx) { if (condition) body; return 0; }

PROGRAM("raw_tracepoint/sched_process_exec", programExecuted, 1, executed(ctx[0], ctx[2]))
PROGRAM("raw_tracepoint/sched_process_fork", processForked, inFlight, forked(ctx[1]))
PROGRAM("raw_tracepoint/sched_process_exit", processExited, inFlight, exited(ctx[0]))
PROGRAM("raw_tracepoint/io_uring_create", ringsCreated, inFlight, ringCreated(ctx[4]))
/* At the end of every system call of the node, unless all streams are pipes and the kernel can trace functions. */
PROGRAM("raw_tracepoint/sys_exit", systemCallEnded, inFlight, bytesMoved(ctx[0], ctx[1], SYSTEM_CALL, systemCallsFollow))
/* At the end of the functions of pipes, (kiocb, iterator), and of the system calls that move bytes without a buffer. */
PROGRAM("pipe/read", pipeRead, inFlight, bytesMoved(registersOf(typedTask()), ctx[2], PIPE_READ, PIPES))
PROGRAM("pipe/write", pipeWritten, inFlight, bytesMoved(registersOf(typedTask()), ctx[2], PIPE_WRITE, PIPES))
PROGRAM("moving/unseen", bytesMovedUnseen, inFlight, bytesMoved(ctx[0], ctx[1], MOVING, BUFFERLESS))

static const char LICENSE[] SEC("license") = "Dual BSD/GPL";
