/* dset_layout.c - see dset_layout.h. */
#include "dset_layout.h"

#include "base/alloc.h"

#define MIB ((uint64_t)1 << 20)
#define ONE_CHUNK_BYTES (16 * MIB)
#define SLAB_BYTES (8 * MIB)
#define SLABS_MAX 16384

/* Bytes of so many axes, or the largest number if that is more. */
static uint64_t total_bytes(unsigned rank, const uint64_t *shape, uint64_t size)
{
    uint64_t bytes = size;

    for (unsigned i = 0; i < rank; i++)
        if (shape[i] == 0)
            return 0;
    for (unsigned i = 0; i < rank; i++)
        if (!zh_mul_u64(bytes, shape[i], &bytes))
            return UINT64_MAX;
    return bytes;
}

/* A number of rows up to `rows` that divides the axis, if there is one not below half of it: then no slab is padded. */
static uint64_t even_rows(uint64_t length, uint64_t rows)
{
    const uint64_t slabs = (length + rows - 1) / rows;

    if (slabs > SLABS_MAX)
        return rows;
    for (uint64_t n = slabs; n <= 2 * slabs; n++)
        if (length % n == 0)
            return length / n;
    return rows;
}

void zvol_slab_shape(uint64_t *chunk, unsigned rank, const uint64_t *shape, uint64_t size)
{
    const uint64_t total = total_bytes(rank, shape, size);
    uint64_t target = SLAB_BYTES;

    for (unsigned i = 0; i < rank; i++)
        chunk[i] = shape[i] > 0 ? shape[i] : 1;
    if (total <= ONE_CHUNK_BYTES)
        return;
    while (total / target > SLABS_MAX && target < 1024 * MIB)
        target *= 2;
    for (unsigned i = 0; i < rank; i++) {
        const uint64_t inner = total_bytes(rank - i - 1, shape + i + 1, size); /* of one index */

        if (inner <= target) {
            const uint64_t rows = inner > 0 ? target / inner : target;

            if (rows < shape[i])
                chunk[i] = even_rows(shape[i], rows);
            return;
        }
        chunk[i] = 1;
    }
}
