/* Functions of the script. src/relay/host.ts documents each of them. */
#pragma once
#include <dirent.h>
#include "host.h"
#include "host-text.h"
#include "json-pointers.h"
#include "recorder.h"

HOST(hostProvide)
{
    const char *marks = JS_ToCString(ctx, argv[0]), *classes = JS_ToCString(ctx, argv[2]);
    int32_t shown;
    UNUSED;
    if (!marks || !classes || JS_ToInt32(ctx, &shown, argv[1]) || !setMarks(&image.marks, marks, shown) || !setClasses(classes)) return JS_EXCEPTION;
    JS_FreeCString(ctx, marks);
    JS_FreeCString(ctx, classes);
    image.exports = JS_DupValue(ctx, argv[3]);
    return JS_UNDEFINED;
}

HOST(hostHoldsMark)
{
    size_t length;
    const char *text = JS_ToCStringLen(ctx, &length, argv[0]);
    int found;
    UNUSED;
    if (!text) return JS_EXCEPTION;
    found = holdsMark(&image.marks, text, length);
    JS_FreeCString(ctx, text);
    return JS_NewBool(ctx, found);
}

HOST(hostVariable)
{
    size_t length;
    const char *wanted = JS_ToCStringLen(ctx, &length, argv[0]), *value;
    UNUSED;
    if (!wanted) return JS_EXCEPTION;
    value = variable(wanted, length);
    JS_FreeCString(ctx, wanted);
    return value ? JS_NewString(ctx, value) : JS_UNDEFINED;
}

static void setText(JSContext *ctx, JSValue object, const char *key, const char *text)
{
    if (*text) JS_SetPropertyStr(ctx, object, key, JS_NewString(ctx, text));
}

HOST(hostSettings)
{
    JSValue o;
    UNUSED;
    readConfig();
    if (!isRecorded()) return JS_UNDEFINED;
    o = JS_NewObject(ctx);
    setText(ctx, o, "capture", config.capture);
    setText(ctx, o, "logFile", config.logFile);
    setNumber(ctx, o, "maxSizeBytes", config.maxSizeBytes);
    setNumber(ctx, o, "streamBytes", config.streamBytes);
    JS_SetPropertyStr(ctx, o, "raw", JS_NewBool(ctx, config.raw));
    return o;
}

/* More room for the content of a stream, up to `limit`; as much as there is memory for. */
static void growStream(Stream *s, size_t limit)
{
    size_t room = s->room * 4 < limit ? s->room * 4 : limit;
    int isMapped = s->data != streamBytes[s - streams];
    uint8_t *larger;
    if (isMapped) larger = mremap(s->data, s->room, room, MREMAP_MAYMOVE);
    else larger = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (larger == MAP_FAILED) return;
    if (!isMapped) memcpy(larger, s->data, s->kept);
    s->data = larger;
    s->room = room;
}

/* readStdin(limit, waitMs): a probe needs all of it. */
HOST(hostReadStdin)
{
    Stream *s = &streams[STDIN];
    uint32_t limit, waitMs;
    int64_t endsUs;
    UNUSED;
    if (JS_ToUint32(ctx, &limit, argv[0]) || JS_ToUint32(ctx, &waitMs, argv[1])) return JS_EXCEPTION;
    endsUs = clockUs(CLOCK_MONOTONIC) + (isatty(0) ? 0 : (int64_t)waitMs * 1000);
    while (!outcome.stdinComplete) {
        struct pollfd p = { 0, POLLIN, 0 };
        int64_t leftUs = endsUs - clockUs(CLOCK_MONOTONIC);
        ssize_t n;
        if (s->kept == s->room && s->room < limit) growStream(s, limit);
        if (s->kept == s->room || poll(&p, 1, leftUs > 0 ? (int)(leftUs / 1000) : 0) <= 0) break;
        n = read(0, s->data + s->kept, s->room - s->kept);
        if (n > 0) s->kept += (size_t)n, s->total += (uint64_t)n;
        else if (n == 0 || (errno != EINTR && errno != EAGAIN)) outcome.stdinComplete = 1;
    }
    return JS_UNDEFINED;
}

HOST(hostStdin)
{
    Stream *s = &streams[STDIN];
    UNUSED;
    return validUtf8(s->data, s->kept) == s->kept ? stringOf(s->data, s->kept) : latin1Of(s->data, s->kept);
}

HOST(hostStdinBytes) { UNUSED; return latin1Of(streams[STDIN].data, streams[STDIN].kept); }

/* Writes everything, also to a pipe that another process has made non-blocking; stops if the reader is gone. */
static void writeAll(int fd, const uint8_t *bytes, size_t count)
{
    while (count > 0) {
        struct pollfd p = { fd, POLLOUT, 0 };
        ssize_t n = write(fd, bytes, count);
        if (n > 0) bytes += n, count -= (size_t)n;
        else if (n == 0 || (errno != EINTR && errno != EAGAIN)) return;
        else if (errno == EAGAIN) poll(&p, 1, -1);
    }
}

HOST(hostReply)
{
    size_t length;
    const char *text = JS_ToCStringLen(ctx, &length, argv[0]);
    UNUSED;
    if (!text) return JS_EXCEPTION;
    writeAll(STDOUT, (const uint8_t *)text, length);
    JS_FreeCString(ctx, text);
    return JS_UNDEFINED;
}

/* replyStdin(from, to): a slice of stdin, unchanged, for a prevResult that is echoed byte for byte. */
HOST(hostReplyStdin)
{
    uint32_t from, to;
    UNUSED;
    if (JS_ToUint32(ctx, &from, argv[0]) || JS_ToUint32(ctx, &to, argv[1])) return JS_EXCEPTION;
    if (from < to && to <= streams[STDIN].kept) writeAll(STDOUT, streams[STDIN].data + from, to - from);
    return JS_UNDEFINED;
}

HOST(hostExit)
{
    int32_t code = 1;
    UNUSED;
    if (JS_ToInt32(ctx, &code, argv[0])) return JS_EXCEPTION;
    chosenExit = code;
    return JS_UNDEFINED;
}

static JSValue afterReply; /* {0}: the number 0, which is not a function */
static char complaint[PATH_MAX + 256] RARE;

HOST(hostAfterReply) { UNUSED; afterReply = JS_DupValue(ctx, argv[0]); return JS_UNDEFINED; }

/* Runs in the recorder, whose stderr is closed: what it returns is for the relay to print. */
static void runAfterReply(void)
{
    JSContext *ctx = image.ctx;
    JSValue result;
    const char *text;
    JS_UpdateStackTop(JS_GetRuntime(ctx));
    result = JS_Call(ctx, afterReply, JS_UNDEFINED, 0, NULL);
    text = JS_IsString(result) ? JS_ToCString(ctx, result) : NULL;
    if (text) snprintf(complaint, sizeof complaint, "%s", text);
}

/* record({ capture, maxSizeBytes, streamBytes, raw }): the begin record of a probe. */
HOST(hostRecord)
{
    JSValue capture = JS_GetPropertyStr(ctx, argv[0], "capture"), most = JS_GetPropertyStr(ctx, argv[0], "maxSizeBytes");
    JSValue streamLimit = JS_GetPropertyStr(ctx, argv[0], "streamBytes"), raw = JS_GetPropertyStr(ctx, argv[0], "raw");
    double maxSizeBytes, limit;
    UNUSED;
    if (JS_ToFloat64(ctx, &maxSizeBytes, most) || JS_ToFloat64(ctx, &limit, streamLimit)) return JS_EXCEPTION;
    call.isProbe = 1;
    call.hasStdin = outcome.stdinComplete;
    recorder.recording = (Recording){ JS_ToCString(ctx, capture), maxSizeBytes, (size_t)limit, JS_ToBool(ctx, raw) };
    if (recorder.recording.capture) record(BEGIN, &recorder.recording, recorder.relayPid);
    return JS_UNDEFINED;
}

/* append(directory, file, text, limitBytes) */
HOST(hostAppend)
{
    const char *folder = JS_ToCString(ctx, argv[0]), *file = JS_ToCString(ctx, argv[1]);
    size_t length;
    const char *text = JS_ToCStringLen(ctx, &length, argv[2]);
    double limit;
    Place place;
    UNUSED;
    if (!folder || !file || !text || JS_ToFloat64(ctx, &limit, argv[3])) return JS_EXCEPTION;
    return JS_NewBool(ctx, append(folder, file, text, length, 0, limit, &place));
}

HOST(hostList)
{
    const char *path = JS_ToCString(ctx, argv[0]);
    JSValue list = JS_NewArray(ctx), entry;
    struct dirent *d;
    struct stat st;
    uint32_t count = 0;
    int fd = path ? openDirectory(path, 1) : -1;
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    UNUSED;
    while (dir && (d = readdir(dir))) {
        if (fstatat(fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode)) continue;
        entry = JS_NewObject(ctx);
        JS_SetPropertyStr(ctx, entry, "name", JS_NewString(ctx, d->d_name));
        setNumber(ctx, entry, "sizeBytes", (double)st.st_size);
        JS_SetPropertyUint32(ctx, list, count++, entry);
    }
    if (dir) closedir(dir);
    JS_FreeCString(ctx, path);
    return list;
}

HOST(hostRemove)
{
    const char *path = JS_ToCString(ctx, argv[0]), *file = JS_ToCString(ctx, argv[1]);
    int fd = path && file ? openDirectory(path, 1) : -1;
    UNUSED;
    if (fd >= 0) { unlinkat(fd, file, 0); close(fd); }
    JS_FreeCString(ctx, path); JS_FreeCString(ctx, file);
    return JS_UNDEFINED;
}

static const JSCFunctionListEntry hostFunctions[] = {
    JS_CFUNC_DEF("provide", 4, hostProvide),
    JS_CFUNC_DEF("holdsMark", 1, hostHoldsMark),
    JS_CFUNC_DEF("open", 1, hostOpen),
    JS_CFUNC_DEF("openBytes", 3, hostOpenBytes),
    JS_CFUNC_DEF("close", 0, hostClose),
    JS_CFUNC_DEF("nextHit", 2, hostNextHit),
    JS_CFUNC_DEF("runEnd", 2, hostRunEnd),
    JS_CFUNC_DEF("runStart", 3, hostRunStart),
    JS_CFUNC_DEF("contentEnd", 3, hostContentEnd),
    JS_CFUNC_DEF("leaves", 1, hostLeaves),
    JS_CFUNC_DEF("spend", 1, hostSpend),
    JS_CFUNC_DEF("sourceStart", 1, hostSourceStart),
    JS_CFUNC_DEF("sourceEnd", 1, hostSourceEnd),
    JS_CFUNC_DEF("pointers", 2, hostPointers),
    JS_CFUNC_DEF("variable", 1, hostVariable),
    JS_CFUNC_DEF("settings", 0, hostSettings),
    JS_CFUNC_DEF("readStdin", 2, hostReadStdin),
    JS_CFUNC_DEF("stdin", 0, hostStdin),
    JS_CFUNC_DEF("stdinBytes", 0, hostStdinBytes),
    JS_CFUNC_DEF("reply", 1, hostReply),
    JS_CFUNC_DEF("replyStdin", 2, hostReplyStdin),
    JS_CFUNC_DEF("exit", 1, hostExit),
    JS_CFUNC_DEF("afterReply", 1, hostAfterReply),
    JS_CFUNC_DEF("record", 1, hostRecord),
    JS_CFUNC_DEF("append", 4, hostAppend),
    JS_CFUNC_DEF("list", 1, hostList),
    JS_CFUNC_DEF("remove", 2, hostRemove),
};
