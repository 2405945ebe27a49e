/* Memory for the engine, which allocates and frees many small blocks: a free list for each size, cut from large chunks.
 * musl's own allocator is built for hardening and takes several times as long. Large blocks are malloc's. */
#pragma once
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "quickjs.h"

enum { SMALL_BYTES = 1024, GRAIN_BYTES = 16, CHUNK_BYTES = 1 << 16 };

typedef struct { size_t size; } BlockHead; /* 8 bytes: blocks are aligned for pointers and doubles */
typedef struct FreeBlock { struct FreeBlock *next; } FreeBlock;

static FreeBlock *freeBlocks[SMALL_BYTES / GRAIN_BYTES + 1];
static uint8_t *chunkAt, *chunkEnd;

static BlockHead *blockHead(void *p) { return (BlockHead *)p - 1; }

static size_t rounded(size_t size) { return (size + sizeof(BlockHead) + GRAIN_BYTES - 1) / GRAIN_BYTES * GRAIN_BYTES - sizeof(BlockHead); }

static void *blockMalloc(void *opaque, size_t size)
{
    BlockHead *head;
    (void)opaque;
    if (size > PTRDIFF_MAX - 64) return NULL;
    size = rounded(size ? size : 1);
    if (size <= SMALL_BYTES) {
        FreeBlock **list = &freeBlocks[size / GRAIN_BYTES], *block = *list;
        if (block) {
            *list = block->next;
            return block;
        }
        if ((size_t)(chunkEnd - chunkAt) < size + sizeof *head) {
            uint8_t *chunk = malloc(CHUNK_BYTES);
            if (!chunk) return NULL;
            chunkAt = chunk + sizeof *head, chunkEnd = chunk + CHUNK_BYTES;
        }
        head = (BlockHead *)chunkAt;
        chunkAt += size + sizeof *head;
    } else if (!(head = malloc(sizeof *head + size))) return NULL;
    head->size = size;
    return head + 1;
}

static void *blockCalloc(void *opaque, size_t count, size_t size)
{
    size_t bytes;
    void *p;
    if (__builtin_mul_overflow(count, size, &bytes) || !(p = blockMalloc(opaque, bytes))) return NULL;
    return memset(p, 0, bytes);
}

static void blockFree(void *opaque, void *p)
{
    FreeBlock *block = p;
    size_t size;
    (void)opaque;
    if (!p) return;
    size = blockHead(p)->size;
    if (size > SMALL_BYTES) {
        free(blockHead(p));
        return;
    }
    block->next = freeBlocks[size / GRAIN_BYTES];
    freeBlocks[size / GRAIN_BYTES] = block;
}

static void *blockRealloc(void *opaque, void *p, size_t size)
{
    BlockHead *head;
    void *grown;
    if (!p) return blockMalloc(opaque, size);
    if (size > PTRDIFF_MAX - 64) return NULL;
    head = blockHead(p);
    if (head->size > SMALL_BYTES && rounded(size) > SMALL_BYTES) {
        size = rounded(size);
        if (!(head = realloc(head, sizeof *head + size))) return NULL;
        head->size = size;
        return head + 1;
    }
    if (size <= head->size && size > head->size / 2) return p;
    if (!(grown = blockMalloc(opaque, size))) return NULL;
    memcpy(grown, p, head->size < size ? head->size : size);
    blockFree(opaque, p);
    return grown;
}

static size_t blockUsable(const void *p) { return p ? ((const BlockHead *)p - 1)->size : 0; }

static const JSMallocFunctions blockFunctions = { blockCalloc, blockMalloc, blockFree, blockRealloc, blockUsable };
