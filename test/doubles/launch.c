/* Starts a program in a state that runtime libraries do not offer to tests:
 *   launch [-e ENTRY]... [-c FD]... [-o FD=PATH]... [-i SIGNAL]... [-b SIGNAL]... [-u UMASK] [-n NICE] [-f FILES]
 *          [-s BYTES] [-m BYTES] [-a MS] [-k] [-p] [-r FD=PATH] [-w FD=PATH] [-x CALL=ERRNO]... PROGRAM [ARGV...]
 * -e sets the whole environment (duplicates and entries without '=' are possible), -c closes a descriptor, -o opens one, -r and -w
 * only for reading and for writing,
 * -i ignores and -b blocks a signal, -f limits descriptors, -s file sizes, -m memory, -a sets an alarm, -k allows core dumps, -p leaves stdout without a reader,
 * -x makes a system call fail as a seccomp filter does, bpf only with that first argument. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

extern char **environ;

/* linux/filter.h and linux/seccomp.h, which musl does not have. */
typedef struct { uint16_t code; uint8_t jt, jf; uint32_t k; } Instruction;
typedef struct { uint16_t count; Instruction *code; } Filter;
enum { LOAD_WORD = 0x20, JUMP_IF_EQUAL = 0x15, RETURN = 0x06 };
enum { FAIL_WITH = 0x00050000, ALLOW = 0x7fff0000, SECCOMP_FILTER = 2, FIRST_ARGUMENT = 16 };

static void install(Instruction *code, uint16_t count)
{
    Filter filter = { count, code };
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_FILTER, &filter)) { perror("launch: seccomp"); _exit(125); }
}

static void failBpf(uint32_t command, int code)
{
    Instruction instructions[] = { { LOAD_WORD, 0, 0, 0 }, { JUMP_IF_EQUAL, 0, 3, SYS_bpf },
        { LOAD_WORD, 0, 0, FIRST_ARGUMENT }, { JUMP_IF_EQUAL, 0, 1, command },
        { RETURN, 0, 0, FAIL_WITH | (uint32_t)code }, { RETURN, 0, 0, ALLOW } };
    install(instructions, 6);
}

static void failCall(const char *name, int code)
{
    static const struct { const char *name; uint32_t number; } calls[] = { { "vfork", SYS_vfork }, { "clone", SYS_clone },
        { "pipe2", SYS_pipe2 }, { "signalfd4", SYS_signalfd4 }, { "execve", SYS_execve }, { "prctl", SYS_prctl },
        { "futex", SYS_futex }, { "close_range", 436 }, { "fstatfs", SYS_fstatfs }, { "madvise", SYS_madvise },
        { "getrandom", SYS_getrandom }, { "poll", SYS_poll }, { "mmap", SYS_mmap } };
    size_t i;
    if (!strncmp(name, "bpf:", 4)) { failBpf((uint32_t)atoi(name + 4), code); return; }
    for (i = 0; i < sizeof calls / sizeof *calls; i++) {
        Instruction code_[] = { { LOAD_WORD, 0, 0, 0 }, { JUMP_IF_EQUAL, 0, 1, calls[i].number },
            { RETURN, 0, 0, FAIL_WITH | (uint32_t)code }, { RETURN, 0, 0, ALLOW } };
        if (strncmp(name, calls[i].name, strlen(calls[i].name)) || name[strlen(calls[i].name)] != '=') continue;
        install(code_, 4);
        return;
    }
    fprintf(stderr, "launch: unknown call %s\n", name);
    _exit(126);
}

static void openAs(const char *option, int flags)
{
    int wanted = atoi(option), fd = open(strchr(option, '=') + 1, flags, 0600);
    if (fd != wanted) { dup2(fd, wanted); close(fd); }
}

/* Not sigprocmask: musl does not let a program block the signals that it uses itself, 32 to 34. */
static void block(int signal)
{
    uint64_t set = 1ull << (signal - 1);
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, sizeof set);
}

int main(int argc, char **argv)
{
    static char *entries[256];
    int count = 0, option, given = 0, pipes[2];
    struct itimerval alarm = {0};
    while ((option = getopt(argc, argv, "+e:c:o:r:w:x:i:b:u:n:f:s:m:a:kp")) != -1) {
        struct rlimit limit;
        switch (option) {
        case 'e': if (count < 255) entries[count++] = optarg; given = 1; break;
        case 'c': close(atoi(optarg)); break;
        case 'o': openAs(optarg, O_RDWR | O_CREAT); break;
        case 'r': openAs(optarg, O_RDONLY); break;
        case 'w': openAs(optarg, O_WRONLY); break;
        case 'x': failCall(optarg, atoi(strchr(optarg, '=') + 1)); break;
        case 'i': signal(atoi(optarg), SIG_IGN); break;
        case 'b': block(atoi(optarg)); break;
        case 'u': umask((mode_t)strtol(optarg, NULL, 8)); break;
        case 'n': if (nice(atoi(optarg)) == -1) return 120; break;
        case 'f': limit.rlim_cur = limit.rlim_max = (rlim_t)atol(optarg); setrlimit(RLIMIT_NOFILE, &limit); break;
        case 's': limit.rlim_cur = limit.rlim_max = (rlim_t)atol(optarg); setrlimit(RLIMIT_FSIZE, &limit); break;
        case 'm': limit.rlim_cur = limit.rlim_max = (rlim_t)atol(optarg); setrlimit(RLIMIT_AS, &limit); break;
        case 'a': alarm.it_value.tv_usec = atol(optarg) * 1000; break;
        case 'k': limit.rlim_cur = limit.rlim_max = RLIM_INFINITY; setrlimit(RLIMIT_CORE, &limit); break;
        case 'p': if (pipe(pipes)) return 121; close(pipes[0]); dup2(pipes[1], 1); close(pipes[1]); break;
        default: return 122;
        }
    }
    if (optind >= argc) return 123;
    if (given) environ = entries;
    setitimer(ITIMER_REAL, &alarm, NULL);
    execv(argv[optind], optind + 1 < argc ? argv + optind + 1 : argv + optind);
    perror("launch");
    return 124;
}
