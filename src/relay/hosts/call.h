/* The state of this process and its call, and its paths. */
#pragma once
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { STDIN, STDOUT, STDERR, STREAMS };
enum { STREAM_BYTES = 65536 }; /* how much of each stream is recorded unless relay.json says otherwise */

/* The first touch of a page costs as much as several system calls, so memory that every call uses is contiguous: variables,
 * and then what is reserved in `scratch`. Large and rarely used buffers are behind all of it. */
#define RARE __attribute__((section(".bss.rare")))
enum { SCRATCH_BYTES = 124 << 10 }; /* at most three sets of paths, the settings, two short environments and two lines */
static uint8_t scratch[SCRATCH_BYTES], *scratchAt = scratch;

/* Memory that is never freed; NULL if it is used up. Only before the recorder is started, and by the recorder. */
static void *reserve(size_t bytes)
{
    void *at = scratchAt;
    if (bytes > (size_t)(scratch + SCRATCH_BYTES - scratchAt)) return NULL;
    scratchAt += (bytes + 15) & ~(size_t)15;
    return at;
}

/* The content of a stream: the first `kept` bytes, and the number of all bytes. The recorder reads it while more is added:
 * bytes never move or change, and both numbers are set after the bytes. */
typedef struct { uint8_t *data; size_t kept, room; uint64_t total; } Stream;

typedef struct {
    int started, execErrno, status, stdinComplete;
    pid_t pluginPid;
    int64_t spawnUs, durationUs;
    struct rusage usage;
} Outcome;

static uint8_t streamBytes[STREAMS][STREAM_BYTES] RARE;
static Stream streams[STREAMS] = {
    { streamBytes[STDIN], 0, STREAM_BYTES, 0 }, { streamBytes[STDOUT], 0, STREAM_BYTES, 0 }, { streamBytes[STDERR], 0, STREAM_BYTES, 0 },
};
static Outcome outcome;
static char **arguments;
static const char *selfPath, *directory, *realPath, *configPath, *name;
static sigset_t maskAtStart;
static int chosenExit = -1;
static int hasOriginal;
static struct stat ownFile, realFile;
static pid_t parentPid;

/* AT_EXECFN is the path that the caller executed: correct in a chroot, below another mount prefix and without /proc.
 * It keeps the name of a symlink, which is what a multi-call binary dispatches on. */
static int setPaths(const char *self)
{
    char *at;
    const char *slash = strrchr(self, '/'), *folder = slash ? self : ".";
    size_t length = slash ? (size_t)(slash - self) : 1; /* "" for a plugin in / itself */
    if (strlen(self) + sizeof "/.cnitap/relay.json" >= PATH_MAX || !(at = reserve(4 * (strlen(self) + sizeof "/.cnitap/relay.json")))) return -1;
    selfPath = at;
    at = stpcpy(at, self) + 1;
    name = slash ? selfPath + (slash + 1 - self) : selfPath;
    directory = memcpy(at, folder, length);
    at[length] = 0;
    realPath = at += length + 1;
    at = stpcpy(stpcpy(stpcpy(at, directory), "/.cnitap/real/"), name) + 1;
    configPath = at;
    stpcpy(stpcpy(at, directory), "/.cnitap/relay.json");
    return 0;
}

/* Whether the originals or the settings are beside the path that was set. */
static int isHome(void)
{
    hasOriginal = stat(realPath, &realFile) == 0;
    return hasOriginal || access(configPath, F_OK) == 0;
}

static int locate(const char *self)
{
    static char resolved[PATH_MAX] RARE;
    const char *wanted;
    ssize_t length;
    if (setPaths(self)) return -1;
    if (isHome()) return 0;
    /* A symlink in another directory: the originals are next to the relay, the name is that of the link. */
    length = readlink("/proc/self/exe", resolved, sizeof resolved - 1);
    if (length <= 0) return 0;
    resolved[length] = 0;
    wanted = strrchr(self, '/') ? strrchr(self, '/') + 1 : self;
    *strrchr(resolved, '/') = 0;
    if (strlen(resolved) + strlen(wanted) + 2 > sizeof resolved) return 0;
    strcat(strcat(resolved, "/"), wanted);
    if (setPaths(resolved) == 0 && isHome()) return 0;
    if (setPaths(self)) return -1;
    isHome();
    return 0;
}

/* The home directory of an install is beside the relay. */
static int isInstalled(void)
{
    static char home[PATH_MAX] RARE;
    strcpy(stpcpy(home, directory), "/.cnitap");
    return hasOriginal || access(home, F_OK) == 0;
}

/* The relay must never run itself: after a failed install it would loop until the node has no more processes. */
static int isSameFile(const struct stat *a, const struct stat *b) { return a->st_dev == b->st_dev && a->st_ino == b->st_ino; }

static int isOurselves(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && isSameFile(&st, &ownFile);
}

static int64_t clockUs(clockid_t id)
{
    struct timespec t;
    syscall(SYS_clock_gettime, id, &t); /* finding the vDSO's costs more than a call saves */
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* The variable that C and Go programs see if a name is set twice: the first. */
static const char *variable(const char *wanted, size_t length)
{
    size_t i;
    for (i = 0; environ[i]; i++)
        if (strncmp(environ[i], wanted, length) == 0 && environ[i][length] == '=') return environ[i] + length + 1;
    return NULL;
}

static void complain(const char *why)
{
    static char text[PATH_MAX + 256] RARE;
    int n = snprintf(text, sizeof text, "cnitap: cannot execute %s: %s\n", realPath, why);
    if (n > 0 && write(2, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1) < 0) return;
}
