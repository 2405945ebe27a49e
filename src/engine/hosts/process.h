/* This process and this machine. */
#pragma once
#include <limits.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/random.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include "values.h"

extern char **environ;
static int argumentCount;
static char **argumentList;

static JSValue textsOf(JSContext *ctx, char **texts, int count)
{
    JSValue list = JS_NewArray(ctx);
    int i;
    for (i = 0; i < count && texts[i]; i++) JS_SetPropertyUint32(ctx, list, (uint32_t)i, JS_NewString(ctx, texts[i]));
    return list;
}

/* { pid, ppid, uid, euid, host, arch, argv, env: "NAME=value"[] } */
NATIVE(describeProcess)
{
    struct utsname names;
    JSValue facts = JS_NewObject(ctx);
    UNUSED;
    uname(&names);
    JS_SetPropertyStr(ctx, facts, "pid", JS_NewInt32(ctx, getpid()));
    JS_SetPropertyStr(ctx, facts, "ppid", JS_NewInt32(ctx, getppid()));
    JS_SetPropertyStr(ctx, facts, "uid", JS_NewInt64(ctx, getuid()));
    JS_SetPropertyStr(ctx, facts, "euid", JS_NewInt64(ctx, geteuid()));
    JS_SetPropertyStr(ctx, facts, "gid", JS_NewInt64(ctx, getgid()));
    JS_SetPropertyStr(ctx, facts, "host", JS_NewString(ctx, names.nodename));
    JS_SetPropertyStr(ctx, facts, "release", JS_NewString(ctx, names.release));
#ifdef __aarch64__
    JS_SetPropertyStr(ctx, facts, "arch", JS_NewString(ctx, "arm64"));
#else
    JS_SetPropertyStr(ctx, facts, "arch", JS_NewString(ctx, "x64"));
#endif
    JS_SetPropertyStr(ctx, facts, "engine", JS_NewString(ctx, JS_GetVersion()));
    JS_SetPropertyStr(ctx, facts, "argv", textsOf(ctx, argumentList, argumentCount));
    JS_SetPropertyStr(ctx, facts, "env", textsOf(ctx, environ, INT_MAX));
    return facts;
}

NATIVE(workingDirectory)
{
    static char path[PATH_MAX];
    UNUSED;
    return getcwd(path, sizeof path) ? JS_NewString(ctx, path) : JS_NewInt32(ctx, -errno);
}

NATIVE(monotonicNs)
{
    struct timespec now;
    UNUSED;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return JS_NewBigInt64(ctx, now.tv_sec * (int64_t)1000000000 + now.tv_nsec);
}

NATIVE(fillRandom)
{
    size_t size;
    uint8_t *bytes = bytesOf(ctx, argv[0], &size);
    UNUSED;
    return resultOf(ctx, bytes && getrandom(bytes, size, 0) == (ssize_t)size ? 0 : -1);
}

/* 16 hexadecimal digits */
NATIVE(newId)
{
    uint64_t number;
    char digits[17];
    UNUSED;
    if (getrandom(&number, sizeof number, 0) != sizeof number) return JS_ThrowInternalError(ctx, "no random numbers");
    snprintf(digits, sizeof digits, "%016llx", (unsigned long long)number);
    return JS_NewString(ctx, digits);
}

/* [columns, rows] of a terminal; nothing if the descriptor is something else */
NATIVE(terminalSize)
{
    struct winsize size;
    JSValue list;
    UNUSED;
    if (!isatty((int)numberOf(ctx, argv[0]))) return JS_UNDEFINED;
    if (ioctl((int)numberOf(ctx, argv[0]), TIOCGWINSZ, &size)) size.ws_col = size.ws_row = 0;
    list = JS_NewArray(ctx);
    JS_SetPropertyUint32(ctx, list, 0, JS_NewInt32(ctx, size.ws_col));
    JS_SetPropertyUint32(ctx, list, 1, JS_NewInt32(ctx, size.ws_row));
    return list;
}

NATIVE(exitProcess)
{
    UNUSED;
    _exit((int)numberOf(ctx, argv[0]));
}
