/* Relays bytes of all three streams and signals until the plugin and both its outputs have ended. */
#pragma once
#include <poll.h>
#include <sys/signalfd.h>
#include "recorder.h"

/* One direction: a chunk is read only after the previous one has been written. What is recorded is read to its place. */
typedef struct { int from, to; Stream *stream; const uint8_t *data; size_t left; uint8_t *chunk; } Pump;

static Pump pumps[STREAMS];

/* Read at once of what is not recorded. It is written in pages, so that more would only need more memory. */
enum { CHUNK_BYTES = 16384 };

/* For what is relayed and not recorded: most streams never need it. */
static uint8_t *chunkOf(Pump *p, size_t *room)
{
    static uint8_t small[STREAMS][PIPE_BUF] RARE;
    if (!p->chunk) p->chunk = mmap(NULL, CHUNK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *room = p->chunk == MAP_FAILED ? PIPE_BUF : CHUNK_BYTES;
    return p->chunk == MAP_FAILED ? small[p - pumps] : p->chunk;
}

/* Reads once. Keeps as many bytes as the record may have; the relayed bytes themselves are never limited. */
static ssize_t readStream(Pump *p)
{
    Stream *s = p->stream;
    size_t room = s->kept == s->total ? s->room - s->kept : 0; /* nothing after a gap: it would look like one text */
    uint8_t *to = room ? s->data + s->kept : chunkOf(p, &room);
    int isKept = to == s->data + s->kept && room == s->room - s->kept;
    ssize_t n = read(p->from, to, room);
    if (n <= 0) return n;
    p->data = to;
    p->left = (size_t)n;
    if (isKept) __atomic_store_n(&s->kept, s->kept + (size_t)n, __ATOMIC_RELEASE);
    __atomic_store_n(&s->total, s->total + (uint64_t)n, __ATOMIC_RELEASE);
    return n;
}

/* If the caller keeps stdin open longer than this, the begin record is written without it. */
enum { STDIN_WAIT_US = 10000 };

static int shortest(int64_t a, int64_t b)
{
    int64_t us = a < 0 ? b : b < 0 || a < b ? a : b;
    return us < 0 ? -1 : (int)(us / 1000) + (us % 1000 > 0);
}

/* What the caller writes and the plugin does not read: for the record. */
static void readUnwanted(Pump *p, int64_t waitUs)
{
    int64_t endsUs = clockUs(CLOCK_MONOTONIC) + waitUs;
    struct pollfd wait = { p->from, POLLIN, 0 };
    while (!outcome.stdinComplete && p->stream->kept < p->stream->room && p->stream->kept == p->stream->total) {
        int64_t leftUs = endsUs - clockUs(CLOCK_MONOTONIC);
        ssize_t n;
        if (poll(&wait, 1, leftUs > 0 ? shortest(leftUs, -1) : 0) <= 0 || (n = readStream(p)) < 0) return;
        outcome.stdinComplete = n == 0;
    }
}

/* The plugin could not be started at all. The call is over, but the caller writes stdin after it has started us. */
static void readWithoutPlugin(void)
{
    pumps[STDIN] = (Pump){ .from = STDIN, .to = -1, .stream = &streams[STDIN] };
    readUnwanted(&pumps[STDIN], STDIN_WAIT_US);
}

static void stop(Pump *p)
{
    if (p == &pumps[STDIN] && p->from >= 0 && !outcome.stdinComplete) readUnwanted(p, 0);
    if (p->from >= 0) close(p->from); /* a writer on the other side now gets EPIPE, as it would without us */
    p->from = -1;
    p->left = 0;
    if (p == &pumps[STDIN] && p->to >= 0) close(p->to), p->to = -1;
}

static void carry(Pump *p, short readable, short writable)
{
    ssize_t n;
    if (p->from < 0) return;
    /* POLLHUP: the other end of a socket (for example journald's) is gone; poll would report it forever. */
    if (writable & (POLLERR | POLLHUP | POLLNVAL)) { stop(p); return; }
    if (p->left && (writable & POLLOUT)) {
        /* POLLOUT promises one page: a larger write could block here while the other stream has to move. */
        n = write(p->to, p->data, p->left < PIPE_BUF ? p->left : PIPE_BUF);
        if (n > 0) p->data += n, p->left -= (size_t)n;
        else if (n < 0 && errno != EINTR && errno != EAGAIN) stop(p);
    } else if (readable && !p->left) {
        n = readStream(p);
        if (n > 0 || (n < 0 && (errno == EINTR || errno == EAGAIN))) return;
        if (p == &pumps[STDIN]) outcome.stdinComplete = 1;
        stop(p);
    }
}

/* Reports of what a long call has written so far, so that the output of a hung or killed plugin is not lost. The interval
 * doubles, so that a call of any length makes few of them. A plugin's last words are not reported just before its end
 * record has them: a report is due when its bytes are no longer new. */
enum { FIRST_REPORT_US = 1000000, NEW_US = 200000 };
typedef struct { int64_t startedUs, dueUs, newSinceUs; uint64_t reportedBytes; } Reports;

static uint64_t outputBytes(void) { return streams[STDOUT].total + streams[STDERR].total; }

/* How many microseconds until a report is due; -1 if there is nothing to report. The plugin's bytes come first. */
static int64_t untilReport(Reports *r, int64_t nowUs)
{
    int64_t dueUs;
    if (config.onlyFailures || recorder.pid <= 0 || outputBytes() == r->reportedBytes || pumps[STDOUT].left || pumps[STDERR].left) return -1;
    if (!r->newSinceUs) r->newSinceUs = nowUs;
    dueUs = r->dueUs > r->newSinceUs + NEW_US ? r->dueUs : r->newSinceUs + NEW_US;
    return dueUs > nowUs ? dueUs - nowUs : 0;
}

static void reportIfDue(Reports *r, int64_t nowUs)
{
    if (untilReport(r, nowUs) != 0) return;
    r->reportedBytes = outputBytes();
    r->newSinceUs = 0;
    want(PROGRESS_WANTED);
    r->dueUs = nowUs + (nowUs - r->startedUs);
}

static void forwardSignals(int signals, pid_t child)
{
    struct signalfd_siginfo info;
    while (read(signals, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGCHLD || info.ssi_signo == SIGPIPE || child <= 0) continue;
        /* A terminal's Ctrl-C goes to the whole process group: the plugin has received it already. An alarm has not. */
        if (info.ssi_code == SI_KERNEL && info.ssi_signo != SIGALRM) continue;
        kill(child, (int)info.ssi_signo);
    }
}

static sigset_t forwarded(void)
{
    static const int left[] = { SIGKILL, SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU, SIGCONT, SIGSEGV, SIGBUS, SIGFPE,
                                SIGILL, SIGTRAP, SIGSYS };
    sigset_t set;
    size_t i;
    sigfillset(&set);
    for (i = 0; i < sizeof left / sizeof *left; i++) sigdelset(&set, left[i]);
    return set;
}

/* If a reader is gone before the plugin starts, the first write must fail with EPIPE and not fill our pipe. */
static void closeUnread(void)
{
    struct pollfd p[] = { { STDOUT, 0, 0 }, { STDERR, 0, 0 } };
    size_t i;
    if (poll(p, 2, 0) <= 0) return;
    for (i = 0; i < 2; i++)
        if (p[i].revents & (POLLERR | POLLHUP)) { close(pipes[p[i].fd][0]); pipes[p[i].fd][0] = -1; }
}

/* Relays until the plugin has ended and both its output streams are at their end, as libcni itself waits for EOF: a
 * grandchild that keeps stdout open delays the runtime with us as it does without us. */
static void relay(int signals, pid_t child, int64_t startedUs)
{
    const int64_t beginsUs = clockUs(CLOCK_MONOTONIC) + STDIN_WAIT_US;
    Reports reports = { startedUs, startedUs + FIRST_REPORT_US, 0, 0 };
    int reaped = 0, i;
    for (i = 0; i < STREAMS; i++) {
        pumps[i].from = i == STDIN ? 0 : pipes[i][0];
        pumps[i].to = i == STDIN ? pipes[i][1] : i;
        pumps[i].stream = &streams[i];
    }
    while (!reaped || pumps[STDOUT].from >= 0 || pumps[STDERR].from >= 0) {
        struct pollfd p[2 * STREAMS + 1] = { { signals, POLLIN, 0 } };
        int64_t beginUs = -1, nowUs = clockUs(CLOCK_MONOTONIC);
        if (!recorder.pid && !config.onlyFailures) {
            beginUs = beginsUs - nowUs;
            if (outcome.stdinComplete || beginUs <= 0) { call.hasStdin = outcome.stdinComplete; startRecorder(); beginUs = -1; }
        }
        if (outcome.stdinComplete && !pumps[STDIN].left) stop(&pumps[STDIN]);
        for (i = 0; i < STREAMS; i++) {
            Pump *pump = &pumps[i];
            p[1 + 2 * i] = (struct pollfd){ pump->left || (outcome.stdinComplete && i == STDIN) ? -1 : pump->from, POLLIN, 0 };
            p[2 + 2 * i] = (struct pollfd){ pump->from >= 0 ? pump->to : -1, pump->left ? POLLOUT : 0, 0 };
        }
        if (poll(p, 2 * STREAMS + 1, shortest(beginUs, untilReport(&reports, nowUs))) < 0) continue;
        for (i = 0; i < STREAMS; i++) carry(&pumps[i], p[1 + 2 * i].revents, p[2 + 2 * i].revents);
        if (!reaped) reportIfDue(&reports, clockUs(CLOCK_MONOTONIC));
        if (!p[0].revents) continue;
        forwardSignals(signals, reaped ? 0 : child);
        noticeDeath();
        if (!reaped && wait4(child, &outcome.status, WNOHANG, &outcome.usage) == child) {
            reaped = 1;
            outcome.durationUs = clockUs(CLOCK_MONOTONIC) - startedUs;
        }
    }
    stop(&pumps[STDIN]);
}
