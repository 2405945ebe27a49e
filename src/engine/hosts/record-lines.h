/* Lines of a capture (FORMAT.md) that wait for one write. */
#pragma once
#include <stdio.h>
#include "compress.h"
#include "json.h"

/* (bytes): how long their beginning is that is UTF-8 */
NATIVE(validLength)
{
    size_t length;
    const uint8_t *bytes = bytesOf(ctx, argv[0], &length);
    UNUSED;
    return JS_NewInt64(ctx, bytes ? (int64_t)validUtf8(bytes, length) : 0);
}

/* The memory is used again, because new pages cost more than what is written on them. */
static uint8_t firstLines[SHORT_LINE_BYTES];
static Line waitingLines = { firstLines, 0, sizeof firstLines, 0, 0 };

/* As src/capture/encode.ts makes it of the bytes from `start` on. */
static void putRecordSeal(Line *l, size_t start)
{
    char seal[80];
    size_t size = l->length - start;
    snprintf(seal, sizeof seal, ",\"seal\":{\"sizeBytes\":%zu,\"crc32\":\"%08lx\"}}\n", size, crc32(0, l->bytes + start, (uInt)size));
    puts_(l, seal);
}

/* (record: without functions and cycles; its texts may be Uint8Arrays): how many bytes wait now */
NATIVE(addLine)
{
    Line *l = &waitingLines;
    size_t before = l->length;
    UNUSED;
    put(l, "\n", 1);
    putValue(ctx, l, argv[0]);
    l->length--; /* its last brace, which comes after the seal */
    putRecordSeal(l, before + 1);
    if (!l->failed) return JS_NewInt64(ctx, (int64_t)l->length);
    l->length = before, l->failed = 0;
    return JS_ThrowOutOfMemory(ctx);
}

/* Those that wait, in memory that the next line uses again. */
NATIVE(takeLines)
{
    size_t length = waitingLines.length;
    UNUSED;
    waitingLines.length = 0;
    return JS_NewArrayBuffer(ctx, waitingLines.bytes, length, 0, keepBytes, NULL, 0);
}
