/* What else a record's line is made of. */
#pragma once
#include "json-text.h"

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

static void putKey(Line *l, const char *key)
{
    puts_(l, ",\"");
    puts_(l, key);
    puts_(l, "\":");
}

/* `,"key":number`. */
static void putNumber(Line *l, const char *key, int64_t value)
{
    putKey(l, key);
    putDigits(l, value);
}

/* `,"key":milliseconds`, with microseconds as decimals. */
static void putMs(Line *l, const char *key, int64_t us)
{
    putKey(l, key);
    putThousandths(l, us);
}

static void putText(Line *l, const char *key, const char *text)
{
    putKey(l, key);
    putString(l, text, strlen(text));
}

/* IEEE 802.3. The table is made when the relay is built. */
static uint32_t crc32(const uint32_t table[256], const uint8_t *bytes, size_t length)
{
    uint32_t c = 0xffffffff;
    size_t n;
    for (n = 0; n < length; n++) c = table[(c ^ bytes[n]) & 255] ^ c >> 8;
    return ~c;
}

static void makeCrcTable(uint32_t table[256])
{
    uint32_t i, k, c;
    for (i = 0; i < 256; i++) {
        for (c = i, k = 0; k < 8; k++) c = c & 1 ? 0xedb88320 ^ c >> 1 : c >> 1;
        table[i] = c;
    }
}
