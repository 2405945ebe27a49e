/* The node executable's entry point: the engine, the modules of the command line as bytecode, and the event loop.
 * What the modules call instead of Node.js is in src/engine. One compilation unit, for the optimizer. */
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include "allocator.h"
#include "attributes.h"
#include "bpf.h"
#include "bytes.h"
#include "compress.h"
#include "events.h"
#include "files.h"
#include "hashes.h"
#include "process.h"
#include "programs.h"
#include "record-lines.h"
#include "ring.h"
#include "secret-marks.h"

enum { COLLECT_FROM_BYTES = 8 << 20, STACK_BYTES = 4 << 20 };

/* Written by the build: the modules' bytecode (modules.h says where each is), the relay and the observer's BPF object. */
__asm__(".section .rodata\n.balign 16\n.global moduleBytes\nmoduleBytes:\n.incbin \"modules.bin\"\n.global relayBytes\nrelayBytes:\n.incbin \"relay.bin\"\n"
        ".global relayEnd\nrelayEnd:\n.byte 0\n.global observeBytes\nobserveBytes:\n.incbin \"observe.bin\"\n.global observeEnd\nobserveEnd:\n.byte 0\n.previous\n");
extern const uint8_t moduleBytes[], relayBytes[], relayEnd[], observeBytes[], observeEnd[];

typedef struct { const char *name; size_t offset, length; } Module;
static const Module modules[] = {
#include "modules.h"
};

/* What is waited for next: set by src/engine/loop.ts. */
static JSValue turn;
static int exitStatus;

NATIVE(setExitStatus)
{
    UNUSED;
    exitStatus = INTEGER(0);
    return JS_UNDEFINED;
}

NATIVE(setTurn)
{
    UNUSED;
    turn = JS_DupValue(ctx, argv[0]);
    return JS_UNDEFINED;
}

static void die(JSContext *ctx, JSValue thrown)
{
    const char *text = JS_ToCString(ctx, thrown);
    JSValue stack = JS_GetPropertyStr(ctx, thrown, "stack");
    const char *where = JS_IsString(stack) ? JS_ToCString(ctx, stack) : NULL;
    fprintf(stderr, "cnitap: internal error: %s\n%s", text ? text : "?", where ? where : "");
    _exit(1);
}

NATIVE(runJobs)
{
    JSContext *of;
    int result;
    UNUSED;
    while ((result = JS_ExecutePendingJob(JS_GetRuntime(ctx), &of)) > 0) {}
    if (result < 0) die(ctx, JS_GetException(ctx));
    return JS_UNDEFINED;
}

NATIVE(relayFile)
{
    UNUSED;
    return JS_NewArrayBufferCopy(ctx, relayBytes, (size_t)(relayEnd - relayBytes));
}

NATIVE(observeProgram)
{
    UNUSED;
    return JS_NewArrayBufferCopy(ctx, observeBytes, (size_t)(observeEnd - observeBytes));
}

#define FUNCTION(name, count, function) JS_CFUNC_DEF(name, count, function)
static const JSCFunctionListEntry natives[] = {
    FUNCTION("open", 3, fileOpen), FUNCTION("close", 1, fileClose), FUNCTION("read", 5, fileRead), FUNCTION("write", 5, fileWrite),
    FUNCTION("access", 2, fileAccess), FUNCTION("mkdir", 2, fileMkdir), FUNCTION("rmdir", 1, fileRmdir), FUNCTION("unlink", 1, fileUnlink),
    FUNCTION("chmod", 2, fileChmod), FUNCTION("chown", 3, fileChown), FUNCTION("rename", 2, fileRename), FUNCTION("link", 2, fileLink),
    FUNCTION("symlink", 2, fileSymlink), FUNCTION("duplicate", 1, fileDuplicate), FUNCTION("memoryFile", 0, memoryFile), FUNCTION("fsync", 1, fileSync), FUNCTION("stat", 3, fileStat), FUNCTION("fstat", 2, fileFstat),
    FUNCTION("statfs", 1, fileStatfs), FUNCTION("readlink", 1, fileReadlink), FUNCTION("entries", 1, fileEntries),
    FUNCTION("copyFile", 2, fileCopy), FUNCTION("copyAttributes", 2, fileCopyAttributes), FUNCTION("attribute", 2, fileAttribute),
    FUNCTION("utf8Decode", 3, utf8Decode), FUNCTION("latin1Decode", 3, latin1Decode), FUNCTION("splitTexts", 1, splitTexts), FUNCTION("utf16Decode", 3, utf16Decode),
    FUNCTION("hexEncode", 3, hexEncode), FUNCTION("base64Encode", 4, base64Encode), FUNCTION("utf8Encode", 1, utf8Encode),
    FUNCTION("utf8Length", 1, utf8Length), FUNCTION("latin1Encode", 1, latin1Encode), FUNCTION("utf16Encode", 1, utf16Encode),
    FUNCTION("hexDecode", 1, hexDecode), FUNCTION("base64Decode", 1, base64Decode), FUNCTION("findFirst", 4, findFirst),
    FUNCTION("findLast", 4, findLast), FUNCTION("compareBytes", 2, compareBytes), FUNCTION("sha256", 1, sha256Of),
    FUNCTION("crc32", 2, crc32Of), FUNCTION("openStream", 1, openStream), FUNCTION("pushStream", 4, pushStream),
    FUNCTION("resetStream", 1, resetStream), FUNCTION("describeProcess", 0, describeProcess), FUNCTION("workingDirectory", 0, workingDirectory),
    FUNCTION("monotonicNs", 0, monotonicNs), FUNCTION("fillRandom", 1, fillRandom), FUNCTION("newId", 0, newId), FUNCTION("terminalSize", 1, terminalSize),
    FUNCTION("exit", 1, exitProcess), FUNCTION("runProgram", 7, runProgram), FUNCTION("startProgram", 8, startProgram), FUNCTION("endedProgram", 1, endedProgram),
    FUNCTION("signalProgram", 2, signalProgram), FUNCTION("waitForDescriptors", 3, waitForDescriptors),
    FUNCTION("openSignal", 1, openSignal), FUNCTION("closeSignal", 2, closeSignal), FUNCTION("openWatch", 1, openWatch),
    FUNCTION("setTurn", 1, setTurn), FUNCTION("setExitStatus", 1, setExitStatus), FUNCTION("runJobs", 0, runJobs), FUNCTION("relayFile", 0, relayFile),
    FUNCTION("observeProgram", 0, observeProgram), FUNCTION("addLine", 1, addLine), FUNCTION("takeLines", 0, takeLines), FUNCTION("validUtf8", 1, validLength), FUNCTION("bpfMap", 5, bpfMap), FUNCTION("bpfLookup", 3, bpfLookup), FUNCTION("bpfUpdate", 3, bpfUpdate),
    FUNCTION("bpfDelete", 2, bpfDelete), FUNCTION("bpfFreeze", 1, bpfFreeze), FUNCTION("bpfLoad", 2, bpfLoad), FUNCTION("bpfAttach", 2, bpfAttach),
    FUNCTION("bpfRun", 2, bpfRun), FUNCTION("bpfMisses", 1, bpfMisses), FUNCTION("openRing", 4, openRing), FUNCTION("readRing", 0, readRing),
    FUNCTION("realtimeNs", 0, realtimeNs), FUNCTION("pageBytes", 0, pageBytes), FUNCTION("openMarks", 1, openMarks), FUNCTION("findMark", 1, findMark),
    FUNCTION("searchAhead", 1, searchAhead),
};
enum { NATIVES = sizeof natives / sizeof *natives };

static int exportNatives(JSContext *ctx, JSModuleDef *module) { return JS_SetModuleExportList(ctx, module, natives, NATIVES); }

static JSValue moduleNamed(JSContext *ctx, const char *name)
{
    size_t i;
    if (!strncmp(name, "./", 2)) name += 2;
    for (i = 0; i < sizeof modules / sizeof *modules; i++)
        if (!strcmp(modules[i].name, name)) return JS_ReadObject(ctx, moduleBytes + modules[i].offset, modules[i].length, JS_READ_OBJ_BYTECODE);
    return JS_ThrowReferenceError(ctx, "no module %s", name);
}

/* Modules are in one folder. */
static char *normalizeName(JSContext *ctx, const char *base, const char *name, void *opaque)
{
    (void)base, (void)opaque;
    return js_strdup(ctx, strncmp(name, "./", 2) ? name : name + 2);
}

static JSModuleDef *loadModule(JSContext *ctx, const char *name, void *opaque)
{
    JSValue module = moduleNamed(ctx, name);
    (void)opaque;
    if (JS_IsException(module)) return NULL;
    JSModuleDef *definition = JS_VALUE_GET_PTR(module);
    JS_FreeValue(ctx, module);
    return definition;
}

static void runMain(JSContext *ctx)
{
    JSValue module = moduleNamed(ctx, "main.js"), done;
    if (JS_IsException(module) || JS_ResolveModule(ctx, module) < 0) die(ctx, JS_GetException(ctx));
    done = JS_EvalFunction(ctx, module);
    if (JS_IsException(done)) die(ctx, JS_GetException(ctx));
    runJobs(ctx, JS_UNDEFINED, 0, NULL);
    if (JS_PromiseState(ctx, done) == JS_PROMISE_REJECTED) die(ctx, JS_PromiseResult(ctx, done));
    for (;;) {
        JSValue more = JS_Call(ctx, turn, JS_UNDEFINED, 0, NULL);
        if (JS_IsException(more)) die(ctx, JS_GetException(ctx));
        if (!JS_ToBool(ctx, more)) return;
    }
}

/* The kernel's main thread has as much stack as its limit says. */
static size_t stackBytes(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_STACK, &limit) || limit.rlim_cur / 2 >= STACK_BYTES) return STACK_BYTES;
    return (size_t)limit.rlim_cur / 2;
}

int main(int argc, char **argv)
{
    JSRuntime *rt = JS_NewRuntime2(&blockFunctions, NULL);
    JSContext *ctx = rt ? JS_NewContext(rt) : NULL;
    JSModuleDef *module;
    if (!ctx) return 1;
    argumentCount = argc, argumentList = argv;
    signal(SIGPIPE, SIG_IGN);
    JS_SetMaxStackSize(rt, stackBytes());
    JS_SetCanBlock(rt, true); /* Atomics.wait */
    JS_SetGCThreshold(rt, COLLECT_FROM_BYTES);
    JS_NewClassID(rt, &streamClass);
    JS_NewClass(rt, streamClass, &streamClassDef);
    JS_SetModuleLoaderFunc(rt, normalizeName, loadModule, NULL);
    module = JS_NewCModule(ctx, "native", exportNatives);
    JS_AddModuleExportList(ctx, module, natives, NATIVES);
    runMain(ctx);
    return exitStatus;
}
