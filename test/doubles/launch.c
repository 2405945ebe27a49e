/* Starts a program in a state that runtime libraries do not offer to tests:
 *   launch [-e ENTRY]... [-c FD]... [-o FD=PATH]... [-i SIGNAL]... [-b SIGNAL]... [-u UMASK] [-n NICE] [-f FILES]
 *          [-s BYTES] [-m BYTES] [-a MS] [-k] [-p] PROGRAM [ARGV...]
 * -e sets the whole environment (duplicates and entries without '=' are possible), -c closes a descriptor, -o opens one,
 * -i ignores and -b blocks a signal, -f limits descriptors, -s file sizes, -m memory, -a sets an alarm, -k allows core dumps, -p leaves stdout without a reader. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv)
{
    static char *entries[256];
    int count = 0, option, given = 0, pipes[2];
    sigset_t set;
    struct itimerval alarm = {0};
    while ((option = getopt(argc, argv, "+e:c:o:i:b:u:n:f:s:m:a:kp")) != -1) {
        struct rlimit limit;
        char *equals;
        int fd;
        switch (option) {
        case 'e': if (count < 255) entries[count++] = optarg; given = 1; break;
        case 'c': close(atoi(optarg)); break;
        case 'o':
            equals = strchr(optarg, '=');
            fd = open(equals + 1, O_RDWR | O_CREAT, 0600);
            if (fd != atoi(optarg)) { dup2(fd, atoi(optarg)); close(fd); }
            break;
        case 'i': signal(atoi(optarg), SIG_IGN); break;
        case 'b': sigemptyset(&set); sigaddset(&set, atoi(optarg)); sigprocmask(SIG_BLOCK, &set, NULL); break;
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
