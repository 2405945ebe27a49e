/* The relay's search for marks of secrets, for records that are made here. */
#pragma once
#include <sched.h>
#include <semaphore.h>
#include "../../relay/hosts/marks.h"
#include "ring-priority.h"
#include "values.h"

static Marks marks;

/* (lines as in marks.h): false if there are too many */
NATIVE(openMarks)
{
    const char *lines = JS_ToCString(ctx, argv[0]);
    int isSet = lines && setMarks(&marks, lines, 0);
    UNUSED;
    JS_FreeCString(ctx, lines);
    return JS_NewBool(ctx, isSet);
}

/* Texts that another thread searches while the script goes on. Each stays in memory until the script has asked for the result,
 * or its place is needed. */
enum { SEARCHES = 32 };
enum { FREE, QUEUED, RUNNING, DONE };
typedef struct { JSValue text; const uint8_t *bytes; size_t length; int state, isFound; } Search;
static Search searches[SEARCHES];
static sem_t queuedSearches;

/* Whoever comes first searches. */
static int claim(Search *s)
{
    int queued = QUEUED;
    return __atomic_compare_exchange_n(&s->state, &queued, RUNNING, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
}

static void search(Search *s)
{
    s->isFound = holdsMark(&marks, s->bytes, s->length);
    __atomic_store_n(&s->state, DONE, __ATOMIC_RELEASE);
}

static void *searchQueued(void *nothing)
{
    int i;
    joinRingThreads();
    for (;;) {
        if (sem_wait(&queuedSearches)) continue;
        for (i = 0; i < SEARCHES; i++) if (claim(&searches[i])) search(&searches[i]);
    }
    return nothing;
}

static void forget(JSContext *ctx, Search *s)
{
    JS_FreeValue(ctx, s->text);
    __atomic_store_n(&s->state, FREE, __ATOMIC_RELEASE);
}

static Search *placeFor(JSContext *ctx)
{
    int i;
    for (i = 0; i < SEARCHES; i++) if (searches[i].state == FREE) return &searches[i];
    for (i = 0; i < SEARCHES; i++)
        if (__atomic_load_n(&searches[i].state, __ATOMIC_ACQUIRE) == DONE) { forget(ctx, &searches[i]); return &searches[i]; }
    return NULL;
}

/* (bytes): lets the other thread search them, if it can */
NATIVE(searchAhead)
{
    static int hasSearcher = -1;
    size_t length;
    const uint8_t *bytes = bytesOf(ctx, argv[0], &length);
    Search *s;
    UNUSED;
    if (hasSearcher < 0) hasSearcher = !sem_init(&queuedSearches, 0, 0) && startThread(searchQueued);
    if (!bytes || !hasSearcher || !(s = placeFor(ctx))) return JS_UNDEFINED;
    s->text = JS_DupValue(ctx, argv[0]), s->bytes = bytes, s->length = length;
    __atomic_store_n(&s->state, QUEUED, __ATOMIC_RELEASE);
    keepApart();
    sem_post(&queuedSearches);
    return JS_UNDEFINED;
}

/* A thread that gives its processor away gets it back only after everybody else's turn. The other one needs a tenth of a
 * millisecond, unless it shares the only processor. */
static void awaitSearch(const Search *s)
{
    int tries;
    for (tries = 0; __atomic_load_n(&s->state, __ATOMIC_ACQUIRE) != DONE; tries++) {
        if (tries < 1 << 16) __asm__ volatile("" ::: "memory");
        else sched_yield();
    }
}

/* The result of such a search; -1 if there was none. */
static int searchedAhead(JSContext *ctx, const uint8_t *bytes, size_t length)
{
    Search *s;
    int isFound;
    for (s = searches; s < searches + SEARCHES && (s->state == FREE || s->bytes != bytes || s->length != length); s++) {}
    if (s == searches + SEARCHES) return -1;
    if (claim(s)) search(s);
    else awaitSearch(s);
    isFound = s->isFound;
    forget(ctx, s);
    return isFound;
}

/* (text, as a string or in UTF-8): whether it contains a mark, or bytes written as numbers */
NATIVE(findMark)
{
    size_t length;
    const uint8_t *bytes = JS_IsString(argv[0]) ? NULL : bytesOf(ctx, argv[0], &length);
    const char *text = bytes ? NULL : JS_ToCStringLen(ctx, &length, argv[0]);
    int isFound;
    UNUSED;
    if (!bytes && !text) return JS_EXCEPTION;
    isFound = bytes ? searchedAhead(ctx, bytes, length) : -1;
    if (isFound < 0) isFound = holdsMark(&marks, bytes ? (const void *)bytes : text, length);
    JS_FreeCString(ctx, text);
    return JS_NewBool(ctx, isFound);
}
