/* Prints how many BPF programs of cnitap the kernel holds. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NEXT_PROGRAM = 11, PROGRAM_BY_ID = 13, INFO_BY_FD = 15, NAME_AT = 64 };

typedef union { struct { uint32_t id, next, flags; } id; struct { uint32_t fd, bytes; uint64_t info; } info; char room[128]; } Arguments;

static long bpf(int command, Arguments *arguments) { return syscall(SYS_bpf, command, arguments, sizeof *arguments); }

int main(void)
{
    uint32_t id = 0;
    int found = 0;
    for (;;) {
        char info[256] = { 0 };
        Arguments a = { .id = { id, 0, 0 } };
        long fd;
        if (bpf(NEXT_PROGRAM, &a)) break;
        id = a.id.next;
        a = (Arguments){ .id = { id, 0, 0 } };
        if ((fd = bpf(PROGRAM_BY_ID, &a)) < 0) continue;
        a = (Arguments){ .info = { (uint32_t)fd, sizeof info, (uint64_t)(uintptr_t)info } };
        if (!bpf(INFO_BY_FD, &a) && !strcmp(info + NAME_AT, "cnitap")) found++;
        close((int)fd);
    }
    printf("%d\n", found);
    return 0;
}
