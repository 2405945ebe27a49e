/* What the caller gets if the original cannot be executed. */
#pragma once
#include "host-functions.h"

/* What Go says; where musl's text differs by more than its first letter. */
static const char *goError(int code)
{
    static char text[128];
    switch (code) {
    case ELOOP: return "too many levels of symbolic links";
    case ENOMEM: return "cannot allocate memory";
    case EIO: return "input/output error";
    case EAGAIN: return "resource temporarily unavailable";
    case ENOEXEC: return "exec format error";
    }
    snprintf(text, sizeof text, "%s", strerror(code));
    if (text[0] >= 'A' && text[0] <= 'Z') text[0] += 32;
    return text;
}

/* The original could not be executed, and the caller has executed us: it cannot get an errno. libcni gets the error that
 * it would have made of it (pkg/invoke/raw_exec.go, pluginErr), a shell gets its exit status. If the original is not there
 * at all, the fault is ours and the text must not look like success: containerd's go-cni ignores the error of a DEL that
 * contains "not found" or "no such file or directory" (cni.go:260). */
static int reportFailure(int code)
{
    static char text[PATH_MAX + 256] RARE;
    Line line = { reserve(SHORT_LINE_BYTES), 0, SHORT_LINE_BYTES, 0, 0 };
    if (!hasOriginal || isOurselves(realPath)) { complain(isOurselves(realPath) ? "it is the relay itself" : "the original is missing"); return 1; }
    complain(goError(code));
    if (!variable("CNI_COMMAND", sizeof "CNI_COMMAND" - 1)) return code == ENOENT ? 127 : 126;
    snprintf(text, sizeof text, "netplugin failed with no error message: fork/exec %s: %s", selfPath, goError(code));
    puts_(&line, "{\"code\":0,\"msg\":");
    putString(&line, text, strlen(text));
    puts_(&line, "}\n");
    writeAll(STDOUT, line.bytes, line.length);
    return 1;
}
