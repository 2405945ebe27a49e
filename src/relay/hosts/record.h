/* The records of this call (FORMAT.md). They are composed here and not by the script, which knows what a secret is: a call
 * without one does not start the engine. */
#pragma once
#include <sys/random.h>
#include <sys/utsname.h>
#include "append.h"
#include "payload.h"

enum { PROGRESS_BYTES = 65536 }; /* of each output: a progress record is written several times */

/* What is known when the plugin is started. */
typedef struct { char id[17]; const char *parent; size_t parentLength; int depth; int64_t wallUs, monoUs; int isProbe, hasStdin; } Call;

static Call call;

static void newId(char id[17])
{
    static const char digits[] = "0123456789abcdef";
    uint64_t random = 0;
    int i;
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) != sizeof random)
        random = (uint64_t)clockUs(CLOCK_REALTIME) * 0x9e3779b97f4a7c15u ^ (uint64_t)getpid() << 40;
    for (i = 0; i < 16; i++) id[i] = digits[random >> (60 - 4 * i) & 15];
    id[16] = 0;
}

static void open_(Line *l, const char *kind, int64_t wallUs, int64_t monoUs)
{
    puts_(l, "\n{\"format\":1,\"kind\":\"");
    puts_(l, kind);
    puts_(l, "\"");
    putText(l, "id", call.id);
    if (*kind == 'b' && call.parentLength) { puts_(l, ",\"parent\":"); putString(l, call.parent, call.parentLength); }
    if (*kind == 'b') { putNumber(l, "depth", call.depth); putText(l, "as", call.isProbe ? "probe" : "relay"); }
    putMs(l, "wallMs", wallUs);
    putMs(l, "monoMs", monoUs);
}

static int isListed(const char *entry, const Recording *r) { return r->raw || !strncmp(entry, "CNI_", 4) || !strncmp(entry, "TRACE", 5); }

static size_t nameLength(const char *entry) { return strcspn(entry, "="); }

enum { COMPARED_VARIABLES = 4096 };

/* If a variable is set twice, C and Go programs see the first. */
static int isRepeated(size_t at, const Recording *r)
{
    size_t i, length = nameLength(environ[at]);
    for (i = 0; i < at && at < COMPARED_VARIABLES; i++)
        if (isListed(environ[i], r) && nameLength(environ[i]) == length && !memcmp(environ[i], environ[at], length)) return 1;
    return 0;
}

/* `,"env":{…},"envNames":[…]`. libcni passes the runtime's whole environment to every plugin, including proxies with
 * passwords and cloud keys: most variables are recorded by name only. */
static void putEnvironment(Line *l, const Recording *r)
{
    static uint8_t short_[4096];
    Line names = { short_, 0, sizeof short_, 0, 0 };
    size_t i, count = 0;
    puts_(l, ",\"env\":{");
    for (i = 0; environ[i]; i++) {
        if (isListed(environ[i], r)) {
            if (isRepeated(i, r)) continue;
            if (putVariable(l, r, environ[i], nameLength(environ[i]), count == 0)) { count++; continue; }
        }
        if (names.length) put(&names, ",", 1);
        putString(&names, environ[i], nameLength(environ[i]));
    }
    puts_(l, "},\"envNames\":[");
    put(l, names.bytes, names.length);
    put(l, "]", 1);
    l->failed |= names.failed;
    freeLine(&names);
}

/* The runtime, an agent or a plugin. */
static void putParentName(Line *l)
{
    uint8_t memory[64], comm[64];
    Line path = { memory, 0, sizeof memory, 0, 0 };
    ssize_t length;
    puts_(&path, "/proc/");
    putDigits(&path, parentPid);
    put(&path, "/comm", sizeof "/comm");
    length = readWhole((const char *)memory, comm, sizeof comm);
    while (length > 0 && comm[length - 1] <= ' ') length--;
    if (length < 0) return;
    puts_(l, ",\"parentName\":");
    putString(l, comm, (size_t)length);
}

static void putBegin(Line *l, const Recording *r, pid_t pid)
{
    struct utsname host;
    open_(l, "begin", call.wallUs, call.monoUs);
    if (uname(&host) == 0) putText(l, "node", host.nodename);
    putNumber(l, "pid", pid);
    putNumber(l, "ppid", parentPid);
    if (getpid() != pid) putNumber(l, "recorderPid", getpid());
    putParentName(l);
    putText(l, "plugin", name);
    putText(l, "path", selfPath);
    putArguments(l, r);
    putEnvironment(l, r);
    if (hasOriginal) {
        puts_(l, ",\"original\":{\"sizeBytes\":");
        putDigits(l, realFile.st_size);
        putNumber(l, "modifiedMs", (int64_t)realFile.st_mtim.tv_sec * 1000);
        put(l, "}", 1);
    }
    if (call.hasStdin) putPayload(l, "stdin", &streams[STDIN], r, SIZE_MAX);
}

/* What a running call has written so far. */
static void putProgress(Line *l, const Recording *r, int64_t wallUs)
{
    open_(l, "progress", wallUs, clockUs(CLOCK_MONOTONIC));
    putPayload(l, "stdout", &streams[STDOUT], r, PROGRESS_BYTES);
    putPayload(l, "stderr", &streams[STDERR], r, PROGRESS_BYTES);
}

static void putExit(Line *l)
{
    puts_(l, ",\"exit\":{");
    puts_(l, outcome.execErrno ? "\"errno\":" : WIFSIGNALED(outcome.status) ? "\"signal\":" : "\"code\":");
    putDigits(l, outcome.execErrno ? outcome.execErrno : WIFSIGNALED(outcome.status) ? WTERMSIG(outcome.status) : WEXITSTATUS(outcome.status));
    put(l, "}", 1);
}

static int64_t usOf(const struct timeval *t) { return (int64_t)t->tv_sec * 1000000 + t->tv_usec; }

/* It holds stdin if the begin record was written before stdin was complete, unless nothing of it was read. */
static void putEnd(Line *l, const Recording *r, int64_t wallUs)
{
    open_(l, "end", wallUs, clockUs(CLOCK_MONOTONIC));
    if (outcome.pluginPid) putNumber(l, "pluginPid", outcome.pluginPid);
    putMs(l, "durationMs", outcome.durationUs);
    putMs(l, "spawnMs", outcome.spawnUs);
    putExit(l);
    puts_(l, ",\"usage\":{\"maxRssBytes\":");
    putDigits(l, (int64_t)outcome.usage.ru_maxrss * 1024);
    putMs(l, "userMs", usOf(&outcome.usage.ru_utime));
    putMs(l, "systemMs", usOf(&outcome.usage.ru_stime));
    put(l, "}", 1);
    if (!call.hasStdin && (outcome.stdinComplete || streams[STDIN].total)) putPayload(l, "stdin", &streams[STDIN], r, SIZE_MAX);
    putPayload(l, "stdout", &streams[STDOUT], r, SIZE_MAX);
    putPayload(l, "stderr", &streams[STDERR], r, SIZE_MAX);
}

/* After the write that creates a segment, and after each one that extends it past another sixteenth of the limit. */
static int isTimeToPrune(const Place *place, double maxSizeBytes)
{
    double step = maxSizeBytes / 16;
    return place->from == 0 || (int64_t)((double)place->from / step) != (int64_t)((double)place->to / step);
}

static char *putTwo(char *to, int value)
{
    *to++ = (char)('0' + value / 10);
    *to++ = (char)('0' + value % 10);
    return to;
}

/* calls-20261124T15.jsonl, in UTC. Days to a date: https://howardhinnant.github.io/date_algorithms.html#civil_from_days */
static void nameSegment(char to[32], int64_t wallUs)
{
    int64_t hours = wallUs / 3600000000, days = hours / 24 + 719468;
    int day = (int)(days % 146097), ofEra = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    int year = ofEra + (int)(days / 146097) * 400, ofYear = day - (365 * ofEra + ofEra / 4 - ofEra / 100), month = (5 * ofYear + 2) / 153;
    int dayOfMonth = ofYear - (153 * month + 2) / 5 + 1;
    month = month < 10 ? month + 3 : month - 9;
    year += month <= 2;
    to = putTwo(putTwo(stpcpy(to, "calls-"), year / 100), year % 100);
    to = putTwo(putTwo(to, month), dayOfMonth);
    *to++ = 'T';
    stpcpy(putTwo(to, (int)(hours % 24)), ".jsonl");
}

static void putSeal(Line *l)
{
    static const char digits[] = "0123456789abcdef";
    size_t sizeBytes = l->length - 1; /* without the newline before it */
    uint32_t crc = crc32(image.crc, l->bytes + 1, sizeBytes);
    int i;
    puts_(l, ",\"seal\":{\"sizeBytes\":");
    putDigits(l, (int64_t)sizeBytes);
    puts_(l, ",\"crc32\":\"");
    for (i = 28; i >= 0; i -= 4) put(l, digits + (crc >> i & 15), 1);
    puts_(l, "\"}}\n");
}

/* Completes one line and appends it to the segment of its hour. A line that cannot be written is lost; the call goes on. */
static void appendRecord(Line *l, const Recording *r, int64_t wallUs)
{
    JSContext *ctx = image.ctx;
    char segment[32];
    Place place;
    putSeal(l);
    nameSegment(segment, wallUs);
    if (l->failed || !append(r->capture, segment, l->bytes, l->length, 1, r->maxSizeBytes, &place)) return;
    if (isTimeToPrune(&place, r->maxSizeBytes)) {
        JSValue given[3] = { JS_UNDEFINED };
        startEngine();
        given[0] = stringOf(r->capture, strlen(r->capture));
        given[1] = JS_NewFloat64(ctx, r->maxSizeBytes);
        given[2] = stringOf(segment, strlen(segment));
        startFile();
        callScript("prune", 3, given, INT64_MAX);
        endFile();
    }
}

typedef enum { BEGIN, PROGRESS, END } RecordKind;

static void record(RecordKind kind, const Recording *r, pid_t pid)
{
    static uint8_t *memory;
    Line line = { memory ? memory : (memory = reserve(SHORT_LINE_BYTES)), 0, SHORT_LINE_BYTES, 0, 0 };
    int64_t wallUs = kind == BEGIN ? call.wallUs : clockUs(CLOCK_REALTIME);
    if (kind == BEGIN) putBegin(&line, r, pid);
    else if (kind == PROGRESS) putProgress(&line, r, wallUs);
    else putEnd(&line, r, wallUs);
    appendRecord(&line, r, wallUs);
    freeLine(&line);
}
