/* The least that a recorder in a plugin's place can do, to compare the relay with: it runs <directory>/.floor/<name>,
 * relays three streams with poll and appends two lines, one before and one after. No engine, configuration, redaction,
 * checksum, file checks, signals or fallbacks, so it is not a recorder to use. Static, with musl, as the relay. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static char path[4096], record[1 << 16], stdinBytes[1 << 16], chunk[1 << 16];

static double nowMs(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static size_t quoted(char *to, const char *text, size_t count)
{
    size_t n = 0, i;
    to[n++] = '"';
    for (i = 0; i < count && n < 60000; i++) {
        if (text[i] == '"' || text[i] == '\\') to[n++] = '\\', to[n++] = text[i];
        else if (text[i] == '\n') to[n++] = '\\', to[n++] = 'n';
        else to[n++] = text[i];
    }
    to[n++] = '"';
    return n;
}

static void append(const char *file, size_t length)
{
    int fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    record[length++] = '}';
    record[length++] = '\n';
    if (fd < 0 || write(fd, record, length) < 0) return;
    close(fd);
}

int main(int argc, char **argv)
{
    char *slash = strrchr(argv[0], '/'), log[4096];
    int in[2], out[2], err[2], status, length, i;
    static size_t got; /* a local one might not survive vfork */
    size_t at;
    ssize_t n;
    pid_t child;
    (void)argc;
    snprintf(path, sizeof path, "%.*s/.floor/%s", (int)(slash - argv[0]), argv[0], slash + 1);
    snprintf(log, sizeof log, "%.*s/.floor/calls.jsonl", (int)(slash - argv[0]), argv[0]);
    while ((n = read(0, stdinBytes + got, sizeof stdinBytes - got)) > 0) got += (size_t)n;
    at = (size_t)sprintf(record, "\n{\"kind\":\"begin\",\"wallMs\":%.3f,\"pid\":%d,\"env\":[", nowMs(CLOCK_REALTIME), getpid());
    for (i = 0; environ[i]; i++) { at += quoted(record + at, environ[i], strlen(environ[i])); record[at++] = ','; }
    memcpy(record + at - 1, "],\"stdin\":", 10);
    at += 9;
    at += quoted(record + at, stdinBytes, got);
    append(log, at);

    if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) return 1;
    if ((child = vfork()) == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        dup2(err[1], 2);
        execv(path, argv);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    close(err[1]);
    if (write(in[1], stdinBytes, got) < 0) return 1;
    close(in[1]);
    length = sprintf(record, "\n{\"kind\":\"end\",\"outputs\":[");
    struct pollfd p[] = { { out[0], POLLIN, 0 }, { err[0], POLLIN, 0 } };
    while (p[0].fd >= 0 || p[1].fd >= 0) {
        if (poll(p, 2, -1) < 0) continue;
        for (i = 0; i < 2; i++) {
            if (p[i].fd < 0 || !p[i].revents) continue;
            n = read(p[i].fd, chunk, sizeof chunk);
            if (n <= 0) { p[i].fd = -1; continue; }
            if (write(1 + i, chunk, (size_t)n) < 0) return 1;
            length += (int)quoted(record + length, chunk, (size_t)n);
        }
    }
    waitpid(child, &status, 0);
    length += sprintf(record + length, "],\"wallMs\":%.3f,\"status\":%d", nowMs(CLOCK_REALTIME), status);
    append(log, (size_t)length);
    return WEXITSTATUS(status);
}
