/* The state of this process and its call, and its paths. */
#pragma once
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { STDIN, STDOUT, STDERR, STREAMS };
enum { CHUNK_BYTES = 65536 };

/* The content of a stream: the first `kept` bytes, and the number of all bytes. */
typedef struct { uint8_t *data; size_t kept, room; uint64_t total; } Stream;

typedef struct {
    int started, execErrno, status, stdinComplete, stdinRead, piped;
    pid_t pluginPid;
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

/* AT_EXECFN is the path that the caller executed: correct in a chroot, below another mount prefix and without /proc.
 * It keeps the name of a symlink, which is what a multi-call binary dispatches on. */
static int setPaths(const char *self)
{
    const char *slash = strrchr(self, '/');
    size_t length = slash ? (size_t)(slash - self) : 0;
    if (snprintf(selfPath, sizeof selfPath, "%s", self) >= (int)sizeof selfPath) return -1;
    if (slash) snprintf(directory, sizeof directory, "%.*s", (int)length, self); /* "" for a plugin in / itself */
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
    /* A symlink in another directory: the originals are next to the relay, the name is that of the link. */
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

/* The home directory of an install is beside the relay. */
static int isInstalled(void)
{
    char home[PATH_MAX];
    return snprintf(home, sizeof home, "%s/.cnitap", directory) < (int)sizeof home && access(home, F_OK) == 0;
}

/* The relay must never run itself: after a failed install it would loop until the node has no more processes. */
static int isOurselves(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && st.st_dev == ownFile.st_dev && st.st_ino == ownFile.st_ino;
}

static double clockMs(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec * 1e3 + (double)(t.tv_nsec / 1000) / 1e3;
}

static int complain(const char *what, int code)
{
    /* containerd's go-cni ignores the error of a DEL if its text contains "not found" or "no such file or directory"
     * (cni.go:260), so ENOENT is worded differently: a missing original must not look like success. */
    char text[PATH_MAX + 128];
    const char *why = code == ENOENT ? "the original is missing" : strerror(code);
    int n = snprintf(text, sizeof text, "cnitap: cannot %s %s: %s\n", what, realPath, why);
    if (n > 0 && write(2, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1) < 0) return 1;
    return 1;
}
