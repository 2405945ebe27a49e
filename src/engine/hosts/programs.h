/* Runs programs: one that is waited for, with its output in memory, and one that runs beside us. */
#pragma once
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "files.h"

enum { MOST_OUTPUT_BYTES = 1 << 20 }; /* of each stream, as Node.js' maxBuffer */

typedef struct { uint8_t *bytes; size_t length, room; } Output;

static int64_t monotonicMs(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A NULL-terminated copy of an array of strings. */
static char **stringsOf(JSContext *ctx, JSValueConst array)
{
    uint32_t count = lengthOf(ctx, array), i;
    char **strings = calloc(count + 1, sizeof *strings);
    for (i = 0; strings && i < count; i++) {
        JSValue value = JS_GetPropertyUint32(ctx, array, i);
        const char *text = JS_ToCString(ctx, value);
        strings[i] = strdup(text ? text : "");
        JS_FreeCString(ctx, text);
        JS_FreeValue(ctx, value);
    }
    return strings;
}

static void freeStrings(char **strings)
{
    char **at;
    for (at = strings; at && *at; at++) free(*at);
    free(strings);
}

/* In the child, which shares our memory until it executes the program: returns the errno of what failed. */
static int becomeProgram(const char *file, char **arguments, char **environment, const char *root, const char *cwd, int isDetached, const int fds[3])
{
    struct sigaction fresh = { .sa_handler = SIG_DFL };
    sigset_t none;
    int i;
    for (i = 0; i < 3; i++) if (dup2(fds[i], i) < 0) return errno;
    if (isDetached && setsid() < 0) return errno;
    if (root && (chroot(root) || chdir("/"))) return errno;
    if (cwd && chdir(cwd)) return errno;
    sigaction(SIGPIPE, &fresh, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (strchr(file, '/')) execve(file, arguments, environment);
    else {
        const char *path = NULL, *end;
        int denied = 0;
        char **variable, candidate[4096];
        for (variable = environment; *variable; variable++) if (!strncmp(*variable, "PATH=", 5)) path = *variable + 5;
        if (!path) path = "/usr/local/bin:/bin:/usr/bin";
        for (;; path = end + 1) {
            end = strchr(path, ':') ? strchr(path, ':') : path + strlen(path);
            if ((size_t)(end - path) + strlen(file) + 2 < sizeof candidate) {
                memcpy(candidate, path, (size_t)(end - path));
                strcpy(stpcpy(candidate + (end - path), end == path ? "./" : "/"), file);
                execve(candidate, arguments, environment);
                if (errno == EACCES) denied = 1;
                else if (errno != ENOENT && errno != ENOTDIR) return errno;
            }
            if (!*end) break;
        }
        return denied ? EACCES : ENOENT;
    }
    return errno;
}

static void collect(Output *output, int *fd, int *tooMuch)
{
    ssize_t n;
    if (output->room - output->length < 1 << 14) {
        size_t room = output->room ? 2 * output->room : 1 << 16;
        uint8_t *grown = realloc(output->bytes, room);
        if (!grown) return;
        output->bytes = grown, output->room = room;
    }
    n = read(*fd, output->bytes + output->length, output->room - output->length);
    if (n > 0) output->length += (size_t)n;
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) close(*fd), *fd = -1;
    if (output->length > MOST_OUTPUT_BYTES) output->length = MOST_OUTPUT_BYTES, *tooMuch = 1;
}

/* (file, arguments, environment, root, cwd, stdin, timeoutMs): { errno, pid, status, signal, stdout, stderr } */
NATIVE(runProgram)
{
    const char *file = JS_ToCString(ctx, argv[0]), *root = JS_IsString(argv[3]) ? JS_ToCString(ctx, argv[3]) : NULL;
    const char *cwd = JS_IsString(argv[4]) ? JS_ToCString(ctx, argv[4]) : NULL;
    char **arguments = stringsOf(ctx, argv[1]), **environment = stringsOf(ctx, argv[2]);
    size_t inputLength, written = 0;
    const uint8_t *input = bytesOf(ctx, argv[5], &inputLength);
    int64_t timeoutMs = numberOf(ctx, argv[6]), endsMs = timeoutMs > 0 ? monotonicMs() + timeoutMs : INT64_MAX;
    int in[2] = { -1, -1 }, out[2] = { -1, -1 }, err[2] = { -1, -1 }, status = 0, tooMuch = 0, hasEnded = 0;
    volatile int failed = 0;
    Output outputs[2] = { { NULL, 0, 0 }, { NULL, 0, 0 } };
    pid_t pid = -1;
    JSValue result = JS_NewObject(ctx);
    UNUSED;
    if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) failed = errno;
    if (!failed) {
        const int fds[3] = { in[0], out[1], err[1] };
        pid = vfork();
        if (pid == 0) {
            failed = becomeProgram(file, arguments, environment, root, cwd, 0, fds);
            _exit(127);
        }
        if (pid < 0) failed = errno;
    }
    close(in[0]), close(out[1]), close(err[1]);
    if (failed && pid > 0) waitpid(pid, NULL, 0);
    if (!failed) {
        fcntl(in[1], F_SETFL, O_NONBLOCK), fcntl(out[0], F_SETFL, O_NONBLOCK), fcntl(err[0], F_SETFL, O_NONBLOCK);
        while (in[1] >= 0 || out[0] >= 0 || err[0] >= 0) {
            struct pollfd fds[3] = { { in[1], POLLOUT, 0 }, { out[0], POLLIN, 0 }, { err[0], POLLIN, 0 } };
            int64_t leftMs = endsMs == INT64_MAX ? -1 : endsMs - monotonicMs();
            if (written >= inputLength && in[1] >= 0) close(in[1]), in[1] = fds[0].fd = -1;
            if ((endsMs != INT64_MAX && leftMs <= 0) || tooMuch) break;
            if (poll(fds, 3, leftMs > 1000000 ? 1000000 : (int)leftMs) < 0 && errno != EINTR) break;
            if (fds[0].fd >= 0 && fds[0].revents) {
                ssize_t n = write(in[1], input + written, inputLength - written);
                if (n > 0) written += (size_t)n;
                else if (errno != EAGAIN && errno != EINTR) close(in[1]), in[1] = -1;
            }
            if (fds[1].fd >= 0 && fds[1].revents) collect(&outputs[0], &out[0], &tooMuch);
            if (fds[2].fd >= 0 && fds[2].revents) collect(&outputs[1], &err[0], &tooMuch);
        }
        /* A program may have closed its output and still run. */
        while (!hasEnded) {
            int64_t leftMs = endsMs == INT64_MAX ? INT64_MAX : endsMs - monotonicMs();
            if (leftMs <= 0 || tooMuch) {
                failed = tooMuch ? ENOBUFS : ETIMEDOUT;
                kill(pid, SIGTERM);
                waitpid(pid, &status, 0);
                hasEnded = 1;
            } else if (leftMs == INT64_MAX) hasEnded = waitpid(pid, &status, 0) != -1 || errno != EINTR;
            else if (waitpid(pid, &status, WNOHANG) == pid) hasEnded = 1;
            else poll(NULL, 0, 1);
        }
    }
    if (in[1] >= 0) close(in[1]);
    if (out[0] >= 0) close(out[0]);
    if (err[0] >= 0) close(err[0]);
    JS_SetPropertyStr(ctx, result, "errno", JS_NewInt32(ctx, failed));
    JS_SetPropertyStr(ctx, result, "pid", JS_NewInt32(ctx, pid > 0 ? pid : 0));
    JS_SetPropertyStr(ctx, result, "status", pid > 0 && WIFEXITED(status) ? JS_NewInt32(ctx, WEXITSTATUS(status)) : JS_NULL);
    JS_SetPropertyStr(ctx, result, "signal", JS_NewInt32(ctx, WIFSIGNALED(status) ? WTERMSIG(status) : 0));
    JS_SetPropertyStr(ctx, result, "stdout", JS_NewArrayBufferCopy(ctx, outputs[0].bytes ? outputs[0].bytes : (const uint8_t *)"", outputs[0].length));
    JS_SetPropertyStr(ctx, result, "stderr", JS_NewArrayBufferCopy(ctx, outputs[1].bytes ? outputs[1].bytes : (const uint8_t *)"", outputs[1].length));
    free(outputs[0].bytes), free(outputs[1].bytes);
    freeStrings(arguments), freeStrings(environment);
    JS_FreeCString(ctx, file);
    if (root) JS_FreeCString(ctx, root);
    if (cwd) JS_FreeCString(ctx, cwd);
    return result;
}

enum { IGNORED, PIPED, INHERITED };

/* What the program gets as a standard stream; of a pipe, our end in `*ours`. */
static int streamFor(int stream, int mode, int *ours)
{
    int ends[2], theirs = stream == 0 ? 0 : 1;
    if (mode == INHERITED) return fcntl(stream, F_DUPFD_CLOEXEC, 3);
    if (mode == IGNORED) return open("/dev/null", O_RDWR | O_CLOEXEC);
    if (pipe2(ends, O_CLOEXEC)) return -1;
    *ours = ends[1 - theirs];
    fcntl(*ours, F_SETFL, O_NONBLOCK);
    return ends[theirs];
}

/* (file, arguments, environment, cwd, modes of the three streams, whether in a session of its own): { errno, pid, streams } */
NATIVE(startProgram)
{
    const char *file = JS_ToCString(ctx, argv[0]), *cwd = JS_IsString(argv[3]) ? JS_ToCString(ctx, argv[3]) : NULL;
    char **arguments = stringsOf(ctx, argv[1]), **environment = stringsOf(ctx, argv[2]);
    int fds[3], ours[3] = { -1, -1, -1 }, i;
    volatile int failed = 0;
    pid_t pid = -1;
    JSValue result = JS_NewObject(ctx), streams = JS_NewArray(ctx);
    UNUSED;
    for (i = 0; i < 3; i++) if ((fds[i] = streamFor(i, INTEGER(4 + i), &ours[i])) < 0 && !failed) failed = errno;
    if (!failed) {
        pid = vfork();
        if (pid == 0) {
            failed = becomeProgram(file, arguments, environment, NULL, cwd, JS_ToBool(ctx, argv[7]), fds);
            _exit(127);
        }
        if (pid < 0) failed = errno;
    }
    if (failed && pid > 0) waitpid(pid, NULL, 0);
    for (i = 0; i < 3; i++) {
        if (fds[i] >= 0) close(fds[i]);
        if (failed && ours[i] >= 0) close(ours[i]);
        JS_SetPropertyUint32(ctx, streams, (uint32_t)i, JS_NewInt32(ctx, failed ? -1 : ours[i]));
    }
    JS_SetPropertyStr(ctx, result, "errno", JS_NewInt32(ctx, failed));
    JS_SetPropertyStr(ctx, result, "pid", JS_NewInt32(ctx, failed ? 0 : pid));
    JS_SetPropertyStr(ctx, result, "streams", streams);
    freeStrings(arguments), freeStrings(environment);
    JS_FreeCString(ctx, file);
    if (cwd) JS_FreeCString(ctx, cwd);
    return result;
}

/* [status, signal] of a program that has ended; nothing while it runs */
NATIVE(endedProgram)
{
    int status;
    JSValue list;
    UNUSED;
    if (waitpid(INTEGER(0), &status, WNOHANG) <= 0) return JS_UNDEFINED;
    list = JS_NewArray(ctx);
    JS_SetPropertyUint32(ctx, list, 0, WIFEXITED(status) ? JS_NewInt32(ctx, WEXITSTATUS(status)) : JS_NULL);
    JS_SetPropertyUint32(ctx, list, 1, JS_NewInt32(ctx, WIFSIGNALED(status) ? WTERMSIG(status) : 0));
    return list;
}

NATIVE(signalProgram) { UNUSED; return resultOf(ctx, kill(INTEGER(0), INTEGER(1))); }
