/* Copies of files with everything that the kernel keeps of them. */
#pragma once
#include <sys/sendfile.h>
#include <sys/xattr.h>
#include "files.h"

enum { NAMES_BYTES = 1 << 16, VALUE_BYTES = 1 << 16 }; /* the kernel's limits: XATTR_LIST_MAX, XATTR_SIZE_MAX */

static int hasNoAttributes(void) { return errno == ENOTSUP || errno == EPERM || errno == EACCES; }

/* Labels, capabilities, ACLs: whatever is not refused. Owners first: changing them removes capabilities. */
static int copyXattrs(int from, int to)
{
    static char names[NAMES_BYTES], value[VALUE_BYTES];
    ssize_t length = flistxattr(from, names, sizeof names), at;
    int failed = 0;
    if (length < 0) return errno == ENOTSUP ? 0 : -1;
    for (at = 0; at < length; at += (ssize_t)strlen(names + at) + 1) {
        ssize_t size = fgetxattr(from, names + at, value, sizeof value);
        if (size < 0 || !fsetxattr(to, names + at, value, (size_t)size, 0)) continue;
        /* A label that the file has already, where no policy is enforced, needs no right to be set. */
        if (!hasNoAttributes()) return -1;
        failed = 1;
    }
    return failed ? 1 : 0;
}

static int copyOwnerAndMode(int to, const struct stat *st)
{
    if (fchown(to, st->st_uid, st->st_gid)) return -1;
    return fchmod(to, st->st_mode & 07777);
}

static int copyBytes(int from, int to, off_t left)
{
    while (left > 0) {
        ssize_t n = sendfile(to, from, NULL, left > 1 << 30 ? 1 << 30 : (size_t)left);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return -1;
        if (n == 0) break;
        left -= n;
    }
    return 0;
}

static int copyLink(const char *from, const char *to, const struct stat *st)
{
    static char target[PATH_MAX + 1];
    const struct timespec times[2] = { st->st_atim, st->st_mtim };
    ssize_t n = readlink(from, target, PATH_MAX);
    if (n < 0) return -1;
    target[n] = 0;
    if (symlink(target, to) || lchown(to, st->st_uid, st->st_gid)) return -1;
    return utimensat(AT_FDCWD, to, times, AT_SYMLINK_NOFOLLOW);
}

/* A new file at `to` with content, owner, mode, extended attributes and times. */
static int copyWhole(const char *from, const char *to)
{
    struct stat st;
    int source, copy, result = -1, error;
    if (lstat(from, &st)) return -1;
    if (S_ISLNK(st.st_mode)) return copyLink(from, to, &st);
    if (!S_ISREG(st.st_mode)) return errno = EINVAL, -1;
    if ((source = open(from, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) < 0) return -1;
    if ((copy = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)) >= 0) {
        const struct timespec times[2] = { st.st_atim, st.st_mtim };
        if (!copyBytes(source, copy, st.st_size) && !copyOwnerAndMode(copy, &st) && copyXattrs(source, copy) >= 0) result = futimens(copy, times);
        error = errno;
        close(copy);
        if (result) unlink(to), errno = error;
    }
    error = errno;
    close(source);
    errno = error;
    return result;
}

/* Owner, mode and extended attributes: 1 if some of the attributes are not allowed here. */
static int copyAttributesOf(const char *from, const char *to)
{
    struct stat st;
    int source = open(from, O_RDONLY | O_CLOEXEC), copy, result = -1, error;
    if (source < 0) return -1;
    if ((copy = open(to, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)) >= 0) {
        if (!fstat(source, &st) && !copyOwnerAndMode(copy, &st)) result = copyXattrs(source, copy);
        error = errno;
        close(copy);
        errno = error;
    }
    error = errno;
    close(source);
    errno = error;
    return result;
}

WITH_PATHS(fileCopy, copyWhole(from, to))
WITH_PATHS(fileCopyAttributes, copyAttributesOf(from, to))

/* (path, name): the value of the attribute, as text; `-errno` if the file does not have it. Follows links. */
NATIVE(fileAttribute)
{
    static char value[4096];
    const char *path = JS_ToCString(ctx, argv[0]), *name = JS_ToCString(ctx, argv[1]);
    ssize_t n;
    UNUSED;
    if (!path || !name) return JS_EXCEPTION;
    n = getxattr(path, name, value, sizeof value);
    if (n < 0) n = -errno;
    JS_FreeCString(ctx, path);
    JS_FreeCString(ctx, name);
    return n < 0 ? JS_NewInt64(ctx, n) : JS_NewStringLen(ctx, value, strnlen(value, (size_t)n));
}
