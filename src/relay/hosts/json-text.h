/* JSON text in memory that grows. The node executable has it too (src/engine/hosts/json.h). */
#pragma once
#include <sys/mman.h>
#include "eight-bytes.h"

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

/* Whether there is room for so many more bytes. */
static int hasRoomFor(Line *l, size_t count)
{
    if (l->length + count > l->room && !l->failed) grow(l, count);
    return !l->failed;
}

static void put(Line *l, const void *bytes, size_t count)
{
    if (!hasRoomFor(l, count)) return;
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
        if (c < 0x80) {
            for (i++; i + 8 <= length && !(eightAt(s + i) & HIGH_BITS); i += 8) {}
            while (i < length && s[i] < 0x80) i++;
            continue;
        }
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

/* An ASCII character as JSON.stringify writes it; returns the end. */
static uint8_t *escaped(uint8_t *to, uint8_t c)
{
    static const char digits[] = "0123456789abcdef", letters[] = "btn\0fr"; /* from 8 to 13 */
    *to++ = '\\';
    if (c == '"' || c == '\\') *to++ = c;
    else if (c >= 8 && c <= 13 && c != 11) *to++ = (uint8_t)letters[c - 8];
    else {
        memcpy(to, "u00", 3);
        to[3] = (uint8_t)digits[c >> 4];
        to[4] = (uint8_t)digits[c & 15];
        to += 5;
    }
    return to;
}

/* A bit for each of eight bytes that must be escaped: `"`, `\\` and control characters. As of `zeros`, the lowest is exact. */
static inline uint64_t toEscape(uint64_t v)
{
    return ((v - LOW_BITS * 0x20) & ~v & HIGH_BITS) | zeros(v ^ LOW_BITS * '"') | zeros(v ^ LOW_BITS * '\\');
}

enum { ESCAPE_BYTES = 6, ESCAPED_AT_ONCE = 256 };

/* The inside of a JSON string, of valid UTF-8. Eight bytes are copied even if fewer are taken: most runs are short. */
static void putEscaped(Line *l, const uint8_t *bytes, size_t count)
{
    while (count > 0) {
        size_t n = count < ESCAPED_AT_ONCE ? count : ESCAPED_AT_ONCE, i = 0;
        uint8_t *to;
        if (!hasRoomFor(l, n * ESCAPE_BYTES)) return;
        to = l->bytes + l->length;
        while (i + 8 <= n) {
            uint64_t eight = eightAt(bytes + i), found = toEscape(eight);
            size_t plain = found ? firstOf(found) : 8;
            memcpy(to, &eight, sizeof eight);
            to += plain, i += plain;
            if (found) to = escaped(to, bytes[i++]);
        }
        for (; i < n; i++) {
            uint8_t c = bytes[i];
            if (c >= 0x20 && c != '"' && c != '\\') *to++ = c;
            else to = escaped(to, c);
        }
        l->length = (size_t)(to - l->bytes);
        bytes += n;
        count -= n;
    }
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

static void putDigits(Line *l, int64_t value)
{
    uint8_t text[24];
    size_t at = sizeof text;
    uint64_t left = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do text[--at] = (uint8_t)('0' + left % 10); while (left /= 10);
    if (value < 0) text[--at] = '-';
    put(l, text + at, sizeof text - at);
}

/* A thousandth of a number that is not negative, in its shortest form. */
static void putThousandths(Line *l, int64_t n)
{
    uint8_t decimals[4] = { '.', (uint8_t)('0' + n % 1000 / 100), (uint8_t)('0' + n % 100 / 10), (uint8_t)('0' + n % 10) };
    size_t count = 4;
    putDigits(l, n / 1000);
    while (count > 1 && decimals[count - 1] == '0') count--;
    put(l, decimals, count > 1 ? count : 0);
}
