/* The engine's heap. A call allocates about 250 kB in small pieces, frees little and ends: a bump allocator halves
 * the time that musl's hardened malloc takes for it. Large strings (a stream's text) go to malloc and are freed. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BYTES = 1 << 20, ARENA_BLOCK_LIMIT = 1 << 15 };

typedef struct { size_t size, unused; } BlockHead; /* 16 bytes keep what follows aligned for any type */

static uint8_t arena[ARENA_BYTES] __attribute__((aligned(16))); /* .bss: a page costs nothing until it is touched */
static uint8_t *arenaAt = arena;

static size_t blockBytes(size_t size) { return sizeof(BlockHead) + ((size + 15) & ~(size_t)15); }
static size_t arenaLeft(const void *from) { return (size_t)(arena + ARENA_BYTES - (const uint8_t *)from); }
static int isInArena(const void *p) { return (const uint8_t *)p >= arena && (const uint8_t *)p < arena + ARENA_BYTES; }
static int isLast(const BlockHead *head) { return (const uint8_t *)head + blockBytes(head->size) == arenaAt; }

static void *arenaMalloc(void *opaque, size_t size)
{
    BlockHead *head;
    (void)opaque;
    if (size <= ARENA_BLOCK_LIMIT && blockBytes(size) <= arenaLeft(arenaAt)) {
        head = (BlockHead *)arenaAt;
        arenaAt += blockBytes(size);
    } else if (size > PTRDIFF_MAX - sizeof *head || !(head = malloc(sizeof *head + size))) return NULL;
    head->size = size;
    return head + 1;
}

static void *arenaCalloc(void *opaque, size_t count, size_t size)
{
    size_t bytes;
    void *p;
    if (__builtin_mul_overflow(count, size, &bytes) || !(p = arenaMalloc(opaque, bytes))) return NULL;
    return memset(p, 0, bytes);
}

static void arenaFree(void *opaque, void *p)
{
    BlockHead *head = (BlockHead *)p - 1;
    (void)opaque;
    if (!p) return;
    if (!isInArena(p)) free(head);
    else if (isLast(head)) arenaAt = (uint8_t *)head;
}

static void *arenaRealloc(void *opaque, void *p, size_t size)
{
    BlockHead *head = (BlockHead *)p - 1;
    void *grown;
    if (!p) return arenaMalloc(opaque, size);
    if (!isInArena(p)) {
        if (size > PTRDIFF_MAX - sizeof *head || !(head = realloc(head, sizeof *head + size))) return NULL;
        head->size = size;
        return head + 1;
    }
    if (size <= head->size) return p;
    if (isLast(head) && size <= ARENA_BLOCK_LIMIT && blockBytes(size) <= arenaLeft(head)) {
        arenaAt = (uint8_t *)head + blockBytes(size);
        head->size = size;
        return p;
    }
    if (!(grown = arenaMalloc(opaque, size))) return NULL;
    memcpy(grown, p, head->size);
    arenaFree(opaque, p);
    return grown;
}

static size_t arenaUsable(const void *p) { return p ? ((const BlockHead *)p - 1)->size : 0; }

static const JSMallocFunctions arenaFunctions = { arenaCalloc, arenaMalloc, arenaFree, arenaRealloc, arenaUsable };
