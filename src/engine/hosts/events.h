/* What the event loop waits for. */
#pragma once
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include "values.h"

enum { MOST_DESCRIPTORS = 256 };

static uint32_t addDescriptors(JSContext *ctx, JSValueConst list, struct pollfd *fds, uint32_t count, short events)
{
    uint32_t length = lengthOf(ctx, list), i;
    for (i = 0; i < length && count < MOST_DESCRIPTORS; i++) {
        JSValue fd = JS_GetPropertyUint32(ctx, list, i);
        fds[count++] = (struct pollfd){ (int)numberOf(ctx, fd), events, 0 };
    }
    return count;
}

/* (to read, to write, timeoutMs): the descriptors that are ready, were closed or failed */
NATIVE(waitForDescriptors)
{
    struct pollfd fds[MOST_DESCRIPTORS];
    uint32_t count = addDescriptors(ctx, argv[0], fds, 0, POLLIN), i, ready = 0;
    JSValue list = JS_NewArray(ctx);
    UNUSED;
    count = addDescriptors(ctx, argv[1], fds, count, POLLOUT);
    if (poll(fds, count, (int)numberOf(ctx, argv[2])) <= 0) return list;
    for (i = 0; i < count; i++) if (fds[i].revents) JS_SetPropertyUint32(ctx, list, ready++, JS_NewInt32(ctx, fds[i].fd));
    return list;
}

/* A descriptor on which the signal arrives. */
NATIVE(openSignal)
{
    sigset_t set;
    UNUSED;
    sigemptyset(&set);
    sigaddset(&set, INTEGER(0));
    if (sigprocmask(SIG_BLOCK, &set, NULL)) return JS_NewInt32(ctx, -errno);
    return resultOf(ctx, signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

/* (signal, descriptor): the signal ends the process again */
NATIVE(closeSignal)
{
    sigset_t set;
    UNUSED;
    close(INTEGER(1));
    sigemptyset(&set);
    sigaddset(&set, INTEGER(0));
    return resultOf(ctx, sigprocmask(SIG_UNBLOCK, &set, NULL));
}

/* A descriptor that can be read after a change in the directory. */
NATIVE(openWatch)
{
    const char *path = JS_ToCString(ctx, argv[0]);
    int fd, failed;
    UNUSED;
    if (!path) return JS_EXCEPTION;
    fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    failed = fd < 0 ? errno : 0;
    if (!failed && inotify_add_watch(fd, path, IN_ATTRIB | IN_CREATE | IN_MODIFY | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_MOVED_FROM | IN_MOVED_TO) < 0)
        failed = errno, close(fd);
    JS_FreeCString(ctx, path);
    return JS_NewInt32(ctx, failed ? -failed : fd);
}
