/* How urgent it is to read the ring buffer. Plugins come first: its reader waits behind everybody else's work until much is
 * waiting, and then it comes before theirs, because what does not fit is lost. A process that waits for a processor cannot
 * raise its own priority, so another thread does. */
#pragma once
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PATIENT = 10, URGENT = -20, URGENT_BYTES = 1 << 20, PAUSE_US = 5000 };

static struct { uint8_t *data; size_t size; const uint64_t *produced; uint64_t *consumed; } ring;
static int ringEvents, isUrgent;
/* the reader, and the thread that searches what it has read (secret-marks.h) */
enum { READER, SEARCHER, RING_THREADS };
static pid_t ringThreads[RING_THREADS];

/* Nice -20 alone would leave half of a processor to a hundred plugins. Some control groups deny real-time priority. Programs that
 * the reader starts do not inherit it. musl's own function only returns ENOSYS. */
static void setPriority(pid_t thread, int priority)
{
    struct sched_param rank = { .sched_priority = priority == URGENT };
    int isDone = !syscall(SYS_sched_setscheduler, thread, priority == URGENT ? SCHED_RR | SCHED_RESET_ON_FORK : SCHED_OTHER, &rank);
    if (!isDone || priority != URGENT) setpriority(PRIO_PROCESS, (id_t)thread, priority);
}

static void setRingPriority(int priority)
{
    int i;
    for (i = 0; i < RING_THREADS; i++) {
        pid_t thread = __atomic_load_n(&ringThreads[i], __ATOMIC_ACQUIRE);
        if (thread) setPriority(thread, priority);
    }
}

/* Signals are the script's. */
static int startThread(void *(*run)(void *))
{
    sigset_t all, before;
    pthread_t thread;
    int failed;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&thread, NULL, run, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return !failed;
}

static void *watchRing(void *nothing)
{
    struct epoll_event event;
    for (;;) {
        if (epoll_wait(ringEvents, &event, 1, -1) < 0) continue;
        if (__atomic_load_n(ring.produced, __ATOMIC_ACQUIRE) - __atomic_load_n(ring.consumed, __ATOMIC_ACQUIRE) > URGENT_BYTES) {
            setRingPriority(URGENT);
            __atomic_store_n(&isUrgent, 1, __ATOMIC_RELEASE);
        }
        usleep(PAUSE_US); /* each record that follows is an event */
    }
    return nothing;
}

/* (descriptor of the ring) Without CAP_SYS_NICE, priorities stay as they are, and more is lost. */
static void startRingPriority(int fd)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLET };
    if ((ringEvents = epoll_create1(EPOLL_CLOEXEC)) < 0 || epoll_ctl(ringEvents, EPOLL_CTL_ADD, fd, &event)) return;
    if (setpriority(PRIO_PROCESS, 0, URGENT)) return;
    ringThreads[READER] = gettid();
    setpriority(PRIO_PROCESS, 0, startThread(watchRing) ? PATIENT : 0);
}

/* Called by the reader when nothing is waiting. */
static void endRingUrgency(void)
{
    if (__atomic_exchange_n(&isUrgent, 0, __ATOMIC_ACQ_REL)) setRingPriority(PATIENT);
}

/* The scheduler would let the searcher interrupt the reader, which wakes it, rather than a plugin on another processor. */
static void keepApart(void)
{
    static int apartFrom = -1;
    static cpu_set_t all;
    pid_t searcher = __atomic_load_n(&ringThreads[SEARCHER], __ATOMIC_ACQUIRE);
    int here = sched_getcpu();
    cpu_set_t others;
    if (!searcher || here < 0 || here == apartFrom) return;
    if (apartFrom < 0 && sched_getaffinity(0, sizeof all, &all)) return;
    others = all;
    CPU_CLR(here, &others);
    if (CPU_COUNT(&others) && sched_setaffinity(searcher, sizeof others, &others)) return;
    apartFrom = here;
}

/* Called by the thread that searches, whose priority is to be the reader's from then on. */
static void joinRingThreads(void)
{
    __atomic_store_n(&ringThreads[SEARCHER], gettid(), __ATOMIC_RELEASE);
    if (ringThreads[READER]) setPriority(0, __atomic_load_n(&isUrgent, __ATOMIC_ACQUIRE) ? URGENT : PATIENT);
}
