/* zlib's streams, as gzip or, of inflating, as gzip or zlib. */
#pragma once
#include <stdlib.h>
#include <zlib.h>
#include "bytes.h"

static JSClassID streamClass;

typedef struct { z_stream z; int isDeflating; } Stream;

static void endStream(JSRuntime *rt, JSValueConst object)
{
    Stream *stream = JS_GetOpaque(object, streamClass);
    (void)rt;
    if (!stream) return;
    if (stream->isDeflating) deflateEnd(&stream->z);
    else inflateEnd(&stream->z);
    free(stream);
}

static const JSClassDef streamClassDef = { "CompressionStream", .finalizer = endStream };

/* (isDeflating) */
NATIVE(openStream)
{
    Stream *stream = calloc(1, sizeof *stream);
    JSValue object = JS_NewObjectClass(ctx, streamClass);
    UNUSED;
    if (!stream || JS_IsException(object)) return JS_ThrowOutOfMemory(ctx);
    stream->isDeflating = JS_ToBool(ctx, argv[0]);
    if (stream->isDeflating) deflateInit2(&stream->z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    else inflateInit2(&stream->z, 15 + 32);
    JS_SetOpaque(object, stream);
    return object;
}

/* (stream, bytes, isLast, most): some output in `output`, how many bytes were `read`, zlib's `status` and `message` */
NATIVE(pushStream)
{
    Stream *stream = JS_GetOpaque2(ctx, argv[0], streamClass);
    size_t length, room = (size_t)numberOf(ctx, argv[3]);
    const uint8_t *bytes = bytesOf(ctx, argv[1], &length);
    uint8_t *out;
    int status;
    JSValue result;
    UNUSED;
    if (!stream || !(out = js_malloc(ctx, room))) return JS_EXCEPTION;
    stream->z.next_in = (Bytef *)(bytes ? bytes : (const uint8_t *)"");
    stream->z.avail_in = (uInt)length;
    stream->z.next_out = out;
    stream->z.avail_out = (uInt)room;
    status = stream->isDeflating ? deflate(&stream->z, JS_ToBool(ctx, argv[2]) ? Z_FINISH : Z_NO_FLUSH) : inflate(&stream->z, Z_NO_FLUSH);
    result = JS_NewObject(ctx);
    JS_SetPropertyStr(ctx, result, "output", arrayBuffer(ctx, out, room - stream->z.avail_out));
    JS_SetPropertyStr(ctx, result, "read", JS_NewInt64(ctx, (int64_t)(length - stream->z.avail_in)));
    JS_SetPropertyStr(ctx, result, "status", JS_NewInt32(ctx, status));
    JS_SetPropertyStr(ctx, result, "message", JS_NewString(ctx, stream->z.msg ? stream->z.msg : ""));
    return result;
}

/* Of a file of several members: begins the next one. */
NATIVE(resetStream)
{
    Stream *stream = JS_GetOpaque2(ctx, argv[0], streamClass);
    UNUSED;
    return stream ? JS_NewInt32(ctx, inflateReset(&stream->z)) : JS_EXCEPTION;
}

/* (bytes, before) */
NATIVE(crc32Of)
{
    size_t length;
    const uint8_t *bytes = bytesOf(ctx, argv[0], &length);
    UNUSED;
    return JS_NewInt64(ctx, (int64_t)crc32((uLong)numberOf(ctx, argv[1]), bytes ? bytes : (const uint8_t *)"", (uInt)length));
}
