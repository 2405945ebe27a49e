/* Memory for the engine, which allocates and frees many small blocks: a free list for each size, cut from large chunks.
 * musl's own allocator is built for hardening and takes several times as long. Larger blocks are malloc's; some of those that
 * are freed wait for their next use, because musl returns their pages to the kernel, which takes longer than filling them. */
#pragma once
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "quickjs.h"

enum { SMALL_BYTES = 1024, GRAIN_BYTES = 16, CHUNK_BYTES = 1 << 16 };
/* Blocks of up to 512 KiB are used again. Their sizes are a quarter of a power of two apart. */
enum { SMALL_BITS = 10, LARGE_BITS = 19, QUARTERS = 4, MOST_WAITING_BYTES = 2 << 20 };

typedef struct { size_t size; } BlockHead; /* 8 bytes: blocks are aligned for pointers and doubles */
typedef struct FreeBlock { struct FreeBlock *next; } FreeBlock;

static FreeBlock *freeBlocks[SMALL_BYTES / GRAIN_BYTES + 1];
static FreeBlock *waitingBlocks[(LARGE_BITS - SMALL_BITS) * QUARTERS];
static size_t waitingBytes;
static uint8_t *chunkAt, *chunkEnd;

static BlockHead *blockHead(void *p) { return (BlockHead *)p - 1; }

/* The power of two below the bytes of a block, its head included. */
static int bitsOf(size_t bytes) { return 63 - __builtin_clzll(bytes - 1); }

static size_t rounded(size_t size)
{
    size_t bytes = size + sizeof(BlockHead), grain = bytes <= SMALL_BYTES || bytes > 1 << LARGE_BITS ? GRAIN_BYTES : (size_t)1 << (bitsOf(bytes) - 2);
    return (bytes + grain - 1) / grain * grain - sizeof(BlockHead);
}

/* The list of the larger blocks of this size; none for the largest. */
static FreeBlock **waitingOf(size_t size)
{
    size_t bytes = size + sizeof(BlockHead);
    int bits = bitsOf(bytes);
    return bits < LARGE_BITS ? &waitingBlocks[(bits - SMALL_BITS) * QUARTERS + (int)((bytes - 1) >> (bits - 2) & 3)] : NULL;
}

static BlockHead *largeBlock(size_t size)
{
    FreeBlock **list = waitingOf(size), *block = list ? *list : NULL;
    BlockHead *head;
    if (!block) return (head = malloc(sizeof *head + size)) ? (head->size = size, head) : NULL;
    *list = block->next;
    waitingBytes -= size;
    return blockHead(block);
}

static void freeLarge(BlockHead *head)
{
    FreeBlock **list = waitingOf(head->size), *block = (FreeBlock *)(head + 1);
    if (!list || waitingBytes + head->size > MOST_WAITING_BYTES) { free(head); return; }
    block->next = *list;
    *list = block;
    waitingBytes += head->size;
}

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
        head->size = size;
        chunkAt += size + sizeof *head;
    } else if (!(head = largeBlock(size))) return NULL;
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
        freeLarge(blockHead(p));
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
    if (size <= head->size && size > head->size / 2) return p;
    if (head->size > 1 << LARGE_BITS && rounded(size) > 1 << LARGE_BITS) {
        size = rounded(size);
        if (!(head = realloc(head, sizeof *head + size))) return NULL;
        head->size = size;
        return head + 1;
    }
    if (!(grown = blockMalloc(opaque, size))) return NULL;
    memcpy(grown, p, head->size < size ? head->size : size);
    blockFree(opaque, p);
    return grown;
}

static size_t blockUsable(const void *p) { return p ? ((const BlockHead *)p - 1)->size : 0; }

static const JSMallocFunctions blockFunctions = { blockCalloc, blockMalloc, blockFree, blockRealloc, blockUsable };
