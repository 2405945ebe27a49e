/* A plugin that reads its stdin and writes its stdout with the system calls that its name says. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static char input[1 << 16], filler[150000];

static void drain(void) { while (read(0, input, sizeof input) > 0) ; }
static void text(int fd, const char *words) { if (write(fd, words, strlen(words)) < 0) exit(90); }
static struct iovec part(const char *words) { return (struct iovec){ (void *)(uintptr_t)words, strlen(words) }; }

static void vectors(void)
{
    struct iovec in[] = { { input, 3 }, { input + 3, 5000 } }, out[] = { part("one "), part(""), part("two ") };
    if (readv(0, in, 2) < 0 || writev(1, out, 3) != 8) exit(91);
    drain();
}

/* The position -1 is that of the file. */
static void positioned(void)
{
    struct iovec in = { input, sizeof input }, out = part("positioned ");
    if (syscall(SYS_preadv2, 0, &in, 1, -1L, -1L, 0) < 0 || syscall(SYS_pwritev2, 1, &out, 1, -1L, -1L, 0) < 0) exit(92);
    drain();
}

/* Its streams are sockets. */
static void messages(void)
{
    struct iovec in = { input, 5 }, out = part("message ");
    struct msghdr from = { .msg_iov = &in, .msg_iovlen = 1 }, to = { .msg_iov = &out, .msg_iovlen = 1 };
    if (recv(0, input, 2, MSG_PEEK) < 0 || recvmsg(0, &from, 0) < 0 || sendmsg(1, &to, 0) < 0) exit(93);
    while (recv(0, input, sizeof input, 0) > 0) ;
    if (send(1, "sent ", 5, 0) < 0) exit(94);
}

/* Its streams are sockets. musl's sendmmsg calls sendmsg for each message. */
static void batched(void)
{
    struct iovec in = { input, 5 }, out = part("batch ");
    struct mmsghdr from = { .msg_hdr = { .msg_iov = &in, .msg_iovlen = 1 } }, to = { .msg_hdr = { .msg_iov = &out, .msg_iovlen = 1 } };
    text(1, "before ");
    if (recvmmsg(0, &from, 1, 0, NULL) != 1 || syscall(SYS_sendmmsg, 1, &to, 1, 0) != 1) exit(102);
    drain();
    text(1, "after");
}

static void ignored(int number) { (void)number; }

/* Reads that a signal ends, reads and writes of descriptors that are not ready, and writes of which a part fits. */
static void interrupted(void)
{
    struct sigaction action = { .sa_handler = ignored };
    struct itimerval often = { { 0, 500 }, { 0, 500 } }, never = { 0 };
    struct pollfd out = { 1, POLLOUT, 0 };
    size_t written = 0;
    ssize_t n;
    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    while ((n = read(0, input, 4)) > 0 || (n < 0 && errno == EINTR)) ;
    setitimer(ITIMER_REAL, &never, NULL);
    fcntl(1, F_SETFL, O_NONBLOCK);
    while (written < sizeof filler) {
        n = write(1, filler + written, sizeof filler - written);
        if (n > 0) written += (size_t)n;
        else if (errno == EAGAIN) poll(&out, 1, -1);
        else exit(95);
    }
}

/* A duplicate, and a child that writes to it after stdout is closed. */
static void duplicated(void)
{
    drain();
    dup2(1, 9);
    close(1);
    text(9, "nine ");
    if (fork() == 0) { text(9, "child "); _exit(0); }
    wait(NULL);
}

static void sent(void)
{
    int file = memfd_create("file", 0);
    off_t start = 0;
    drain();
    text(file, "from a file ");
    text(1, "before ");
    if (sendfile(1, file, &start, 12) != 12) exit(96);
    text(1, "after");
}

static void spliced(void)
{
    text(1, "before ");
    while (splice(0, NULL, 1, NULL, 65536, 0) > 0) ;
    text(1, "after");
}

static void teed(void)
{
    if (tee(0, 1, 65536, 0) <= 0) exit(97);
    drain();
}

static void mapped(void)
{
    struct iovec out = part("mapped ");
    drain();
    if (vmsplice(1, &out, 1, 0) < 0) exit(98);
}

/* struct io_uring_params and io_uring_sqe of linux/io_uring.h, which musl does not have. */
typedef struct { uint32_t head, tail, mask, count, flags, dropped, array, zero; uint64_t user; } Queue;
typedef struct { uint32_t entries, completions, flags, cpu, idle, features, wq, zero[3]; Queue submission; uint32_t completion[10]; } Ring;
typedef struct { uint8_t code, flags; uint16_t priority; int32_t fd; uint64_t offset, address; uint32_t length, rest[9]; } Entry;

/* Puts a write of "ring " to stdout into a new ring, and returns the ring. `completed` is where it counts completions, `state`
 * where its thread says that it sleeps. */
static long submit(uint32_t flags, uint32_t **completed, uint32_t **state)
{
    enum { WRITE = 23 };
    Ring params = { .flags = flags, .idle = 10000 };
    long ring = syscall(425, 4, &params);
    uint8_t *queue = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, (int)ring, 0);
    Entry *entry = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, (int)ring, 0x10000000);
    if (ring < 0 || queue == MAP_FAILED || entry == MAP_FAILED) exit(99);
    entry->code = WRITE, entry->fd = 1, entry->offset = (uint64_t)-1, entry->address = (uintptr_t)"ring ", entry->length = 5;
    ((uint32_t *)(queue + params.submission.array))[0] = 0;
    __atomic_store_n((uint32_t *)(queue + params.submission.tail), 1, __ATOMIC_RELEASE);
    *completed = (uint32_t *)(queue + params.completion[1]), *state = (uint32_t *)(queue + params.submission.flags);
    return ring;
}

static void ringed(void)
{
    enum { GET_EVENTS = 1 };
    uint32_t *completed, *state;
    drain();
    text(1, "before ");
    if (syscall(426, submit(0, &completed, &state), 1, 1, GET_EVENTS, NULL, 0) != 1) exit(100);
    text(1, "after");
}

/* A thread of the kernel takes what is in the ring: no system call moves it, unless the thread sleeps already. */
static void polled(void)
{
    enum { POLLED = 2, SLEEPS = 1, WAKE = 2 };
    uint32_t *completed, *state;
    long ring;
    drain();
    text(1, "before ");
    ring = submit(POLLED, &completed, &state);
    while (!__atomic_load_n(completed, __ATOMIC_ACQUIRE)) {
        if (__atomic_load_n(state, __ATOMIC_ACQUIRE) & SLEEPS) syscall(426, ring, 0, 0, WAKE, NULL, 0);
        usleep(1000);
    }
    text(1, "after");
}

/* More than a record holds, at once, twice. */
static void twice(void)
{
    drain();
    for (int i = 0; i < 2; i++)
        if (write(1, filler, sizeof filler) != sizeof filler) exit(105);
}

/* struct iocb of linux/aio_abi.h, which musl does not have. */
static void submitted(void)
{
    enum { WRITE = 1 };
    struct { uint64_t data; uint32_t key, flags; uint16_t code; int16_t priority; uint32_t fd; uint64_t buffer, bytes, offset, zero; uint32_t more[2]; } request = { 0 };
    void *requests[] = { &request };
    unsigned long context = 0;
    uint64_t events[4];
    drain();
    text(1, "before ");
    request.code = WRITE, request.fd = 1, request.buffer = (uintptr_t)"asynchronous ", request.bytes = 13;
    if (syscall(SYS_io_setup, 1, &context) || syscall(SYS_io_submit, context, 1L, requests) != 1 || syscall(SYS_io_getevents, context, 1L, 1L, events, NULL) != 1) exit(103);
    text(1, "after");
}

int main(int count, char **arguments)
{
    static const struct { const char *name; void (*run)(void); } plugins[] = {
        { "vectors", vectors }, { "positioned", positioned }, { "messages", messages }, { "interrupted", interrupted },
        { "duplicated", duplicated }, { "sent", sent }, { "spliced", spliced }, { "teed", teed }, { "mapped", mapped }, { "ringed", ringed },
        { "batched", batched }, { "submitted", submitted }, { "polled", polled }, { "twice", twice },
    };
    const char *name = count > 0 ? strrchr(arguments[0], '/') : NULL;
    memset(filler, 'x', sizeof filler);
    for (size_t i = 0; name && i < sizeof plugins / sizeof *plugins; i++)
        if (strcmp(name + 1, plugins[i].name) == 0) { plugins[i].run(); return 0; }
    return 101;
}
