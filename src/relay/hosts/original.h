/* Starting the real plugin: as a child, or in this process. */
#pragma once
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>
#include "arena.h"
#include "call.h"

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

/* How many of `count` more bytes fit: fewer at the limit, or if there is no memory. */
static size_t roomFor(Stream *s, size_t count)
{
    size_t want = s->kept + count, room;
    uint8_t *grown;
    if (want > streamLimit) want = streamLimit;
    if (want > s->room) {
        room = want < 4096 ? 4096 : want * 2 > streamLimit && streamLimit >= want ? streamLimit : want * 2;
        if ((grown = arenaRealloc(NULL, s->data, room))) s->data = grown, s->room = room;
    }
    if (want > s->room) want = s->room;
    return want > s->kept ? want - s->kept : 0;
}

/* Keeps as many bytes as fit; the relayed bytes themselves are never limited. */
static void keep(Stream *s, const uint8_t *bytes, size_t count)
{
    size_t fits = s->kept == s->total ? roomFor(s, count) : 0; /* nothing after a gap: it would look like one text */
    s->total += count;
    if (fits) memcpy(s->data + s->kept, bytes, fits);
    s->kept += fits;
}

/* libcni retries ETXTBSY in the same way (pkg/invoke/raw_exec.go): an agent has not yet closed the plugin that it wrote. */
enum { BUSY_TRIES = 50, BUSY_WAIT_MS = 100 };

static void executeOriginal(char **env)
{
    const struct timespec wait = { 0, BUSY_WAIT_MS * 1000000 };
    int code, tries = 0;
    while (execve(realPath, arguments, env), errno == ETXTBSY && ++tries < BUSY_TRIES) nanosleep(&wait, NULL);
    /* No room for one more variable: running the plugin is more important than knowing its parent. */
    if (errno == E2BIG) execve(realPath, arguments, environ);
    code = errno;
    /* Uninstall may have restored the original to our own path since this process started. */
    if (code == ENOENT && access(selfPath, F_OK) == 0 && !isOurselves(selfPath)) execve(selfPath, arguments, env);
    else errno = code;
}

/* What was read ahead, and the rest, becomes stdin again: through our pipe if it fits, otherwise in a memory file. */
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

/* Pending signals among those that we blocked are caused by us; unblocked, they would end the plugin: discard them. */
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
    struct itimerval alarm = {0}, none = {0};
    pid_t parent = getpid(), child, above;
    int error;
    /* The caller's timer survives execve, but not fork. */
    getitimer(ITIMER_REAL, &alarm);
    sigaction(SIGCHLD, &fresh, &before); /* an inherited SIG_IGN would reap the plugin before wait4 */
    child = vfork();
    if (child == 0) {
        /* A runtime's time-out kills only the relay (exec.CommandContext): the plugin must die with it. */
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        above = getppid(); /* 0: first process of a new PID namespace, which cannot see us */
        if (above != parent && above != 0) _exit(127);
        dup2(pipes[STDIN][0], 0);
        dup2(pipes[STDOUT][1], 1);
        dup2(pipes[STDERR][1], 2);
        if (before.sa_handler == SIG_IGN) sigaction(SIGCHLD, &before, NULL);
        sigprocmask(SIG_SETMASK, &maskAtStart, NULL);
        if (timerisset(&alarm.it_value)) setitimer(ITIMER_REAL, &alarm, NULL);
        executeOriginal(env);
        execError = errno;
        _exit(127);
    }
    if (child < 0) {
        error = errno;
        sigaction(SIGCHLD, &before, NULL);
        return error;
    }
    if (execError) { waitpid(child, NULL, 0); return execError; }
    if (timerisset(&alarm.it_value)) setitimer(ITIMER_REAL, &none, NULL);
    *pid = child;
    return 0;
}
