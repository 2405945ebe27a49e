/* Functions that the script calls. */
#pragma once
#include "quickjs.h"

#define HOST(function) static JSValue function(JSContext *ctx, JSValueConst self, int argc, JSValueConst *argv)
#define UNUSED (void)ctx, (void)self, (void)argc, (void)argv

static void setNumber(JSContext *ctx, JSValue object, const char *key, double value)
{
    JS_SetPropertyStr(ctx, object, key, JS_NewFloat64(ctx, value));
}
