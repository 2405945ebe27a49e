/* The recorder: a process of its own beside the relay, which composes the records and writes them while the relay does
 * nothing but relay. A script that fails or a file system that hangs costs records and not the call: the relay does not
 * wait for such a recorder. Both share one memory, so starting it copies nothing. */
#pragma once
#include <poll.h>
#include <sched.h>
#include <sys/signalfd.h>
#include "original.h"
#include "record.h"

enum { RECORDER_STACK_BYTES = 256 << 10 };

/* How long the relay waits for the recorder when the plugin has ended: a file system that takes longer for one record hangs,
 * and a recorder that is not scheduled for so long is left to write later. */
enum { FILE_WAIT_MS = 100, RECORDER_WAIT_MS = 1000, LOOK_MS = 20 };

enum { FUTEX_WAIT_PRIVATE = 128, FUTEX_WAKE_PRIVATE = 129 }; /* linux/futex.h, which musl does not have */

enum { PROGRESS_WANTED = 1, END_WANTED = 2 };

static struct {
    pid_t pid, relayPid; /* pid: 0 before it is started, -1 if it cannot be, or has died */
    Recording recording;
    void (*instead)(void); /* what a probe does in the recorder */
    uint32_t wanted; /* set by the relay */
    int wasStarted;
} recorder;

enum { THREAD_BYTES = 512 }; /* musl 1.2 needs about 200 */

/* Both processes would share errno: the C library's state of a thread is copied. It is behind the thread pointer on x86-64
 * and before it on arm64. */
static void ownThread(void)
{
    static uint8_t copy[2 * THREAD_BYTES] __attribute__((aligned(64)));
    uint8_t *from = __builtin_thread_pointer(), *to = copy + THREAD_BYTES;
    memcpy(copy, from - THREAD_BYTES, sizeof copy);
#ifdef __x86_64__
    *(void **)to = to; /* its first word is its own address */
    syscall(SYS_arch_prctl, 0x1002 /* ARCH_SET_FS */, to);
#else
    __asm__ volatile("msr tpidr_el0, %0" : : "r"(to) : "memory");
#endif
}

/* A process that holds the runtime's pipes open would make it wait. CLOSE_RANGE_UNSHARE: the relay keeps its descriptors. */
static void closeAll(void)
{
    int fd;
    if (syscall(SYS_close_range, 0, ~0u, 2 /* CLOSE_RANGE_UNSHARE */) == 0) return;
    unshare(CLONE_FILES); /* before Linux 5.9 */
    for (fd = 0; fd < 1024; fd++) close(fd);
}

/* Until there is something to record. If the relay dies first, so does the recorder: no end is left to write. If the relay
 * has asked and then ended without waiting, the recorder goes on. */
static uint32_t nextWanted(void)
{
    if (!__atomic_load_n(&recorder.wanted, __ATOMIC_SEQ_CST)) prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (!__atomic_load_n(&recorder.wanted, __ATOMIC_SEQ_CST)) {
        pid_t above = getppid(); /* 0: in another PID namespace */
        if (above != recorder.relayPid && above != 0 && !__atomic_load_n(&recorder.wanted, __ATOMIC_SEQ_CST)) _exit(0);
        syscall(SYS_futex, &recorder.wanted, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
    }
    prctl(PR_SET_PDEATHSIG, 0);
    return __atomic_exchange_n(&recorder.wanted, 0, __ATOMIC_SEQ_CST);
}

static int recorderMain(void *unused)
{
    const Recording *r = &recorder.recording;
    uint32_t wanted;
    (void)unused;
    ownThread();
    closeAll();
    if (recorder.instead) { recorder.instead(); _exit(0); }
    record(BEGIN, r, recorder.relayPid);
    while (!((wanted = nextWanted()) & END_WANTED)) record(PROGRESS, r, recorder.relayPid);
    record(END, r, recorder.relayPid);
    _exit(0);
}

static void startRecorder(void)
{
    void *stack = mmap(NULL, RECORDER_STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
    recorder.relayPid = getpid();
    /* A core dump would contain secrets, and older kernels kill all processes that share its memory. */
    prctl(PR_SET_DUMPABLE, 0);
    recorder.pid = stack == MAP_FAILED ? -1 : clone(recorderMain, (uint8_t *)stack + RECORDER_STACK_BYTES, CLONE_VM | CLONE_FILES | SIGCHLD, NULL);
    recorder.wasStarted = recorder.pid > 0;
}

static void want(uint32_t what)
{
    __atomic_or_fetch(&recorder.wanted, what, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, &recorder.wanted, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* If the plugin is the first process of a PID namespace, its end kills the recorder, and waits until we have seen that. */
static void noticeDeath(void)
{
    if (recorder.pid > 0 && waitpid(recorder.pid, NULL, WNOHANG) == recorder.pid) recorder.pid = -1;
}

/* Whether the recorder has ended. `signals` becomes readable when a child has ended. */
static int waitForRecorder(int signals)
{
    int64_t endsUs = clockUs(CLOCK_MONOTONIC) + RECORDER_WAIT_MS * 1000;
    while (waitpid(recorder.pid, NULL, WNOHANG) == 0) {
        struct pollfd p = { signals, POLLIN, 0 };
        struct signalfd_siginfo info;
        int64_t nowUs = clockUs(CLOCK_MONOTONIC), sinceUs = __atomic_load_n(&fileSinceUs, __ATOMIC_SEQ_CST);
        if (nowUs >= endsUs || (sinceUs && nowUs >= sinceUs + FILE_WAIT_MS * 1000)) return 0;
        if (poll(&p, 1, LOOK_MS) > 0) while (read(signals, &info, sizeof info) == sizeof info) ;
    }
    return 1;
}

/* After the plugin's answer has been relayed in full. If the recorder could not be started, or has died, a copy of this
 * process records what is missing: whatever killed it must not happen here. */
static void recordEnd(int signals)
{
    if (!recorder.pid) {
        call.hasStdin = outcome.stdinComplete;
        startRecorder();
    }
    if (recorder.pid > 0) want(END_WANTED);
    else if ((recorder.pid = fork()) == 0) {
        closeAll();
        if (!recorder.wasStarted) record(BEGIN, &recorder.recording, recorder.relayPid);
        record(END, &recorder.recording, recorder.relayPid);
        _exit(0);
    }
    if (recorder.pid > 0) waitForRecorder(signals);
}
