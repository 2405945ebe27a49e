/* Relays bytes of all three streams and signals until the plugin and both its outputs have ended. */
#pragma once
#include <poll.h>
#include <sys/signalfd.h>
#include "original.h"

/* One direction: a chunk is read only after the previous one has been written. */
typedef struct { int from, to; Stream *stream; const uint8_t *data; size_t left; uint8_t chunk[CHUNK_BYTES]; } Pump;

static Pump pumps[STREAMS];

static void stop(Pump *p)
{
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
        n = read(p->from, p->chunk, sizeof p->chunk);
        if (n > 0) keep(p->stream, p->chunk, (size_t)n), p->data = p->chunk, p->left = (size_t)n;
        else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
            if (p == &pumps[STDIN]) outcome.stdinComplete = 1;
            stop(p);
        }
    }
}

/* Reports what a long call has written so far, so that the output of a hung or killed plugin is not lost. Set by the
 * script. The interval doubles, so that a call of any length makes few reports; and a plugin that writes its result and
 * ends is not made to wait for one, so a report is due when its bytes are no longer new. */
static void (*report)(void);
enum { FIRST_REPORT_MS = 1000, NEW_MS = 200 };
typedef struct { double startedMs, dueMs, newSinceMs; uint64_t reportedBytes; } Reports;

static uint64_t outputBytes(void) { return streams[STDOUT].total + streams[STDERR].total; }

/* How long poll may wait: until a report is due, if there is anything to report. The plugin's bytes come first. */
static int untilReport(Reports *r)
{
    double nowMs, dueMs;
    if (!report || outputBytes() == r->reportedBytes || pumps[STDOUT].left || pumps[STDERR].left) return -1;
    nowMs = clockMs(CLOCK_MONOTONIC);
    if (!r->newSinceMs) r->newSinceMs = nowMs;
    dueMs = r->dueMs > r->newSinceMs + NEW_MS ? r->dueMs : r->newSinceMs + NEW_MS;
    return dueMs > nowMs ? (int)(dueMs - nowMs) + 1 : 0;
}

static void reportIfDue(Reports *r)
{
    double nowMs;
    if (untilReport(r) != 0) return;
    r->reportedBytes = outputBytes();
    r->newSinceMs = 0;
    report();
    nowMs = clockMs(CLOCK_MONOTONIC);
    r->dueMs = nowMs + (nowMs - r->startedMs);
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

/* Runs the plugin and relays until both its output streams are at their end, as libcni itself waits for EOF: a
 * grandchild that keeps stdout open delays the runtime with us as it does without us. */
static int relay(const char *variable)
{
    sigset_t set = forwarded();
    int signals, error, reaped = 0, i;
    pid_t child = 0;
    double startedMs = clockMs(CLOCK_MONOTONIC);
    Reports reports = { startedMs, startedMs + FIRST_REPORT_MS, 0, 0 };

    if (outcome.started) return 0;
    if (isOurselves(realPath)) { outcome.execErrno = ELOOP; return -1; }
    signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals < 0 || (!outcome.piped && openPipes())) { execReal(variable); outcome.execErrno = errno; return -1; }
    sigprocmask(SIG_BLOCK, &set, NULL);
    closeUnread();
    error = plugin(&child, variable);
    if (error == EAGAIN || error == ENOMEM) { execReal(variable); error = errno; }
    outcome.execErrno = error;
    if (error) { sigprocmask(SIG_SETMASK, &maskAtStart, NULL); return -1; }
    outcome.started = 1;
    outcome.pluginPid = child;
    outcome.spawnMs = clockMs(CLOCK_MONOTONIC) - startedMs;
    close(pipes[STDIN][0]);
    close(pipes[STDOUT][1]);
    close(pipes[STDERR][1]);
    for (i = 0; i < STREAMS; i++) {
        pumps[i].from = i == STDIN ? 0 : pipes[i][0];
        pumps[i].to = i == STDIN ? pipes[i][1] : i;
        pumps[i].stream = &streams[i];
    }
    pumps[STDIN].data = streams[STDIN].data;
    pumps[STDIN].left = streams[STDIN].kept;

    while (!reaped || pumps[STDOUT].from >= 0 || pumps[STDERR].from >= 0) {
        struct pollfd p[2 * STREAMS + 1] = { { signals, POLLIN, 0 } };
        if (outcome.stdinComplete && !pumps[STDIN].left) stop(&pumps[STDIN]);
        for (i = 0; i < STREAMS; i++) {
            Pump *pump = &pumps[i];
            p[1 + 2 * i] = (struct pollfd){ pump->left || (outcome.stdinComplete && i == STDIN) ? -1 : pump->from, POLLIN, 0 };
            p[2 + 2 * i] = (struct pollfd){ pump->from >= 0 ? pump->to : -1, pump->left ? POLLOUT : 0, 0 };
        }
        if (poll(p, 2 * STREAMS + 1, untilReport(&reports)) < 0) continue;
        for (i = 0; i < STREAMS; i++) carry(&pumps[i], p[1 + 2 * i].revents, p[2 + 2 * i].revents);
        if (!reaped) reportIfDue(&reports);
        if (!p[0].revents) continue;
        forwardSignals(signals, reaped ? 0 : child);
        if (!reaped && wait4(child, &outcome.status, WNOHANG, &outcome.usage) == child) {
            reaped = 1;
            outcome.durationMs = clockMs(CLOCK_MONOTONIC) - startedMs;
        }
    }
    return 0;
}

static void finish(void)
{
    if (chosenExit >= 0) _exit(chosenExit);
    if (!outcome.started) _exit(complain("execute", outcome.execErrno));
    if (WIFSIGNALED(outcome.status)) {
        struct sigaction fresh = { .sa_handler = SIG_DFL };
        sigset_t one;
        int signal = WTERMSIG(outcome.status);
        sigaction(signal, &fresh, NULL);
        /* Our core dump would replace the plugin's and contain secrets. The cost: the text that a Go runtime makes of
         * the status lacks "(core dumped)". */
        prctl(PR_SET_DUMPABLE, 0);
        sigemptyset(&one);
        sigaddset(&one, signal);
        raise(signal);
        sigprocmask(SIG_UNBLOCK, &one, NULL);
        _exit(128 + signal);
    }
    _exit(WEXITSTATUS(outcome.status));
}
