/* What the program does when the build runs it: it starts the engine and writes its memory to stdout. */
#pragma once
#include <sys/time.h>
#include "host-functions.h"
#include "main.h"

/* Builds must be reproducible: the engine uses the time as a seed, and stores the address of its stack and its end. */
int gettimeofday(struct timeval *restrict t, void *restrict zone)
{
    (void)zone;
    *t = (struct timeval){ 0, 0 };
    return 0;
}

static void forgetStack(void)
{
    uintptr_t here = (uintptr_t)&here, reach = 1 << 21, *word = (uintptr_t *)image.bytes;
    for (; (uint8_t *)word < image.at; word++) if (*word - (here - reach) < 2 * reach) *word = 0;
}

/* At build time: an engine that has run the script once. It has only the intrinsics that the script uses, and no garbage
 * collection, which a call is too short for. */
static int buildImage(void)
{
    JSRuntime *rt;
    JSContext *ctx;
    JSValue global, script;
    size_t written = 0, size;
    image.at = image.bytes;
    rt = JS_NewRuntime2(&arenaFunctions, NULL);
    ctx = rt ? JS_NewContextRaw(rt) : NULL;
    if (!ctx || JS_AddIntrinsicBaseObjects(ctx) || JS_AddIntrinsicJSON(ctx)) return 1;
    JS_SetGCThreshold(rt, SIZE_MAX);
    global = JS_GetGlobalObject(ctx);
    image.host = JS_NewObject(ctx);
    JS_SetPropertyFunctionList(ctx, image.host, hostFunctions, sizeof hostFunctions / sizeof *hostFunctions);
    JS_SetPropertyStr(ctx, global, "host", JS_DupValue(ctx, image.host));
    image.scriptAt = image.at;
    script = JS_EvalFunction(ctx, JS_ReadObject(ctx, mainScript, mainScript_size, JS_READ_OBJ_BYTECODE));
    if (JS_IsException(script) || !JS_IsObject(image.exports)) return 1;
    makeCrcTable(image.crc);
    image.ctx = ctx;
    forgetStack();
    size = sizeof image;
    while (written < size) {
        ssize_t n = write(1, (const uint8_t *)&image + written, size - written);
        if (n <= 0) return 1;
        written += (size_t)n;
    }
    return 0;
}
