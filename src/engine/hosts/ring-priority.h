/* How urgent it is to read the ring buffer. Plugins come first: its reader waits behind everybody else's work until much is
 * waiting, and then it comes before theirs, because what does not fit is lost. A process that waits for a processor cannot
 * raise its own priority, so another thread does. */
#pragma once
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

enum { PATIENT = 10, URGENT = -20, URGENT_BYTES = 1 << 20, PAUSE_US = 5000 };

static struct { uint8_t *data; size_t size; const uint64_t *produced; uint64_t *consumed; } ring;
static int ringEvents, isUrgent;
static pid_t ringReader;

static void *watchRing(void *nothing)
{
    struct epoll_event event;
    for (;;) {
        if (epoll_wait(ringEvents, &event, 1, -1) < 0) continue;
        if (__atomic_load_n(ring.produced, __ATOMIC_ACQUIRE) - __atomic_load_n(ring.consumed, __ATOMIC_ACQUIRE) > URGENT_BYTES) {
            setpriority(PRIO_PROCESS, (id_t)ringReader, URGENT);
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
    sigset_t all, before;
    pthread_t thread;
    if ((ringEvents = epoll_create1(EPOLL_CLOEXEC)) < 0 || epoll_ctl(ringEvents, EPOLL_CTL_ADD, fd, &event)) return;
    if (setpriority(PRIO_PROCESS, 0, URGENT)) return;
    ringReader = gettid();
    /* Signals are the reader's. */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&thread, NULL, watchRing, NULL)) setpriority(PRIO_PROCESS, 0, 0);
    else setpriority(PRIO_PROCESS, 0, PATIENT);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

/* Called by the reader when nothing is waiting. */
static void endRingUrgency(void)
{
    if (__atomic_exchange_n(&isUrgent, 0, __ATOMIC_ACQ_REL)) setpriority(PRIO_PROCESS, 0, PATIENT);
}
