/* SHA-256 (FIPS 180-4). */
#pragma once
#include "values.h"

typedef struct { uint32_t h[8]; uint8_t block[64]; uint64_t length; } Sha256;

static const uint32_t SHA_K[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2 };

static uint32_t rotate(uint32_t x, int by) { return x >> by | x << (32 - by); }

static void shaBlock(Sha256 *sha, const uint8_t *p)
{
    uint32_t w[64], a = sha->h[0], b = sha->h[1], c = sha->h[2], d = sha->h[3], e = sha->h[4], f = sha->h[5], g = sha->h[6], h = sha->h[7];
    int i;
    for (i = 0; i < 16; i++) w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 | (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
    for (; i < 64; i++)
        w[i] = w[i - 16] + (rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3) + w[i - 7] + (rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10);
    for (i = 0; i < 64; i++) {
        uint32_t one = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + SHA_K[i] + w[i];
        uint32_t two = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + one, d = c, c = b, b = a, a = one + two;
    }
    sha->h[0] += a, sha->h[1] += b, sha->h[2] += c, sha->h[3] += d, sha->h[4] += e, sha->h[5] += f, sha->h[6] += g, sha->h[7] += h;
}

static void shaUpdate(Sha256 *sha, const uint8_t *bytes, size_t length)
{
    size_t held = sha->length % 64;
    sha->length += length;
    while (length > 0) {
        size_t n = 64 - held < length ? 64 - held : length;
        if (n == 64) shaBlock(sha, bytes);
        else {
            memcpy(sha->block + held, bytes, n);
            if (held + n == 64) shaBlock(sha, sha->block);
        }
        held = (held + n) % 64;
        bytes += n, length -= n;
    }
}

/* (parts: Uint8Array[]): 32 bytes */
NATIVE(sha256Of)
{
    static const uint8_t padding[64] = { 0x80 };
    Sha256 sha = { { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 }, { 0 }, 0 };
    uint8_t size[8], digest[32];
    uint32_t count = lengthOf(ctx, argv[0]), i;
    uint64_t bits;
    UNUSED;
    for (i = 0; i < count; i++) {
        JSValue part = JS_GetPropertyUint32(ctx, argv[0], i);
        size_t length;
        const uint8_t *bytes = bytesOf(ctx, part, &length);
        if (bytes) shaUpdate(&sha, bytes, length);
        JS_FreeValue(ctx, part);
    }
    bits = sha.length * 8;
    for (i = 0; i < 8; i++) size[i] = (uint8_t)(bits >> (56 - 8 * i));
    shaUpdate(&sha, padding, 1 + (119 - sha.length % 64) % 64);
    shaUpdate(&sha, size, 8);
    for (i = 0; i < 32; i++) digest[i] = (uint8_t)(sha.h[i / 4] >> (24 - 8 * (i % 4)));
    return JS_NewArrayBufferCopy(ctx, digest, sizeof digest);
}
