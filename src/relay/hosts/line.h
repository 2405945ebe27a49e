/* A record's line, written as JSON text. */
#pragma once
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/* `failed`: there was no memory, and the line is not complete. */
typedef struct { uint8_t *bytes; size_t length, room; int isMapped, failed; } Line;

enum { SHORT_LINE_BYTES = 16384 };

/* At least twice the room; the first memory is the caller's. */
static void grow(Line *l, size_t count)
{
    size_t room = l->room * 2;
    uint8_t *larger;
    while (room < l->length + count) room *= 2;
    if (l->isMapped) larger = mremap(l->bytes, l->room, room, MREMAP_MAYMOVE);
    else larger = mmap(NULL, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (larger == MAP_FAILED) { l->failed = 1; return; }
    if (!l->isMapped) memcpy(larger, l->bytes, l->length);
    *l = (Line){ larger, l->length, room, 1, 0 };
}

static void put(Line *l, const void *bytes, size_t count)
{
    if (l->length + count > l->room && !l->failed) grow(l, count);
    if (l->failed) return;
    memcpy(l->bytes + l->length, bytes, count);
    l->length += count;
}

static void freeLine(Line *l) { if (l->isMapped) munmap(l->bytes, l->room); }

static void puts_(Line *l, const char *text) { put(l, text, strlen(text)); }

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

/* How JSON.stringify writes an ASCII character that it does not write as it is; NULL if it does. */
static const char *escapeOf(uint8_t c, char escape[8])
{
    static const char digits[] = "0123456789abcdef", letters[] = "btnvfr"; /* from 8 to 13 */
    if (c >= 0x20 && c != '"' && c != '\\') return NULL;
    memcpy(escape, "\\u00", 4);
    escape[4] = digits[c >> 4];
    escape[5] = digits[c & 15];
    escape[6] = 0;
    if (c == '"' || c == '\\') escape[1] = (char)c, escape[2] = 0;
    else if (c >= 8 && c <= 13 && c != 11) escape[1] = letters[c - 8], escape[2] = 0;
    return escape;
}

/* The inside of a JSON string, of valid UTF-8. */
static void putEscaped(Line *l, const uint8_t *bytes, size_t count)
{
    char escape[8];
    size_t from = 0, i;
    for (i = 0; i < count; i++) {
        const char *instead = escapeOf(bytes[i], escape);
        if (!instead) continue;
        put(l, bytes + from, i - from);
        puts_(l, instead);
        from = i + 1;
    }
    put(l, bytes + from, count - from);
}

/* A JSON string; bytes that are not UTF-8 are replaced by U+FFFD. */
static void putString(Line *l, const void *text, size_t count)
{
    const uint8_t *bytes = text;
    size_t valid;
    put(l, "\"", 1);
    while ((valid = validUtf8(bytes, count)) < count) {
        putEscaped(l, bytes, valid);
        puts_(l, "\xef\xbf\xbd");
        bytes += valid + 1;
        count -= valid + 1;
    }
    putEscaped(l, bytes, count);
    put(l, "\"", 1);
}

static void putBase64(Line *l, const uint8_t *bytes, size_t count)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t i;
    put(l, "\"", 1);
    for (i = 0; i < count; i += 3) {
        uint32_t b = i + 1 < count ? bytes[i + 1] : 0, c = i + 2 < count ? bytes[i + 2] : 0, all = (uint32_t)bytes[i] << 16 | b << 8 | c;
        char four[4] = { digits[all >> 18], digits[all >> 12 & 63], i + 1 < count ? digits[all >> 6 & 63] : '=', i + 2 < count ? digits[all & 63] : '=' };
        put(l, four, 4);
    }
    put(l, "\"", 1);
}

static void putDigits(Line *l, int64_t value)
{
    char text[32];
    put(l, text, (size_t)snprintf(text, sizeof text, "%lld", (long long)value));
}

/* `,"key":number`. */
static void putNumber(Line *l, const char *key, int64_t value)
{
    char text[96];
    put(l, text, (size_t)snprintf(text, sizeof text, ",\"%s\":%lld", key, (long long)value));
}

/* `,"key":milliseconds`, the shortest form that has the microseconds. */
static void putMs(Line *l, const char *key, int64_t us)
{
    char text[96];
    size_t n = (size_t)snprintf(text, sizeof text, ",\"%s\":%lld.%03d", key, (long long)(us / 1000), (int)(us % 1000));
    while (text[n - 1] == '0') n--;
    if (text[n - 1] == '.') n--;
    put(l, text, n);
}

static void putText(Line *l, const char *key, const char *text)
{
    puts_(l, ",\"");
    puts_(l, key);
    puts_(l, "\":");
    putString(l, text, strlen(text));
}

/* IEEE 802.3, half a byte at a time: a table for whole bytes would be a kilobyte that each call has to load. */
static uint32_t crc32(const uint8_t *bytes, size_t length)
{
    static const uint32_t table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
        0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c };
    uint32_t c = 0xffffffff;
    size_t n;
    for (n = 0; n < length; n++) {
        c = table[(c ^ bytes[n]) & 15] ^ c >> 4;
        c = table[(c ^ bytes[n] >> 4) & 15] ^ c >> 4;
    }
    return ~c;
}
