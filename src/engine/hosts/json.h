/* What JSON.stringify makes, as bytes, for records with long texts: it takes a tenth of the time. */
#pragma once
#include "../../relay/hosts/json-text.h"
#include "values.h"

static void putValue(JSContext *ctx, Line *l, JSValueConst value);

/* Most numbers of a record are milliseconds with at most three decimals: their shortest text needs no search. */
static int putShortNumber(JSContext *ctx, Line *l, JSValueConst value)
{
    double number = -1;
    int64_t thousandths;
    if (JS_IsNumber(value)) JS_ToFloat64(ctx, &number, value);
    if (!(number >= 0 && number < 4e12)) return 0; /* up to there, different thousandths are different numbers */
    thousandths = (int64_t)(number * 1000 + 0.5);
    if ((double)thousandths / 1000 != number) return 0;
    putThousandths(l, thousandths);
    return 1;
}

/* As text: of a string its JSON text, of a number or a boolean its own. */
static void putPlain(JSContext *ctx, Line *l, JSValueConst value)
{
    size_t length;
    const char *text;
    if (putShortNumber(ctx, l, value)) return;
    text = JS_ToCStringLen(ctx, &length, value);
    if (!text) { l->failed = 1; return; }
    if (JS_IsString(value)) putString(l, text, length);
    else put(l, text, length);
    JS_FreeCString(ctx, text);
}

static void putArray(JSContext *ctx, Line *l, JSValueConst array)
{
    uint32_t count = lengthOf(ctx, array), i;
    for (i = 0; i < count; i++) {
        JSValue element = JS_GetPropertyUint32(ctx, array, i);
        put(l, i ? "," : "[", 1);
        putValue(ctx, l, element);
        JS_FreeValue(ctx, element);
    }
    puts_(l, count ? "]" : "[]");
}

static void putObject(JSContext *ctx, Line *l, JSValueConst object)
{
    JSPropertyEnum *members;
    uint32_t count, i, written = 0;
    if (JS_GetOwnPropertyNames(ctx, &members, &count, object, JS_GPN_STRING_MASK | JS_GPN_ENUM_ONLY)) { l->failed = 1; return; }
    for (i = 0; i < count; i++) {
        JSValue key = JS_AtomToString(ctx, members[i].atom), value = JS_GetProperty(ctx, object, members[i].atom);
        if (!JS_IsUndefined(value)) {
            put(l, written++ ? "," : "{", 1);
            putPlain(ctx, l, key);
            put(l, ":", 1);
            putValue(ctx, l, value);
        }
        JS_FreeValue(ctx, key);
        JS_FreeValue(ctx, value);
    }
    JS_FreePropertyEnum(ctx, members, count);
    puts_(l, written ? "}" : "{}");
}

/* A Uint8Array is text in valid UTF-8. */
static void putValue(JSContext *ctx, Line *l, JSValueConst value)
{
    size_t size;
    if (JS_IsArray(value)) putArray(ctx, l, value);
    else if (JS_GetTypedArrayType(value) == JS_TYPED_ARRAY_UINT8) {
        const uint8_t *bytes = bytesOf(ctx, value, &size);
        put(l, "\"", 1);
        putEscaped(l, bytes ? bytes : (const uint8_t *)"", size);
        put(l, "\"", 1);
    }
    else if (JS_IsObject(value)) putObject(ctx, l, value);
    else putPlain(ctx, l, value);
}
