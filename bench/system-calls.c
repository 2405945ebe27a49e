/* Prints the nanoseconds of a pair of a read and a write, the fastest of many short rounds: of 1 byte of devices, of 1 byte of a
 * pipe, and of 4096 bytes of devices. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { ROUNDS = 3000, PAIRS = 100 };

static int64_t nowNs(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static double fastest(int from, int to, size_t bytes, int isPipe)
{
    static char buffer[4096];
    double best = 1e18;
    int round, i;
    for (round = 0; round < ROUNDS; round++) {
        int64_t start = nowNs();
        for (i = 0; i < PAIRS; i++)
            if (isPipe ? write(to, buffer, bytes) != read(from, buffer, bytes) : read(from, buffer, bytes) != write(to, buffer, bytes)) return 0;
        double ns = (double)(nowNs() - start) / PAIRS;
        if (ns < best) best = ns;
    }
    return best;
}

int main(void)
{
    int zero = open("/dev/zero", O_RDONLY), null = open("/dev/null", O_WRONLY), ends[2];
    if (zero < 0 || null < 0 || pipe(ends)) return 1;
    printf("%.1f %.1f %.1f\n", fastest(zero, null, 1, 0), fastest(ends[0], ends[1], 1, 1), fastest(zero, null, 4096, 0));
    return 0;
}
