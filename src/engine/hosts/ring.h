/* The ring buffer that a BPF program writes into. What its records hold is said by the script (src/observe/event.ts). */
#pragma once
#include <stdio.h>
#include <sys/mman.h>
#include "bytes.h"
#include "ring-priority.h"

enum { READ_BYTES = 1 << 19, MOST_EVENTS = 512, MOST_FIELDS = 24, MOST_KINDS = 8, NAME_BYTES = 16, FILE_BYTES = 24, FILES = 3 };

/* Types of fields; their names in the script are in that order. */
enum { INT, FLAG, LONG, NAME, PATH, BYTES, OPEN_FILE, OPEN_FILES, FIELD_TYPES };
static const char *const fieldTypes[FIELD_TYPES] = { "int", "flag", "long", "name", "path", "bytes", "file", "files" };

typedef struct { JSAtom name; uint32_t type, at; } Field;
typedef struct { JSValue kind; Field fields[MOST_FIELDS]; uint32_t count; } Layout;
static Layout layouts[MOST_KINDS], fileLayout;
static JSAtom kindName;

static uint32_t typeNamed(JSContext *ctx, JSValueConst value)
{
    const char *name = JS_ToCString(ctx, value);
    uint32_t type = 0;
    while (type < FIELD_TYPES && (!name || strcmp(fieldTypes[type], name))) type++;
    JS_FreeCString(ctx, name);
    return type;
}

/* ([name, type, place], ...): 0 if there is a type that is not known, or too many fields */
static int setLayout(JSContext *ctx, Layout *layout, JSValueConst fields)
{
    uint32_t i;
    layout->count = lengthOf(ctx, fields);
    for (i = 0; i < layout->count && i < MOST_FIELDS; i++) {
        JSValue field = JS_GetPropertyUint32(ctx, fields, i), parts[3];
        uint32_t part;
        for (part = 0; part < 3; part++) parts[part] = JS_GetPropertyUint32(ctx, field, part);
        layout->fields[i] = (Field){ JS_ValueToAtom(ctx, parts[0]), typeNamed(ctx, parts[1]), (uint32_t)numberOf(ctx, parts[2]) };
        for (part = 0; part < 3; part++) JS_FreeValue(ctx, parts[part]);
        JS_FreeValue(ctx, field);
        if (layout->fields[i].type == FIELD_TYPES) return 0;
    }
    return layout->count <= MOST_FIELDS;
}

static uint32_t intAt(const uint8_t *record, uint32_t at) { uint32_t value; memcpy(&value, record + at, 4); return value; }
static int64_t longAt(const uint8_t *record, uint32_t at) { int64_t value; memcpy(&value, record + at, 8); return value; }

static JSValue valueOf(JSContext *ctx, const Field *field, const uint8_t *record, uint32_t size);

static JSValue objectOf(JSContext *ctx, const Layout *layout, const uint8_t *record, uint32_t size)
{
    JSValue object = JS_NewObject(ctx);
    uint32_t i;
    for (i = 0; i < layout->count; i++)
        JS_DefinePropertyValue(ctx, object, layout->fields[i].name, valueOf(ctx, &layout->fields[i], record, size), JS_PROP_C_W_E);
    return object;
}

static JSValue filesOf(JSContext *ctx, const uint8_t *files)
{
    JSValue values[FILES];
    uint32_t i;
    for (i = 0; i < FILES; i++) values[i] = objectOf(ctx, &fileLayout, files + i * FILE_BYTES, FILE_BYTES);
    return JS_NewArrayFrom(ctx, FILES, values);
}

/* A field of a record, whose second number is how many bytes it has behind its structure. */
static JSValue valueOf(JSContext *ctx, const Field *field, const uint8_t *record, uint32_t size)
{
    const uint8_t *at = record + field->at;
    switch (field->type) {
    case INT: return JS_NewUint32(ctx, intAt(record, field->at));
    case FLAG: return JS_NewBool(ctx, intAt(record, field->at) == 1);
    case LONG: return JS_NewInt64(ctx, longAt(record, field->at));
    case NAME: return latin1Text(ctx, at, strnlen((const char *)at, NAME_BYTES));
    case PATH: return utf8Text(ctx, at, strnlen((const char *)at, size - field->at));
    case BYTES: return JS_NewUint8Array(ctx, (uint8_t *)at, intAt(record, 4), keepBytes, NULL, 0);
    case OPEN_FILE: return objectOf(ctx, &fileLayout, at, FILE_BYTES);
    default: return filesOf(ctx, at);
    }
}

/* (map, its size, layouts of its records by their first number: { kind, fields }, fields of a file): 0 or -errno */
NATIVE(openRing)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    uint8_t *ours, *theirs;
    uint32_t count = lengthOf(ctx, argv[2]), i;
    UNUSED;
    kindName = JS_NewAtom(ctx, "kind");
    for (i = 0; i < MOST_KINDS && i < count; i++) {
        JSValue layout = JS_GetPropertyUint32(ctx, argv[2], i), fields = JS_GetPropertyStr(ctx, layout, "fields");
        int isKnown = setLayout(ctx, &layouts[i], fields);
        layouts[i].kind = JS_GetPropertyStr(ctx, layout, "kind");
        JS_FreeValue(ctx, fields);
        JS_FreeValue(ctx, layout);
        if (!isKnown) return JS_NewInt32(ctx, -EINVAL);
    }
    if (!setLayout(ctx, &fileLayout, argv[3])) return JS_NewInt32(ctx, -EINVAL);
    ring.size = (size_t)INTEGER(1);
    ours = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, INTEGER(0), 0);
    theirs = mmap(NULL, page + ring.size, PROT_READ, MAP_SHARED, INTEGER(0), (off_t)page);
    if (ours == MAP_FAILED || theirs == MAP_FAILED) return JS_NewInt32(ctx, -errno);
    ring.consumed = (uint64_t *)ours, ring.produced = (const uint64_t *)theirs, ring.data = theirs + page;
    startRingPriority((int)INTEGER(0));
    JS_SetGCThreshold(JS_GetRuntime(ctx), 0); /* a process that runs for long holds little garbage */
    return JS_NewInt32(ctx, 0);
}

/* The next records as objects. Their bytes are in memory that the next call uses again. */
NATIVE(readRing)
{
    enum { BUSY = 1u << 31, DISCARDED = 1u << 30, HEADER_BYTES = 8 }; /* BPF_RINGBUF_HDR_SZ */
    static uint8_t bytes[READ_BYTES];
    static JSValue events[MOST_EVENTS];
    uint64_t at = *ring.consumed, end = __atomic_load_n(ring.produced, __ATOMIC_ACQUIRE);
    size_t length = 0;
    int count = 0;
    UNUSED;
    while (at < end && count < MOST_EVENTS) {
        size_t place = at & (ring.size - 1), untilEnd = ring.size - place;
        uint32_t header = __atomic_load_n((const uint32_t *)(ring.data + place), __ATOMIC_ACQUIRE), size = header & ~(BUSY | DISCARDED);
        size_t padded = (size + HEADER_BYTES + 7) & ~(size_t)7, first = untilEnd < padded ? untilEnd : padded;
        uint8_t *record = bytes + length + HEADER_BYTES;
        uint32_t kind;
        if (header & BUSY || length + padded > sizeof bytes) break;
        at += padded;
        if (header & DISCARDED) continue;
        memcpy(bytes + length, ring.data + place, first);
        memcpy(bytes + length + first, ring.data, padded - first);
        length += padded;
        kind = intAt(record, 0);
        if (kind >= MOST_KINDS || !layouts[kind].count) continue;
        events[count] = objectOf(ctx, &layouts[kind], record, size);
        JS_DefinePropertyValue(ctx, events[count++], kindName, JS_DupValue(ctx, layouts[kind].kind), JS_PROP_C_W_E);
    }
    __atomic_store_n(ring.consumed, at, __ATOMIC_RELEASE);
    if (!length) endRingUrgency();
    return JS_NewArrayFrom(ctx, count, events);
}
