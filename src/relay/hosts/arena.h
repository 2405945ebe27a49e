/* The engine's heap: a bump allocator, because a call frees little and is short, in memory that is part of the executable.
 * Starting an engine and reading the script takes as long as the rest of a call. It is done once, when the relay is
 * built: a program that finds this memory empty starts the engine in it and writes it to stdout, and
 * scripts/build-relay.ts makes that the content of the section. The executable is static and is always loaded at the
 * same address, so that every pointer stays valid; no state of the engine is outside. Large strings use malloc. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "quickjs.h"

enum { ARENA_BYTES = 1 << 19, ARENA_BLOCK_LIMIT = 1 << 15 };

typedef struct { size_t size, unused; } BlockHead; /* 16 bytes: what follows is aligned for any type */

static struct {
    JSContext *ctx; /* NULL at build time */
    JSValue host, main;
    uint8_t *at;
    uint8_t bytes[ARENA_BYTES] __attribute__((aligned(4096)));
} image __attribute__((section(".image"), aligned(4096)));

static size_t blockBytes(size_t size) { return sizeof(BlockHead) + ((size + 15) & ~(size_t)15); }
static size_t arenaLeft(const void *from) { return (size_t)(image.bytes + ARENA_BYTES - (const uint8_t *)from); }
static int isInArena(const void *p) { return (const uint8_t *)p >= image.bytes && (const uint8_t *)p < image.bytes + ARENA_BYTES; }
static int isLast(const BlockHead *head) { return (const uint8_t *)head + blockBytes(head->size) == image.at; }

static void *arenaMalloc(void *opaque, size_t size)
{
    BlockHead *head;
    (void)opaque;
    if ((size <= ARENA_BLOCK_LIMIT || !image.ctx) && blockBytes(size) <= arenaLeft(image.at)) {
        head = (BlockHead *)image.at;
        image.at += blockBytes(size);
    } else if (!image.ctx || size > PTRDIFF_MAX - sizeof *head || !(head = malloc(sizeof *head + size))) return NULL;
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
    else if (isLast(head)) image.at = (uint8_t *)head;
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
        image.at = (uint8_t *)head + blockBytes(size);
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
