/* keyed_hash.c - see keyed_hash.h. */
#include "base/keyed_hash.h"
#include "base/key.h"

#include <sys/random.h>
#include <time.h>
#include <unistd.h>

uint64_t zh_salt(const void *address)
{
    struct timespec now = {0, 0};
    uint64_t salt, seed[3];

    if (getrandom(&salt, sizeof(salt), GRND_NONBLOCK) == (ssize_t)sizeof(salt))
        return salt;
    /* Only to be unlike others': of this process, of its other threads, and at another time. */
    seed[0] = (uint64_t)getpid();
    seed[1] = (uint64_t)(uintptr_t)seed ^ (uint64_t)(uintptr_t)address;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    seed[2] = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
    return zh_hash_bytes(seed, sizeof(seed));
}

zh_hash_key zh_hash_key_new(void)
{
    zh_hash_key key = {0};

    key.scatter = zh_salt(&key) | 1;
    key.point = (uint32_t)zh_salt(&key.point);
    return key;
}

uint32_t zh_hash_text(const zh_hash_key *key, const char *text, size_t n)
{
    zh_hashing h = zh_hash_begin(key);

    for (size_t i = 0; i < n; i++)
        zh_hash_byte(&h, text[i]);
    zh_hash_segment(&h);
    return zh_hash_value(&h);
}
