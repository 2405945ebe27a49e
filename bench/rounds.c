/* Runs plugins as libcni does and prints how long each took, with minimal overhead:
 *   rounds turns COUNT CASE...             every case once in each round; prints "CASE NANOSECONDS PROCESSOR-MICROSECONDS
 *                                        KILOBYTES" per call
 *   rounds crowd WORKERS COUNT CASE...     each worker every case COUNT times; prints the nanoseconds of all together
 * CASE is: --case STDIN-FILE DESCRIPTOR-LIMIT PROGRAM [NAME=VALUE...]; 0 does not change the limit; a '%' in a value
 * is replaced by the worker's number. A call whose status is not 0 ends the program. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CASES = 32, ENTRIES = 16, INPUT_BYTES = 1 << 16 };

typedef struct {
    char *program, *env[ENTRIES + 1], input[INPUT_BYTES];
    size_t inputBytes;
    rlim_t files;
} Case;

static Case cases[CASES];
static int caseCount;

static uint64_t nowNs(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void fail(const char *what)
{
    fprintf(stderr, "rounds: %s: %s\n", what, strerror(errno));
    _exit(1);
}

static void readInput(Case *c, const char *path)
{
    int fd = open(path, O_RDONLY);
    ssize_t n = fd < 0 ? -1 : read(fd, c->input, sizeof c->input);
    if (n < 0) fail(path);
    c->inputBytes = (size_t)n;
    close(fd);
}

static void readCases(char **at)
{
    while (*at && caseCount < CASES && !strcmp(*at, "--case") && at[1] && at[2] && at[3]) {
        Case *c = &cases[caseCount++];
        int count = 0;
        readInput(c, at[1]);
        c->files = (rlim_t)atol(at[2]);
        c->program = at[3];
        for (at += 4; *at && strcmp(*at, "--case") && count < ENTRIES; at++) c->env[count++] = *at;
    }
    if (*at || !caseCount) { errno = EINVAL; fail("arguments"); }
}

static void drain(int out, int err)
{
    static char chunk[65536];
    struct pollfd p[] = { { out, POLLIN, 0 }, { err, POLLIN, 0 } };
    while (p[0].fd >= 0 || p[1].fd >= 0) {
        if (poll(p, 2, -1) < 0) continue;
        for (int i = 0; i < 2; i++)
            if (p[i].fd >= 0 && p[i].revents && read(p[i].fd, chunk, sizeof chunk) <= 0) p[i].fd = -1;
    }
}

/* Three pipes, all of stdin written, both outputs read to their end, then reaped. */
static uint64_t call(const Case *c, struct rusage *usage)
{
    int in[2], out[2], err[2], status;
    char *argv[] = { c->program, NULL };
    uint64_t from = nowNs();
    pid_t child;
    if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) fail("pipe");
    child = vfork();
    if (child == 0) {
        struct rlimit limit = { c->files, c->files };
        signal(SIGPIPE, SIG_DFL);
        dup2(in[0], 0);
        dup2(out[1], 1);
        dup2(err[1], 2);
        if (c->files && setrlimit(RLIMIT_NOFILE, &limit)) _exit(126);
        execve(c->program, argv, (char **)c->env);
        _exit(127);
    }
    if (child < 0) fail("vfork");
    close(in[0]);
    close(out[1]);
    close(err[1]);
    if (write(in[1], c->input, c->inputBytes) < 0 && errno != EPIPE) fail("stdin");
    close(in[1]);
    drain(out[0], err[0]);
    close(out[0]);
    close(err[0]);
    if (wait4(child, &status, 0, usage) < 0) fail("wait4");
    if (!WIFEXITED(status) || WEXITSTATUS(status)) {
        fprintf(stderr, "rounds: %s ended with status %#x\n", c->program, (unsigned)status);
        _exit(1);
    }
    return nowNs() - from;
}

/* Other processes should not be measured: everything runs at the lowest real-time priority, if permitted. musl's own
 * function only returns ENOSYS. */
static void goFirst(void)
{
    struct sched_param lowest = { .sched_priority = 1 };
    syscall(SYS_sched_setscheduler, 0, SCHED_RR, &lowest);
}

/* Of the program and of all processes that it waited for. The kernel adds it up in nanoseconds. */
static long long processorUs(const struct rusage *usage)
{
    const struct timeval *user = &usage->ru_utime, *system = &usage->ru_stime;
    return (long long)(user->tv_sec + system->tv_sec) * 1000000 + user->tv_usec + system->tv_usec;
}

/* The order rotates in each round, so that no case always follows the same other one. */
static void turns(int count)
{
    for (int round = 0; round < count; round++) {
        for (int i = 0; i < caseCount; i++) {
            int at = (round + i) % caseCount;
            struct rusage usage;
            uint64_t ns = call(&cases[at], &usage);
            printf("%d %llu %lld %ld\n", at, (unsigned long long)ns, processorUs(&usage), usage.ru_maxrss);
        }
        fflush(stdout);
    }
}

static void number(Case *c, int worker)
{
    static char text[CASES][ENTRIES][4096];
    for (int i = 0; c->env[i]; i++) {
        char *mark = strchr(c->env[i], '%'), *into = text[c - cases][i];
        if (!mark) continue;
        snprintf(into, sizeof text[0][0], "%.*s%d%s", (int)(mark - c->env[i]), c->env[i], worker, mark + 1);
        c->env[i] = into;
    }
}

static void crowd(int workers, int count)
{
    int gate[2], status, failed = 0;
    uint64_t from;
    char byte;
    if (pipe2(gate, O_CLOEXEC)) fail("pipe");
    for (int worker = 0; worker < workers; worker++) {
        if (fork()) continue;
        struct rusage usage;
        close(gate[1]);
        for (int i = 0; i < caseCount; i++) number(&cases[i], worker);
        if (read(gate[0], &byte, 1) < 0) fail("gate");
        for (int i = 0; i < count; i++) for (int at = 0; at < caseCount; at++) call(&cases[at], &usage);
        _exit(0);
    }
    from = nowNs();
    close(gate[1]);
    for (int worker = 0; worker < workers; worker++) failed |= wait(&status) < 0 || status != 0;
    if (failed) _exit(1);
    printf("%llu\n", (unsigned long long)(nowNs() - from));
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN); /* a plugin may end before it has read its stdin */
    goFirst();
    if (argc > 3 && !strcmp(argv[1], "turns")) { readCases(argv + 3); turns(atoi(argv[2])); return 0; }
    if (argc > 4 && !strcmp(argv[1], "crowd")) { readCases(argv + 4); crowd(atoi(argv[2]), atoi(argv[3])); return 0; }
    errno = EINVAL;
    fail("arguments");
}
