/* The prefilter of the search for secrets: a text without any mark has none, and the engine is not started for it. The
 * marks come from the script (src/capture/redact); the tables are made when the relay is built and are part of its image. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { MARKS = 512, MARK_BYTES = 8192 };

/* Lower-case marks, sorted by their first byte; those with first byte c are from[c] to from[c + 1]. */
typedef struct {
    uint16_t from[257], at[MARKS];
    uint8_t isSecond[256], isAlone[256]; /* second bytes of marks; marks of only one byte */
    char text[MARK_BYTES]; /* each ends with a zero byte */
} Marks;

static uint8_t lower(uint8_t c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; }

static int isMarkAt(const char *mark, const uint8_t *text, size_t left)
{
    size_t i;
    for (i = 0; mark[i]; i++) if (i >= left || lower(text[i]) != (uint8_t)mark[i]) return 0;
    return 1;
}

/* Whether the text contains a mark, in any case: one pass. */
static int holdsMark(const Marks *marks, const void *bytes, size_t length)
{
    const uint8_t *text = bytes;
    size_t i;
    uint16_t k;
    for (i = 0; i < length; i++) {
        uint8_t first = lower(text[i]);
        if (marks->from[first] == marks->from[first + 1]) continue;
        if (!marks->isAlone[first] && !marks->isSecond[i + 1 < length ? lower(text[i + 1]) : 0]) continue;
        for (k = marks->from[first]; k < marks->from[first + 1]; k++)
            if (isMarkAt(marks->text + marks->at[k], text + i, length - i)) return 1;
    }
    return 0;
}

/* At build time: `list` has one mark per line. 0 if there are too many. */
static int setMarks(Marks *marks, const char *list, size_t length)
{
    size_t i, start = 0, count = 0;
    unsigned c;
    if (length + 1 > MARK_BYTES) return 0;
    memset(marks, 0, sizeof *marks);
    for (i = 0; i < length; i++) marks->text[i] = list[i] == '\n' ? 0 : list[i];
    for (c = 0; c < 256; c++) {
        marks->from[c] = (uint16_t)count;
        for (start = 0; start < length; start += strlen(marks->text + start) + 1) {
            const uint8_t *mark = (const uint8_t *)marks->text + start;
            if (*mark != c || !*mark) continue;
            if (count == MARKS) return 0;
            marks->at[count++] = (uint16_t)start;
            if (mark[1]) marks->isSecond[mark[1]] = 1;
            else marks->isAlone[c] = 1;
        }
    }
    marks->from[256] = (uint16_t)count;
    return count > 0;
}
