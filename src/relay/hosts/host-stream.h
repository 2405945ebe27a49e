/* Functions of the script that read stream contents, and native searches in text. */
#pragma once
#include "call.h"
#include "host.h"

/* Length of the valid UTF-8 prefix (RFC 3629: no overlong forms, no surrogates). */
static size_t validUtf8(const uint8_t *s, size_t length)
{
    size_t i = 0, need, k;
    while (i < length) {
        uint8_t c = s[i], low = 0x80, high = 0xbf;
        if (c < 0x80) { i++; continue; }
        if (c >= 0xc2 && c <= 0xdf) need = 1;
        else if (c >= 0xe0 && c <= 0xef) { need = 2; if (c == 0xe0) low = 0xa0; if (c == 0xed) high = 0x9f; }
        else if (c >= 0xf0 && c <= 0xf4) { need = 3; if (c == 0xf0) low = 0x90; if (c == 0xf4) high = 0x8f; }
        else return i;
        if (i + 1 >= length || s[i + 1] < low || s[i + 1] > high) return i;
        for (k = 2; k <= need; k++) if (i + k >= length || (s[i + k] & 0xc0) != 0x80) return i;
        i += need + 1;
    }
    return i;
}

static Stream *streamOf(JSContext *ctx, JSValueConst value)
{
    uint32_t index = STREAMS;
    return JS_ToUint32(ctx, &index, value) || index >= STREAMS ? NULL : &streams[index];
}

/* A probe keeps all of stdin for its reply; a record takes the beginning. */
static size_t keptUpTo(JSContext *ctx, const Stream *s, int argc, JSValueConst *argv)
{
    uint32_t limit;
    return argc > 1 && !JS_ToUint32(ctx, &limit, argv[1]) && limit < s->kept ? limit : s->kept;
}

HOST(hostText)
{
    Stream *s = streamOf(ctx, argv[0]);
    size_t valid, kept;
    UNUSED;
    if (!s) return JS_NULL;
    kept = keptUpTo(ctx, s, argc, argv);
    valid = validUtf8(s->data, kept);
    /* Truncated inside a character by our own limit: still text. */
    if (valid != kept && !(s->total > kept && kept - valid < 4)) return JS_NULL;
    return JS_NewStringLen(ctx, (const char *)s->data, valid);
}

HOST(hostLatin1)
{
    Stream *s = streamOf(ctx, argv[0]);
    JSValue value;
    uint8_t *wide;
    size_t i, n = 0, kept = s ? keptUpTo(ctx, s, argc, argv) : 0;
    UNUSED;
    if (!s || !(wide = malloc(kept * 2 + 1))) return JS_NULL;
    for (i = 0; i < kept; i++) {
        if (s->data[i] < 0x80) { wide[n++] = s->data[i]; continue; }
        wide[n++] = (uint8_t)(0xc0 | s->data[i] >> 6);
        wide[n++] = (uint8_t)(0x80 | (s->data[i] & 0x3f));
    }
    value = JS_NewStringLen(ctx, (const char *)wide, n);
    free(wide);
    return value;
}

HOST(hostSizeBytes)
{
    Stream *s = streamOf(ctx, argv[0]);
    UNUSED;
    return JS_NewFloat64(ctx, s ? (double)s->total : 0);
}

enum { NEEDLES = 64 };

static uint8_t lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; }

static int startsWith(const char *text, const char *needle)
{
    while (*needle && *needle != '\n' && lower((uint8_t)*text) == (uint8_t)*needle) text++, needle++;
    return !*needle || *needle == '\n';
}

/* holdsAny(text, needles): one pass over the text for any number of needles. */
HOST(hostHoldsAny)
{
    size_t length, i, k, count = 0;
    const char *text = JS_ToCStringLen(ctx, &length, argv[0]), *needles = JS_ToCString(ctx, argv[1]), *n;
    const char *list[NEEDLES];
    uint8_t isFirst[256] = {0}, isSecond[256] = {0}, isAlone[256] = {0};
    int found = 0;
    UNUSED;
    if (!text || !needles) return JS_EXCEPTION;
    for (n = needles; n && count < NEEDLES; n = strchr(n, '\n') ? strchr(n, '\n') + 1 : NULL) {
        list[count++] = n;
        isFirst[(uint8_t)n[0]] = 1;
        if (n[1] && n[1] != '\n') isSecond[(uint8_t)n[1]] = 1;
        else isAlone[(uint8_t)n[0]] = 1;
    }
    /* The text ends with a zero byte, which is not the second letter of any needle. */
    for (i = 0; i < length && !found; i++) {
        uint8_t first = lower((uint8_t)text[i]);
        if (!isFirst[first] || (!isSecond[lower((uint8_t)text[i + 1])] && !isAlone[first])) continue;
        for (k = 0; k < count && !found; k++) found = startsWith(text + i, list[k]);
    }
    JS_FreeCString(ctx, text);
    JS_FreeCString(ctx, needles);
    return JS_NewBool(ctx, found);
}

static uint32_t crc32(const uint8_t *bytes, size_t length)
{
    static uint32_t table[256];
    uint32_t c = 0xffffffff, i, k;
    size_t n;
    if (!table[1])
        for (i = 0; i < 256; i++) {
            for (c = i, k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ c >> 1 : c >> 1;
            table[i] = c;
        }
    for (c = 0xffffffff, n = 0; n < length; n++) c = table[(c ^ bytes[n]) & 0xff] ^ c >> 8;
    return ~c;
}

HOST(hostChecksum)
{
    size_t length;
    const char *text = JS_ToCStringLen(ctx, &length, argv[0]);
    JSValue o = JS_NewObject(ctx);
    char hex[9];
    UNUSED;
    if (!text) return JS_EXCEPTION;
    snprintf(hex, sizeof hex, "%08x", crc32((const uint8_t *)text, length));
    setNumber(ctx, o, "sizeBytes", (double)length);
    JS_SetPropertyStr(ctx, o, "crc32", JS_NewString(ctx, hex));
    JS_FreeCString(ctx, text);
    return o;
}

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

HOST(hostWrite)
{
    size_t length;
    const char *text = JS_ToCStringLen(ctx, &length, argv[1]);
    int32_t fd = -1;
    UNUSED;
    if (!text || JS_ToInt32(ctx, &fd, argv[0])) return JS_EXCEPTION;
    writeAll(fd, (const uint8_t *)text, length);
    JS_FreeCString(ctx, text);
    return JS_UNDEFINED;
}

/* writeStdin(fd, from, to): a slice of stdin, unchanged, for a prevResult that is echoed byte for byte. */
HOST(hostWriteStdin)
{
    uint32_t fd, from, to;
    UNUSED;
    if (JS_ToUint32(ctx, &fd, argv[0]) || JS_ToUint32(ctx, &from, argv[1]) || JS_ToUint32(ctx, &to, argv[2])) return JS_EXCEPTION;
    if (from < to && to <= streams[STDIN].kept) writeAll((int)fd, streams[STDIN].data + from, to - from);
    return JS_UNDEFINED;
}
