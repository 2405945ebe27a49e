/* The relay's entry point. The plugin starts first: what happens before costs the same for every call, reads nothing but
 * our own settings, and ends in execve of the original if anything fails. Then the relay relays, and the recorder records.
 * What a secret is, and what a probe answers, is decided in TypeScript (src/relay). One compilation unit, for the
 * optimizer. */
#include <sys/auxv.h>
#include "build-image.h"
#include "exec-failure.h"
#include "pump.h"

enum { MAX_DEPTH = 8 }; /* Multus, flannel, bridge and host-local are four levels. Deeper nesting is a loop. */

/* Whether a descriptor of the caller's gives the plugin an error that a pipe of ours would not: it is closed, open in the
 * other direction, or a directory. If one of 0 to 2 is closed, our own descriptors would also get its number. */
static int isUnusual(int fd)
{
    int flags = fcntl(fd, F_GETFL), wrong = fd == STDIN ? O_WRONLY : O_RDONLY;
    struct stat st;
    if (flags < 0 || (flags & O_ACCMODE) == wrong || (flags & O_PATH)) return 1;
    return fd == STDIN && (fstat(fd, &st) || S_ISDIR(st.st_mode));
}

/* Whether the caller allows us little more memory than we need ourselves. */
static int isPoor(void)
{
    static const struct { int resource; rlim_t atLeast; } needed[] = {
        { RLIMIT_AS, 4 << 20 }, { RLIMIT_DATA, 2 << 20 }, { RLIMIT_STACK, 64 << 10 } };
    struct rlimit limit;
    size_t i;
    for (i = 0; i < sizeof needed / sizeof *needed; i++)
        if (getrlimit(needed[i].resource, &limit) == 0 && limit.rlim_cur < needed[i].atLeast) return 1;
    return 0;
}

static int isStandard(void) { return !isUnusual(STDIN) && !isUnusual(STDOUT) && !isUnusual(STDERR); }

/* With more privileges than the caller (setuid, file capabilities), a symlink of the caller must not select the original. */
static const char *privilegedSelf(void)
{
    static char path[PATH_MAX] RARE;
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);
    return length > 0 ? path : NULL;
}

/* The value is `<ID of the calling call>:<depth>`. With an empty ID only the depth is counted. */
static void readNesting(const char *value)
{
    const char *colon = value ? strchr(value, ':') : NULL, *digit;
    if (!colon) return;
    call.parent = value;
    call.parentLength = (size_t)(colon - value);
    for (digit = colon + 1; *digit >= '0' && *digit <= '9' && call.depth < MAX_DEPTH; digit++) call.depth = call.depth * 10 + *digit - '0';
    if (*digit && call.depth < MAX_DEPTH) call.depth = 0; /* not a number */
}

/* For a depth below the limit, which is one digit. Delegates and IPAM plugins inherit the environment (libcni pkg/invoke DelegateArgs.AsEnv), so that a nested call knows
 * its parent. A call that is not recorded must still be stopped if it loops: then without an ID. */
static char *nestingVariable(const char *id)
{
    static char text[64];
    char *end = stpcpy(stpcpy(stpcpy(text, "CNITAP_CALL="), id), ":"); /* not printf: it needs 8 KB of stack */
    *end++ = (char)('0' + (call.depth + 1) % 10);
    *end = 0;
    return text;
}

/* Ends as the plugin ended. */
static void finish(void)
{
    struct sigaction fresh = { .sa_handler = SIG_DFL };
    sigset_t one;
    int signal = WTERMSIG(outcome.status);
    if (!outcome.started) _exit(reportFailure(outcome.execErrno));
    if (!WIFSIGNALED(outcome.status)) _exit(WEXITSTATUS(outcome.status));
    sigaction(signal, &fresh, NULL);
    /* Our core dump would replace the plugin's and contain secrets. The cost: the text that a Go runtime makes of the
     * status lacks "(core dumped)". */
    prctl(PR_SET_DUMPABLE, 0);
    sigemptyset(&one);
    sigaddset(&one, signal);
    raise(signal);
    setMask(SIG_UNBLOCK, &one, NULL);
    _exit(128 + signal);
}

/* The plugin as it would be without us; does not return. */
static void passThrough(const char *added)
{
    execReal(added, BUSY_TRIES);
    outcome.execErrno = errno;
    finish();
}

/* A probe, or a call that calls itself: the script answers. Returns only if it does not. */
static void answer(const char *function)
{
    JSContext *ctx = image.ctx;
    int fd;
    for (fd = 0; fd < STREAMS; fd++) if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd) return;
    startEngine();
    JS_SetPropertyStr(ctx, image.host, "name", JS_NewString(ctx, name));
    JS_SetPropertyStr(ctx, image.host, "path", JS_NewString(ctx, selfPath));
    JS_SetPropertyStr(ctx, image.host, "isInstalled", JS_NewBool(ctx, isInstalled()));
    setNumber(ctx, image.host, "maxDepth", MAX_DEPTH);
    newId(call.id);
    call.wallUs = clockUs(CLOCK_REALTIME);
    call.monoUs = clockUs(CLOCK_MONOTONIC);
    callScript(function, 0, NULL, INT64_MAX);
    if (chosenExit < 0) return;
    if (JS_IsFunction(ctx, afterReply)) {
        sigset_t child;
        int signals;
        sigemptyset(&child);
        sigaddset(&child, SIGCHLD);
        setMask(SIG_BLOCK, &child, NULL);
        signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
        recorder.instead = runAfterReply;
        startRecorder();
        if (recorder.pid < 0) runAfterReply();
        if ((recorder.pid < 0 || waitForRecorder(signals)) && *complaint) writeAll(STDERR, (const uint8_t *)complaint, strlen(complaint));
    }
    _exit(chosenExit);
}

static void relayAndRecord(void)
{
    sigset_t set = forwarded();
    int signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), i;
    pid_t child = 0;
    int64_t startedUs;
    if (signals < 0 || openPipes() || isSameFile(&realFile, &ownFile)) passThrough(nestingVariable(""));
    newId(call.id);
    closeUnread();
    setMask(SIG_BLOCK, &set, NULL);
    call.wallUs = clockUs(CLOCK_REALTIME);
    startedUs = call.monoUs = clockUs(CLOCK_MONOTONIC);
    outcome.execErrno = startPlugin(&child, nestingVariable(call.id));
    if (outcome.execErrno) {
        /* The failure may have been ours. ETXTBSY has been waited for already. */
        execReal(nestingVariable(""), 1);
        outcome.execErrno = errno;
        setMask(SIG_BLOCK, &set, NULL);
        readWithoutPlugin();
    } else {
        outcome.started = 1;
        outcome.pluginPid = child;
        outcome.spawnUs = clockUs(CLOCK_MONOTONIC) - startedUs;
        close(pipes[STDIN][0]);
        close(pipes[STDOUT][1]);
        close(pipes[STDERR][1]);
        relay(signals, child, startedUs);
    }
    for (i = 0; i < STREAMS && !outcome.started; i++) close(pipes[i][0]), close(pipes[i][1]);
    if (!config.onlyFailures || !outcome.started || outcome.status != 0) recordEnd(signals);
    finish();
}

/* The recorder reads streams while they grow, so that their memory must not move. */
static void reserveStreams(size_t limit)
{
    int i;
    for (i = 0; i < STREAMS; i++) {
        if (limit > STREAM_BYTES) {
            void *larger = mmap(NULL, limit, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
            if (larger != MAP_FAILED) streams[i].data = larger, streams[i].room = limit;
        } else streams[i].room = limit;
    }
}

int main(int argc, char **argv)
{
    const char *self = (const char *)getauxval(AT_EXECFN);
    sigset_t ours;
    (void)argc;
    if (!image.ctx) return buildImage();
    arguments = argv;
    sigemptyset(&ours);
    sigaddset(&ours, SIGPIPE);
    sigaddset(&ours, SIGXFSZ); /* a capture that exceeds RLIMIT_FSIZE must not end the call */
    setMask(SIG_BLOCK, &ours, &maskAtStart);
    if (getauxval(AT_SECURE)) self = privilegedSelf();
    if (!self || locate(self)) return 1;
    /* Not the path that was executed: uninstall may have put the original there since. There may be no /proc in a chroot. */
    if (stat("/proc/self/exe", &ownFile)) stat(self, &ownFile);
    parentPid = getppid();
    recorder.relayPid = getpid();
    readNesting(variable("CNITAP_CALL", sizeof "CNITAP_CALL" - 1));
    if (!hasOriginal) answer("probe");
    if (!variable("CNI_COMMAND", sizeof "CNI_COMMAND" - 1)) passThrough(NULL);
    if (call.depth >= MAX_DEPTH) answer("rejectLoop");
    if (isPoor()) passThrough(nestingVariable(""));
    readConfig();
    if (!isRecorded() || !isStandard()) passThrough(nestingVariable(""));
    recorder.recording = (Recording){ config.capture, config.maxSizeBytes, (size_t)config.streamBytes, config.raw };
    reserveStreams((size_t)config.streamBytes);
    relayAndRecord();
}
