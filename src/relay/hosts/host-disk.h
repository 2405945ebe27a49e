/* Functions of the script that read the settings and read and write the files of a capture. */
#pragma once
#include <dirent.h>
#include <fcntl.h>
#include <sys/statvfs.h>
#include "call.h"
#include "host.h"

/* NULL if the file cannot be read or is longer than a chunk. openat: musl's open makes a second system call for
 * O_CLOEXEC. */
static JSValue readWhole(JSContext *ctx, const char *path)
{
    static char bytes[CHUNK_BYTES + 1];
    size_t got = 0;
    ssize_t n;
    int fd = openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return JS_NULL;
    while (got < sizeof bytes && (n = read(fd, bytes + got, sizeof bytes - got)) > 0) got += (size_t)n;
    close(fd);
    return n < 0 || got == sizeof bytes ? JS_NULL : JS_NewStringLen(ctx, bytes, got);
}

/* Opens a directory; it must not be a symlink. A capture directory must be accessible to its owner, us, only. */
static int openDirectory(const char *path, int mustBePrivate)
{
    struct stat st;
    int fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return -1;
    if (mustBePrivate && (fstat(fd, &st) || st.st_uid != geteuid() || (st.st_mode & 077))) { close(fd); return -1; }
    return fd;
}

/* The last percent of a disk stays free: a kubelet would evict pods. */
static int hasRoom(int fd)
{
    struct statvfs disk;
    return fstatvfs(fd, &disk) || !disk.f_blocks || disk.f_bavail > disk.f_blocks / 100; /* no blocks: a tmpfs without a limit */
}

/* append(directory, file, text, private, limit) -> the range of bytes: one write, never continued. Another user's file,
 * a file with a second hard link and a FIFO are refused, because a record may hold secrets. */
HOST(hostAppend)
{
    const int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    const char *dir = JS_ToCString(ctx, argv[0]), *file = JS_ToCString(ctx, argv[1]);
    size_t length;
    const char *text = JS_ToCStringLen(ctx, &length, argv[2]);
    double limit, to;
    JSValue place = JS_UNDEFINED;
    struct stat st;
    int at, fd = -1;
    UNUSED;
    if (dir && file && text && !JS_ToFloat64(ctx, &limit, argv[4]) && (at = openDirectory(dir, JS_ToBool(ctx, argv[3]))) >= 0) {
        fd = openat(at, file, flags);
        if (fd < 0 && errno == ENOENT) {
            mode_t mask = umask(0);
            fd = openat(at, file, flags | O_CREAT | O_EXCL, 0600);
            if (fd < 0 && errno == EEXIST) fd = openat(at, file, flags);
            umask(mask);
        }
        if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() && st.st_nlink == 1
            && (double)st.st_size + (double)length <= limit && hasRoom(fd) && write(fd, text, length) == (ssize_t)length) {
            to = (double)lseek(fd, 0, SEEK_CUR);
            place = JS_NewObject(ctx);
            setNumber(ctx, place, "fromByte", to - (double)length);
            setNumber(ctx, place, "toByte", to);
        }
        if (fd >= 0) close(fd);
        close(at);
    }
    JS_FreeCString(ctx, dir); JS_FreeCString(ctx, file); JS_FreeCString(ctx, text);
    return place;
}

HOST(hostList)
{
    const char *path = JS_ToCString(ctx, argv[0]);
    JSValue list = JS_NewArray(ctx), entry;
    struct dirent *d;
    struct stat st;
    uint32_t count = 0;
    int fd = path ? openDirectory(path, 1) : -1;
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    UNUSED;
    while (dir && (d = readdir(dir))) {
        if (fstatat(fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISREG(st.st_mode)) continue;
        entry = JS_NewObject(ctx);
        JS_SetPropertyStr(ctx, entry, "name", JS_NewString(ctx, d->d_name));
        setNumber(ctx, entry, "sizeBytes", (double)st.st_size);
        JS_SetPropertyUint32(ctx, list, count++, entry);
    }
    if (dir) closedir(dir);
    JS_FreeCString(ctx, path);
    return list;
}

HOST(hostRemove)
{
    const char *path = JS_ToCString(ctx, argv[0]), *file = JS_ToCString(ctx, argv[1]);
    int fd = path && file ? openDirectory(path, 1) : -1;
    UNUSED;
    if (fd >= 0) { unlinkat(fd, file, 0); close(fd); }
    JS_FreeCString(ctx, path); JS_FreeCString(ctx, file);
    return JS_UNDEFINED;
}
