/* Runs at build time: compiles the modules named in the arguments, files of one folder, to bytecode. It writes
 * `modules.bin` and `modules.h`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "quickjs.h"

static const char *folder;

static char *readText(const char *name, size_t *length)
{
    char path[4096], *text;
    FILE *file;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (!(file = fopen(path, "rb"))) return NULL;
    fseek(file, 0, SEEK_END);
    *length = (size_t)ftell(file);
    rewind(file);
    text = malloc(*length + 1);
    if (fread(text, 1, *length, file) != *length) return NULL;
    text[*length] = 0;
    fclose(file);
    return text;
}

static JSValue compile(JSContext *ctx, const char *name)
{
    size_t length;
    char *text = readText(name, &length);
    JSValue module;
    if (!text) return JS_ThrowReferenceError(ctx, "cannot read %s", name);
    module = JS_Eval(ctx, text, length, name, JS_EVAL_TYPE_MODULE | JS_EVAL_FLAG_COMPILE_ONLY);
    free(text);
    return module;
}

static char *normalizeName(JSContext *ctx, const char *base, const char *name, void *opaque)
{
    (void)base, (void)opaque;
    return js_strdup(ctx, strncmp(name, "./", 2) ? name : name + 2);
}

static int nothing(JSContext *ctx, JSModuleDef *module)
{
    (void)ctx, (void)module;
    return 0;
}

/* Importing needs no more of a module than that it exists: names are linked when the executable runs. */
static JSModuleDef *placeholder(JSContext *ctx, const char *name, void *opaque)
{
    (void)opaque;
    return JS_NewCModule(ctx, name, nothing);
}

int main(int argc, char **argv)
{
    FILE *bytes = fopen("modules.bin", "wb"), *table = fopen("modules.h", "w");
    size_t offset = 0;
    int i;
    folder = argv[1];
    for (i = 2; i < argc; i++) {
        JSRuntime *rt = JS_NewRuntime();
        JSContext *ctx = JS_NewContext(rt);
        JSValue module;
        uint8_t *code;
        size_t length;
        JS_SetModuleLoaderFunc(rt, normalizeName, placeholder, NULL);
        module = compile(ctx, argv[i]);
        if (JS_IsException(module) || !(code = JS_WriteObject(ctx, &length, module, JS_WRITE_OBJ_BYTECODE | JS_WRITE_OBJ_STRIP_SOURCE))) {
            fprintf(stderr, "%s: %s\n", argv[i], JS_ToCString(ctx, JS_GetException(ctx)));
            return 1;
        }
        fwrite(code, 1, length, bytes);
        fprintf(table, "    { \"%s\", %zu, %zu },\n", argv[i], offset, length);
        offset += length;
    }
    return fclose(bytes) || fclose(table);
}
