/* The prefilter of the search for secrets: a text without any mark has none, and the engine is not started for it. The
 * marks come from the rules (src/capture/redact/rules); the tables are made when the relay is built and are part of its
 * image. Bytes that are written as numbers may spell a secret: they count as marks too. */
#pragma once
#include <stddef.h>
#include "eight-bytes.h"

enum { MARKS = 384, HEADS = 1024, FEWEST_BYTES = 8, FEWEST_HEX = 16, THREES = 1 << 13, FOURS = 1 << 16 };
enum { DECIMAL, HEX, HEX_LIST };

/* With `min` in exactly this case, else in lower case; see Mark in src/capture/redact/rules/marks.ts. */
typedef struct { uint8_t min, before, length; uint16_t next; char literal[32]; } Mark;

typedef struct {
    int count, shown; /* the first `shown` are found in open texts (host-text.h) */
    Mark list[MARKS];
    uint16_t heads[HEADS], alone[128]; /* number of the first mark with these first characters; 0 if there is none */
    uint8_t single, threes[THREES]; /* a mark of one character, which is not a letter; 1 for each hash of three bytes with which another may start */
    uint32_t fours[FOURS / 32]; /* a bit for each hash of four bytes with which it may start */
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

/* Where the next `0x` is; `length` if there is none. A search for one of both characters alone would stop everywhere in a text
 * that consists of it. */
static size_t nextPrefix(const uint8_t *s, size_t i, size_t length)
{
    for (; i + 9 <= length; i += 8) {
        uint64_t found = zeros((eightAt(s + i) ^ LOW_BITS * '0') | (eightAt(s + i + 1) ^ LOW_BITS * 'x'));
        if (found) return i + firstOf(found);
    }
    for (; i + 2 <= length; i++) if (s[i] == '0' && s[i + 1] == 'x') return i;
    return length;
}

/* The first bytes that are written as numbers from i on: their notation and range, -1 if there are none. A list begins with
 * a bracket or `0x`. A number of FEWEST_HEX digits has one at every place of that distance. */
static int nextBytes(const uint8_t *s, size_t i, size_t length, size_t *from, size_t *to)
{
    const uint8_t *bracket;
    size_t list = i, prefix = nextPrefix(s, i, length), hex = i, end;
    int notation = -1;
    *from = length;
    for (; (bracket = memchr(s + list, '[', length - list)); list = (size_t)(bracket - s) + 1) {
        size_t at = (size_t)(bracket - s) + 1;
        if (at < length && (end = bytesEnd(DECIMAL, s + at, length - at))) { *from = at; *to = at + end; notation = DECIMAL; break; }
    }
    for (; prefix < *from; prefix = nextPrefix(s, prefix + 1, length))
        if ((end = bytesEnd(HEX_LIST, s + prefix, length - prefix))) { *from = prefix; *to = prefix + end; notation = HEX_LIST; break; }
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

/* Hashes of the lowest three and four bytes, the first of which is the lowest. The bit in which both cases of a letter are
 * different is left out, and of all but the first byte one more, so that the hashes of a short mark are few. */
static inline uint32_t hashOfThree(uint32_t bytes) { return (bytes & 0x001f1f5f) * 0x9e3779b1 >> 19; }
static inline uint32_t hashOfFour(uint32_t bytes) { return (bytes & 0x1f1f1f5f) * 0x9e3779b1 >> 16; }

/* Whether a mark may start at one of the first four of eight bytes; decides for nearly every position. */
static inline uint64_t mayStart(const Marks *marks, uint64_t v)
{
    uint64_t single = v ^ LOW_BITS * marks->single;
    return marks->threes[hashOfThree((uint32_t)v)] | marks->threes[hashOfThree((uint32_t)(v >> 8))]
        | marks->threes[hashOfThree((uint32_t)(v >> 16))] | marks->threes[hashOfThree((uint32_t)(v >> 24))]
        | (zeros(single) & 0xffffffff);
}

/* The same of a position that has four bytes. */
static inline int isStart(const Marks *marks, const uint8_t *s)
{
    uint32_t four;
    memcpy(&four, s, sizeof four);
    return s[0] == marks->single || (marks->threes[hashOfThree(four)] && marks->fours[hashOfFour(four) / 32] >> hashOfFour(four) % 32 & 1);
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

/* The next position at which a mark may start; `length` if there is none. */
static size_t nextStart(const Marks *marks, const uint8_t *s, size_t i, size_t length)
{
    size_t k;
    for (; i + 8 <= length; i += 4) {
        if (!mayStart(marks, eightAt(s + i))) continue;
        for (k = 0; k < 4; k++) if (isStart(marks, s + i + k)) return i + k;
    }
    while (i + 4 <= length && !isStart(marks, s + i)) i++;
    return i;
}

/* Position of the next mark; `length` if there is none. `least` counts at the first position only. */
static size_t nextMark(const Marks *marks, const uint8_t *s, size_t i, size_t length, int least, int most, int *found)
{
    size_t at;
    for (at = nextStart(marks, s, i, length); at < length; at = nextStart(marks, s, at + 1, length)) {
        int second = at + 1 < length ? folded(s[at + 1]) : 0;
        if ((*found = markAt(marks, s, at, length, folded(s[at]), second, at == i ? least : 0, most)) >= 0) return at;
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

/* The bytes from `at` on may be any. */
static void setHashes(Marks *marks, uint32_t bytes, int at)
{
    uint32_t c;
    if (at < 4) for (c = 0; c < 32; c++) setHashes(marks, bytes | c << 8 * at, at + 1);
    else marks->threes[hashOfThree(bytes)] = 1, marks->fours[hashOfFour(bytes) / 32] |= 1u << hashOfFour(bytes) % 32;
}

/* At build time: `lines` has a line of two digits and a literal for each mark. 0 if there are too many. */
static int setMarks(Marks *marks, const char *lines, int shown)
{
    const char *line, *end;
    memset(marks, 0, sizeof *marks);
    marks->shown = shown;
    for (line = lines; line; line = *end ? end + 1 : NULL) {
        Mark *m = &marks->list[marks->count];
        int first, second;
        uint32_t start = 0;
        end = strchr(line, '\n') ? strchr(line, '\n') : line + strlen(line);
        if (marks->count == MARKS || end - line - 2 > (long)sizeof m->literal || end - line < 3) return 0;
        m->min = (uint8_t)(line[0] - '0');
        m->before = (uint8_t)(line[1] - '0');
        m->length = (uint8_t)(end - line - 2);
        memcpy(m->literal, line + 2, m->length);
        first = folded((uint8_t)m->literal[0]);
        second = m->length > 1 ? folded((uint8_t)m->literal[1]) : 0;
        memcpy(&start, m->literal, m->length < 4 ? m->length : 4);
        if (m->length == 1 && !marks->single && (start | 32) - 'a' >= 26) marks->single = (uint8_t)start;
        else setHashes(marks, start, m->length);
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
