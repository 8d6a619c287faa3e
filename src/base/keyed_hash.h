/* keyed_hash.h - hashes for tables whose keys come from outside: nobody can choose keys that fall into one slot.
 *
 * A text is a row of blocks of seven bytes, and its hash is the polynomial with these coefficients at a random point,
 * modulo 2^61-1. Two texts of at most n blocks agree at no more than n of the 2^32 points, however they were chosen. It
 * is built from the beginning: where a segment of a path ends, the hash of the path up to there is at hand.
 *
 *     zh_hashing h = zh_hash_begin(key);
 *     for each segment: zh_hash_byte for each byte, zh_hash_segment behind the last
 *     zh_hash_value(&h) behind any segment, and before the first
 */
#ifndef ZH_BASE_KEYED_HASH_H
#define ZH_BASE_KEYED_HASH_H

#include <stddef.h>
#include <stdint.h>

typedef struct zh_hash_key {
    uint64_t scatter; /* odd; spreads the values over the slots */
    uint32_t point;
} zh_hash_key;

typedef struct zh_hashing {
    zh_hash_key key;
    uint64_t sum;   /* of the whole blocks, up to 2^61+3 */
    uint64_t block; /* the bytes of the one at hand */
    unsigned bits;  /* of them */
} zh_hashing;

/* Random bits; address, of something of the caller's, goes into them where the system has none to give. */
uint64_t zh_salt(const void *address);

zh_hash_key zh_hash_key_new(void);

/* What tells a whole block from the last of a segment, which may be empty and has the number of its bits behind it. */
#define ZH_HASH_WHOLE ((uint64_t)1 << 56)
#define ZH_HASH_LAST ((uint64_t)2 << 56)

static inline zh_hashing zh_hash_begin(const zh_hash_key *key)
{
    const zh_hashing h = {*key, 1, 0, 0};

    return h;
}

/* sum * point + block, modulo 2^61-1. The upper half of the product is in units of 2^32: what of it lies above 2^61
 * comes in again from below. */
static inline void zh_hash_add_block(zh_hashing *h, uint64_t block)
{
    const uint64_t prime = ((uint64_t)1 << 61) - 1;
    const uint64_t low = (h->sum & UINT32_MAX) * h->key.point, high = (h->sum >> 32) * h->key.point;
    const uint64_t sum = (low & prime) + (low >> 61) + (high << 32 & prime) + (high >> 29) + block;

    h->sum = (sum & prime) + (sum >> 61);
    h->block = 0;
    h->bits = 0;
}

static inline void zh_hash_byte(zh_hashing *h, char c)
{
    h->block |= (uint64_t)(unsigned char)c << h->bits;
    h->bits += 8;
    if (h->bits == 56)
        zh_hash_add_block(h, h->block | ZH_HASH_WHOLE);
}

static inline void zh_hash_segment(zh_hashing *h)
{
    zh_hash_add_block(h, h->block | (ZH_HASH_LAST + ((uint64_t)h->bits << 53)));
}

static inline uint32_t zh_hash_value(const zh_hashing *h)
{
    return (uint32_t)(h->sum * h->key.scatter >> 32);
}

/* Of a text that is one segment. */
uint32_t zh_hash_text(const zh_hash_key *key, const char *text, size_t n);

#endif
