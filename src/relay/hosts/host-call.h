/* Functions of the script that concern the call. src/relay/host.ts documents each of them. */
#pragma once
#include <sys/random.h>
#include <sys/utsname.h>
#include "host-disk.h"
#include "pump.h"

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

HOST(hostReadConfig) { UNUSED; return readWhole(ctx, configPath); }

HOST(hostReadStdin)
{
    /* Reads ahead so that the begin line can hold stdin: up to the limit, and at most for waitMs if the writer keeps
     * the pipe open. The rest is relayed while the plugin runs. Reads no more than there is room for: it would be
     * lost for the plugin. */
    Stream *s = &streams[STDIN];
    uint32_t limit;
    double waitMs, deadline;
    UNUSED;
    if (JS_ToUint32(ctx, &limit, argv[0]) || JS_ToFloat64(ctx, &waitMs, argv[1])) return JS_EXCEPTION;
    streamLimit = limit;
    if (!outcome.piped && openPipes()) return JS_NewBool(ctx, 0);
    deadline = clockMs(CLOCK_MONOTONIC) + (isatty(0) ? 0 : waitMs);
    outcome.stdinRead = 1;
    while (!outcome.stdinComplete && roomFor(s, 1)) {
        struct pollfd p = { 0, POLLIN, 0 };
        double left = deadline - clockMs(CLOCK_MONOTONIC);
        ssize_t n;
        if (poll(&p, 1, left > 0 ? (int)left : 0) <= 0) break;
        n = read(0, s->data + s->kept, (s->room < streamLimit ? s->room : streamLimit) - s->kept);
        if (n > 0) s->kept += (size_t)n, s->total += (uint64_t)n;
        else if (n == 0 || (errno != EINTR && errno != EAGAIN)) outcome.stdinComplete = 1;
    }
    return JS_NewBool(ctx, 1);
}

static struct { JSContext *ctx; JSValue function; } reporter;

/* A report that fails is lost; the call and its end record are not. */
static void callReporter(void)
{
    JSContext *ctx = reporter.ctx;
    JSValue result = JS_Call(ctx, reporter.function, JS_UNDEFINED, 0, NULL);
    if (JS_IsException(result)) JS_FreeValue(ctx, JS_GetException(ctx));
    else JS_FreeValue(ctx, result);
}

HOST(hostRelay)
{
    const char *variable = JS_ToCString(ctx, argv[0]);
    UNUSED;
    if (JS_IsFunction(ctx, argv[1])) {
        reporter.ctx = ctx;
        reporter.function = argv[1];
        report = callReporter;
    }
    relay(variable);
    report = NULL;
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

HOST(hostOutcome)
{
    JSValue o = JS_NewObject(ctx);
    UNUSED;
    setNumber(ctx, o, "errno", outcome.execErrno);
    setNumber(ctx, o, "signal", WIFSIGNALED(outcome.status) ? WTERMSIG(outcome.status) : 0);
    setNumber(ctx, o, "code", WIFEXITED(outcome.status) ? WEXITSTATUS(outcome.status) : 0);
    setNumber(ctx, o, "pluginPid", outcome.pluginPid);
    setNumber(ctx, o, "spawnMs", outcome.spawnMs);
    setNumber(ctx, o, "durationMs", outcome.durationMs);
    setNumber(ctx, o, "maxRssBytes", (double)outcome.usage.ru_maxrss * 1024);
    setNumber(ctx, o, "userMs", (double)outcome.usage.ru_utime.tv_sec * 1e3 + (double)outcome.usage.ru_utime.tv_usec / 1e3);
    setNumber(ctx, o, "systemMs", (double)outcome.usage.ru_stime.tv_sec * 1e3 + (double)outcome.usage.ru_stime.tv_usec / 1e3);
    return o;
}

HOST(hostStdinComplete) { UNUSED; return JS_NewBool(ctx, outcome.stdinComplete); }

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
    JS_SetPropertyStr(ctx, o, "isInstalled", JS_NewBool(ctx, exists || isInstalled()));
    setNumber(ctx, o, "originalSizeBytes", exists ? (double)st.st_size : 0);
    setNumber(ctx, o, "originalModifiedMs", exists ? (double)st.st_mtim.tv_sec * 1e3 : 0);
    setNumber(ctx, o, "pid", getpid());
    setNumber(ctx, o, "ppid", getppid());
    return o;
}
