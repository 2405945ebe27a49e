/* A plugin that performs the steps of the file next to it: <directory of argv[0]>/<name>.json holds an array of steps,
 * each a string such as "echo", "stdout 10485760" or "exit 3". Without that file the array is read from stdin. One
 * static program, because the tests run it thousands of times. */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static char *steps[64];
static size_t stepBytes[64], stepCount;
static char input[1 << 20];
static size_t inputBytes;
static char **arguments;
static volatile sig_atomic_t caught;

static int writeAll(int fd, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t n = write(fd, bytes, count);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return -1;
        bytes += n;
        count -= (size_t)n;
    }
    return 0;
}

static size_t readAll(int fd, char *into, size_t room)
{
    size_t got = 0;
    ssize_t n;
    while (got < room && ((n = read(fd, into + got, room - got)) > 0 || (n < 0 && errno == EINTR)))
        if (n > 0) got += (size_t)n;
    return got;
}

/* ---- steps --------------------------------------------------------------------------------------------- */

/* The strings of a JSON array; \u00XX is one byte, so that a file can contain bytes that are not text. */
static void readSteps(char *at)
{
    while ((at = strchr(at, '"')) && stepCount < 64) {
        char *to = ++at;
        steps[stepCount] = at;
        for (; *at && *at != '"'; at++) {
            if (*at != '\\') { *to++ = *at; continue; }
            at++;
            if (*at == 'u') {
                unsigned value;
                sscanf(at + 1, "%4x", &value);
                *to++ = (char)value;
                at += 4;
            } else *to++ = *at == 'n' ? '\n' : *at == 't' ? '\t' : *at == 'r' ? '\r' : *at;
        }
        stepBytes[stepCount] = (size_t)(to - steps[stepCount]);
        stepCount++;
        at++;
        *to = 0;
    }
}

static void loadSteps(const char *self)
{
    static char file[1 << 16];
    char path[PATH_MAX];
    int fd;
    snprintf(path, sizeof path, "%s.json", self);
    if ((fd = open(path, O_RDONLY | O_CLOEXEC)) >= 0) {
        file[readAll(fd, file, sizeof file - 1)] = 0;
        close(fd);
        readSteps(file);
    } else {
        input[inputBytes = readAll(0, input, sizeof input - 1)] = 0;
        readSteps(input);
    }
}

/* ---- facts --------------------------------------------------------------------------------------------- */

static void quoted(FILE *f, const char *text)
{
    fputc('"', f);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\') fprintf(f, "\\%c", *text);
        else if (*(const unsigned char *)text < 32 || *(const unsigned char *)text > 126)
            fprintf(f, "\\u%04x", *(const unsigned char *)text);
        else fputc(*text, f);
    }
    fputc('"', f);
}

static void list(FILE *f, const char *key, char **values)
{
    fprintf(f, ",\n\"%s\":[", key);
    for (int i = 0; values[i]; i++) {
        if (i) fputc(',', f);
        quoted(f, values[i]);
    }
    fputc(']', f);
}

static void linesOf(FILE *f, const char *path, const char *const *wanted)
{
    char line[4096];
    FILE *from = fopen(path, "re");
    while (from && fgets(line, sizeof line, from)) {
        for (int i = 0; wanted[i]; i++) {
            if (strncmp(line, wanted[i], strlen(wanted[i])) != 0) continue;
            line[strcspn(line, "\n")] = 0;
            fputc(',', f);
            fputc('\n', f);
            quoted(f, wanted[i]);
            fputc(':', f);
            quoted(f, line);
        }
    }
    if (from) fclose(from);
}

/* What a process inherits, except for what must differ behind a relay: its parent, its executable, and its three
 * streams. */
static void facts(void)
{
    static const char *const status[] = { "Uid", "Gid", "Groups", "SigBlk", "SigIgn", "SigCgt", "CapInh",
        "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp:", "Cpus_allowed_list", "Umask", "Name", NULL };
    static const char *const spaces[] = { "net", "mnt", "pid", "ipc", "uts", "user", "cgroup", "time", NULL };
    char path[2 * PATH_MAX], target[PATH_MAX], *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    DIR *dir;
    fprintf(f, "{\"cwd\":");
    quoted(f, getcwd(path, sizeof path) ? path : "");
    list(f, "argv", arguments);
    list(f, "env", environ);
    linesOf(f, "/proc/self/status", status);
    fprintf(f, ",\n\"nice\":%d,\"scheduler\":%d,\"sid\":%d,\"pgrp\":%d,\"timerSlack\":%d,\"personality\":%d,"
            "\"reaper\":%d,\"dumpable\":%d", getpriority(PRIO_PROCESS, 0), (int)syscall(SYS_sched_getscheduler, 0), getsid(0), getpgrp(),
            prctl(PR_GET_TIMERSLACK), personality(0xffffffff), prctl(PR_GET_CHILD_SUBREAPER, &size), prctl(PR_GET_DUMPABLE));
    fprintf(f, ",\n\"limits\":[");
    for (int i = 0; i < RLIM_NLIMITS; i++) {
        struct rlimit r = { 0, 0 };
        getrlimit(i, &r);
        fprintf(f, "%s[%lld,%lld]", i ? "," : "", (long long)r.rlim_cur, (long long)r.rlim_max);
    }
    fprintf(f, "],\n\"namespaces\":[");
    for (int i = 0; spaces[i]; i++) {
        snprintf(path, sizeof path, "/proc/self/ns/%s", spaces[i]);
        ssize_t n = readlink(path, target, sizeof target - 1);
        target[n > 0 ? n : 0] = 0;
        if (i) fputc(',', f);
        quoted(f, target);
    }
    fprintf(f, "],\n\"descriptors\":[\"0-2\"");
    dir = opendir("/proc/self/fd");
    for (int fd = 3; dir && fd < 1024; fd++) {
        if (fd == dirfd(dir) || fcntl(fd, F_GETFD) < 0) continue;
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        ssize_t n = readlink(path, target, sizeof target - 1);
        target[n > 0 ? n : 0] = 0;
        snprintf(path, sizeof path, "%d %s %lld", fd, target, (long long)lseek(fd, 0, SEEK_CUR));
        fputc(',', f);
        quoted(f, path);
    }
    if (dir) closedir(dir);
    fprintf(f, "]}\n");
    fclose(f);
    writeAll(1, text, size);
}

/* ---- what plugins do ----------------------------------------------------------------------------------- */

static void onSignal(int signal) { caught = signal; }

static void pattern(int fd, size_t count)
{
    char chunk[65536];
    size_t at = 0;
    while (at < count) {
        size_t n = count - at < sizeof chunk ? count - at : sizeof chunk;
        for (size_t i = 0; i < n; i++) chunk[i] = (char)('a' + (at + i) % 23);
        if (writeAll(fd, chunk, n)) return;
        at += n;
    }
}

static void both(size_t count)
{
    char chunk[40000];
    for (size_t at = 0, i = 0; at < count; at += sizeof chunk, i++) {
        memset(chunk, 'A' + (int)(i % 26), sizeof chunk);
        size_t n = count - at < sizeof chunk ? count - at : sizeof chunk;
        if (writeAll(1, chunk, n) | writeAll(2, chunk, n)) return;
    }
}

static void garbage(size_t count)
{
    char chunk[4096];
    unsigned state = 2463534242u;
    while (count > 0) {
        size_t n = count < sizeof chunk ? count : sizeof chunk, i;
        for (i = 0; i < n; i++) {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            chunk[i] = (char)state;
        }
        if (writeAll(1, chunk, n)) return;
        count -= n;
    }
}

static void echo(void)
{
    char chunk[65536];
    ssize_t n;
    while ((n = read(0, chunk, sizeof chunk)) > 0) if (writeAll(1, chunk, (size_t)n)) return;
}

/* A delegate as libcni calls it: found by name in CNI_PATH, with our stdin and our output. */
static int delegate(void)
{
    char path[PATH_MAX], depth[32];
    const char *name = strrchr(arguments[0], '/'), *folders = getenv("CNI_PATH"), *level = getenv("DOUBLE_DEPTH");
    int in[2], status, left = level ? atoi(level) : 0;
    pid_t child;
    if (left <= 0) { echo(); return 0; }
    snprintf(depth, sizeof depth, "%d", left - 1);
    snprintf(path, sizeof path, "%.*s%s", (int)strcspn(folders ? folders : "", ":"), folders ? folders : "", name ? name : "/");
    inputBytes = readAll(0, input, sizeof input);
    if (pipe2(in, O_CLOEXEC)) return 1;
    fcntl(in[1], F_SETPIPE_SZ, sizeof input);
    if ((child = fork()) == 0) {
        char *argv[] = { path, NULL };
        setenv("DOUBLE_DEPTH", depth, 1);
        dup2(in[0], 0);
        execv(path, argv);
        _exit(126);
    }
    writeAll(in[1], input, inputBytes);
    close(in[1]);
    close(in[0]);
    if (waitpid(child, &status, 0) < 0) return 125;
    if (WIFSIGNALED(status)) { signal(WTERMSIG(status), SIG_DFL); raise(WTERMSIG(status)); }
    return WEXITSTATUS(status);
}

static void grandchild(int ms)
{
    if (fork() == 0) {
        usleep((useconds_t)ms * 1000);
        writeAll(1, "late\n", 5);
        _exit(0);
    }
}

static void sideEffect(char *rest)
{
    char *text = strchr(rest, ' ');
    int fd;
    if (!text) return;
    *text++ = 0;
    fd = open(rest, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    writeAll(fd, text, strlen(text));
    close(fd);
}

static void perform(char *step, size_t bytes)
{
    char *rest = strchr(step, ' ');
    long number;
    struct sigaction action = { .sa_handler = onSignal };
    size_t length = rest ? (size_t)(rest - step) : strlen(step);
    rest = rest ? rest + 1 : step + length;
    number = atol(rest);
#define IS(word) (length == sizeof word - 1 && memcmp(step, word, length) == 0)
    if (IS("echo")) echo();
    else if (IS("drain")) while (read(0, input, sizeof input) > 0) ;
    else if (IS("out")) writeAll(1, rest, bytes - length - 1);
    else if (IS("err")) writeAll(2, rest, bytes - length - 1);
    else if (IS("stdout")) pattern(1, (size_t)number);
    else if (IS("stderr")) pattern(2, (size_t)number);
    else if (IS("both")) both((size_t)number);
    else if (IS("garbage")) garbage((size_t)number);
    else if (IS("sleep")) usleep((useconds_t)number * 1000);
    else if (IS("hang")) for (;;) pause();
    else if (IS("signal")) { signal((int)number, SIG_DFL); raise((int)number); }
    else if (IS("exit")) exit((int)number);
    else if (IS("facts")) facts();
    else if (IS("file")) sideEffect(rest);
    else if (IS("grandchild")) grandchild((int)number);
    else if (IS("delegate")) exit(delegate());
    else if (IS("ignore")) signal((int)number, SIG_IGN);
    else if (IS("catch")) sigaction((int)number, &action, NULL);
    else if (IS("await")) {
        char text[32];
        while (!caught) usleep(1000);
        writeAll(1, text, (size_t)snprintf(text, sizeof text, "caught %d\n", (int)caught));
        caught = 0;
    } else if (IS("close")) close((int)number);
    else { fprintf(stderr, "double: unknown step %s\n", step); exit(99); }
}

int main(int argc, char **argv)
{
    (void)argc;
    arguments = argv;
    loadSteps(argv[0]);
    for (size_t i = 0; i < stepCount; i++) perform(steps[i], stepBytes[i]);
    return 0;
}
