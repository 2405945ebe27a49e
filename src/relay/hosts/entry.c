/* The relay's entry point and the system calls the engine lacks. Everything that is decided is decided in
 * TypeScript (src/relay); this file performs. It must be able to run the real plugin alone: whatever fails
 * before the plugin was started ends in execve(real) or in a relay without a record, never in a lost call. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "quickjs.h"
#include "arena.h"
#include "script.h"

extern char **environ;

enum { STDIN, STDOUT, STDERR, STREAMS };
enum { CHUNK_BYTES = 65536 };

/* What one stream carried: the first `kept` bytes, and how many there were in all. */
typedef struct { uint8_t *data; size_t kept, room; uint64_t total; } Stream;

typedef struct {
    int started, execErrno, status, stdinComplete, stdinRead, piped;
    double spawnMs, durationMs;
    struct rusage usage;
} Outcome;

static Stream streams[STREAMS];
static Outcome outcome;
static int pipes[STREAMS][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
static size_t streamLimit;
static char **arguments;
static char selfPath[PATH_MAX], directory[PATH_MAX], realPath[PATH_MAX], configPath[PATH_MAX];
static const char *name;
static sigset_t maskAtStart;
static int chosenExit = -1;
static struct stat ownFile;

/* ---- where we are -------------------------------------------------------------------------------------- */

/* AT_EXECFN is the path the caller executed: right under chroot, in another mount prefix and without /proc,
 * and it keeps the name of a symlink, which is what a multi-call binary dispatches on. */
static int setPaths(const char *self)
{
    const char *slash = strrchr(self, '/');
    size_t length = slash ? (size_t)(slash - self) : 0;
    if (snprintf(selfPath, sizeof selfPath, "%s", self) >= (int)sizeof selfPath) return -1;
    if (slash) snprintf(directory, sizeof directory, "%.*s", (int)length, self); /* "" before a plugin in / itself */
    else snprintf(directory, sizeof directory, ".");
    name = slash ? selfPath + length + 1 : selfPath;
    if (snprintf(realPath, sizeof realPath, "%s/.cnitap/real/%s", directory, name) >= (int)sizeof realPath) return -1;
    if (snprintf(configPath, sizeof configPath, "%s/.cnitap/relay.json", directory) >= (int)sizeof configPath) return -1;
    return 0;
}

static int locate(const char *self)
{
    char resolved[PATH_MAX];
    const char *wanted;
    ssize_t length;
    if (setPaths(self)) return -1;
    if (access(realPath, F_OK) == 0 || access(configPath, F_OK) == 0) return 0;
    /* A symlink elsewhere that points at the relay: the originals lie beside the relay, the name is the link's. */
    length = readlink("/proc/self/exe", resolved, sizeof resolved - 1);
    if (length <= 0) return 0;
    resolved[length] = 0;
    wanted = strrchr(self, '/') ? strrchr(self, '/') + 1 : self;
    *strrchr(resolved, '/') = 0;
    if (strlen(resolved) + strlen(wanted) + 2 > sizeof resolved) return 0;
    strcat(strcat(resolved, "/"), wanted);
    if (setPaths(resolved)) return setPaths(self);
    if (access(realPath, F_OK) != 0 && access(configPath, F_OK) != 0) return setPaths(self);
    return 0;
}

/* The relay must never run itself: an install that went wrong would loop until the node is out of processes. */
static int isOurselves(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && st.st_dev == ownFile.st_dev && st.st_ino == ownFile.st_ino;
}

/* ---- running the real plugin --------------------------------------------------------------------------- */

static double clockMs(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec * 1e3 + (double)(t.tv_nsec / 1000) / 1e3;
}

static int complain(const char *what, int code)
{
    /* containerd's go-cni swallows a DEL whose error text has "not found" or "no such file or directory"
     * (cni.go:260), so ENOENT is put in other words: an original that is gone must not look like success. */
    char text[PATH_MAX + 128];
    const char *why = code == ENOENT ? "the original is missing" : strerror(code);
    int n = snprintf(text, sizeof text, "cnitap: cannot %s %s: %s\n", what, realPath, why);
    if (n > 0 && write(2, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1) < 0) return 1;
    return 1;
}

static char **environmentWith(const char *variable)
{
    size_t count = 0, prefix, i;
    char **result;
    if (!variable) return environ;
    prefix = (size_t)(strchr(variable, '=') - variable) + 1;
    while (environ[count]) count++;
    if (!(result = arenaMalloc(NULL, (count + 2) * sizeof *result))) return environ;
    memcpy(result, environ, (count + 1) * sizeof *result);
    for (i = 0; i < count; i++)
        if (strncmp(result[i], variable, prefix) == 0) { result[i] = (char *)variable; return result; }
    result[count] = (char *)variable;
    result[count + 1] = NULL;
    return result;
}

/* Keeps what fits under the limit; the relayed bytes themselves are never limited. */
static void keep(Stream *s, const uint8_t *bytes, size_t count)
{
    size_t want = s->kept + count, room;
    uint8_t *grown;
    s->total += count;
    if (want > streamLimit) want = streamLimit;
    if (want <= s->kept) return;
    if (want > s->room) {
        room = want < 4096 ? 4096 : want * 2 > streamLimit && streamLimit >= want ? streamLimit : want * 2;
        if (!(grown = arenaRealloc(NULL, s->data, room))) return;
        s->data = grown;
        s->room = room;
    }
    memcpy(s->data + s->kept, bytes, want - s->kept);
    s->kept = want;
}

/* Tried again like this by libcni itself (pkg/invoke/raw_exec.go): an agent has not yet closed the plugin it wrote. */
enum { BUSY_TRIES = 50, BUSY_WAIT_MS = 100 };

static void executeOriginal(char **env)
{
    const struct timespec wait = { 0, BUSY_WAIT_MS * 1000000 };
    int code, tries = 0;
    while (execve(realPath, arguments, env), errno == ETXTBSY && ++tries < BUSY_TRIES) nanosleep(&wait, NULL);
    /* No room for one more variable: the plugin matters more than knowing its parent. */
    if (errno == E2BIG) execve(realPath, arguments, environ);
    code = errno;
    /* Uninstall may have put the original back into our own place since this process started: then it is there. */
    if (code == ENOENT && access(selfPath, F_OK) == 0 && !isOurselves(selfPath)) execve(selfPath, arguments, env);
    else errno = code;
}

/* What was read ahead, and the rest, becomes stdin again: through our pipe where it fits, else in a file in memory. */
static int giveBackStdin(void)
{
    Stream *s = &streams[STDIN];
    size_t done = 0;
    int fd = pipes[STDIN][1], isPipe;
    while (!outcome.stdinComplete) {
        static uint8_t chunk[PIPE_BUF];
        struct pollfd p = { 0, POLLIN, 0 };
        ssize_t n = poll(&p, 1, -1) < 0 ? -1 : read(0, chunk, sizeof chunk);
        streamLimit = SIZE_MAX;
        if (n > 0) keep(s, chunk, (size_t)n);
        else if (n == 0 || (errno != EINTR && errno != EAGAIN)) outcome.stdinComplete = 1;
    }
    if (s->kept < s->total) { errno = ENOMEM; return -1; }
    isPipe = fcntl(fd, F_GETPIPE_SZ) >= (int64_t)s->kept;
    if (!isPipe && (fd = memfd_create("stdin", MFD_CLOEXEC)) < 0) return -1;
    while (done < s->kept) {
        ssize_t n = write(fd, s->data + done, s->kept - done);
        if (n <= 0) return -1;
        done += (size_t)n;
    }
    if (!isPipe && lseek(fd, 0, SEEK_SET)) return -1;
    return dup2(isPipe ? pipes[STDIN][0] : fd, 0) < 0 ? -1 : 0;
}

/* What waits of the signals that we blocked is our own doing, and an unblocked one would end the plugin. */
static void restoreMask(void)
{
    static const int ours[] = { SIGPIPE, SIGXFSZ };
    struct sigaction ignored = { .sa_handler = SIG_IGN }, before;
    size_t i;
    for (i = 0; i < sizeof ours / sizeof *ours; i++) {
        sigaction(ours[i], &ignored, &before);
        sigaction(ours[i], &before, NULL);
    }
    sigprocmask(SIG_SETMASK, &maskAtStart, NULL);
}

/* Only returns when the original could not be executed. */
static int execReal(const char *variable)
{
    if (isOurselves(realPath)) { errno = ELOOP; return -1; }
    if (outcome.stdinRead && giveBackStdin()) return -1;
    restoreMask();
    executeOriginal(environmentWith(variable));
    return -1;
}

static int openPipes(void)
{
    int i;
    for (i = 0; i < STREAMS; i++) if (pipe2(pipes[i], O_CLOEXEC)) return -1;
    outcome.piped = 1;
    return 0;
}

static int plugin(pid_t *pid, const char *variable)
{
    /* vfork: no page tables are copied, and the child's exec error comes back through shared memory. */
    char **env = environmentWith(variable);
    volatile int execError = 0;
    struct sigaction fresh = { .sa_handler = SIG_DFL }, before;
    pid_t parent = getpid(), child;
    sigaction(SIGCHLD, &fresh, &before); /* an inherited SIG_IGN would reap the plugin before wait4 */
    child = vfork();
    if (child == 0) {
        /* The runtime's time-out kills only the relay (exec.CommandContext): take the plugin along. */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) _exit(127);
        dup2(pipes[STDIN][0], 0);
        dup2(pipes[STDOUT][1], 1);
        dup2(pipes[STDERR][1], 2);
        if (before.sa_handler == SIG_IGN) sigaction(SIGCHLD, &before, NULL);
        sigprocmask(SIG_SETMASK, &maskAtStart, NULL);
        executeOriginal(env);
        execError = errno;
        _exit(127);
    }
    if (child < 0) return errno;
    if (execError) { waitpid(child, NULL, 0); return execError; }
    *pid = child;
    return 0;
}

/* One direction of relaying: a chunk is read only when the one before has been written. */
typedef struct { int from, to; Stream *stream; const uint8_t *data; size_t left; uint8_t chunk[CHUNK_BYTES]; } Pump;

static Pump pumps[STREAMS];

static void stop(Pump *p)
{
    if (p->from >= 0) close(p->from); /* a writer on the other side now meets EPIPE, as it would without us */
    p->from = -1;
    p->left = 0;
    if (p == &pumps[STDIN] && p->to >= 0) close(p->to), p->to = -1;
}

static void carry(Pump *p, short readable, short writable)
{
    ssize_t n;
    if (p->from < 0) return;
    /* POLLHUP: the other end of a socket, journald's for one, is gone; poll would tell it without end. */
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

static void forwardSignals(int signals, pid_t child)
{
    struct signalfd_siginfo info;
    while (read(signals, &info, sizeof info) == sizeof info) {
        if (info.ssi_signo == SIGCHLD || info.ssi_signo == SIGPIPE || child <= 0) continue;
        /* A terminal's Ctrl-C went to the whole process group: the plugin has had it already. */
        if (info.ssi_code == SI_KERNEL) continue;
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

/* A reader that has gone before the plugin started: its first write must meet EPIPE, not the room in our pipe. */
static void closeUnread(void)
{
    struct pollfd p[] = { { STDOUT, 0, 0 }, { STDERR, 0, 0 } };
    size_t i;
    if (poll(p, 2, 0) <= 0) return;
    for (i = 0; i < 2; i++)
        if (p[i].revents & (POLLERR | POLLHUP)) { close(pipes[p[i].fd][0]); pipes[p[i].fd][0] = -1; }
}

/* Runs the plugin and relays until both its output streams are at their end, as libcni itself waits for EOF
 * (a grandchild that holds stdout delays the runtime with us as it does without us). */
static int relay(const char *variable)
{
    sigset_t set = forwarded();
    int signals, error, reaped = 0, i;
    pid_t child = 0;
    double startedMs = clockMs(CLOCK_MONOTONIC);

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
        if (poll(p, 2 * STREAMS + 1, -1) < 0) continue;
        for (i = 0; i < STREAMS; i++) carry(&pumps[i], p[1 + 2 * i].revents, p[2 + 2 * i].revents);
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
        /* A core of ours would take the place of the plugin's, and hold what the record must not. The price is the
         * "(core dumped)" in the text that a Go runtime makes of the status. */
        prctl(PR_SET_DUMPABLE, 0);
        sigemptyset(&one);
        sigaddset(&one, signal);
        raise(signal);
        sigprocmask(SIG_UNBLOCK, &one, NULL);
        _exit(128 + signal);
    }
    _exit(WEXITSTATUS(outcome.status));
}

/* ---- what the script may ask for ----------------------------------------------------------------------- */

#define HOST(function) static JSValue function(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
#define UNUSED (void)ctx, (void)self, (void)argc, (void)argv

HOST(hostWallMs) { UNUSED; return JS_NewFloat64(ctx, clockMs(CLOCK_REALTIME)); }
HOST(hostMonoMs) { UNUSED; return JS_NewFloat64(ctx, clockMs(CLOCK_MONOTONIC)); }

HOST(hostVariable)
{
    size_t length, i;
    const char *wanted = JS_ToCStringLen(ctx, &length, argv[0]), *value = NULL;
    UNUSED;
    for (i = 0; wanted && environ[i] && !value; i++)
        if (strncmp(environ[i], wanted, length) == 0 && environ[i][length] == '=') value = environ[i] + length + 1;
    JS_FreeCString(ctx, wanted);
    return value ? JS_NewString(ctx, value) : JS_UNDEFINED;
}

HOST(hostRandomId)
{
    uint8_t bytes[8] = {0};
    char text[17];
    int i;
    UNUSED;
    if (getrandom(bytes, sizeof bytes, GRND_NONBLOCK) != sizeof bytes) {
        double now[2] = { clockMs(CLOCK_REALTIME), (double)getpid() };
        for (i = 0; i < 8; i++) bytes[i] = (uint8_t)(((uint8_t *)now)[i] ^ ((uint8_t *)now)[i + 8]);
    }
    for (i = 0; i < 8; i++) snprintf(text + i * 2, 3, "%02x", bytes[i]);
    return JS_NewString(ctx, text);
}

/* NULL where it cannot be read or is longer than a chunk. openat: musl's open asks the kernel once more for O_CLOEXEC. */
static JSValue readWhole(JSContext *ctx, const char *path)
{
    static char bytes[CHUNK_BYTES + 1];
    size_t got = 0;
    ssize_t n;
    int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return JS_NULL;
    while (got < sizeof bytes && (n = read(fd, bytes + got, sizeof bytes - got)) > 0) got += (size_t)n;
    close(fd);
    return n < 0 || got == sizeof bytes ? JS_NULL : JS_NewStringLen(ctx, bytes, got);
}

HOST(hostReadConfig) { UNUSED; return readWhole(ctx, configPath); }

HOST(hostReadStdin)
{
    /* Reads ahead so that the begin line can hold stdin: up to the limit, and never longer than waitMs for a
     * writer that keeps the pipe open. The rest is carried while the plugin runs. */
    uint32_t limit;
    double waitMs, deadline;
    static uint8_t chunk[CHUNK_BYTES];
    UNUSED;
    if (JS_ToUint32(ctx, &limit, argv[0]) || JS_ToFloat64(ctx, &waitMs, argv[1])) return JS_EXCEPTION;
    streamLimit = limit;
    if (!outcome.piped && openPipes()) return JS_NewBool(ctx, 0);
    deadline = clockMs(CLOCK_MONOTONIC) + (isatty(0) ? 0 : waitMs);
    outcome.stdinRead = 1;
    while (!outcome.stdinComplete && streams[STDIN].kept + CHUNK_BYTES <= streamLimit) {
        struct pollfd p = { 0, POLLIN, 0 };
        double left = deadline - clockMs(CLOCK_MONOTONIC);
        ssize_t n;
        if (poll(&p, 1, left > 0 ? (int)left : 0) <= 0) break;
        n = read(0, chunk, sizeof chunk);
        if (n > 0) keep(&streams[STDIN], chunk, (size_t)n);
        else if (n == 0 || (errno != EINTR && errno != EAGAIN)) outcome.stdinComplete = 1;
    }
    return JS_NewBool(ctx, 1);
}

HOST(hostRelay)
{
    const char *variable = JS_ToCString(ctx, argv[0]);
    UNUSED;
    relay(variable);
    return JS_NewBool(ctx, outcome.started);
}

HOST(hostExec)
{
    const char *variable = JS_IsString(argv[0]) ? JS_ToCString(ctx, argv[0]) : NULL;
    UNUSED;
    execReal(variable);
    outcome.execErrno = errno;
    return JS_UNDEFINED;
}

static void setNumber(JSContext *ctx, JSValue object, const char *key, double value)
{
    JS_SetPropertyStr(ctx, object, key, JS_NewFloat64(ctx, value));
}

HOST(hostOutcome)
{
    JSValue o = JS_NewObject(ctx);
    UNUSED;
    setNumber(ctx, o, "errno", outcome.execErrno);
    setNumber(ctx, o, "signal", WIFSIGNALED(outcome.status) ? WTERMSIG(outcome.status) : 0);
    setNumber(ctx, o, "code", WIFEXITED(outcome.status) ? WEXITSTATUS(outcome.status) : 0);
    setNumber(ctx, o, "spawnMs", outcome.spawnMs);
    setNumber(ctx, o, "durationMs", outcome.durationMs);
    setNumber(ctx, o, "maxRssBytes", (double)outcome.usage.ru_maxrss * 1024);
    setNumber(ctx, o, "userMs", (double)outcome.usage.ru_utime.tv_sec * 1e3 + (double)outcome.usage.ru_utime.tv_usec / 1e3);
    setNumber(ctx, o, "systemMs", (double)outcome.usage.ru_stime.tv_sec * 1e3 + (double)outcome.usage.ru_stime.tv_usec / 1e3);
    return o;
}

/* Length of the valid UTF-8 prefix (RFC 3629: no overlong forms, no surrogates). */
static size_t validUtf8(const uint8_t *s, size_t length)
{
    size_t i = 0, need, k;
    while (i < length) {
        uint8_t c = s[i], low = 0x80, high = 0xbf;
        if (c < 0x80) { i++; continue; }
        if (c >= 0xc2 && c <= 0xdf) need = 1;
        else if (c >= 0xe0 && c <= 0xef) { need = 2; if (c == 0xe0) low = 0xa0; if (c == 0xed) high = 0x9f; }
        else if (c >= 0xf0 && c <= 0xf4) { need = 3; if (c == 0xf0) low = 0x90; if (c == 0xf4) high = 0x8f; }
        else return i;
        if (i + 1 >= length || s[i + 1] < low || s[i + 1] > high) return i;
        for (k = 2; k <= need; k++) if (i + k >= length || (s[i + k] & 0xc0) != 0x80) return i;
        i += need + 1;
    }
    return i;
}

static Stream *streamOf(JSContext *ctx, JSValueConst value)
{
    uint32_t index = STREAMS;
    return JS_ToUint32(ctx, &index, value) || index >= STREAMS ? NULL : &streams[index];
}

/* A probe keeps all of stdin for its answer; a record takes its beginning. */
static size_t keptUpTo(JSContext *ctx, const Stream *s, int argc, JSValueConst *argv)
{
    uint32_t limit;
    return argc > 1 && !JS_ToUint32(ctx, &limit, argv[1]) && limit < s->kept ? limit : s->kept;
}

HOST(hostText)
{
    Stream *s = streamOf(ctx, argv[0]);
    size_t valid, kept;
    UNUSED;
    if (!s) return JS_NULL;
    kept = keptUpTo(ctx, s, argc, argv);
    valid = validUtf8(s->data, kept);
    /* Cut off inside a character by our own limit: still text. */
    if (valid != kept && !(s->total > kept && kept - valid < 4)) return JS_NULL;
    return JS_NewStringLen(ctx, (const char *)s->data, valid);
}

HOST(hostLatin1)
{
    Stream *s = streamOf(ctx, argv[0]);
    JSValue value;
    uint8_t *wide;
    size_t i, n = 0, kept = s ? keptUpTo(ctx, s, argc, argv) : 0;
    UNUSED;
    if (!s || !(wide = malloc(kept * 2 + 1))) return JS_NULL;
    for (i = 0; i < kept; i++) {
        if (s->data[i] < 0x80) { wide[n++] = s->data[i]; continue; }
        wide[n++] = (uint8_t)(0xc0 | s->data[i] >> 6);
        wide[n++] = (uint8_t)(0x80 | (s->data[i] & 0x3f));
    }
    value = JS_NewStringLen(ctx, (const char *)wide, n);
    free(wide);
    return value;
}

HOST(hostSizeBytes)
{
    Stream *s = streamOf(ctx, argv[0]);
    UNUSED;
    return JS_NewFloat64(ctx, s ? (double)s->total : 0);
}

HOST(hostStdinComplete) { UNUSED; return JS_NewBool(ctx, outcome.stdinComplete); }

enum { NEEDLES = 64 };

static uint8_t lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; }

static int startsWith(const char *text, const char *needle)
{
    while (*needle && *needle != '\n' && lower((uint8_t)*text) == (uint8_t)*needle) text++, needle++;
    return !*needle || *needle == '\n';
}

/* holdsAny(text, needles): one pass over the text, whatever the number of needles (two letters or more each). */
HOST(hostHoldsAny)
{
    size_t length, i, k, count = 0;
    const char *text = JS_ToCStringLen(ctx, &length, argv[0]), *needles = JS_ToCString(ctx, argv[1]), *n;
    const char *list[NEEDLES];
    uint8_t isFirst[256] = {0}, isSecond[256] = {0};
    int found = 0;
    UNUSED;
    if (!text || !needles) return JS_EXCEPTION;
    for (n = needles; n && count < NEEDLES; n = strchr(n, '\n') ? strchr(n, '\n') + 1 : NULL) {
        list[count++] = n;
        isFirst[(uint8_t)n[0]] = isSecond[(uint8_t)n[1]] = 1;
    }
    for (i = 0; i + 1 < length && !found; i++) {
        if (!isFirst[lower((uint8_t)text[i])] || !isSecond[lower((uint8_t)text[i + 1])]) continue;
        for (k = 0; k < count && !found; k++) found = startsWith(text + i, list[k]);
    }
    JS_FreeCString(ctx, text);
    JS_FreeCString(ctx, needles);
    return JS_NewBool(ctx, found);
}

static uint32_t crc32(const uint8_t *bytes, size_t length)
{
    static uint32_t table[256];
    uint32_t c = 0xffffffff, i, k;
    size_t n;
    if (!table[1])
        for (i = 0; i < 256; i++) {
            for (c = i, k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ c >> 1 : c >> 1;
            table[i] = c;
        }
    for (c = 0xffffffff, n = 0; n < length; n++) c = table[(c ^ bytes[n]) & 0xff] ^ c >> 8;
    return ~c;
}

HOST(hostChecksum)
{
    size_t length;
    const char *text = JS_ToCStringLen(ctx, &length, argv[0]);
    JSValue o = JS_NewObject(ctx);
    char hex[9];
    UNUSED;
    if (!text) return JS_EXCEPTION;
    snprintf(hex, sizeof hex, "%08x", crc32((const uint8_t *)text, length));
    setNumber(ctx, o, "sizeBytes", (double)length);
    JS_SetPropertyStr(ctx, o, "crc32", JS_NewString(ctx, hex));
    JS_FreeCString(ctx, text);
    return o;
}

/* Opens a directory without following a symlink at its end; a capture directory must be ours alone. */
static int openDirectory(const char *path, int mustBePrivate)
{
    struct stat st;
    int fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return -1;
    if (mustBePrivate && (fstat(fd, &st) || st.st_uid != geteuid() || (st.st_mode & 077))) { close(fd); return -1; }
    return fd;
}

/* The last hundredth of a disk is not ours: a kubelet would evict pods for it. */
static int hasRoom(int fd)
{
    struct statvfs disk;
    return fstatvfs(fd, &disk) || disk.f_bavail >= disk.f_blocks / 100 + 1;
}

/* append(directory, file, text, private, limit) -> where it came to lie: one write, never continued. Somebody else's
 * file, a second hard link or a FIFO is not a place for what may be secret. */
HOST(hostAppend)
{
    const int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    const char *dir = JS_ToCString(ctx, argv[0]), *file = JS_ToCString(ctx, argv[1]);
    size_t length;
    const char *text = JS_ToCStringLen(ctx, &length, argv[2]);
    double limit, to;
    JSValue place = JS_UNDEFINED;
    struct stat st;
    int at, fd = -1;
    UNUSED;
    if (dir && file && text && !JS_ToFloat64(ctx, &limit, argv[4]) && (at = openDirectory(dir, JS_ToBool(ctx, argv[3]))) >= 0) {
        fd = openat(at, file, flags);
        if (fd < 0 && errno == ENOENT) {
            mode_t mask = umask(0);
            fd = openat(at, file, flags | O_CREAT | O_EXCL, 0600);
            if (fd < 0 && errno == EEXIST) fd = openat(at, file, flags);
            umask(mask);
        }
        if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() && st.st_nlink == 1
            && (double)st.st_size + (double)length <= limit && hasRoom(fd) && write(fd, text, length) == (ssize_t)length) {
            to = (double)lseek(fd, 0, SEEK_CUR);
            place = JS_NewObject(ctx);
            setNumber(ctx, place, "fromByte", to - (double)length);
            setNumber(ctx, place, "toByte", to);
        }
        if (fd >= 0) close(fd);
        close(at);
    }
    JS_FreeCString(ctx, dir); JS_FreeCString(ctx, file); JS_FreeCString(ctx, text);
    return place;
}

HOST(hostList)
{
    const char *path = JS_ToCString(ctx, argv[0]);
    JSValue list = JS_NewArray(ctx), entry;
    struct dirent *d;
    struct stat st;
    uint32_t count = 0;
    int fd = path ? openDirectory(path, 1) : -1;
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    UNUSED;
    while (dir && (d = readdir(dir))) {
        if (fstatat(fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode)) continue;
        entry = JS_NewObject(ctx);
        JS_SetPropertyStr(ctx, entry, "name", JS_NewString(ctx, d->d_name));
        setNumber(ctx, entry, "sizeBytes", (double)st.st_size);
        JS_SetPropertyUint32(ctx, list, count++, entry);
    }
    if (dir) closedir(dir);
    JS_FreeCString(ctx, path);
    return list;
}

HOST(hostRemove)
{
    const char *path = JS_ToCString(ctx, argv[0]), *file = JS_ToCString(ctx, argv[1]);
    int fd = path && file ? openDirectory(path, 1) : -1;
    UNUSED;
    if (fd >= 0) { unlinkat(fd, file, 0); close(fd); }
    JS_FreeCString(ctx, path); JS_FreeCString(ctx, file);
    return JS_UNDEFINED;
}

/* All of it, to a pipe that somebody made non-blocking too; a reader that has gone ends it. */
static void writeAll(int fd, const uint8_t *bytes, size_t count)
{
    while (count > 0) {
        struct pollfd p = { fd, POLLOUT, 0 };
        ssize_t n = write(fd, bytes, count);
        if (n > 0) bytes += n, count -= (size_t)n;
        else if (n == 0 || (errno != EINTR && errno != EAGAIN)) return;
        else if (errno == EAGAIN) poll(&p, 1, -1);
    }
}

HOST(hostWrite)
{
    size_t length;
    const char *text = JS_ToCStringLen(ctx, &length, argv[1]);
    int32_t fd = -1;
    UNUSED;
    if (!text || JS_ToInt32(ctx, &fd, argv[0])) return JS_EXCEPTION;
    writeAll(fd, (const uint8_t *)text, length);
    JS_FreeCString(ctx, text);
    return JS_UNDEFINED;
}

/* writeStdin(fd, from, to): a slice of stdin as it came, for a prevResult that is echoed byte for byte. */
HOST(hostWriteStdin)
{
    uint32_t fd, from, to;
    UNUSED;
    if (JS_ToUint32(ctx, &fd, argv[0]) || JS_ToUint32(ctx, &from, argv[1]) || JS_ToUint32(ctx, &to, argv[2])) return JS_EXCEPTION;
    if (from < to && to <= streams[STDIN].kept) writeAll((int)fd, streams[STDIN].data + from, to - from);
    return JS_UNDEFINED;
}

HOST(hostExit)
{
    int32_t code = 1;
    UNUSED;
    if (JS_ToInt32(ctx, &code, argv[0])) return JS_EXCEPTION;
    chosenExit = code;
    return JS_UNDEFINED;
}

HOST(hostEnd) { UNUSED; finish(); return JS_UNDEFINED; }

HOST(hostOnStart) { UNUSED; image.main = JS_DupValue(ctx, argv[0]); return JS_UNDEFINED; }

static JSValue strings(JSContext *ctx, char **list)
{
    JSValue array = JS_NewArray(ctx);
    uint32_t i;
    for (i = 0; list[i]; i++) JS_SetPropertyUint32(ctx, array, i, JS_NewString(ctx, list[i]));
    return array;
}

static JSValue processFacts(JSContext *ctx)
{
    JSValue o = JS_NewObject(ctx);
    char path[64];
    struct utsname host;
    struct stat st;
    int exists = stat(realPath, &st) == 0;
    JSValue parent;
    snprintf(path, sizeof path, "/proc/%d/comm", (int)getppid());
    parent = readWhole(ctx, path);
    JS_SetPropertyStr(ctx, o, "argv", strings(ctx, arguments));
    JS_SetPropertyStr(ctx, o, "env", strings(ctx, environ));
    JS_SetPropertyStr(ctx, o, "name", JS_NewString(ctx, name));
    JS_SetPropertyStr(ctx, o, "path", JS_NewString(ctx, selfPath));
    JS_SetPropertyStr(ctx, o, "parentName", parent);
    JS_SetPropertyStr(ctx, o, "node", uname(&host) == 0 ? JS_NewString(ctx, host.nodename) : JS_NULL);
    JS_SetPropertyStr(ctx, o, "hasOriginal", JS_NewBool(ctx, exists));
    setNumber(ctx, o, "originalSizeBytes", exists ? (double)st.st_size : 0);
    setNumber(ctx, o, "originalModifiedMs", exists ? (double)st.st_mtim.tv_sec * 1e3 : 0);
    setNumber(ctx, o, "pid", getpid());
    setNumber(ctx, o, "ppid", getppid());
    return o;
}

static const JSCFunctionListEntry hostFunctions[] = {
    JS_CFUNC_DEF("variable", 1, hostVariable),
    JS_CFUNC_DEF("wallMs", 0, hostWallMs),
    JS_CFUNC_DEF("monoMs", 0, hostMonoMs),
    JS_CFUNC_DEF("randomId", 0, hostRandomId),
    JS_CFUNC_DEF("readConfig", 0, hostReadConfig),
    JS_CFUNC_DEF("readStdin", 2, hostReadStdin),
    JS_CFUNC_DEF("stdinComplete", 0, hostStdinComplete),
    JS_CFUNC_DEF("relay", 1, hostRelay),
    JS_CFUNC_DEF("exec", 1, hostExec),
    JS_CFUNC_DEF("outcome", 0, hostOutcome),
    JS_CFUNC_DEF("text", 2, hostText),
    JS_CFUNC_DEF("latin1", 2, hostLatin1),
    JS_CFUNC_DEF("sizeBytes", 1, hostSizeBytes),
    JS_CFUNC_DEF("holdsAny", 2, hostHoldsAny),
    JS_CFUNC_DEF("checksum", 1, hostChecksum),
    JS_CFUNC_DEF("append", 5, hostAppend),
    JS_CFUNC_DEF("list", 1, hostList),
    JS_CFUNC_DEF("remove", 2, hostRemove),
    JS_CFUNC_DEF("write", 2, hostWrite),
    JS_CFUNC_DEF("writeStdin", 3, hostWriteStdin),
    JS_CFUNC_DEF("exit", 1, hostExit),
    JS_CFUNC_DEF("end", 0, hostEnd),
    JS_CFUNC_DEF("onStart", 1, hostOnStart),
};

static int failed(JSContext *ctx, JSValue result)
{
    (void)ctx;
    if (!JS_IsException(result)) return 0;
#ifdef CNITAP_DEBUG
    fprintf(stderr, "cnitap: %s\n", JS_ToCString(ctx, JS_GetException(ctx)));
#endif
    return -1;
}

/* Two builds must be the same file: the engine takes the time for a seed, and remembers its stack and the stack's end. */
int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
    (void)zone;
    *t = (struct timeval){ 0, 0 };
    return 0;
}

static void forgetStack(void)
{
    uintptr_t here = (uintptr_t)&here, reach = 1 << 21, *word = (uintptr_t *)image.bytes;
    for (; (uint8_t *)word < image.at; word++) if (*word - (here - reach) < 2 * reach) *word = 0;
}

/* At build time: an engine that has run the script once, which says what to do at each start. Only the intrinsics that
 * the script uses, and no garbage collection: a call is over before it would pay. */
static int buildImage(void)
{
    JSRuntime *rt;
    JSContext *ctx;
    JSValue global;
    size_t written = 0;
    image.at = image.bytes;
    rt = JS_NewRuntime2(&arenaFunctions, NULL);
    ctx = rt ? JS_NewContextRaw(rt) : NULL;
    if (!ctx || JS_AddIntrinsicBaseObjects(ctx) || JS_AddIntrinsicJSON(ctx)) return 1;
    JS_SetGCThreshold(rt, SIZE_MAX);
    global = JS_GetGlobalObject(ctx);
    image.host = JS_NewObject(ctx);
    JS_SetPropertyFunctionList(ctx, image.host, hostFunctions, sizeof hostFunctions / sizeof *hostFunctions);
    JS_SetPropertyStr(ctx, global, "host", JS_DupValue(ctx, image.host));
    if (failed(ctx, JS_EvalFunction(ctx, JS_ReadObject(ctx, relayScript, relayScript_size, JS_READ_OBJ_BYTECODE)))) return 1;
    image.ctx = ctx;
    forgetStack();
    while (written < sizeof image) {
        ssize_t n = write(1, (const uint8_t *)&image + written, sizeof image - written);
        if (n <= 0) return 1;
        written += (size_t)n;
    }
    return 0;
}

enum { POPULATE_WRITE = 23, NEW_BYTES = 32768 }; /* MADV_POPULATE_WRITE, since Linux 5.14; about what a call allocates */

static int runScript(void)
{
    JSContext *ctx = image.ctx;
    /* Nearly every page of the engine is written to: sixty page faults in one call. An older kernel takes them singly. */
    madvise(&image, (size_t)(image.at - (uint8_t *)&image) + NEW_BYTES, POPULATE_WRITE);
    JS_UpdateStackTop(JS_GetRuntime(ctx));
    JS_SetPropertyStr(ctx, image.host, "process", processFacts(ctx));
    return failed(ctx, JS_Call(ctx, image.main, JS_UNDEFINED, 0, NULL));
}

/* With one of 0-2 closed our own descriptors would take its number: such a caller gets the bare plugin. A probe has
 * none, and sees /dev/null. */
static void needStreams(void)
{
    int fd, isProbe = access(realPath, F_OK) != 0;
    for (fd = 0; fd < STREAMS; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 || (isProbe && open("/dev/null", O_RDWR) == fd)) continue;
        execReal(NULL);
        _exit(complain("execute", errno));
    }
}

int main(int argc, char **argv)
{
    const char *self = (const char *)getauxval(AT_EXECFN);
    sigset_t ours;
    (void)argc;
    if (!image.ctx) return buildImage();
    arguments = argv;
    streamLimit = 1;
    sigemptyset(&ours);
    sigaddset(&ours, SIGPIPE);
    sigaddset(&ours, SIGXFSZ); /* a capture that meets the limit of file sizes must not end the call */
    sigprocmask(SIG_BLOCK, &ours, &maskAtStart);
    if (!self || locate(self)) return 1;
    if (stat("/proc/self/exe", &ownFile)) stat(self, &ownFile); /* no /proc in a chroot */
    needStreams();
    if (runScript() && !outcome.started && chosenExit < 0) {
        /* Fail open. */
        if (outcome.stdinRead) relay(NULL);
        else { execReal(NULL); outcome.execErrno = errno; }
    }
    finish();
}
