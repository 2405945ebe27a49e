/* relay.json: a small JSON document. If it is anything else, or of another format, nothing is recorded. */
#pragma once
#include <fcntl.h>
#include <math.h>
#include "call.h"
#include "line.h"

typedef struct {
    const char *capture, *logFile; /* "" if absent */
    double maxSizeBytes, streamBytes, untilMs, sampleOneIn; /* sampleOneIn: 0 if absent */
    int raw, onlyFailures, isValid;
} Config;

static Config config;

enum { DEFAULT_MAX_SIZE_BYTES = 256 << 20, CONFIG_DEPTH = 64, CONFIG_BYTES = 32768 };

/* A position in the document; `failed` once it is not JSON. */
typedef struct { uint8_t *at, *end; int failed; } Json;

static int peek(const Json *j) { return j->at < j->end ? *j->at : -1; }
static void skipSpace(Json *j) { while (peek(j) == ' ' || peek(j) == '\t' || peek(j) == '\n' || peek(j) == '\r') j->at++; }

static int skipIf(Json *j, int c)
{
    skipSpace(j);
    if (peek(j) != c) return 0;
    j->at++;
    return 1;
}

static int hexOf(int c) { return c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1; }

static uint32_t readHex4(Json *j)
{
    uint32_t value = 0;
    int i, digit;
    for (i = 0; i < 4; i++, j->at++) {
        if ((digit = hexOf(peek(j))) < 0) { j->failed = 1; return 0; }
        value = value << 4 | (uint32_t)digit;
    }
    return value;
}

static size_t utf8Of(uint32_t code, uint8_t bytes[4])
{
    if (code < 0x80) { bytes[0] = (uint8_t)code; return 1; }
    if (code < 0x800) { bytes[0] = (uint8_t)(0xc0 | code >> 6); bytes[1] = (uint8_t)(0x80 | (code & 63)); return 2; }
    if (code < 0x10000) {
        bytes[0] = (uint8_t)(0xe0 | code >> 12);
        bytes[1] = (uint8_t)(0x80 | (code >> 6 & 63));
        bytes[2] = (uint8_t)(0x80 | (code & 63));
        return 3;
    }
    bytes[0] = (uint8_t)(0xf0 | code >> 18);
    bytes[1] = (uint8_t)(0x80 | (code >> 12 & 63));
    bytes[2] = (uint8_t)(0x80 | (code >> 6 & 63));
    bytes[3] = (uint8_t)(0x80 | (code & 63));
    return 4;
}

/* What follows a backslash, as UTF-8; 0 bytes if it is not an escape. */
static size_t readEscape(Json *j, uint8_t bytes[4])
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    int c = peek(j);
    const char *known = c > 0 ? strchr(from, c) : NULL;
    uint32_t code, low;
    if (c < 0) { j->failed = 1; return 0; }
    j->at++;
    if (known) { bytes[0] = (uint8_t)to[known - from]; return 1; }
    if (c != 'u') { j->failed = 1; return 0; }
    code = readHex4(j);
    if (code >= 0xd800 && code < 0xdc00 && j->end - j->at >= 6 && j->at[0] == '\\' && j->at[1] == 'u') {
        j->at += 2;
        low = readHex4(j);
        if (low < 0xdc00 || low > 0xdfff) { j->failed = 1; return 0; }
        code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
    }
    return utf8Of(code, bytes);
}

/* Reads a string in place: what it means is never longer than how it is written. "" if it has a zero byte: no path has. */
static const char *readString(Json *j)
{
    uint8_t *to = ++j->at, *from = to, bytes[4];
    int isPlain = 1;
    while (!j->failed && peek(j) != '"') {
        int c = peek(j);
        size_t n = 1;
        if (c < 0x20) { j->failed = 1; break; } /* the end of the document too */
        j->at++;
        if (c == '\\') n = readEscape(j, bytes);
        else bytes[0] = (uint8_t)c;
        if (n == 1 && bytes[0] == 0) isPlain = 0;
        memcpy(to, bytes, n);
        to += n;
    }
    if (j->failed) return "";
    j->at++;
    *to = 0;
    return isPlain ? (const char *)from : "";
}

/* The digits as a number times `scale`, which is divided by ten for each of them if they are decimals. */
static double readDigits(Json *j, int areDecimals)
{
    double value = 0, scale = 1;
    if (peek(j) < '0' || peek(j) > '9') j->failed = 1;
    for (; peek(j) >= '0' && peek(j) <= '9'; j->at++) {
        value = value * 10 + (*j->at - '0');
        scale *= 10;
    }
    return areDecimals ? value / scale : value;
}

/* Exact for integers below 2^53. Not strtod: it touches ten kilobytes of stack and code. */
static double readNumber(Json *j)
{
    int isNegative = skipIf(j, '-'), isSmall;
    double value, exponent = 0;
    if (peek(j) == '0') { j->at++; value = 0; }
    else value = readDigits(j, 0);
    if (peek(j) == '.') { j->at++; value += readDigits(j, 1); }
    if (peek(j) == 'e' || peek(j) == 'E') {
        j->at++;
        isSmall = peek(j) == '-';
        if (isSmall || peek(j) == '+') j->at++;
        for (exponent = readDigits(j, 0); exponent > 0 && value > 0 && value < HUGE_VAL; exponent--) value = isSmall ? value / 10 : value * 10;
    }
    return isNegative ? -value : value;
}

static int skipWord(Json *j, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(j->end - j->at) < length || memcmp(j->at, word, length)) return 0;
    j->at += length;
    return 1;
}

typedef enum { STRING, NUMBER, TRUE, OTHER } Kind;
typedef struct { Kind kind; double number; const char *text; } Value;

static void skipNested(Json *j, int depth);

static void readValue(Json *j, Value *value, int depth)
{
    skipSpace(j);
    value->kind = OTHER;
    if (peek(j) == '"') { value->text = readString(j); value->kind = STRING; }
    else if (peek(j) == '{' || peek(j) == '[') skipNested(j, depth);
    else if (skipWord(j, "true")) value->kind = TRUE;
    else if (!skipWord(j, "false") && !skipWord(j, "null")) { value->number = readNumber(j); value->kind = NUMBER; }
}

/* An object or array inside the document: no key of ours has such a value. */
static void skipNested(Json *j, int depth)
{
    Value unused;
    int isObject = *j->at++ == '{', close = isObject ? '}' : ']';
    if (depth >= CONFIG_DEPTH) { j->failed = 1; return; }
    if (skipIf(j, close)) return;
    do {
        skipSpace(j);
        if (isObject && peek(j) == '"') readString(j);
        else if (isObject) j->failed = 1;
        if (isObject && !skipIf(j, ':')) j->failed = 1;
        if (!j->failed) readValue(j, &unused, depth + 1);
    } while (!j->failed && skipIf(j, ','));
    if (!skipIf(j, close)) j->failed = 1;
}

static double numberWithin(const Value *value, double largest, double otherwise)
{
    return value->kind == NUMBER && value->number > 0 && value->number <= largest ? value->number : otherwise;
}

/* A value of the wrong type counts as absent. */
static void take(const char *key, const Value *value)
{
    const char *path = value->kind == STRING && value->text[0] == '/' && strlen(value->text) < PATH_MAX ? value->text : "";
    if (!strcmp(key, "format")) config.isValid = value->kind == NUMBER && value->number == 1;
    else if (!strcmp(key, "capture")) config.capture = path;
    else if (!strcmp(key, "logFile")) config.logFile = path;
    else if (!strcmp(key, "maxSizeBytes")) config.maxSizeBytes = numberWithin(value, 9007199254740991.0, DEFAULT_MAX_SIZE_BYTES);
    else if (!strcmp(key, "streamBytes")) config.streamBytes = numberWithin(value, 2147483648.0, STREAM_BYTES);
    else if (!strcmp(key, "untilMs")) config.untilMs = value->kind == NUMBER ? value->number : HUGE_VAL;
    else if (!strcmp(key, "sampleOneIn")) config.sampleOneIn = value->kind == NUMBER && value->number > 1 ? value->number : 0;
    else if (!strcmp(key, "raw")) config.raw = value->kind == TRUE;
    else if (!strcmp(key, "onlyFailures")) config.onlyFailures = value->kind == TRUE;
}

static void parseConfig(uint8_t *text, size_t length)
{
    Value value;
    Json j = { text, text + length, 0 };
    const char *key;
    config = (Config){ .capture = "", .logFile = "", .maxSizeBytes = DEFAULT_MAX_SIZE_BYTES, .streamBytes = STREAM_BYTES, .untilMs = HUGE_VAL };
    if (!skipIf(&j, '{')) return;
    if (!skipIf(&j, '}')) {
        do {
            skipSpace(&j);
            if (peek(&j) != '"') { j.failed = 1; break; }
            key = readString(&j);
            if (!skipIf(&j, ':')) j.failed = 1;
            if (!j.failed) readValue(&j, &value, 0);
            if (!j.failed) take(key, &value);
        } while (!j.failed && skipIf(&j, ','));
        if (!skipIf(&j, '}')) j.failed = 1;
    }
    skipSpace(&j);
    if (j.failed || j.at != j.end || !config.capture[0]) config.isValid = 0;
}

/* A whole file that is shorter than `room`, or -1. openat: musl's open makes a second system call
 * for O_CLOEXEC. */
static ssize_t readWhole(const char *path, uint8_t *bytes, size_t room)
{
    size_t got = 0;
    ssize_t n;
    int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return -1;
    while ((n = read(fd, bytes + got, room - got)) > 0 && (got += (size_t)n) < room) ;
    close(fd);
    return n < 0 || got == room ? -1 : (ssize_t)got;
}

static void readConfig(void)
{
    uint8_t *text = scratchAt; /* the settings stay in it */
    ssize_t length = readWhole(configPath, text, CONFIG_BYTES);
    if (length > 0 && reserve((size_t)length)) parseConfig(text, (size_t)length);
}

/* FNV-1a, 32 bits: the same containers are selected in every process and on every node. */
static uint32_t fnv1a(const char *text)
{
    uint32_t hash = 0x811c9dc5;
    for (; *text; text++) hash = (hash ^ (uint8_t)*text) * 0x01000193;
    return hash;
}

/* Whether to record this call: before the end of the capture, and if its container is in the sample. */
static int isRecorded(void)
{
    const char *container;
    if (!config.isValid) return 0;
    if ((double)clockUs(CLOCK_REALTIME) / 1e3 >= config.untilMs) return 0;
    if (config.sampleOneIn == 0) return 1;
    container = variable("CNI_CONTAINERID", sizeof "CNI_CONTAINERID" - 1);
    return config.sampleOneIn < 4294967296.0 && fnv1a(container ? container : "") % (uint32_t)config.sampleOneIn == 0;
}
