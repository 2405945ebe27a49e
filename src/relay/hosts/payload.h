/* What a record contains of a stream, an argument or a variable: their text without secrets. */
#pragma once
#include "config.h"
#include "engine.h"
#include "line.h"

/* The settings that decide the content of a record, from relay.json or from a probe's stanza. */
typedef struct { const char *capture; double maxSizeBytes; size_t streamBytes; int raw; } Recording;

static const char REDACTED[] = "[redacted]";

static int isClean(const Recording *r, const void *bytes, size_t count) { return r->raw || !holdsMark(&image.marks, bytes, count); }

static JSValue stringOf(const void *bytes, size_t count) { return JS_NewStringLen(image.ctx, bytes, count); }

/* The bytes as a string of one character each. */
static JSValue latin1Of(const uint8_t *bytes, size_t count)
{
    JSValue value;
    uint8_t *wide = malloc(count * 2 + 1);
    size_t i, n = 0;
    if (!wide) return JS_NULL;
    for (i = 0; i < count; i++) {
        if (bytes[i] < 0x80) { wide[n++] = bytes[i]; continue; }
        wide[n++] = (uint8_t)(0xc0 | bytes[i] >> 6);
        wide[n++] = (uint8_t)(0x80 | (bytes[i] & 0x3f));
    }
    value = stringOf(wide, n);
    free(wide);
    return value;
}

/* The bytes of such a string, in place of its UTF-8. */
static size_t bytesOfLatin1(uint8_t *wide, size_t count)
{
    size_t i, n = 0;
    for (i = 0; i < count; i++) {
        uint8_t c = wide[i];
        if (c >= 0x80 && i + 1 < count) c = (uint8_t)((c & 3) << 6 | (wide[++i] & 0x3f));
        wide[n++] = c;
    }
    return n;
}

/* `"text":…` or `"base64":…`. */
static void putContent(Line *l, int isText, const uint8_t *bytes, size_t count)
{
    puts_(l, isText ? ",\"text\":" : ",\"base64\":");
    if (isText) putString(l, bytes, count);
    else putBase64(l, bytes, count);
}

/* How much of a text is searched again if searching all of it has taken too long. */
enum { SHORT_SEARCH_BYTES = 4096 };

/* The script's answer about a stream: { text, redacted, isCut }. What it could not search is not recorded. */
static JSValue searched(int isText, int isTruncated, const uint8_t *bytes, size_t count)
{
    JSValue given[2] = { isText ? stringOf(bytes, count) : latin1Of(bytes, count), JS_NewBool(image.ctx, isTruncated) };
    return callScript("clean", 2, given, CLEANING_BUDGET_US);
}

static void putSearched(Line *l, int isText, int isTruncated, const uint8_t *bytes, size_t count)
{
    JSContext *ctx = image.ctx;
    JSValue answer, text, redacted, isCut;
    const char *list, *content;
    uint8_t *copy = NULL;
    size_t length = 0;
    startEngine();
    answer = searched(isText, isTruncated, bytes, count);
    if (JS_IsException(answer) && count > SHORT_SEARCH_BYTES) {
        isTruncated = 1;
        count = isText ? validUtf8(bytes, SHORT_SEARCH_BYTES) : SHORT_SEARCH_BYTES;
        answer = searched(isText, 1, bytes, count);
    }
    if (JS_IsException(answer)) { puts_(l, ",\"truncated\":true,\"truncatedBy\":\"search\",\"text\":\"\""); return; }
    text = JS_GetPropertyStr(ctx, answer, "text");
    redacted = JS_GetPropertyStr(ctx, answer, "redacted");
    isCut = JS_GetPropertyStr(ctx, answer, "isCut");
    content = JS_ToCStringLen(ctx, &length, text);
    list = JS_ToCString(ctx, redacted);
    if (content && !isText && (copy = malloc(length + 1))) length = bytesOfLatin1(memcpy(copy, content, length), length);
    if (!content || (!isText && !copy)) { content = NULL; isText = 1; length = 0; }
    if (isTruncated || !content || JS_ToBool(ctx, isCut)) puts_(l, ",\"truncated\":true");
    if (JS_ToBool(ctx, isCut)) puts_(l, ",\"truncatedBy\":\"search\"");
    if (content && list && *list) { puts_(l, ",\"redacted\":"); puts_(l, list); }
    putContent(l, isText, copy ? copy : (const uint8_t *)(content ? content : ""), length);
    free(copy);
    JS_FreeCString(ctx, list);
    JS_FreeCString(ctx, content);
    JS_FreeValue(ctx, text);
    JS_FreeValue(ctx, redacted);
    JS_FreeValue(ctx, answer);
}

/* `,"key":{"sizeBytes":…}`. The stream may grow while this is written. Of stdin there may be more that nobody has read. */
static void putPayload(Line *l, const char *key, const Stream *s, const Recording *r, size_t limit)
{
    uint64_t total = __atomic_load_n(&s->total, __ATOMIC_ACQUIRE);
    size_t kept = __atomic_load_n(&s->kept, __ATOMIC_ACQUIRE), valid;
    int isTruncated, isText;
    if (limit > r->streamBytes) limit = r->streamBytes;
    if (kept > total) kept = (size_t)total;
    if (kept > limit) kept = limit;
    isTruncated = total > kept || (s == &streams[STDIN] && !outcome.stdinComplete);
    valid = validUtf8(s->data, kept);
    /* Truncated inside a character by our own limit: still text. */
    isText = valid == kept || (isTruncated && kept - valid < 4);
    if (isText) kept = valid;
    putKey(l, key);
    puts_(l, "{\"sizeBytes\":");
    putDigits(l, (int64_t)total);
    if (r->raw || (!isTruncated && isClean(r, s->data, kept))) {
        if (isTruncated) puts_(l, ",\"truncated\":true");
        putContent(l, isText, s->data, kept);
    } else putSearched(l, isText, isTruncated, s->data, kept);
    put(l, "}", 1);
}

/* The value of a variable that the record has by name and value; 0 if only its name may be in the record. */
static int putVariable(Line *l, const Recording *r, const char *entry, size_t nameLength, int isFirst)
{
    JSContext *ctx = image.ctx;
    const char *value = entry[nameLength] ? entry + nameLength + 1 : "", *text;
    JSValue given[2], answer = JS_UNDEFINED;
    size_t length = strlen(value);
    text = value;
    if (!isClean(r, entry, strlen(entry))) {
        startEngine();
        given[0] = stringOf(entry, nameLength);
        given[1] = stringOf(value, length);
        answer = callScript("cleanVariable", 2, given, CLEANING_BUDGET_US);
        text = JS_IsString(answer) ? JS_ToCStringLen(ctx, &length, answer) : NULL;
    }
    if (text) {
        if (!isFirst) put(l, ",", 1);
        putString(l, entry, nameLength);
        put(l, ":", 1);
        putString(l, text, length);
    }
    if (text != value) {
        JS_FreeCString(ctx, text);
        JS_FreeValue(ctx, answer);
    }
    return text != NULL;
}

/* `,"argv":[…]`: one argument may name the next one, so the script gets all of them. */
static void putArguments(Line *l, const Recording *r)
{
    JSContext *ctx = image.ctx;
    JSValue list = JS_UNDEFINED;
    int isAllClean = 1;
    uint32_t i;
    for (i = 0; arguments[i] && isAllClean; i++) isAllClean = isClean(r, arguments[i], strlen(arguments[i]));
    if (!isAllClean) {
        startEngine();
        list = JS_NewArray(ctx);
        for (i = 0; arguments[i]; i++) JS_SetPropertyUint32(ctx, list, i, stringOf(arguments[i], strlen(arguments[i])));
        list = callScript("cleanArguments", 1, &list, CLEANING_BUDGET_US);
    }
    puts_(l, ",\"argv\":[");
    for (i = 0; arguments[i]; i++) {
        JSValue item = isAllClean || JS_IsException(list) ? JS_UNDEFINED : JS_GetPropertyUint32(ctx, list, i);
        const char *text = JS_IsString(item) ? JS_ToCString(ctx, item) : NULL;
        if (i) put(l, ",", 1);
        if (isAllClean) putString(l, arguments[i], strlen(arguments[i]));
        else putString(l, text ? text : REDACTED, strlen(text ? text : REDACTED));
        if (!isAllClean) {
            JS_FreeCString(ctx, text);
            JS_FreeValue(ctx, item);
        }
    }
    put(l, "]", 1);
    if (!isAllClean) JS_FreeValue(ctx, list);
}
