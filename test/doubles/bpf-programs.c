/* Prints how many BPF programs of cnitap the kernel holds; with arguments, how many of these objects it holds: p12 is the
 * program, m12 the map of that ID. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NEXT_PROGRAM = 11, PROGRAM_BY_ID = 13, MAP_BY_ID = 14, INFO_BY_FD = 15, NAME_AT = 64 };

typedef union { struct { uint32_t id, next, flags; } id; struct { uint32_t fd, bytes; uint64_t info; } info; char room[128]; } Arguments;

static long bpf(int command, Arguments *arguments) { return syscall(SYS_bpf, command, arguments, sizeof *arguments); }

static long byId(int command, uint32_t id)
{
    Arguments a = { .id = { id, 0, 0 } };
    return bpf(command, &a);
}

static int named(void)
{
    uint32_t id = 0;
    int found = 0;
    for (;;) {
        char info[256] = { 0 };
        Arguments a = { .id = { id, 0, 0 } };
        long fd;
        if (bpf(NEXT_PROGRAM, &a)) return found;
        id = a.id.next;
        if ((fd = byId(PROGRAM_BY_ID, id)) < 0) continue;
        a = (Arguments){ .info = { (uint32_t)fd, sizeof info, (uint64_t)(uintptr_t)info } };
        if (!bpf(INFO_BY_FD, &a) && !strcmp(info + NAME_AT, "cnitap")) found++;
        close((int)fd);
    }
}

int main(int count, char **objects)
{
    int found = count > 1 ? 0 : named();
    for (int i = 1; i < count; i++) {
        long fd = byId(*objects[i] == 'p' ? PROGRAM_BY_ID : MAP_BY_ID, (uint32_t)atoi(objects[i] + 1));
        if (fd >= 0) found++, close((int)fd);
    }
    printf("%d\n", found);
    return 0;
}
