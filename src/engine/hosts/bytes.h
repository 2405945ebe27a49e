/* Texts and bytes: what a script would do byte by byte. */
#pragma once
#include "values.h"

static const char DIGITS[] = "0123456789abcdef";

/* (bytes, from, to): the part of an array that a function is about; clipped. */
static const uint8_t *partOf(JSContext *ctx, JSValueConst *argv, size_t *length)
{
    size_t size;
    const uint8_t *bytes = bytesOf(ctx, argv[0], &size);
    int64_t from = numberOf(ctx, argv[1]), to = numberOf(ctx, argv[2]);
    if (from < 0) from = 0;
    if (to > (int64_t)size) to = (int64_t)size;
    if (!bytes || from >= to) {
        *length = 0;
        return (const uint8_t *)"";
    }
    *length = (size_t)(to - from);
    return bytes + from;
}

static size_t asciiLength(const uint8_t *bytes, size_t length)
{
    size_t i = 0;
    uint64_t eight;
    for (; i + 8 <= length; i += 8) {
        memcpy(&eight, bytes + i, 8);
        if (eight & 0x8080808080808080u) break;
    }
    while (i < length && bytes[i] < 0x80) i++;
    return i;
}

/* UTF-8 as the WHATWG decodes it: each maximal part of an ill-formed sequence becomes one U+FFFD. Returns UTF-16 units. */
static size_t decodeUtf8(const uint8_t *bytes, size_t length, uint16_t *out)
{
    size_t i = 0, n = 0;
    while (i < length) {
        uint32_t c = bytes[i++], lower = 0x80, upper = 0xbf;
        int needed;
        if (c < 0x80) {
            out[n++] = (uint16_t)c;
            continue;
        }
        if (c >= 0xc2 && c <= 0xdf) needed = 1, c &= 0x1f;
        else if (c >= 0xe0 && c <= 0xef) {
            if (c == 0xe0) lower = 0xa0;
            if (c == 0xed) upper = 0x9f;
            needed = 2, c &= 0xf;
        } else if (c >= 0xf0 && c <= 0xf4) {
            if (c == 0xf0) lower = 0x90;
            if (c == 0xf4) upper = 0x8f;
            needed = 3, c &= 7;
        } else {
            out[n++] = 0xfffd;
            continue;
        }
        while (needed > 0 && i < length && bytes[i] >= lower && bytes[i] <= upper) c = c << 6 | (bytes[i++] & 0x3f), needed--, lower = 0x80, upper = 0xbf;
        if (needed) c = 0xfffd;
        if (c < 0x10000) out[n++] = (uint16_t)c;
        else out[n++] = (uint16_t)(0xd7c0 + (c >> 10)), out[n++] = (uint16_t)(0xdc00 | (c & 0x3ff));
    }
    return n;
}

static JSValue wideString(JSContext *ctx, uint16_t *units, size_t length)
{
    JSValue text = JS_NewStringUTF16(ctx, units, length);
    js_free(ctx, units);
    return text;
}

static JSValue utf8Text(JSContext *ctx, const uint8_t *bytes, size_t length)
{
    uint16_t *units;
    if (asciiLength(bytes, length) == length) return JS_NewStringLen(ctx, (const char *)bytes, length);
    if (!(units = js_malloc(ctx, length * 2))) return JS_EXCEPTION;
    return wideString(ctx, units, decodeUtf8(bytes, length, units));
}

static JSValue latin1Text(JSContext *ctx, const uint8_t *bytes, size_t length)
{
    size_t i, n = 0;
    uint8_t *utf8;
    JSValue text;
    if (asciiLength(bytes, length) == length) return JS_NewStringLen(ctx, (const char *)bytes, length);
    if (!(utf8 = js_malloc(ctx, length * 2))) return JS_EXCEPTION;
    for (i = 0; i < length; i++)
        if (bytes[i] < 0x80) utf8[n++] = bytes[i];
        else utf8[n++] = (uint8_t)(0xc0 | bytes[i] >> 6), utf8[n++] = 0x80 | (bytes[i] & 0x3f);
    text = JS_NewStringLen(ctx, (const char *)utf8, n);
    js_free(ctx, utf8);
    return text;
}

typedef JSValue TextOf(JSContext *ctx, const uint8_t *bytes, size_t length);

static JSValue decodePart(JSContext *ctx, JSValueConst *argv, TextOf *textOf)
{
    size_t length;
    const uint8_t *bytes = partOf(ctx, argv, &length);
    return textOf(ctx, bytes, length);
}

NATIVE(utf8Decode) { UNUSED; return decodePart(ctx, argv, utf8Text); }
NATIVE(latin1Decode) { UNUSED; return decodePart(ctx, argv, latin1Text); }

/* (bytes): the texts in them, each of which a zero ends, or their end */
NATIVE(splitTexts)
{
    size_t length;
    const uint8_t *at = bytesOf(ctx, argv[0], &length), *end = at + length;
    JSValue list = JS_NewArray(ctx);
    uint32_t count = 0;
    UNUSED;
    while (at < end) {
        const uint8_t *zero = memchr(at, 0, (size_t)(end - at)), *to = zero ? zero : end;
        JS_SetPropertyUint32(ctx, list, count++, utf8Text(ctx, at, (size_t)(to - at)));
        at = to + 1;
    }
    return list;
}

NATIVE(utf16Decode)
{
    size_t length;
    const uint8_t *bytes = partOf(ctx, argv, &length);
    uint16_t *units = js_malloc(ctx, length + 2);
    UNUSED;
    if (!units) return JS_EXCEPTION;
    memcpy(units, bytes, length & ~(size_t)1);
    return wideString(ctx, units, length / 2);
}

NATIVE(hexEncode)
{
    size_t length, i;
    const uint8_t *bytes = partOf(ctx, argv, &length);
    char *out = js_malloc(ctx, 2 * length + 1);
    JSValue text;
    UNUSED;
    if (!out) return JS_EXCEPTION;
    for (i = 0; i < length; i++) out[2 * i] = DIGITS[bytes[i] >> 4], out[2 * i + 1] = DIGITS[bytes[i] & 15];
    text = JS_NewStringLen(ctx, out, 2 * length);
    js_free(ctx, out);
    return text;
}

/* (bytes, from, to, isForUrls) */
NATIVE(base64Encode)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    static const char url[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t length, i, n = 0;
    const uint8_t *bytes = partOf(ctx, argv, &length);
    int isForUrls = JS_ToBool(ctx, argv[3]);
    const char *digits = isForUrls ? url : plain;
    char *out = js_malloc(ctx, (length + 2) / 3 * 4 + 1);
    JSValue text;
    UNUSED;
    if (!out) return JS_EXCEPTION;
    for (i = 0; i < length; i += 3) {
        size_t left = length - i;
        uint32_t three = (uint32_t)bytes[i] << 16 | (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) | (left > 2 ? bytes[i + 2] : 0u);
        out[n++] = digits[three >> 18];
        out[n++] = digits[three >> 12 & 63];
        if (left > 1 || !isForUrls) out[n++] = left > 1 ? digits[three >> 6 & 63] : '=';
        if (left > 2 || !isForUrls) out[n++] = left > 2 ? digits[three & 63] : '=';
    }
    text = JS_NewStringLen(ctx, out, n);
    js_free(ctx, out);
    return text;
}

static void *resizeBytes(JSRuntime *rt, void *opaque, void *bytes, size_t size)
{
    (void)opaque;
    if (size) return js_realloc_rt(rt, bytes, size);
    js_free_rt(rt, bytes);
    return NULL;
}

/* Takes the bytes over. */
static JSValue arrayBuffer(JSContext *ctx, uint8_t *bytes, size_t length) { return JS_NewArrayBuffer(ctx, bytes, length, 0, resizeBytes, NULL, 0); }

/* An ArrayBuffer. A surrogate without its other half becomes U+FFFD. */
NATIVE(utf8Encode)
{
    size_t length, i;
    const char *text = JS_ToCStringLen(ctx, &length, argv[0]);
    uint8_t *bytes;
    UNUSED;
    if (!text || !(bytes = js_malloc(ctx, length + 1))) return JS_EXCEPTION;
    memcpy(bytes, text, length);
    JS_FreeCString(ctx, text);
    for (i = asciiLength(bytes, length); i + 2 < length; i++)
        if (bytes[i] == 0xed && bytes[i + 1] >= 0xa0) memcpy(bytes + i, "\xef\xbf\xbd", 3);
    return arrayBuffer(ctx, bytes, length);
}

NATIVE(utf8Length)
{
    size_t length;
    const char *text = JS_ToCStringLen(ctx, &length, argv[0]);
    UNUSED;
    if (!text) return JS_EXCEPTION;
    JS_FreeCString(ctx, text);
    return JS_NewInt64(ctx, (int64_t)length);
}

NATIVE(latin1Encode)
{
    size_t length, i;
    const uint16_t *units = JS_ToCStringLenUTF16(ctx, &length, argv[0]);
    uint8_t *bytes;
    UNUSED;
    if (!units || !(bytes = js_malloc(ctx, length + 1))) return JS_EXCEPTION;
    for (i = 0; i < length; i++) bytes[i] = (uint8_t)units[i];
    JS_FreeCStringUTF16(ctx, units);
    return arrayBuffer(ctx, bytes, length);
}

NATIVE(utf16Encode)
{
    size_t length;
    const uint16_t *units = JS_ToCStringLenUTF16(ctx, &length, argv[0]);
    uint8_t *bytes;
    UNUSED;
    if (!units || !(bytes = js_malloc(ctx, 2 * length + 1))) return JS_EXCEPTION;
    memcpy(bytes, units, 2 * length);
    JS_FreeCStringUTF16(ctx, units);
    return arrayBuffer(ctx, bytes, 2 * length);
}

static int hexDigit(char c) { return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1; }

/* Decodes up to the first pair of characters that are not hexadecimal digits. */
NATIVE(hexDecode)
{
    size_t length, n = 0;
    const char *text = JS_ToCStringLen(ctx, &length, argv[0]);
    uint8_t *bytes;
    UNUSED;
    if (!text || !(bytes = js_malloc(ctx, length / 2 + 1))) return JS_EXCEPTION;
    for (; 2 * n + 1 < length; n++) {
        int high = hexDigit(text[2 * n]), low = hexDigit(text[2 * n + 1]);
        if (high < 0 || low < 0) break;
        bytes[n] = (uint8_t)(high << 4 | low);
    }
    JS_FreeCString(ctx, text);
    return arrayBuffer(ctx, bytes, n);
}

static int base64Digit(char c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

/* As Node.js does: both alphabets, other characters are skipped, `=` ends it. */
NATIVE(base64Decode)
{
    size_t length, i, n = 0;
    const char *text = JS_ToCStringLen(ctx, &length, argv[0]);
    uint8_t *bytes;
    uint32_t bits = 0;
    int count = 0;
    UNUSED;
    if (!text || !(bytes = js_malloc(ctx, length / 4 * 3 + 4))) return JS_EXCEPTION;
    for (i = 0; i < length && text[i] != '='; i++) {
        int digit = base64Digit(text[i]);
        if (digit < 0) continue;
        bits = bits << 6 | (uint32_t)digit;
        if (++count % 4 != 1) bytes[n++] = (uint8_t)(bits >> (6 - 2 * ((count - 1) % 4)));
    }
    JS_FreeCString(ctx, text);
    return arrayBuffer(ctx, bytes, n);
}

/* (bytes, from, to, wanted): where a byte or bytes first occur; -1 if nowhere */
NATIVE(findFirst)
{
    size_t length, wantedLength;
    const uint8_t *bytes = partOf(ctx, argv, &length), *wanted = NULL, *found;
    UNUSED;
    if (JS_IsNumber(argv[3])) found = memchr(bytes, INTEGER(3), length);
    else {
        wanted = bytesOf(ctx, argv[3], &wantedLength);
        found = memmem(bytes, length, wanted ? wanted : (const uint8_t *)"", wantedLength);
    }
    return JS_NewInt64(ctx, found ? found - bytes + numberOf(ctx, argv[1]) : -1);
}

NATIVE(findLast)
{
    size_t length, wantedLength = 1;
    const uint8_t *bytes = partOf(ctx, argv, &length), *wanted;
    uint8_t one = 0;
    int64_t at;
    UNUSED;
    if (JS_IsNumber(argv[3])) one = (uint8_t)INTEGER(3), wanted = &one;
    else wanted = bytesOf(ctx, argv[3], &wantedLength);
    for (at = (int64_t)length - (int64_t)wantedLength; at >= 0; at--)
        if (wantedLength == 0 || (bytes[at] == *wanted && !memcmp(bytes + at, wanted, wantedLength))) return JS_NewInt64(ctx, at + numberOf(ctx, argv[1]));
    return JS_NewInt64(ctx, -1);
}

/* -1, 0 or 1 */
NATIVE(compareBytes)
{
    size_t aLength, bLength;
    const uint8_t *a = bytesOf(ctx, argv[0], &aLength), *b = bytesOf(ctx, argv[1], &bLength);
    size_t shorter = aLength < bLength ? aLength : bLength;
    int order = shorter ? memcmp(a, b, shorter) : 0;
    UNUSED;
    if (order == 0) order = (aLength > bLength) - (aLength < bLength);
    return JS_NewInt32(ctx, (order > 0) - (order < 0));
}
