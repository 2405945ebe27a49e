/* The one way to write to a file: a record or a line of the probe log. */
#pragma once
#include <fcntl.h>
#include <sys/vfs.h>
#include "call.h"

/* Opens a directory; it must not be a symlink. A capture directory must be accessible to its owner, us, only. */
static int openDirectory(const char *path, int mustBePrivate)
{
    struct stat st;
    int fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) return -1;
    if (mustBePrivate && (fstat(fd, &st) || st.st_uid != geteuid() || (st.st_mode & 077))) { close(fd); return -1; }
    return fd;
}

/* O_APPEND is not atomic on network file systems, and a daemon or a server that is gone blocks every writer. The same
 * list is in src/install/detect/remote-filesystem.ts, for plans. Magic numbers: statfs(2), linux/magic.h. */
static int isRemote(unsigned long type)
{
    static const uint32_t types[] = {
        0x6969, /* NFS */ 0x517b, /* SMB */ 0xff534d42, /* CIFS */ 0xfe534d42, /* SMB2 */ 0x65735546, /* FUSE */
        0x00c36400, /* Ceph */ 0x5346414f, /* AFS */ 0x6b414653, /* AFS of the kernel */ 0x73757245, /* Coda */
        0x01021997, /* 9P */ 0x0bd00bd0, /* Lustre */ 0x47504653, /* GPFS */ 0x786f4256, /* VirtualBox */ 0xbacbacbc, /* VMware */
    };
    size_t i;
    for (i = 0; i < sizeof types / sizeof *types; i++) if ((uint32_t)type == types[i]) return 1;
    return 0;
}

/* The last percent of a disk stays free: a kubelet would evict pods. No blocks: a tmpfs without a limit. */
static int hasRoom(const struct statfs *disk) { return !disk->f_blocks || disk->f_bavail > disk->f_blocks / 100; }

/* A directory on a local file system with room. */
static int openUsable(const char *path, int mustBePrivate)
{
    struct statfs disk;
    int fd = openDirectory(path, mustBePrivate);
    if (fd < 0 || fstatfs(fd, &disk) || (!isRemote((unsigned long)disk.f_type) && hasRoom(&disk))) return fd;
    close(fd);
    return -1;
}

/* When a file system began to work for us, 0 if none is working: it may hang. */
static int64_t fileSinceUs;

static void startFile(void) { __atomic_store_n(&fileSinceUs, clockUs(CLOCK_MONOTONIC), __ATOMIC_SEQ_CST); }
static void endFile(void) { __atomic_store_n(&fileSinceUs, 0, __ATOMIC_SEQ_CST); }

/* Where one write has put its bytes. */
typedef struct { int64_t from, to; } Place;

/* One write, never continued. Another user's file, a file with a second hard link and a FIFO are refused, because a record
 * may hold secrets. 0 if nothing or not everything was written. */
static int append(const char *path, const char *file, const void *bytes, size_t length, int mustBePrivate, double limit, Place *place)
{
    const int flags = O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
    struct stat st;
    int fd, at, isWritten = 0;
    startFile();
    if ((at = openUsable(path, mustBePrivate)) < 0) { endFile(); return 0; }
    fd = openat(at, file, flags);
    if (fd < 0 && errno == ENOENT) {
        mode_t mask = umask(0);
        fd = openat(at, file, flags | O_CREAT | O_EXCL, 0600);
        if (fd < 0 && errno == EEXIST) fd = openat(at, file, flags);
        umask(mask);
    }
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() && st.st_nlink == 1
        && (double)st.st_size + (double)length <= limit
        && write(fd, bytes, length) == (ssize_t)length) {
        place->to = lseek(fd, 0, SEEK_CUR);
        place->from = place->to - (int64_t)length;
        isWritten = 1;
    }
    if (fd >= 0) close(fd);
    close(at);
    endFile();
    return isWritten;
}
