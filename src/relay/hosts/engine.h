/* The script's engine. The build has started it (arena.h); a call that needs it makes its memory writable first. */
#pragma once
#include "arena.h"
#include "call.h"

enum { CLEANING_BUDGET_US = 250000, SCRIPT_STACK_BYTES = 200 << 10 };

static int64_t scriptEndsUs;

/* The search for secrets takes at most 3 ms for what it is given; a script that runs much longer is stopped. */
static int isOverBudget(JSRuntime *rt, void *opaque)
{
    (void)rt, (void)opaque;
    return clockUs(CLOCK_PROCESS_CPUTIME_ID) > scriptEndsUs;
}

static void startEngine(void)
{
    static int isStarted;
    JSRuntime *rt = JS_GetRuntime(image.ctx);
    if (isStarted) return;
    isStarted = 1;
    heap = heapAt = mmap(NULL, HEAP_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (heap == MAP_FAILED) heap = heapAt = NULL;
    JS_UpdateStackTop(rt);
    JS_SetMaxStackSize(rt, SCRIPT_STACK_BYTES);
}

/* Calls a function of the script, which takes the values. After an exception or an exceeded budget it returns JS_EXCEPTION. */
static JSValue callScript(const char *function, int count, JSValue *values, int64_t budgetUs)
{
    JSContext *ctx = image.ctx;
    JSValue f, result;
    int i;
    f = JS_GetPropertyStr(ctx, image.exports, function);
    scriptEndsUs = budgetUs == INT64_MAX ? INT64_MAX : clockUs(CLOCK_PROCESS_CPUTIME_ID) + budgetUs;
    JS_SetInterruptHandler(JS_GetRuntime(ctx), isOverBudget, NULL);
    result = JS_Call(ctx, f, JS_UNDEFINED, count, values);
    for (i = 0; i < count; i++) JS_FreeValue(ctx, values[i]);
    JS_FreeValue(ctx, f);
    if (JS_IsException(result)) {
        JSValue thrown = JS_GetException(ctx);
#ifdef CNITAP_DEBUG
        fprintf(stderr, "cnitap: %s: %s\n", function, JS_ToCString(ctx, thrown));
#endif
        JS_FreeValue(ctx, thrown);
    }
    return result;
}
