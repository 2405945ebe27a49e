/* A FUSE file system: fuse stalled|empty DIRECTORY. `stalled` never answers. `empty` is an empty directory with mode 0700
 * that prints "create" when a process creates a file. Prints "mounted" first and ends with its stdin; the kernel then aborts
 * what hangs. The protocol: linux/fuse.h, which musl does not have. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

enum { LOOKUP = 1, GETATTR = 3, STATFS = 17, RELEASE = 18, FLUSH = 25, INIT = 26, OPENDIR = 27, RELEASEDIR = 29, CREATE = 35, MKNOD = 8 };
enum { REQUEST_BYTES = 1 << 17, INIT_BYTES = 64, ATTR_BYTES = 104, MODE_AT = 16 + 60, NLINK_AT = 16 + 64, OPEN_BYTES = 16, STATFS_BYTES = 80 };

typedef struct { uint32_t length, opcode; uint64_t unique, node; } Request;
typedef struct { uint32_t length; int32_t error; uint64_t unique; uint8_t body[128]; } Reply;

static void put32(Reply *r, size_t at, uint32_t value) { memcpy(r->body + at, &value, sizeof value); }

static size_t answer(const Request *request, Reply *r)
{
    memset(r->body, 0, sizeof r->body);
    r->error = 0;
    switch (request->opcode) {
    case INIT: put32(r, 0, 7); put32(r, 4, 31); put32(r, 20, 4096); return INIT_BYTES; /* version 7.31, max_write */
    case GETATTR: put32(r, MODE_AT, 0040700); put32(r, NLINK_AT, 2); put32(r, 16, 1); return ATTR_BYTES;
    case OPENDIR: return OPEN_BYTES;
    case STATFS: put32(r, 40, 4096); put32(r, 44, 255); return STATFS_BYTES;
    case FLUSH: case RELEASE: case RELEASEDIR: return 0;
    case CREATE: case MKNOD: puts("create"); fflush(stdout); r->error = -EROFS; return 0;
    case LOOKUP: r->error = -ENOENT; return 0;
    default: r->error = -ENOSYS; return 0;
    }
}

int main(int argc, char **argv)
{
    static uint64_t bytes[REQUEST_BYTES / 8];
    const Request *request = (const Request *)bytes;
    char options[128];
    int fd = open("/dev/fuse", O_RDWR);
    struct pollfd p[] = { { 0, POLLIN, 0 }, { fd, POLLIN, 0 } };
    snprintf(options, sizeof options, "fd=%d,rootmode=40700,user_id=0,group_id=0,allow_other", fd);
    if (argc < 3 || fd < 0 || mount("double", argv[2], "fuse", MS_NOSUID | MS_NODEV, options)) { perror("fuse"); return 1; }
    puts("mounted");
    fflush(stdout);
    if (!strcmp(argv[1], "stalled")) p[1].fd = -1;
    while (poll(p, 2, -1) > 0 && !p[0].revents) {
        Reply reply;
        if (read(fd, bytes, sizeof bytes) < (ssize_t)sizeof *request) continue;
        reply.unique = request->unique;
        reply.length = 16 + (uint32_t)answer(request, &reply);
        if (write(fd, &reply, reply.length) < 0 && errno != ENOENT) perror("fuse: reply");
    }
    umount2(argv[2], MNT_DETACH);
    return 0;
}
