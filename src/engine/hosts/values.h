/* Between the script's values and C. A native function returns a number or an object; of a failed system call it returns
 * `-errno`, which the modules in src/engine turn into the errors that Node.js throws. */
#pragma once
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include "quickjs.h"

typedef JSValue Native(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv);

#define NATIVE(name) static JSValue name(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
#define UNUSED (void)self, (void)argc, (void)argv, (void)ctx

static int64_t numberOf(JSContext *ctx, JSValueConst value)
{
    int64_t number = 0;
    JS_ToInt64(ctx, &number, value);
    return number;
}

static JSValue resultOf(JSContext *ctx, int64_t result) { return JS_NewInt64(ctx, result < 0 ? -errno : result); }

/* The bytes of a Uint8Array; none if it is something else. */
static uint8_t *bytesOf(JSContext *ctx, JSValueConst value, size_t *size)
{
    uint8_t *bytes = JS_GetUint8Array(ctx, size, value);
    if (bytes) return bytes;
    JS_FreeValue(ctx, JS_GetException(ctx));
    *size = 0;
    return NULL;
}

static uint32_t lengthOf(JSContext *ctx, JSValueConst array)
{
    int64_t length = 0;
    JS_GetLength(ctx, array, &length);
    return (uint32_t)length;
}

/* For an ArrayBuffer over memory that is not its own. */
static void *keepBytes(JSRuntime *rt, void *opaque, void *bytes, size_t size) { (void)rt, (void)opaque, (void)bytes, (void)size; return NULL; }
