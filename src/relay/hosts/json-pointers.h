/* Where values are in JSON text, as JSON pointers: src/capture/redact/json-pointers.ts is the same in TypeScript. The text is
 * read once, up to the last requested place. */
#pragma once
#include "config.h"
#include "host.h"

/* Many long pointers could be longer than the text. What is nested deeper than CHECKED_DEPTH counts as not JSON. A UTF-16 unit has at
 * most three bytes. */
enum { POINTER_DEPTH = 64, POINTER_UNITS = 1024, POINTER_BYTES = 3 * POINTER_UNITS, CHECKED_DEPTH = 1 << 16 };

typedef enum { KEY, COLON, VALUE, COMMA } Expected;

/* Of the containers around a value: its index in a list, or its key in an object with both quotes. */
typedef struct { size_t from, to; uint32_t index; } Step;

/* `at` counts bytes and `unit` is the same position in UTF-16 units, in which the places are given. */
typedef struct {
    const uint8_t *s;
    size_t length, at, unit, depth;
    Step steps[POINTER_DEPTH + 1];
    Expected expected;
    int isFirst, isJson; /* isFirst: nothing is in the innermost container yet */
} PointerScan;

static uint8_t objectBits[CHECKED_DEPTH / 8] RARE;

static int isInObject(const PointerScan *p) { return p->depth > 0 && objectBits[(p->depth - 1) / 8] >> ((p->depth - 1) & 7) & 1; }

static Step *stepOf(PointerScan *p) { return p->depth > 0 && p->depth <= POINTER_DEPTH ? &p->steps[p->depth - 1] : NULL; }

/* In UTF-16: a character of four bytes is two units. */
static size_t unitsOf(const uint8_t *bytes, size_t count)
{
    size_t i, units = 0;
    for (i = 0; i < count; i++) units += bytes[i] >= 0xf0 ? 2 : (bytes[i] & 0xc0) != 0x80;
    return units;
}

static void pass(PointerScan *p, size_t to)
{
    p->unit += unitsOf(p->s + p->at, to - p->at);
    p->at = to;
}

static size_t literalEnd(const PointerScan *p)
{
    size_t to = p->at + 1;
    const uint8_t *quote;
    if (p->s[p->at] != '"') {
        while (to < p->length && p->s[to] > ' ' && !strchr(",:\"[]{}", p->s[to])) to++;
        return to;
    }
    while ((quote = memchr(p->s + to, '"', p->length - to))) {
        size_t at = (size_t)(quote - p->s), slashes = 0;
        while (at - slashes > to && p->s[at - slashes - 1] == '\\') slashes++;
        to = at + 1;
        if (slashes % 2 == 0) return to;
    }
    return p->length;
}

/* Whether it is a number, as far as its first character shows, or one of the words, which the end of the text may cut. */
static int isScalar(const uint8_t *s, size_t count, int isLast)
{
    static const char *const words[] = { "true", "false", "null" };
    size_t i;
    for (i = 0; i < 3; i++)
        if (count <= strlen(words[i]) && !memcmp(s, words[i], count) && (isLast || !words[i][count])) return 1;
    return s[0] == '-' || (s[0] >= '0' && s[0] <= '9');
}

/* A step of a pointer (RFC 6901), character by character, as long as the pointer is not too long. */
static void putStepBytes(Line *l, const uint8_t *bytes, size_t count)
{
    size_t i;
    for (i = 0; i < count && l->length <= POINTER_BYTES; i++) {
        if (bytes[i] == '~') puts_(l, "~0");
        else if (bytes[i] == '/') puts_(l, "~1");
        else put(l, bytes + i, 1);
    }
}

/* Between its quotes, with or without its escapes. Writes nothing without a line; 0 if it is not a string of JSON. */
static int putUnescaped(Line *l, const uint8_t *content, size_t count)
{
    Json j = { (uint8_t *)content, (uint8_t *)content + count, 0 };
    uint8_t bytes[4];
    size_t n;
    while (j.at < j.end && !j.failed) {
        bytes[0] = *j.at++;
        n = 1;
        if (bytes[0] < 0x20) return 0;
        if (bytes[0] == '\\') n = readEscape(&j, bytes);
        if (l) putStepBytes(l, bytes, n);
    }
    return !j.failed;
}

static void putStep(Line *l, const PointerScan *p, const Step *step)
{
    const uint8_t *content = p->s + step->from + 1;
    size_t count = step->to - step->from - 1;
    int isClosed = count > 0 && content[count - 1] == '"';
    if (!step->to) putDigits(l, step->index);
    else if (!memchr(content, '\\', count)) putStepBytes(l, content, count - (size_t)isClosed);
    else if (isClosed && putUnescaped(NULL, content, count - 1)) putUnescaped(l, content, count - 1);
    else putStepBytes(l, content, count);
}

static JSValue pointerTo(JSContext *ctx, const PointerScan *p)
{
    uint8_t memory[512];
    Line line = { memory, 0, sizeof memory, 0, 0 };
    JSValue value;
    size_t i;
    int isUsable;
    if (p->depth > POINTER_DEPTH) return JS_NewString(ctx, "text");
    if (p->depth == 0) put(&line, "/", 1);
    for (i = 0; i < p->depth; i++) {
        put(&line, "/", 1);
        putStep(&line, p, &p->steps[i]);
    }
    isUsable = !line.failed && unitsOf(line.bytes, line.length) <= POINTER_UNITS;
    value = !isUsable ? JS_NewString(ctx, "text") : JS_NewStringLen(ctx, (const char *)line.bytes, line.length);
    freeLine(&line);
    return value;
}

/* The requested places, in the order of the text, and where their pointers go. */
typedef struct { JSContext *ctx; JSValueConst places; JSValue pointers; uint32_t next, count, found; double place; int isSame; } Wanted;

static void nextPlace(Wanted *w)
{
    JSValue place;
    if (++w->next >= w->count) return;
    place = JS_GetPropertyUint32(w->ctx, w->places, w->next);
    JS_ToFloat64(w->ctx, &w->place, place);
    JS_FreeValue(w->ctx, place);
}

/* The text from here to `to` belongs to one value or key: a requested place in it gets its pointer. */
static void answerUpTo(Wanted *w, PointerScan *p, size_t to)
{
    double from = (double)p->unit;
    int isAnswered = 0;
    pass(p, to);
    for (; w->next < w->count && w->place < (double)p->unit; nextPlace(w)) {
        if (w->place >= from && isAnswered) continue;
        isAnswered |= w->place >= from;
        JS_SetPropertyUint32(w->ctx, w->pointers, w->found++, w->place >= from ? pointerTo(w->ctx, p) : JS_NewString(w->ctx, "text"));
    }
}

static void openContainer(PointerScan *p, int isObject)
{
    if (p->depth == CHECKED_DEPTH) { p->isJson = 0; return; }
    if (isObject) objectBits[p->depth / 8] |= (uint8_t)(1 << (p->depth & 7));
    else objectBits[p->depth / 8] &= (uint8_t)~(1 << (p->depth & 7));
    p->depth++;
    if (stepOf(p)) *stepOf(p) = (Step){ 0, 0, 0 };
    p->expected = isObject ? KEY : VALUE;
    p->isFirst = 1;
}

static void closeContainer(PointerScan *p, int isObject)
{
    int isComplete = p->expected == COMMA || (p->isFirst && p->expected == (isObject ? KEY : VALUE));
    p->isJson = p->depth > 0 && isInObject(p) == isObject && isComplete;
    if (p->depth > 0) p->depth--;
    p->expected = COMMA;
    p->isFirst = 0;
}

static void readValueStart(PointerScan *p, int isContainer)
{
    p->isJson = p->depth > 0 ? p->expected == VALUE : isContainer;
    p->expected = COMMA;
    p->isFirst = 0;
}

static void readKey(PointerScan *p, size_t to)
{
    Step *step = stepOf(p);
    if (step) step->from = p->at, step->to = to;
    p->expected = COLON;
    p->isFirst = 0;
}

static void readToken(PointerScan *p, Wanted *w)
{
    uint8_t c = p->s[p->at];
    size_t to = p->at + 1;
    if (c <= ' ') pass(p, to);
    else if (c == ',') {
        Step *step = stepOf(p);
        p->isJson = p->depth > 0 && p->expected == COMMA;
        if (step) step->index++;
        p->expected = isInObject(p) ? KEY : VALUE;
        pass(p, to);
    } else if (c == ':') {
        p->isJson = p->depth > 0 && p->expected == COLON;
        p->expected = VALUE;
        pass(p, to);
    } else if (c == '}' || c == ']') {
        closeContainer(p, c == '}');
        pass(p, to);
    } else if (c == '{' || c == '[') {
        readValueStart(p, 1);
        answerUpTo(w, p, to);
        if (p->isJson) openContainer(p, c == '{');
    } else {
        to = literalEnd(p);
        if (c == '"' && isInObject(p) && p->expected == KEY) readKey(p, to);
        else readValueStart(p, 0);
        if (c != '"' && !isScalar(p->s + p->at, to - p->at, to == p->length)) p->isJson = 0;
        answerUpTo(w, p, to);
    }
}

/* pointers(text, places) */
HOST(hostPointers)
{
    PointerScan p = { .isJson = 1 };
    Wanted w = { .ctx = ctx, .places = argv[1], .pointers = JS_NewArray(ctx), .next = UINT32_MAX };
    int64_t count = 0;
    const char *source = JS_ToCStringLen(ctx, &p.length, argv[0]);
    UNUSED;
    if (!source || JS_GetLength(ctx, argv[1], &count)) return JS_EXCEPTION;
    p.s = (const uint8_t *)source;
    w.count = (uint32_t)count;
    nextPlace(&w);
    while (p.at < p.length && p.isJson && w.next < w.count) readToken(&p, &w);
    JS_FreeCString(ctx, source);
    if (!p.isJson || w.next < w.count) {
        if (!p.isJson) { JS_FreeValue(ctx, w.pointers); w.pointers = JS_NewArray(ctx); w.found = 0; }
        JS_SetPropertyUint32(ctx, w.pointers, w.found, JS_NewString(ctx, "text"));
    }
    return w.pointers;
}
