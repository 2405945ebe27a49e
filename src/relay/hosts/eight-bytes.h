/* Eight bytes of a text at once. */
#pragma once
#include <stdint.h>
#include <string.h>

/* The first is the lowest, on every machine that this runs on. */
static inline uint64_t eightAt(const uint8_t *s) { uint64_t v; memcpy(&v, s, sizeof v); return v; }

static const uint64_t LOW_BITS = 0x0101010101010101, HIGH_BITS = 0x8080808080808080;

/* A bit for each byte that is 0. Only the lowest is exact, since a borrow reaches the bytes after it
 * (https://graphics.stanford.edu/~seander/bithacks.html#ZeroInWord). */
static inline uint64_t zeros(uint64_t v) { return (v - LOW_BITS) & ~v & HIGH_BITS; }

static inline size_t firstOf(uint64_t bits) { return (size_t)__builtin_ctzll(bits) / 8; }
