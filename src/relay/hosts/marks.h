/* The prefilter of the search for secrets: a text without any mark has none, and the engine is not started for it. The
 * marks come from the rules (src/capture/redact/rules); the tables are made when the relay is built and are part of its
 * image. Bytes that are written as numbers may spell a secret: they count as marks too. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { MARKS = 384, HEADS = 1024, FEWEST_BYTES = 8, FEWEST_HEX = 16, STARTS = 3 };
enum { DECIMAL, HEX, HEX_LIST };

/* With `min` in exactly this case, else in lower case; see Mark in src/capture/redact/rules/marks.ts. */
typedef struct { uint8_t min, before, length; uint16_t next; char literal[32]; } Mark;

typedef struct {
    int count, shown; /* the first `shown` are found in open texts (host-text.h) */
    Mark list[MARKS];
    uint16_t heads[HEADS], alone[128]; /* number of the first mark with these first characters; 0 if there is none */
    uint32_t starts[STARTS][256]; /* for each of the first bytes of a mark, in any case: bits of the first characters with which it may be there */
} Marks;

static int isHex(uint8_t c) { return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'f'); }
static int hexValue(uint8_t c) { return c <= '9' ? c - '0' : (c | 32) - 'a' + 10; }

static int isTextByte(int byte) { return (byte >= 32 && byte < 256 && byte != 127) || byte == 9 || byte == 10 || byte == 13; }

/* One byte as it is written there: its length, 0 if there is none. `isFirst`: no separator comes before it. */
static size_t byteAt(int notation, const uint8_t *s, size_t left, int isFirst, int *byte, size_t *skipped)
{
    size_t i = 0, from;
    *byte = 0;
    if (!isFirst && notation == DECIMAL) while (i < left && (s[i] == ' ' || s[i] == ',' || s[i] == '\n' || s[i] == '\t')) i++;
    if (!isFirst && notation == HEX_LIST && i < left && s[i] == ',') do i++; while (i < left && (s[i] == ' ' || s[i] == '\n' || s[i] == '\t'));
    if (!isFirst && notation != HEX && i == 0) return 0;
    from = *skipped = i;
    if (notation == DECIMAL) for (; i < left && i < from + 3 && s[i] >= '0' && s[i] <= '9'; i++) *byte = *byte * 10 + s[i] - '0';
    else {
        if (notation == HEX_LIST) { if (left < i + 2 || s[i] != '0' || s[i + 1] != 'x') return 0; i += 2; }
        for (from = i; i < left && i < from + 2 && isHex(s[i]); i++) *byte = *byte << 4 | hexValue(s[i]);
        if (notation == HEX && i != from + 2) return 0;
        if (notation == HEX_LIST && i > from) return i - *skipped;
    }
    return i - from;
}

/* End of the bytes of text that are written there; 0 if they are too few. */
static size_t bytesEnd(int notation, const uint8_t *s, size_t left)
{
    size_t at = 0, count = 0, n, skipped;
    int byte;
    while ((n = byteAt(notation, s + at, left - at, count == 0, &byte, &skipped))) {
        if (!isTextByte(byte) || (notation == HEX && byte > 126)) return 0;
        at += skipped + n;
        count++;
    }
    if (notation == HEX && at < FEWEST_HEX) return 0;
    if (notation == HEX && at < left && isHex(s[at])) at++;
    return count >= FEWEST_BYTES ? at : 0;
}

static int isNumberStart(const uint8_t *s, size_t i)
{
    uint8_t before = i ? s[i - 1] : 0;
    int isWord = (before >= '0' && before <= '9') || ((before | 32) >= 'a' && (before | 32) <= 'z');
    return !isWord || (before | 32) == 'x';
}

/* The first bytes that are written as numbers from i on: their notation and range, -1 if there are none. A list begins with
 * a bracket or `0x`. A number of FEWEST_HEX digits has one at every place of that distance. */
static int nextBytes(const uint8_t *s, size_t i, size_t length, size_t *from, size_t *to)
{
    const uint8_t *bracket, *x;
    size_t list = i, hexList = i, hex = i, end;
    int notation = -1;
    *from = length;
    for (; (bracket = memchr(s + list, '[', length - list)); list = (size_t)(bracket - s) + 1) {
        size_t at = (size_t)(bracket - s) + 1;
        if (at < length && (end = bytesEnd(DECIMAL, s + at, length - at))) { *from = at; *to = at + end; notation = DECIMAL; break; }
    }
    for (; (x = memchr(s + hexList, 'x', length - hexList)) && (size_t)(x - s) <= *from; hexList = (size_t)(x - s) + 1) {
        size_t at = (size_t)(x - s);
        if (at > i && s[at - 1] == '0' && (end = bytesEnd(HEX_LIST, s + at - 1, length - at + 1))) { *from = at - 1; *to = at - 1 + end; notation = HEX_LIST; break; }
    }
    while (hex + FEWEST_HEX <= length && hex < *from) {
        size_t last = hex + FEWEST_HEX - 1, start;
        if (!isHex(s[last])) { hex = last + 1; continue; }
        for (start = last; start > hex && isHex(s[start - 1]); start--) {}
        if (start == hex && isHex(s[hex]) && isNumberStart(s, hex) && (end = bytesEnd(HEX, s + hex, length - hex)) && hex < *from) {
            *from = hex; *to = hex + end;
            return HEX;
        }
        if (start > hex) hex = start;
        else while (hex < length && isHex(s[hex])) hex++;
    }
    return notation;
}

static inline int lowered(int c) { return c + ((unsigned)c - 'A' < 26) * 32; }
static inline int folded(uint8_t c) { return c < 128 ? lowered(c) : 0; }

/* Any character of an alphabet of tokens; they are ASCII. */
static int isTokenCode(uint8_t c)
{
    return (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || (c && c < 128 && strchr("+/=_-.~$,:@%", c));
}

/* Whether the mark is at i: in lower case, or exactly and with as many characters of a token around it as it needs. */
static int isMarkAt(const Mark *m, const uint8_t *s, size_t i, size_t length)
{
    size_t k;
    if (m->length > length - i) return 0;
    for (k = 0; k < m->length; k++) if ((m->min ? s[i + k] : lowered(s[i + k])) != (uint8_t)m->literal[k]) return 0;
    if (m->min > length - i - m->length || m->before > i) return 0;
    for (k = 0; k < m->min; k++) if (!isTokenCode(s[i + m->length + k])) return 0;
    for (k = 1; k <= m->before; k++) if (!isTokenCode(s[i - k])) return 0;
    return 1;
}

/* Whether a mark may start with these bytes: decides for nearly every position. */
static inline uint32_t mayStart(const Marks *marks, const uint8_t *s)
{
    return marks->starts[0][s[0]] & marks->starts[1][s[1]] & marks->starts[2][s[2]];
}

/* The first mark at i with an index of at least `least` and less than `most`; -1 if there is none. */
static int markAt(const Marks *marks, const uint8_t *s, size_t i, size_t length, int first, int second, int least, int most)
{
    int found = -1, chain, m;
    for (chain = 0; chain < 2; chain++)
        for (m = chain ? marks->alone[first] : marks->heads[(first * 31 + second) % HEADS]; m; m = marks->list[m - 1].next)
            if (m - 1 >= least && m - 1 < most && (found < 0 || m - 1 < found) && isMarkAt(&marks->list[m - 1], s, i, length)) found = m - 1;
    return found;
}

/* Position of the next mark; `length` if there is none. */
static size_t nextMark(const Marks *marks, const uint8_t *s, size_t i, size_t length, int least, int most, int *found)
{
    for (; i < length; i++, least = 0) {
        /* Four positions at once. */
        while (i + STARTS + 3 <= length && !(mayStart(marks, s + i) | mayStart(marks, s + i + 1) | mayStart(marks, s + i + 2) | mayStart(marks, s + i + 3))) i += 4, least = 0;
        if (i + STARTS <= length && !mayStart(marks, s + i)) continue;
        if ((*found = markAt(marks, s, i, length, folded(s[i]), i + 1 < length ? folded(s[i + 1]) : 0, least, most)) >= 0) return i;
    }
    return length;
}

/* Whether the text contains a mark or bytes written as numbers. */
static int holdsMark(const Marks *marks, const void *bytes, size_t length)
{
    size_t from, to;
    int found;
    return nextMark(marks, bytes, 0, length, 0, marks->count, &found) < length || nextBytes(bytes, 0, length, &from, &to) >= 0;
}

/* All bytes that have this character in one of both cases, or any byte for 0, get the bit. */
static void setStart(uint32_t starts[256], int character, uint32_t bit)
{
    int c;
    for (c = 0; c < 256; c++) if (!character || folded((uint8_t)c) == character) starts[c] |= bit;
}

/* At build time: `lines` has a line of two digits and a literal for each mark. 0 if there are too many. */
static int setMarks(Marks *marks, const char *lines, int shown)
{
    const char *line, *end;
    memset(marks, 0, sizeof *marks);
    marks->shown = shown;
    for (line = lines; line; line = *end ? end + 1 : NULL) {
        Mark *m = &marks->list[marks->count];
        int first, second, k;
        end = strchr(line, '\n') ? strchr(line, '\n') : line + strlen(line);
        if (marks->count == MARKS || end - line - 2 > (long)sizeof m->literal || end - line < 3) return 0;
        m->min = (uint8_t)(line[0] - '0');
        m->before = (uint8_t)(line[1] - '0');
        m->length = (uint8_t)(end - line - 2);
        memcpy(m->literal, line + 2, m->length);
        first = folded((uint8_t)m->literal[0]);
        second = m->length > 1 ? folded((uint8_t)m->literal[1]) : 0;
        for (k = 0; k < STARTS; k++) setStart(marks->starts[k], k < m->length ? folded((uint8_t)m->literal[k]) : 0, 1u << (first & 31));
        if (m->length == 1) {
            m->next = marks->alone[first];
            marks->alone[first] = (uint16_t)++marks->count;
        } else {
            uint16_t *head = &marks->heads[(first * 31 + second) % HEADS];
            m->next = *head;
            *head = (uint16_t)++marks->count;
        }
    }
    return marks->count > 0;
}
