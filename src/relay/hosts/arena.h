/* The engine's heap: a bump allocator, because a call frees little and is short, in memory that is part of the executable.
 * Starting an engine and reading the script takes as long as the rest of a call. It is done once, when the relay is
 * built: a program that finds this memory empty starts the engine in it and writes it to stdout, and
 * scripts/build/build-relay.ts makes that the content of the section. The executable is static and is always loaded at the
 * same address, so that every pointer stays valid; no state of the engine is outside. Large strings use malloc. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "marks.h"
#include "quickjs.h"

/* The image is what the build fills. A call goes on in the heap, which is not part of the file. */
enum { IMAGE_BYTES = 456 << 10, HEAP_BYTES = 1 << 17, ARENA_BLOCK_LIMIT = 1 << 13 };

typedef struct { size_t size, unused; } BlockHead; /* 16 bytes: what follows is aligned for any type */

static struct {
    JSContext *ctx; /* NULL at build time */
    JSValue host, exports;
    uint8_t *at;
    uint32_t crc[256];
    Marks marks;
    uint32_t classes[128]; /* a bit for each class of characters; host-text.h */
    uint8_t *scriptAt; /* the engine's own objects are before it */
    uint8_t bytes[IMAGE_BYTES] __attribute__((aligned(4096)));
} image __attribute__((section(".image"), aligned(4096)));

static uint8_t *heap, *heapAt; /* NULL before the engine starts, or if memory cannot be mapped: malloc is used instead */

static size_t blockBytes(size_t size) { return sizeof(BlockHead) + ((size + 15) & ~(size_t)15); }

static int isWithin(const void *p, const uint8_t *from, size_t bytes) { return (uintptr_t)p - (uintptr_t)from < bytes; }

static int isInArena(const void *p) { return isWithin(p, image.bytes, IMAGE_BYTES) || (heap && isWithin(p, heap, HEAP_BYTES)); }

/* The end of what is in use of the area that is being filled, and how much is left there. */
static uint8_t **areaAt(void) { return image.ctx ? &heapAt : &image.at; }

static size_t areaLeft(void) { return image.ctx ? (heap ? (size_t)(heap + HEAP_BYTES - heapAt) : 0) : (size_t)(image.bytes + IMAGE_BYTES - image.at); }

static BlockHead *headOf(void *p) { return (BlockHead *)((uint8_t *)p - sizeof(BlockHead)); }

static int isLast(BlockHead *head) { return (uintptr_t)head + blockBytes(head->size) == (uintptr_t)*areaAt(); }

static void *arenaMalloc(void *opaque, size_t size)
{
    BlockHead *head;
    (void)opaque;
    if (size > PTRDIFF_MAX - 64) return NULL;
    if ((size <= ARENA_BLOCK_LIMIT || !image.ctx) && blockBytes(size) <= areaLeft()) {
        head = (BlockHead *)*areaAt();
        *areaAt() += blockBytes(size);
    } else if (!image.ctx || !(head = malloc(sizeof *head + size))) return NULL;
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
    (void)opaque;
    if (!p) return;
    if (!isInArena(p)) free(headOf(p));
    else if (isLast(headOf(p))) *areaAt() = (uint8_t *)headOf(p);
}

static void *arenaRealloc(void *opaque, void *p, size_t size)
{
    BlockHead *head;
    void *grown;
    if (!p) return arenaMalloc(opaque, size);
    head = headOf(p);
    if (size > PTRDIFF_MAX - 64) return NULL;
    if (!isInArena(p)) {
        if (!(head = realloc(head, sizeof *head + size))) return NULL;
        head->size = size;
        return head + 1;
    }
    if (size <= head->size) return p;
    if (isLast(head) && size <= ARENA_BLOCK_LIMIT && blockBytes(size) - blockBytes(head->size) <= areaLeft()) {
        *areaAt() += blockBytes(size) - blockBytes(head->size);
        head->size = size;
        return p;
    }
    if (!(grown = arenaMalloc(opaque, size))) return NULL;
    memcpy(grown, p, head->size);
    arenaFree(opaque, p);
    return grown;
}

static size_t arenaUsable(const void *p) { return p ? ((const BlockHead *)((const uint8_t *)p - sizeof(BlockHead)))->size : 0; }

static const JSMallocFunctions arenaFunctions = { arenaCalloc, arenaMalloc, arenaFree, arenaRealloc, arenaUsable };
