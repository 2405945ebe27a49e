/* System calls on files. A position of -1 means the file's own. */
#pragma once
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "values.h"

/* A function of one path, and of two. */
#define WITH_PATH(name, call) \
    NATIVE(name) \
    { \
        const char *path = JS_ToCString(ctx, argv[0]); \
        int64_t result; \
        UNUSED; \
        if (!path) return JS_EXCEPTION; \
        result = call; \
        if (result < 0) result = -errno; \
        JS_FreeCString(ctx, path); \
        return JS_NewInt64(ctx, result); \
    }
#define WITH_PATHS(name, call) \
    NATIVE(name) \
    { \
        const char *from = JS_ToCString(ctx, argv[0]), *to = JS_ToCString(ctx, argv[1]); \
        int64_t result; \
        UNUSED; \
        if (!from || !to) return JS_EXCEPTION; \
        result = call; \
        if (result < 0) result = -errno; \
        JS_FreeCString(ctx, from); \
        JS_FreeCString(ctx, to); \
        return JS_NewInt64(ctx, result); \
    }
#define INTEGER(at) ((int)numberOf(ctx, argv[at]))

WITH_PATH(fileOpen, open(path, INTEGER(1) | O_CLOEXEC, (mode_t)INTEGER(2)))
WITH_PATH(fileAccess, access(path, INTEGER(1)))
WITH_PATH(fileMkdir, mkdir(path, (mode_t)INTEGER(1)))
WITH_PATH(fileRmdir, rmdir(path))
WITH_PATH(fileUnlink, unlink(path))
WITH_PATH(fileChmod, chmod(path, (mode_t)INTEGER(1)))
WITH_PATH(fileChown, chown(path, (uid_t)INTEGER(1), (gid_t)INTEGER(2)))
WITH_PATHS(fileRename, rename(from, to))
WITH_PATHS(fileLink, link(from, to))
WITH_PATHS(fileSymlink, symlink(from, to))

NATIVE(fileDuplicate) { UNUSED; return resultOf(ctx, fcntl(INTEGER(0), F_DUPFD_CLOEXEC, 3)); }

/* A file in memory; musl's memfd_create is as old as Linux 3.17. */
NATIVE(memoryFile) { UNUSED; return resultOf(ctx, memfd_create("cnitap", MFD_CLOEXEC)); }

NATIVE(fileClose) { UNUSED; return resultOf(ctx, close(INTEGER(0))); }
NATIVE(fileSync) { UNUSED; return resultOf(ctx, fsync(INTEGER(0))); }

/* (fd, bytes, offset, length, position); a position that is negative is that of the descriptor. */
static JSValue transfer(JSContext *ctx, JSValueConst *argv, int isWriting)
{
    size_t size, offset = (size_t)numberOf(ctx, argv[2]), length = (size_t)numberOf(ctx, argv[3]);
    uint8_t *bytes = bytesOf(ctx, argv[1], &size);
    int64_t at = numberOf(ctx, argv[4]);
    int fd = INTEGER(0);
    ssize_t n;
    if (offset > size || length > size - offset) return JS_ThrowRangeError(ctx, "out of bounds");
    bytes += offset;
    do {
        if (isWriting) n = at < 0 ? write(fd, bytes, length) : pwrite(fd, bytes, length, at);
        else n = at < 0 ? read(fd, bytes, length) : pread(fd, bytes, length, at);
    } while (n < 0 && errno == EINTR);
    return resultOf(ctx, n);
}

NATIVE(fileRead) { UNUSED; return transfer(ctx, argv, 0); }
NATIVE(fileWrite) { UNUSED; return transfer(ctx, argv, 1); }

/* Fills a BigInt64Array in the order of `STAT_FIELDS` in src/engine/stats.ts. */
static void fillStat(JSContext *ctx, JSValueConst array, const struct stat *st)
{
    size_t offset, length;
    int64_t *out;
    size_t size;
    JSValue buffer = JS_GetTypedArrayBuffer(ctx, array, &offset, &length, NULL);
    out = (int64_t *)(JS_GetArrayBuffer(ctx, &size, buffer) + offset);
    JS_FreeValue(ctx, buffer);
    const int64_t values[] = {
        (int64_t)st->st_dev, (int64_t)st->st_mode, (int64_t)st->st_nlink, (int64_t)st->st_uid, (int64_t)st->st_gid,
        (int64_t)st->st_rdev, (int64_t)st->st_blksize, (int64_t)st->st_ino, (int64_t)st->st_size, (int64_t)st->st_blocks,
        st->st_atim.tv_sec, st->st_atim.tv_nsec, st->st_mtim.tv_sec, st->st_mtim.tv_nsec, st->st_ctim.tv_sec, st->st_ctim.tv_nsec,
    };
    if (length >= sizeof values) memcpy(out, values, sizeof values);
}

/* (path, followsLinks, fields) */
NATIVE(fileStat)
{
    struct stat st;
    const char *path = JS_ToCString(ctx, argv[0]);
    int failed;
    UNUSED;
    if (!path) return JS_EXCEPTION;
    failed = JS_ToBool(ctx, argv[1]) ? stat(path, &st) : lstat(path, &st);
    if (failed) failed = -errno;
    JS_FreeCString(ctx, path);
    if (!failed) fillStat(ctx, argv[2], &st);
    return JS_NewInt32(ctx, failed);
}

NATIVE(fileFstat)
{
    struct stat st;
    UNUSED;
    if (fstat(INTEGER(0), &st)) return JS_NewInt32(ctx, -errno);
    fillStat(ctx, argv[1], &st);
    return JS_NewInt32(ctx, 0);
}

/* type, block size, blocks, free, available, files, free files; or `-errno` */
NATIVE(fileStatfs)
{
    struct statfs st;
    const char *path = JS_ToCString(ctx, argv[0]);
    JSValue list;
    size_t i;
    int failed;
    UNUSED;
    if (!path) return JS_EXCEPTION;
    failed = statfs(path, &st) ? -errno : 0;
    JS_FreeCString(ctx, path);
    if (failed) return JS_NewInt32(ctx, failed);
    const int64_t values[] = { (int64_t)st.f_type, (int64_t)st.f_bsize, (int64_t)st.f_blocks, (int64_t)st.f_bfree,
        (int64_t)st.f_bavail, (int64_t)st.f_files, (int64_t)st.f_ffree };
    list = JS_NewArray(ctx);
    for (i = 0; i < sizeof values / sizeof *values; i++) JS_SetPropertyUint32(ctx, list, (uint32_t)i, JS_NewInt64(ctx, values[i]));
    return list;
}

/* The target, or `-errno`. */
NATIVE(fileReadlink)
{
    static char target[PATH_MAX];
    const char *path = JS_ToCString(ctx, argv[0]);
    ssize_t n;
    UNUSED;
    if (!path) return JS_EXCEPTION;
    n = readlink(path, target, sizeof target);
    if (n < 0) n = -errno;
    JS_FreeCString(ctx, path);
    return n < 0 ? JS_NewInt64(ctx, n) : JS_NewStringLen(ctx, target, (size_t)n);
}

/* The next names of an open directory as [name, type, name, type, ...], in the order of the file system; none at its end. */
NATIVE(fileEntries)
{
    static char buffer[1 << 15] __attribute__((aligned(8)));
    JSValue list;
    uint32_t count = 0;
    long n = syscall(SYS_getdents64, INTEGER(0), buffer, sizeof buffer), at;
    UNUSED;
    if (n < 0) return JS_NewInt32(ctx, -errno);
    list = JS_NewArray(ctx);
    for (at = 0; at < n;) {
        const struct dirent *entry = (const struct dirent *)(buffer + at);
        at += entry->d_reclen;
        if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
        JS_SetPropertyUint32(ctx, list, count++, JS_NewString(ctx, entry->d_name));
        JS_SetPropertyUint32(ctx, list, count++, JS_NewInt32(ctx, entry->d_type));
    }
    return list;
}
