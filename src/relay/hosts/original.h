/* Starting the real plugin: as a child, or in this process. */
#pragma once
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include "call.h"

static int pipes[STREAMS][2] = {{-1, -1}, {-1, -1}, {-1, -1}};

enum { SHORT_LIST = 512 };

/* The environment with one more variable, or with its value in the place of another. The kernel limits the list to a few
 * megabytes; if there is no memory for a copy of it, the plugin runs without the variable. */
static char **environmentWith(const char *added)
{
    size_t count = 0, prefix, i;
    char **result;
    if (!added) return environ;
    prefix = (size_t)(strchr(added, '=') - added) + 1;
    while (environ[count]) count++;
    if (count > SHORT_LIST || !(result = reserve((count + 2) * sizeof *result))) {
        result = mmap(NULL, (count + 2) * sizeof *result, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (result == MAP_FAILED) return environ;
    }
    memcpy(result, environ, (count + 1) * sizeof *result);
    for (i = 0; i < count; i++)
        if (strncmp(result[i], added, prefix) == 0) { result[i] = (char *)added; return result; }
    result[count] = (char *)added;
    result[count + 1] = NULL;
    return result;
}

/* libcni retries ETXTBSY in the same way (pkg/invoke/raw_exec.go): an agent has not yet closed the plugin that it wrote. */
enum { BUSY_TRIES = 50, BUSY_WAIT_MS = 100 };

static void executeOriginal(char **env, int tries)
{
    const struct timespec wait = { 0, BUSY_WAIT_MS * 1000000 };
    int code;
    while (execve(realPath, arguments, env), errno == ETXTBSY && --tries > 0) nanosleep(&wait, NULL);
    /* No room for one more variable: running the plugin is more important than knowing its parent. */
    if (errno == E2BIG) execve(realPath, arguments, environ);
    code = errno;
    /* Uninstall may have restored the original to our own path since this process started. */
    if (code == ENOENT && access(realPath, F_OK) != 0 && access(selfPath, F_OK) == 0 && !isOurselves(selfPath))
        execve(selfPath, arguments, env);
    else errno = code;
}

/* Not musl's: it hides the signals that it uses itself (32 to 34), and the plugin would find them unblocked. */
static void setMask(int how, const sigset_t *set, sigset_t *before)
{
    syscall(SYS_rt_sigprocmask, how, set, before, _NSIG / 8);
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
    setMask(SIG_SETMASK, &maskAtStart, NULL);
}

/* Only returns when the original could not be executed. Nothing of stdin may have been read. */
static int execReal(const char *added, int busyTries)
{
    int code;
    if (isOurselves(realPath)) { errno = ELOOP; return -1; }
    restoreMask();
    executeOriginal(environmentWith(added), busyTries);
    code = errno;
    setMask(SIG_BLOCK, &(sigset_t){ { 1ul << (SIGPIPE - 1) } }, NULL); /* to report this, regardless of who reads it */
    errno = code;
    return -1;
}

static int openPipes(void)
{
    int i;
    for (i = 0; i < STREAMS; i++) if (pipe2(pipes[i], O_CLOEXEC)) return -1;
    return 0;
}

/* Starts the plugin as a child with our pipes. 0, or the errno with which it could not be started. */
static int startPlugin(pid_t *pid, const char *added)
{
    /* vfork: no page tables are copied, and the child's exec error comes back through shared memory. */
    char **env = environmentWith(added);
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
        setMask(SIG_SETMASK, &maskAtStart, NULL);
        if (timerisset(&alarm.it_value)) setitimer(ITIMER_REAL, &alarm, NULL);
        executeOriginal(env, BUSY_TRIES);
        execError = errno;
        _exit(127);
    }
    error = child < 0 ? errno : execError;
    if (error) {
        if (child > 0) waitpid(child, NULL, 0);
        sigaction(SIGCHLD, &before, NULL);
        return error;
    }
    if (timerisset(&alarm.it_value)) setitimer(ITIMER_REAL, &none, NULL);
    *pid = child;
    return 0;
}
