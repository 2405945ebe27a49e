/* The relay's entry point. All decisions are made in TypeScript (src/relay); the files here perform what the engine
 * cannot. They must be able to run the real plugin alone: any failure before the plugin has started ends in execve(real)
 * or in a relay without a record, never in a lost call. One compilation unit, for the optimizer. */
#include <sys/auxv.h>
#include <sys/time.h>
#include "arena.h"
#include "call.h"
#include "host-call.h"
#include "host-disk.h"
#include "host-stream.h"
#include "main.h"
#include "original.h"
#include "pump.h"
#include "redaction.h"

static int failed(JSContext *ctx, JSValue result)
{
    (void)ctx;
    if (!JS_IsException(result)) return 0;
#ifdef CNITAP_DEBUG
    fprintf(stderr, "cnitap: %s\n", JS_ToCString(ctx, JS_GetException(ctx)));
#endif
    return -1;
}

static int readScript(JSContext *ctx, const uint8_t *bytes, size_t size)
{
    return failed(ctx, JS_EvalFunction(ctx, JS_ReadObject(ctx, bytes, size, JS_READ_OBJ_BYTECODE)));
}

enum { POPULATE_WRITE = 23 }; /* MADV_POPULATE_WRITE, since Linux 5.14; on older kernels each page faults separately */
enum { CALL_BYTES = 32768, REDACTION_BYTES = 90112 }; /* approximately what a call allocates, and what reading the second script allocates */

static void populate(uint8_t *from, const uint8_t *to)
{
    from -= (uintptr_t)from % 4096;
    madvise(from, (size_t)(to - from), POPULATE_WRITE);
}

/* Few calls need it: the first use reads the script, which replaces this function. */
HOST(hostRedact)
{
    JSValue redact, result;
    UNUSED;
    populate(image.at, image.at + REDACTION_BYTES);
    if (readScript(ctx, redactionScript, redactionScript_size)) return JS_EXCEPTION;
    redact = JS_GetPropertyStr(ctx, image.host, "redact");
    result = JS_Call(ctx, redact, JS_UNDEFINED, 1, argv);
    JS_FreeValue(ctx, redact);
    return result;
}

static const JSCFunctionListEntry hostFunctions[] = {
    JS_CFUNC_DEF("variable", 1, hostVariable),
    JS_CFUNC_DEF("wallMs", 0, hostWallMs),
    JS_CFUNC_DEF("monoMs", 0, hostMonoMs),
    JS_CFUNC_DEF("randomId", 0, hostRandomId),
    JS_CFUNC_DEF("readConfig", 0, hostReadConfig),
    JS_CFUNC_DEF("readStdin", 2, hostReadStdin),
    JS_CFUNC_DEF("stdinComplete", 0, hostStdinComplete),
    JS_CFUNC_DEF("relay", 2, hostRelay),
    JS_CFUNC_DEF("exec", 1, hostExec),
    JS_CFUNC_DEF("outcome", 0, hostOutcome),
    JS_CFUNC_DEF("text", 2, hostText),
    JS_CFUNC_DEF("latin1", 2, hostLatin1),
    JS_CFUNC_DEF("sizeBytes", 1, hostSizeBytes),
    JS_CFUNC_DEF("holdsAny", 2, hostHoldsAny),
    JS_CFUNC_DEF("redact", 1, hostRedact),
    JS_CFUNC_DEF("checksum", 1, hostChecksum),
    JS_CFUNC_DEF("append", 5, hostAppend),
    JS_CFUNC_DEF("list", 1, hostList),
    JS_CFUNC_DEF("remove", 2, hostRemove),
    JS_CFUNC_DEF("write", 2, hostWrite),
    JS_CFUNC_DEF("writeStdin", 3, hostWriteStdin),
    JS_CFUNC_DEF("exit", 1, hostExit),
    JS_CFUNC_DEF("end", 0, hostEnd),
    JS_CFUNC_DEF("onStart", 1, hostOnStart),
};

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

/* At build time: an engine that has run the main script once, which sets what runs at each start. It has only the
 * intrinsics that the scripts use, and no garbage collection, which a call is too short for. */
static int buildImage(void)
{
    JSRuntime *rt;
    JSContext *ctx;
    JSValue global;
    size_t written = 0;
    image.at = image.bytes;
    rt = JS_NewRuntime2(&arenaFunctions, NULL);
    ctx = rt ? JS_NewContextRaw(rt) : NULL;
    if (!ctx || JS_AddIntrinsicBaseObjects(ctx) || JS_AddIntrinsicJSON(ctx)) return 1;
    JS_SetGCThreshold(rt, SIZE_MAX);
    global = JS_GetGlobalObject(ctx);
    image.host = JS_NewObject(ctx);
    JS_SetPropertyFunctionList(ctx, image.host, hostFunctions, sizeof hostFunctions / sizeof *hostFunctions);
    JS_SetPropertyStr(ctx, global, "host", JS_DupValue(ctx, image.host));
    if (readScript(ctx, mainScript, mainScript_size)) return 1;
    image.ctx = ctx;
    forgetStack();
    while (written < sizeof image) {
        ssize_t n = write(1, (const uint8_t *)&image + written, sizeof image - written);
        if (n <= 0) return 1;
        written += (size_t)n;
    }
    return 0;
}

static int runScript(void)
{
    JSContext *ctx = image.ctx;
    populate((uint8_t *)&image, image.at + CALL_BYTES); /* nearly every page is written: one call instead of sixty page faults */
    JS_UpdateStackTop(JS_GetRuntime(ctx));
    JS_SetPropertyStr(ctx, image.host, "process", processFacts(ctx));
    return failed(ctx, JS_Call(ctx, image.main, JS_UNDEFINED, 0, NULL));
}

/* If one of 0-2 is closed, our own descriptors would get its number: such a caller gets the plugin without the relay. A
 * probe has no plugin; it gets /dev/null. */
static void needStreams(void)
{
    int fd, isProbe = access(realPath, F_OK) != 0;
    for (fd = 0; fd < STREAMS; fd++) {
        if (fcntl(fd, F_GETFD) >= 0 || (isProbe && open("/dev/null", O_RDWR) == fd)) continue;
        execReal(NULL);
        _exit(complain("execute", errno));
    }
}

/* With more privileges than the caller (setuid, file capabilities), a symlink of the caller must not select the original. */
static const char *privilegedSelf(void)
{
    static char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    return length > 0 ? path : NULL;
}

int main(int argc, char **argv)
{
    const char *self = (const char *)getauxval(AT_EXECFN);
    sigset_t ours;
    (void)argc;
    if (!image.ctx) return buildImage();
    arguments = argv;
    streamLimit = 1;
    sigemptyset(&ours);
    sigaddset(&ours, SIGPIPE);
    sigaddset(&ours, SIGXFSZ); /* a capture that exceeds RLIMIT_FSIZE must not end the call */
    sigprocmask(SIG_BLOCK, &ours, &maskAtStart);
    if (getauxval(AT_SECURE)) self = privilegedSelf();
    if (!self || locate(self)) return 1;
    if (stat("/proc/self/exe", &ownFile)) stat(self, &ownFile); /* no /proc in a chroot */
    needStreams();
    if (runScript() && !outcome.started && chosenExit < 0) {
        /* Fail open. */
        if (outcome.stdinRead) relay(NULL);
        else { execReal(NULL); outcome.execErrno = errno; }
    }
    finish();
}
