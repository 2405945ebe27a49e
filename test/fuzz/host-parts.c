/* Random input for the parts of the relay that read or write text, under AddressSanitizer and UBSan:
 *   host-parts SEED SECONDS
 * The parser of relay.json gets mutated documents; what the writer of JSON makes of random text must be read back as that
 * text by the parser; the search for marks must find what a search for each mark finds. */
#include <ctype.h>
#include <stdlib.h>
#include "../../src/relay/hosts/config.h"
#include "../../src/relay/hosts/marks.h"

static uint64_t state;

static uint32_t below(uint32_t limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return limit ? (uint32_t)(state >> 16) % limit : 0;
}

static void fail(const char *what) { fprintf(stderr, "host-parts: %s\n", what); abort(); }

static const char *const pieces[] = { "{", "}", "[", "]", ",", ":", "\"", "\\", "\\u00", "\\ud83c\\udf10", "\\u0000", "1", "-", "1e999", "0.5", "e+",
    "true", "null", "\"format\":1", "\"capture\":\"/x\"", "\"streamBytes\":", "\"raw\"", "\xf0\x9f\x8c\x90", "\xff", " ", "\n", "\"untilMs\":" };

static const char valid[] = "{\"format\":1,\"capture\":\"/var/log/cnitap\",\"maxSizeBytes\":268435456,\"streamBytes\":65536,\"raw\":false,"
    "\"onlyFailures\":false,\"sampleOneIn\":3,\"untilMs\":1.8e12,\"other\":{\"a\":[1,{\"b\":null}]}}";

/* A buffer of exactly that size, so that one byte too far is noticed. */
static uint8_t *document(size_t *length)
{
    uint8_t *text, made[4096];
    size_t n = 0, i;
    if (below(2)) {
        memcpy(made, valid, n = sizeof valid - 1);
        for (i = below(4); i > 0; i--) made[below((uint32_t)n)] = (uint8_t)below(256);
        if (below(3) == 0) n = below((uint32_t)n);
    } else for (i = below(60); i > 0; i--) {
        const char *piece = pieces[below(sizeof pieces / sizeof *pieces)];
        memcpy(made + n, piece, strlen(piece));
        n += strlen(piece);
    }
    text = malloc(n ? n : 1);
    memcpy(text, made, n);
    *length = n;
    return text;
}

static void checkConfig(void)
{
    size_t length;
    uint8_t *text = document(&length);
    parseConfig(text, length);
    if (config.isValid && config.capture[0] != '/') fail("a capture that is not absolute");
    if (config.isValid) isRecorded();
    free(text);
}

/* Random text without a zero byte, mostly what has to be escaped. */
static size_t someText(uint8_t *text, size_t room, int isUtf8)
{
    static const char odd[] = "\"\\/\b\f\n\r\t\x01\x1f\x7f aA";
    size_t n = 0, wanted = below((uint32_t)room - 4);
    while (n < wanted) {
        uint32_t kind = below(4);
        if (kind == 0) text[n++] = (uint8_t)odd[below(sizeof odd - 1)];
        else if (kind == 1 && !isUtf8) text[n++] = (uint8_t)(1 + below(255));
        else if (kind == 2) n += utf8Of(0x80 + below(0xd000), text + n);
        else text[n++] = (uint8_t)('a' + below(26));
    }
    return n;
}

static void checkString(void)
{
    static uint8_t text[900];
    size_t length = someText(text, sizeof text, 1);
    uint8_t *first = malloc(64);
    Line line = { first, 0, 64, 0, 0 };
    Json json;
    const char *back;
    putString(&line, text, length);
    json = (Json){ line.bytes, line.bytes + line.length, 0 };
    back = readString(&json);
    if (json.failed || json.at != json.end || strlen(back) != length || memcmp(back, text, length)) fail("a string that is not read as it was written");
    freeLine(&line);
    free(first);
    line = (Line){ first = malloc(64), 0, 64, 0, 0 };
    length = someText(text, sizeof text, 0);
    putString(&line, text, length);
    if (validUtf8(line.bytes, line.length) != line.length) fail("a string that is not UTF-8");
    putBase64(&line, text, length);
    freeLine(&line);
    free(first);
}

static int areOfToken(const uint8_t *text, size_t count)
{
    size_t i;
    for (i = 0; i < count; i++) if (!isTokenCode(text[i])) return 0;
    return 1;
}

/* With `min` in exactly this case, and with so many characters of a token behind it, and `before` of them before it. */
static int holds(const uint8_t *text, size_t length, const char *mark, size_t min, size_t before)
{
    size_t i, k, n = strlen(mark);
    for (i = before; i + n + min <= length; i++) {
        for (k = 0; k < n && (min ? text[i + k] : tolower(text[i + k])) == mark[k]; k++) ;
        if (k == n && areOfToken(text + i - before, before) && areOfToken(text + i + n, min)) return 1;
    }
    return 0;
}

static void checkMarks(void)
{
    static const char list[] = "00token\n00@\n00key\n00to\n00bearer \n00\\u00\n20aB\n31b";
    static const struct { const char *literal; size_t min, before; } each[] = { { "token", 0, 0 }, { "@", 0, 0 }, { "key", 0, 0 },
        { "to", 0, 0 }, { "bearer ", 0, 0 }, { "\\u00", 0, 0 }, { "aB", 2, 0 }, { "b", 3, 1 } };
    static Marks marks;
    uint8_t *text, made[64];
    size_t length = below(40), i, from, to;
    int expected;
    if (!marks.count && !setMarks(&marks, list, 0)) fail("marks");
    for (i = 0; i < length; i++) made[i] = (uint8_t)"tokenTOKEbarBuy@\\0k \xff"[below(22)];
    memcpy(text = malloc(length + 1), made, length);
    expected = nextBytes(text, 0, length, &from, &to) >= 0;
    for (i = 0; i < sizeof each / sizeof *each; i++) expected |= holds(text, length, each[i].literal, each[i].min, each[i].before);
    if (holdsMark(&marks, text, length) != expected) fail("a mark that was not found, or found where none is");
    free(text);
}

int main(int argc, char **argv)
{
    int64_t endsUs = clockUs(CLOCK_MONOTONIC) + (argc > 2 ? atoll(argv[2]) : 10) * 1000000;
    uint64_t rounds = 0;
    state = argc > 1 ? strtoull(argv[1], NULL, 10) * 2654435761u + 88172645463325252u : 1;
    for (; (rounds & 255) || clockUs(CLOCK_MONOTONIC) < endsUs; rounds++) { checkConfig(); checkString(); checkMarks(); }
    printf("%llu rounds\n", (unsigned long long)rounds);
    return 0;
}
