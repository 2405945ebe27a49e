/* Searches in a text for the script that redacts it: src/capture/redact/text.ts documents each. The script decides what a
 * secret is; here are only runs of characters, marks and bytes written as numbers. Every position that the script passes
 * is checked, and every search ends with the text. */
#pragma once
#include "arena.h"
#include "call.h"
#include "host.h"
#include <sys/mman.h>

/* As many as the script searches (SEARCHED_CHARACTERS); a longer text is searched up to here. */
enum { TEXT_UNITS = 1 << 16, MARK_LIMIT = 1024, MOST_LEAVES = 300, MOST_ENCODED = 8 };

/* A search costs at most about two milliseconds of processor time. It is counted in steps, so that the same text always has
 * the same record: a step is about 0.1 microseconds, and a call with what the script does about it takes several. */
enum { STEPS = 11000, STEPS_PER_CALL = 8, STEPS_PER_LEAF = 10, UNITS_PER_STEP = 64, SPENT = -2 };
static size_t spent;
static size_t spend(size_t from, size_t to) { spent += STEPS_PER_CALL + (to - from) / UNITS_PER_STEP; return to; }

/* One character for each UTF-16 unit of the source. If escapes were resolved, `starts` and `ends` lead to the source. */
typedef struct { size_t length, room, bytes; int isMapped; uint8_t *units; uint16_t *starts, *lengths; } Text;

static Text texts[2], *text = texts;

/* At build time: the characters of each class, each class behind U+0001. 0 if there are too many. */
static int setClasses(const char *list)
{
    const char *c;
    int class = -1;
    for (c = list; *c; c++)
        if (*c == 1) class++;
        else if (class < 0 || class > 31 || (uint8_t)*c > 127) return 0;
        else image.classes[(uint8_t)*c] |= 1u << class;
    return 1;
}

static int isIn(int class, uint8_t c) { return c < 128 && image.classes[c] >> class & 1; }
static int isShown(uint8_t c) { return (c >= 32 && c < 127) || c == '\n' || c == '\r' || c == '\t'; }

/* Memory for so many units; 0 if there is none, and then nothing is found and the text must not be recorded. */
static int makeRoom(Text *t, size_t units, int isMapped)
{
    void *memory;
    if (t->bytes) munmap(t->starts, t->bytes);
    t->length = t->bytes = 0;
    t->room = units < TEXT_UNITS ? units : TEXT_UNITS;
    t->isMapped = isMapped;
    units = t->room + 1;
    memory = mmap(NULL, units * (isMapped ? 5 : 1), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return 0;
    t->bytes = units * (isMapped ? 5 : 1);
    t->starts = memory;
    t->lengths = t->starts + units;
    t->units = (uint8_t *)memory + (isMapped ? 4 * units : 0);
    return 1;
}

static void putUnit(Text *t, uint8_t c, size_t start, size_t end)
{
    if (t->length == t->room) return;
    t->units[t->length] = isShown(c) ? c : 127;
    if (t->isMapped) t->starts[t->length] = (uint16_t)start, t->lengths[t->length] = (uint16_t)(end - start);
    t->length++;
}

/* Length of the colour that starts behind an escape character: `[31m`; 0 if none does. */
static size_t colour(const uint8_t *s, size_t left)
{
    size_t i = 1;
    if (!left || s[0] != '[') return 0;
    while (i < left && i < 24 && (s[i] == ';' || (s[i] >= '0' && s[i] <= '9'))) i++;
    return i < left && i < 24 && s[i] == 'm' ? i + 1 : 0;
}

/* The character that an escape without its backslashes encodes, and its length; 0 if it is not an escape. */
static size_t resolved(const uint8_t *s, size_t left, uint8_t *c)
{
    if (left >= 5 && s[0] == 'u' && s[1] == '0' && s[2] == '0' && isHex(s[3]) && isHex(s[4])) {
        *c = (uint8_t)(hexValue(s[3]) << 4 | hexValue(s[4]));
        return 5;
    }
    if (left >= 3 && s[0] == 'x' && isHex(s[1]) && isHex(s[2])) {
        *c = (uint8_t)(hexValue(s[1]) << 4 | hexValue(s[2]));
        return 3;
    }
    *c = !left ? 0 : s[0] == 'n' ? '\n' : s[0] == 't' ? '\t' : s[0] == 'r' ? '\r' : s[0] == '/' ? '/' : 0;
    return *c != 0;
}

/* From UTF-8; `at` counts UTF-16 units of the source. */
static int normalize(Text *t, const uint8_t *s, size_t length)
{
    size_t i = 0, at = 0, k, n, skip;
    uint8_t c;
    if (!makeRoom(t, length, memchr(s, '\\', length) || memchr(s, 27, length))) return 0;
    if (!t->isMapped)
        for (; i < length && i < t->room && isShown(s[i]); i++) t->units[i] = s[i];
    at = t->length = i;
    while (i < length && t->length < t->room) {
        if (s[i] == '\\') {
            for (k = 1; i + k < length && s[i + k] == '\\'; k++) {}
            n = resolved(s + i + k, length - i - k, &c);
            if (n && c == 27 && (skip = colour(s + i + k + n, length - i - k - n))) { i += k + n + skip; at += k + n + skip; continue; }
            if (!n || c == '"' || c == '\\')
                for (size_t j = 0; j < k; j++) putUnit(t, '\\', at + j, at + j + 1);
            if (n) putUnit(t, c, n && (c == '"' || c == '\\') ? at + k : at, at + k + n);
            i += k + n;
            at += k + n;
        } else if (s[i] == 27 && (skip = colour(s + i + 1, length - i - 1))) i += 1 + skip, at += 1 + skip;
        else if (s[i] < 128) putUnit(t, s[i], at, at + 1), i++, at++;
        else {
            putUnit(t, 127, at, at + 1);
            at++;
            if (s[i] >= 0xf0) putUnit(t, 127, at, at + 1), at++;
            i += s[i] >= 0xf0 ? 4 : s[i] >= 0xe0 ? 3 : 2;
        }
    }
    t->units[t->length] = 0;
    return 1;
}

static size_t runEnd(const Text *t, size_t at, int class)
{
    while (at < t->length && isIn(class, t->units[at])) at++;
    return at;
}

static JSValue opened(JSContext *ctx)
{
    JSValue list = JS_NewArray(ctx);
    size_t i = 0, from = 0, to = 0;
    uint32_t count = 0;
    JS_SetPropertyStr(ctx, image.host, "content", JS_NewStringLen(ctx, (const char *)text->units, text->length));
    while (i < text->length && count < 3 * MOST_ENCODED) {
        int notation = nextBytes(text->units, i, text->length, &from, &to);
        if (notation < 0) break;
        JS_SetPropertyUint32(ctx, list, count++, JS_NewInt32(ctx, notation));
        JS_SetPropertyUint32(ctx, list, count++, JS_NewInt32(ctx, (int)from));
        JS_SetPropertyUint32(ctx, list, count++, JS_NewInt32(ctx, (int)to));
        i = to;
    }
    JS_SetPropertyStr(ctx, image.host, "encoded", list);
    return JS_DupValue(ctx, image.host);
}

HOST(hostOpen)
{
    size_t length;
    const char *source = JS_ToCStringLen(ctx, &length, argv[0]);
    int isOpen;
    UNUSED;
    if (!source) return JS_EXCEPTION;
    text = &texts[0];
    spent = 0;
    isOpen = normalize(text, (const uint8_t *)source, length);
    JS_FreeCString(ctx, source);
    return isOpen ? opened(ctx) : JS_ThrowOutOfMemory(ctx);
}

/* A position in the text: what is outside is its start or its end. */
static size_t position(JSContext *ctx, JSValueConst value)
{
    double at = 0;
    if (JS_ToFloat64(ctx, &at, value) || !(at > 0)) return 0;
    return at < (double)text->length ? (size_t)at : text->length;
}

static size_t sourceEnd(const Text *t, size_t at) { return !t->isMapped ? at : at ? (size_t)t->starts[at - 1] + t->lengths[at - 1] : t->length ? t->starts[0] : 0; }
static size_t sourceStart(const Text *t, size_t at) { return !t->isMapped ? at : at < t->length ? t->starts[at] : sourceEnd(t, at); }

HOST(hostSpend)
{
    uint32_t steps = 0;
    UNUSED;
    JS_ToUint32(ctx, &steps, argv[0]);
    spent += steps;
    return JS_UNDEFINED;
}

HOST(hostSourceStart) { UNUSED; return JS_NewInt32(ctx, (int)sourceStart(text, position(ctx, argv[0]))); }
HOST(hostSourceEnd) { UNUSED; return JS_NewInt32(ctx, (int)sourceEnd(text, position(ctx, argv[0]))); }

/* openBytes(notation, from, to): of the text that was opened last. */
HOST(hostOpenBytes)
{
    size_t at, to, n, skipped;
    const Text *outer = &texts[0];
    Text *inner = &texts[1];
    int32_t notation = HEX;
    int byte, isFirst = 1;
    UNUSED;
    text = &texts[0]; /* which the positions are in */
    at = position(ctx, argv[1]);
    to = position(ctx, argv[2]);
    JS_ToInt32(ctx, &notation, argv[0]);
    if (!makeRoom(inner, to > at ? (to - at) / 2 + 1 : 1, 1)) return JS_ThrowOutOfMemory(ctx);
    while (at < to && (n = byteAt(notation, outer->units + at, to - at, isFirst, &byte, &skipped))) {
        at += skipped;
        putUnit(inner, byte < 127 ? (uint8_t)byte : 127, sourceStart(outer, at), sourceEnd(outer, at + n));
        at += n;
        isFirst = 0;
    }
    inner->units[inner->length] = 0;
    text = inner;
    return opened(ctx);
}

HOST(hostClose)
{
    int i;
    UNUSED;
    for (i = 0; i < 2; i++) {
        if (texts[i].bytes) munmap(texts[i].starts, texts[i].bytes);
        memset(&texts[i], 0, sizeof texts[i]);
    }
    text = &texts[0];
    JS_SetPropertyStr(ctx, image.host, "content", JS_UNDEFINED);
    return JS_UNDEFINED;
}

HOST(hostNextHit)
{
    size_t i = position(ctx, argv[0]);
    int32_t least = 0;
    int found;
    UNUSED;
    JS_ToInt32(ctx, &least, argv[1]);
    if (spent > STEPS) return JS_NewInt32(ctx, SPENT);
    i = spend(i, nextMark(&image.marks, text->units, i, text->length, least, image.marks.shown, &found));
    return JS_NewInt32(ctx, i < text->length ? (int)i * MARK_LIMIT + found : -1);
}

HOST(hostRunEnd)
{
    size_t at = position(ctx, argv[0]);
    int32_t class = 0;
    UNUSED;
    JS_ToInt32(ctx, &class, argv[1]);
    return JS_NewInt32(ctx, (int)spend(at, runEnd(text, at, class & 31)));
}

HOST(hostRunStart)
{
    size_t at = position(ctx, argv[0]), notBefore = position(ctx, argv[1]), to = at;
    int32_t class = 0;
    UNUSED;
    JS_ToInt32(ctx, &class, argv[2]);
    while (at > notBefore && isIn(class & 31, text->units[at - 1])) at--;
    spend(at, to);
    return JS_NewInt32(ctx, (int)at);
}

static size_t contentEnd(const Text *t, size_t from, uint8_t quote, size_t slashes)
{
    size_t at = from, start;
    while (at < t->length) {
        start = at;
        while (t->units[at] == '\\') at++;
        if (at < t->length && t->units[at] == quote) {
            if (quote == '\'' && at > from && t->units[at + 1] == quote) at++;
            else if (at - start < slashes || (at - start) % (2 * slashes + 2) == slashes) return at - (at - start < slashes ? at - start : slashes);
        }
        at++;
    }
    return t->length;
}

HOST(hostContentEnd)
{
    size_t at = position(ctx, argv[0]);
    int32_t quote = 0, slashes = 0;
    UNUSED;
    JS_ToInt32(ctx, &quote, argv[1]);
    JS_ToInt32(ctx, &slashes, argv[2]);
    return JS_NewInt32(ctx, (int)spend(at, contentEnd(text, at, (uint8_t)quote, slashes < 0 ? 0 : (size_t)slashes)));
}

static void leaf(JSContext *ctx, JSValue list, uint32_t *count, int kind, size_t from, size_t to)
{
    if (kind < 2 && *count >= 3 * MOST_LEAVES) return;
    JS_SetPropertyUint32(ctx, list, (*count)++, JS_NewInt32(ctx, kind));
    JS_SetPropertyUint32(ctx, list, (*count)++, JS_NewInt32(ctx, (int)from));
    JS_SetPropertyUint32(ctx, list, (*count)++, JS_NewInt32(ctx, (int)to));
}

HOST(hostLeaves)
{
    const Text *t = text;
    JSValue list = JS_NewArray(ctx);
    size_t at = position(ctx, argv[0]), start = at, quote, end, next, depth = 0, slashes = 0;
    int isLevelKnown = 0;
    uint32_t count = 0;
    UNUSED;
    while (at < t->length) {
        uint8_t c = t->units[at];
        if (c == '\\' || c == '"') {
            for (quote = at; t->units[quote] == '\\'; quote++) {}
            if (t->units[quote] == '"') {
                if (!isLevelKnown) isLevelKnown = 1, slashes = quote - at;
                if (quote - at < slashes) break;
                end = contentEnd(t, quote + 1, '"', slashes);
                at = end + slashes + 1 < t->length ? end + slashes + 1 : t->length;
                for (next = at; next < t->length && t->units[next] <= 32; next++) {}
                if (next == t->length || t->units[next] != ':') leaf(ctx, list, &count, 1, quote + 1, end);
                continue;
            }
        }
        if (c == '{' || c == '[') depth++;
        else if (c == '}' || c == ']') {
            if (--depth == 0) { at++; break; }
        } else if (c > 32 && c != ',' && c != ':') {
            for (end = at + 1; end < t->length && t->units[end] > 32 && !strchr(",:\"{}[]\\", t->units[end]); end++) {}
            leaf(ctx, list, &count, 0, at, end);
            at = end;
            continue;
        }
        at++;
    }
    leaf(ctx, list, &count, 2, at, at);
    spend(start, at);
    spent += count * STEPS_PER_LEAF;
    return list;
}
