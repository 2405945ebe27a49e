/* What the kernel copies for `cnitap observe`. It only copies: which files are plugins, what belongs to which call and what
 * a record holds is decided in TypeScript (src/observe). SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
 *
 * It includes no kernel header: the loader reads the offsets of fields from the kernel's own type information (BTF) and
 * writes them into the constants at_STRUCT__FIELD, so that one object runs on every kernel from 5.8 on. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long s64;

#define SEC(name) __attribute__((section(name), used))
#define INLINE static __attribute__((always_inline)) inline

enum { HASH = 1, ARRAY = 2, PER_PROCESSOR = 6, RINGBUF = 27 };
struct map { u32 type, keyBytes, valueBytes, entries; };

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

/* Offsets of fields, and what is known of system calls, filled in by the loader. */
#define AT(name) const volatile u32 at_##name SEC(".rodata")
AT(task_struct__pid); AT(task_struct__tgid); AT(task_struct__mm); AT(task_struct__files); AT(task_struct__real_parent);
AT(task_struct__comm); AT(task_struct__signal); AT(task_struct__exit_code); AT(task_struct__utime); AT(task_struct__stime);
AT(task_struct__start_time); AT(task_struct__se__sum_exec_runtime); AT(signal_struct__pids); AT(pid__level);
AT(pid__numbers); AT(upid__nr); AT(upid__ns); AT(pid_namespace__child_reaper); AT(task_struct__nsproxy); AT(nsproxy__mnt_ns); AT(signal_struct__live); AT(signal_struct__flags);
AT(signal_struct__group_exit_code); AT(signal_struct__utime); AT(signal_struct__stime); AT(signal_struct__cutime);
AT(signal_struct__cstime); AT(signal_struct__sum_sched_runtime); AT(signal_struct__maxrss); AT(signal_struct__cmaxrss);
AT(files_struct__fdt); AT(fdtable__fd); AT(fdtable__max_fds); AT(file__f_inode); AT(inode__i_ino); AT(inode__i_sb);
AT(inode__i_mode); AT(inode__i_rdev); AT(super_block__s_dev); AT(super_block__s_magic); AT(mm_struct__arg_start); AT(mm_struct__arg_end);
AT(mm_struct__env_start); AT(mm_struct__env_end); AT(linux_binprm__file); AT(linux_binprm__filename); AT(linux_binprm__interp);
AT(linux_binprm__buf); AT(inode__i_pipe); AT(pipe_inode_info__head); AT(pipe_inode_info__tail); AT(pipe_inode_info__writers);
/* Where a system call's number and arguments are. A 32-bit process, whose numbers are others, has this bit of a register. */
const volatile u32 machine_number SEC(".rodata"), machine_arguments[4] SEC(".rodata"), machine_mode SEC(".rodata"), machine_narrow SEC(".rodata");
/* What each system call does, by number: the kind of a record, and in which of its arguments the rest is. */
enum { EFFECTS = 512, KIND = 7, VECTOR = 1 << 3, MESSAGE = 1 << 4, NO_FILE = 1 << 5, FLAGS_AT = 6, FROM_AT = 8, TO_AT = 10, NO_SOURCE = 1 << 12, COUNTS_MESSAGES = 1 << 13, NARROW = 16 };
const volatile u32 effects[EFFECTS] SEC(".rodata");
/* How many PID namespaces the node's is above the observer's: 1 in a pod that has its own. */
const volatile u32 levelsAbove SEC(".rodata");
/* Bytes of a stream that a record can hold. */
const volatile u32 streamBytes SEC(".rodata") = 65536;

enum { TGID = 1, UPID_BYTES = 16, CHUNK = 16384, PIECES = 64, TEXT_CHUNKS = 9, ANCESTORS = 8, NAME = 64, PATH = 224, PATH_BYTES = 4096, GROUP_EXIT = 4, PEEK = 2, PIPEFS = 0x50495045, WAKE_BYTES = 1 << 20, RING_BYTES = 8 << 20, FOR_CALLS = 2 << 20, FOR_ENDS = 1 << 16, QUIETLY = 1, WAKING = 2 };
enum { BEGIN, TEXT, FORK, READ, WRITE, EXIT, UNSEEN };
enum { EXECUTION, SYSTEM_CALL, PIPE_READ, PIPE_WRITE, SOURCES, MOVING };
enum { LOST_BEGIN, LOST_TEXT, LOST_FORK, LOST_DATA, LOST_EXIT, LOSSES };

struct identity { u64 ino; u32 dev, zero; };
struct stream { u64 ino; u32 dev, mode, rdev, isPipe; };
struct namespace { u64 at; u32 level, zero; };
struct call { u64 parent; struct stream streams[3]; u64 sent[3]; };
/* Of each record in the ring. `isLast`: no more pieces of this transfer. */
struct head { u32 kind, size; u64 ns, call; u32 thread, isLast; };
struct begin { struct head head; u64 startNs, plugin; struct call call; u32 pid, ppid, argBytes, envBytes, isNamed, isContained, isNarrow, zero; char parentName[16], path[PATH_BYTES]; };
struct forked { struct head head; u32 pid, zero; };
struct unseen { struct head head; u64 ino, total, offset; u32 dev, zero; };
struct transfer { struct unseen of; u8 bytes[CHUNK]; };
struct exited { struct head head; u32 pid, status; u64 userNs, systemNs, runNs, childUserNs, childSystemNs, maxRssPages, childMaxRssPages; struct stream stdin; u32 pipeHead, pipeTail, pipeWriters, zero; };

struct map plugins SEC("maps") = { HASH, sizeof(struct identity), sizeof(u64), 4096 };
struct map identified SEC("maps") = { ARRAY, sizeof(u32), sizeof(struct identity), 1 };
struct map names SEC("maps") = { HASH, NAME, sizeof(u64), 4096 };
struct map processes SEC("maps") = { HASH, sizeof(u32), sizeof(u64), 8192 };
struct map calls SEC("maps") = { HASH, sizeof(u64), sizeof(struct call), 4096 };
/* Where records are made, for each of the programs that make them: a program runs once at a time on a processor. */
struct map beginning SEC("maps") = { PER_PROCESSOR, sizeof(u32), sizeof(struct begin), 1 };
struct map pieces SEC("maps") = { PER_PROCESSOR, sizeof(u32), sizeof(struct transfer), SOURCES };
struct map ring SEC("maps") = { RINGBUF, 0, 0, RING_BYTES };

/* Processes that belong to a call. While there is none, everybody else's reads and writes leave after one comparison. */
s64 inFlight SEC(".bss");
struct namespace node SEC(".bss");
/* Set by the loader: reads and writes of pipes are followed by the functions of pipes. */
u64 hasPipePrograms SEC(".bss");
u64 lost[LOSSES] SEC(".bss");
/* Always 0, which the verifier does not know: a number to which it is added has no history, and a loop is checked once instead
 * of once for each way through it. */
u64 zero SEC(".bss");

INLINE u64 word(u64 base, u32 at) { u64 v = 0; readKernel(&v, 8, (void *)(base + at)); return v; }
INLINE u32 half(u64 base, u32 at) { u32 v = 0; readKernel(&v, 4, (void *)(base + at)); return v; }
INLINE void lose(u32 what) { __sync_fetch_and_add(&lost[what], 1); }
/* Bytes of streams leave a quarter of the ring to what begins and ends calls, and what begins them leaves room for their ends. */
INLINE int isFull(u32 leftBytes) { return query(&ring, 0) > RING_BYTES - leftBytes; }

INLINE void identify(struct stream *s, u64 file)
{
    u64 inode = word(file, at_file__f_inode), filesystem = word(inode, at_inode__i_sb);
    s->ino = word(inode, at_inode__i_ino);
    s->dev = half(filesystem, at_super_block__s_dev);
    s->isPipe = half(filesystem, at_super_block__s_magic) == PIPEFS;
    s->mode = half(inode, at_inode__i_mode) & 0xffff;
    s->rdev = half(inode, at_inode__i_rdev);
}

INLINE u64 openFile(u64 task, u32 fd)
{
    u64 table = word(word(task, at_task_struct__files), at_files_struct__fdt);
    return fd < half(table, at_fdtable__max_fds) ? word(word(table, at_fdtable__fd), fd * 8) : 0;
}

/* The ID of a process in the node's PID namespace; 0 if it has none, as one of another node with the same kernel. */
INLINE u32 idOnNode(u64 task)
{
    u64 pid = word(word(task, at_task_struct__signal), at_signal_struct__pids + 8 * TGID);
    u64 number = pid + at_pid__numbers + node.level * UPID_BYTES;
    return half(pid, at_pid__level) >= node.level && word(number, at_upid__ns) == node.at ? half(number, at_upid__nr) : 0;
}

INLINE u64 mountsOf(u64 task) { return word(word(task, at_task_struct__nsproxy), at_nsproxy__mnt_ns); }

INLINE void start(struct head *head, u32 kind, u32 size, u64 call)
{
    head->kind = kind, head->size = size, head->ns = now(), head->call = call;
    head->thread = (u32)processAndThread(), head->isLast = 1;
}

/* Run by the loader in its own process, (descriptor): what the kernel knows that open file by. stat(2) may give other
 * numbers, as on btrfs and overlayfs. And which PID namespace is the node's. */
SEC("identify") int identifyFile(u64 *ctx)
{
    struct stream s = {};
    struct identity id = {};
    u64 pid = word(word(currentTask(), at_task_struct__signal), at_signal_struct__pids + 8 * TGID);
    u32 zero = 0;
    node.level = half(pid, at_pid__level) - levelsAbove;
    node.at = word(pid + at_pid__numbers + node.level * UPID_BYTES, at_upid__ns);
    identify(&s, openFile(currentTask(), (u32)ctx[0]));
    id.ino = s.ino, id.dev = s.dev;
    update(&identified, &zero, &id, 0);
    return 0;
}

/* The plugin that has the name of this file. */
INLINE u64 *pluginNamed(u64 path, char *text)
{
    char name[NAME] = {};
    u32 i, from = 0;
    readKernelText(text, PATH, (void *)path);
    for (i = 0; i < PATH; i++) {
        if (!text[i]) break;
        if (text[i] == '/') from = i + 1;
    }
    readKernelText(name, sizeof name, (void *)(path + from));
    return lookup(&names, name);
}

/* One piece of a transfer, or of the texts of a call. Of what a record cannot hold only the size is sent. */
INLINE void send(u32 kind, u32 source, u64 id, const struct stream *s, u64 total, u64 offset, u64 from, u64 size, u32 isLast)
{
    u32 isText = kind == TEXT;
    struct transfer *t = lookup(&pieces, &source);
    if (!t || isFull(isText ? FOR_ENDS : FOR_CALLS)) { lose(isText ? LOST_TEXT : LOST_DATA); return; }
    if (size > CHUNK) size = CHUNK;
    if (readUser(t->bytes, (u32)size, (void *)from)) size = 0;
    start(&t->of.head, kind, (u32)size, id);
    t->of.head.isLast = isLast;
    t->of.ino = s->ino, t->of.dev = s->dev, t->of.total = total, t->of.offset = offset;
    if (output(&ring, t, sizeof *t - CHUNK + size, isText || query(&ring, 0) <= WAKE_BYTES ? QUIETLY : WAKING)) lose(isText ? LOST_TEXT : LOST_DATA);
}

/* So many bytes of a stream were not seen; of no stream: any may have moved. */
INLINE void missed(u64 id, u64 ino, u32 dev, u64 total)
{
    struct unseen u = { .ino = ino, .dev = dev, .total = total };
    start(&u.head, UNSEEN, 0, id);
    if (isFull(FOR_ENDS) || output(&ring, &u, sizeof u, QUIETLY)) lose(LOST_DATA);
}

SEC("raw_tracepoint/sched_process_exec") int programExecuted(u64 *ctx)
{
    u64 task = ctx[0], bprm = ctx[2], mm, parent, id, from, left, path = word(bprm, at_linux_binprm__filename), *of, *plugin;
    u32 tgid = processAndThread() >> 32, only = 0, i, isNarrow;
    s64 pathBytes;
    struct identity key = {};
    struct stream file = {};
    struct begin *begin;
    identify(&file, word(bprm, at_linux_binprm__file));
    key.ino = file.ino, key.dev = file.dev;
    plugin = lookup(&plugins, &key);
    if (!(begin = lookup(&beginning, &only))) return 0;
    begin->isContained = mountsOf(task) != mountsOf(word(node.at, at_pid_namespace__child_reaper));
    begin->isNamed = !plugin;
    /* Of a script the kernel knows only the interpreter then, and the path. An agent in a container may have plugins of its
     * own. What is known by its name only is looked at by the observer. */
    if (!plugin && (begin->isContained || word(bprm, at_linux_binprm__interp) != path)) plugin = pluginNamed(path, begin->path);
    isNarrow = half(bprm, at_linux_binprm__buf + 4) << 24 == 1 << 24; /* EI_CLASS of the executable or of a script's interpreter */
    of = lookup(&processes, &tgid);
    if (!plugin && of && isNarrow) missed(*of, 0, 0, 0);
    if (!plugin || !(begin->pid = idOnNode(task))) return 0;
    id = (u64)tgid << 31 | (now() >> 10 & 0x7fffffff); /* a script's numbers have 53 bits */
    begin->call.parent = of ? *of : 0;
    for (i = 0; i < 3; i++) identify(&begin->call.streams[i], openFile(task, i));
    start(&begin->head, BEGIN, 0, id);
    parent = word(task, at_task_struct__real_parent);
    mm = word(task, at_task_struct__mm);
    from = word(mm, at_mm_struct__arg_start);
    begin->startNs = word(task, at_task_struct__start_time), begin->plugin = *plugin;
    begin->ppid = idOnNode(parent), begin->isNarrow = isNarrow;
    begin->argBytes = word(mm, at_mm_struct__arg_end) - from;
    begin->envBytes = word(mm, at_mm_struct__env_end) - word(mm, at_mm_struct__env_start);
    readKernel(begin->parentName, sizeof begin->parentName, (void *)(parent + at_task_struct__comm));
    pathBytes = readKernelText(begin->path, sizeof begin->path, (void *)path);
    if (pathBytes < 0 || pathBytes > PATH_BYTES) pathBytes = 0;
    if (isFull(FOR_ENDS) || update(&calls, &id, &begin->call, 0) || output(&ring, begin, sizeof *begin - PATH_BYTES + pathBytes, QUIETLY)) {
        lose(LOST_BEGIN);
        remove(&calls, &id);
        return 0;
    }
    if (update(&processes, &tgid, &id, 0)) lose(LOST_FORK);
    else if (!of) __sync_fetch_and_add(&inFlight, 1);
    left = begin->argBytes + begin->envBytes;
    /* Arguments and environment are one range of the new stack. */
    for (i = 0; i < TEXT_CHUNKS && left; i++) {
        u64 size = left > CHUNK ? CHUNK : left;
        send(TEXT, EXECUTION, id, &file, 0, (u64)i * CHUNK, from + (u64)i * CHUNK, size, size == left);
        left -= size;
    }
    return 0;
}

SEC("raw_tracepoint/sched_process_fork") int processForked(u64 *ctx)
{
    u32 tgid = processAndThread() >> 32, child = half(ctx[1], at_task_struct__tgid);
    struct forked forked = {};
    u64 *id = inFlight ? lookup(&processes, &tgid) : 0, call;
    if (!id || child != half(ctx[1], at_task_struct__pid)) return 0;
    call = *id;
    forked.pid = idOnNode(ctx[1]);
    start(&forked.head, FORK, 0, call);
    if (update(&processes, &child, &call, 0)) { lose(LOST_FORK); return 0; }
    __sync_fetch_and_add(&inFlight, 1);
    if (output(&ring, &forked, sizeof forked, QUIETLY)) lose(LOST_FORK);
    return 0;
}

SEC("raw_tracepoint/sched_process_exit") int processExited(u64 *ctx)
{
    u64 task = ctx[0], signal, *id, call, stdin, pipe;
    u32 tgid = processAndThread() >> 32;
    struct exited exited = {};
    id = inFlight ? lookup(&processes, &tgid) : 0;
    signal = word(task, at_task_struct__signal);
    if (!id || half(signal, at_signal_struct__live)) return 0; /* another thread lives */
    call = *id;
    if (remove(&processes, &tgid)) return 0; /* the last two threads may exit at once */
    __sync_fetch_and_add(&inFlight, -1);
    exited.pid = idOnNode(task);
    exited.status = half(signal, at_signal_struct__flags) & GROUP_EXIT ? half(signal, at_signal_struct__group_exit_code) : half(task, at_task_struct__exit_code);
    exited.userNs = word(task, at_task_struct__utime) + word(signal, at_signal_struct__utime);
    exited.systemNs = word(task, at_task_struct__stime) + word(signal, at_signal_struct__stime);
    exited.runNs = word(task, at_task_struct__se__sum_exec_runtime) + word(signal, at_signal_struct__sum_sched_runtime);
    exited.childUserNs = word(signal, at_signal_struct__cutime), exited.childSystemNs = word(signal, at_signal_struct__cstime);
    exited.maxRssPages = word(signal, at_signal_struct__maxrss), exited.childMaxRssPages = word(signal, at_signal_struct__cmaxrss);
    stdin = openFile(task, 0), pipe = word(word(stdin, at_file__f_inode), at_inode__i_pipe);
    identify(&exited.stdin, stdin);
    exited.pipeHead = half(pipe, at_pipe_inode_info__head), exited.pipeTail = half(pipe, at_pipe_inode_info__tail);
    exited.pipeWriters = half(pipe, at_pipe_inode_info__writers);
    start(&exited.head, EXIT, 0, call);
    if (output(&ring, &exited, sizeof exited, QUIETLY)) lose(LOST_EXIT);
    return 0;
}

/* Counts the bytes for each call whose stream this file is: descendants of a plugin write for it. Returns whether there is
 * one, and how many bytes of its stream came before. */
INLINE int countBytes(u64 id, u32 kind, const struct stream *s, u64 total, u64 *before)
{
    u64 slot;
    u32 i, found = 0;
    for (i = 0; i < ANCESTORS; i++) {
        struct call *call = lookup(&calls, &id);
        if (!call) break;
        id = call->parent;
        if (kind == READ && s->ino == call->streams[0].ino && s->dev == call->streams[0].dev) slot = 0;
        else if (kind == WRITE && s->ino == call->streams[1].ino && s->dev == call->streams[1].dev) slot = 1;
        else if (kind == WRITE && s->ino == call->streams[2].ino && s->dev == call->streams[2].dev) slot = 2;
        else continue;
        slot += zero;
        if (slot > 2) break;
        if (!found) *before = call->sent[slot];
        found = 1;
        __sync_fetch_and_add(&call->sent[slot], total);
    }
    return found;
}

/* What one system call has read or written: one buffer, or a list of them, of which the last may be longer than the result. */
INLINE void transferred(u32 kind, u32 source, u64 id, u64 file, u64 total, u64 buffer, u64 vector)
{
    struct { u64 base, bytes; } part;
    struct stream s = {};
    u64 before = 0, copied = zero, base = buffer, left = vector ? 0 : total;
    u32 i;
    identify(&s, file);
    if ((hasPipePrograms && s.isPipe == (source == SYSTEM_CALL)) || !countBytes(id, kind, &s, total, &before)) return;
    if (!total || before >= streamBytes) { send(kind, source, id, &s, total, 0, 0, 0, 1); return; }
    for (i = 0; i < PIECES; i++) {
        u64 size = CHUNK;
        if (!left) {
            if (!vector || readUser(&part, sizeof part, (void *)vector)) break;
            vector += sizeof part, base = part.base, left = part.bytes;
            continue;
        }
        if (left > CHUNK) left -= CHUNK;
        else size = left, left = 0;
        if (size > total - copied) size = total - copied; /* what follows may be memory that was never used, which cannot be read */
        send(kind, source, id, &s, total, copied, base, size, copied + size >= total);
        copied += size + zero, base += size;
        if (copied >= total || copied >= streamBytes) return;
    }
    lose(LOST_DATA);
}

/* Bytes that the kernel moves between files without a buffer of the process: both may be streams. */
INLINE void moved(u64 id, u64 in, u64 out, u64 total)
{
    struct stream s = {};
    u64 before;
    identify(&s, in);
    if (countBytes(id, READ, &s, total, &before)) missed(id, s.ino, s.dev, total);
    identify(&s, out);
    if (countBytes(id, WRITE, &s, total, &before)) missed(id, s.ino, s.dev, total);
}

INLINE u64 argument(u64 registers, u32 index) { return word(registers, machine_arguments[index & 3]); }

/* A system call has moved bytes: its arguments are still in the registers, and the result is known. Files are known by the
 * open file behind a descriptor, however the process has moved it. */
INLINE void bytesMoved(u64 registers, s64 total, u32 source)
{
    u64 *id, file, task = currentTask(), second, vector = 0;
    u32 tgid = processAndThread() >> 32, number, effect, kind;
    id = lookup(&processes, &tgid);
    if (!id || total < 0 || (half(registers, machine_mode) & NARROW) == machine_narrow) return;
    number = half(registers, machine_number);
    effect = number < EFFECTS ? effects[number] : 0, kind = effect & KIND;
    if (!kind || (effect >> FLAGS_AT & 3 && argument(registers, effect >> FLAGS_AT) & PEEK)) return;
    if (kind == READ && !total && !(effect & MESSAGE) && !argument(registers, 2)) return; /* of no bytes: it is not the end */
    if (kind == UNSEEN ? source != (hasPipePrograms ? MOVING : SYSTEM_CALL) : source == MOVING) return;
    if (kind == UNSEEN) {
        file = effect & NO_SOURCE ? 0 : openFile(task, (u32)argument(registers, effect >> FROM_AT));
        if (effect & NO_FILE) missed(*id, 0, 0, 0);
        else if (total) moved(*id, file, openFile(task, (u32)argument(registers, effect >> TO_AT)), effect & COUNTS_MESSAGES ? 0 : total);
        return;
    }
    file = openFile(task, (u32)argument(registers, 0)), second = argument(registers, 1);
    if (effect & MESSAGE) readUser(&vector, 8, (void *)(second + 16)); /* msg_iov */
    else if (effect & VECTOR) vector = second;
    transferred(kind, source, *id, file, total, second, vector);
}

/* At the end of every system call of the node, unless all streams are pipes and the kernel can trace functions. */
SEC("raw_tracepoint/sys_exit") int systemCallEnded(u64 *ctx) { if (inFlight) bytesMoved(ctx[0], ctx[1], SYSTEM_CALL); return 0; }

/* At the end of the functions of pipes, (kiocb, iterator), and of the system calls that move bytes without a buffer. */
SEC("pipe/read") int pipeRead(u64 *ctx) { if (inFlight) bytesMoved(registersOf(typedTask()), ctx[2], PIPE_READ); return 0; }
SEC("pipe/write") int pipeWritten(u64 *ctx) { if (inFlight) bytesMoved(registersOf(typedTask()), ctx[2], PIPE_WRITE); return 0; }
SEC("moving/unseen") int bytesMovedUnseen(u64 *ctx) { if (inFlight) bytesMoved(ctx[0], ctx[1], MOVING); return 0; }

static const char LICENSE[] SEC("license") = "Dual BSD/GPL";
