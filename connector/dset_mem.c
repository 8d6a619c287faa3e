/* dset_mem.c - see dset_mem.h. */
#include "dset_mem.h"

#include "err.h"

#include <string.h>

int zvol_mem_init(zvol_mem *m, const zvol_xfer *x, size_t size, zh_error *err)
{
    m->size = size;
    m->contiguous = x->mem_contiguous;
    m->next = x->mem_offset;
    m->iter = -1;
    m->nseq = m->seq = 0;
    if (m->contiguous)
        return ZH_OK;
    m->iter = H5Ssel_iter_create(x->mem_space, 1, H5S_SEL_ITER_SHARE_WITH_DATASPACE);
    return m->iter < 0 ? zvol_err_h5(err, ZH_INVALID, "the memory selection cannot be iterated") : ZH_OK;
}

void zvol_mem_dispose(zvol_mem *m)
{
    if (m->iter >= 0)
        H5Ssel_iter_close(m->iter);
    m->iter = -1;
}

/* The next piece of at most n elements; its length, 0 on failure. */
static uint64_t next_piece(zvol_mem *m, uint64_t n, uint64_t *offset)
{
    size_t nelem, len;

    if (m->contiguous) {
        *offset = m->next;
        m->next += n;
        return n;
    }
    if (m->seq == m->nseq) {
        m->seq = 0;
        if (H5Ssel_iter_get_seq_list(m->iter, ZVOL_MEM_SEQUENCES, SIZE_MAX, &m->nseq, &nelem, m->offsets, m->lengths) <
                0 ||
            m->nseq == 0) {
            m->nseq = 0;
            return 0;
        }
    }
    *offset = m->offsets[m->seq];
    len = m->lengths[m->seq] < n ? m->lengths[m->seq] : (size_t)n;
    m->offsets[m->seq] += len;
    m->lengths[m->seq] -= len;
    if (m->lengths[m->seq] == 0)
        m->seq++;
    return len;
}

static int cannot_iterate(zh_error *err)
{
    return zvol_err_h5(err, ZH_INVALID, "the memory selection cannot be iterated");
}

int zvol_mem_gather(zvol_mem *m, void *packed, const void *buf, uint64_t n, zh_error *err)
{
    uint8_t *to = packed;
    uint64_t offset;

    while (n > 0) {
        const uint64_t len = next_piece(m, n, &offset);

        if (len == 0)
            return cannot_iterate(err);
        memcpy(to, (const uint8_t *)buf + offset * m->size, len * m->size);
        to += len * m->size;
        n -= len;
    }
    return ZH_OK;
}

int zvol_mem_scatter(zvol_mem *m, void *buf, const void *packed, uint64_t n, zh_error *err)
{
    const uint8_t *from = packed;
    uint64_t offset;

    while (n > 0) {
        const uint64_t len = next_piece(m, n, &offset);

        if (len == 0)
            return cannot_iterate(err);
        memcpy((uint8_t *)buf + offset * m->size, from, len * m->size);
        from += len * m->size;
        n -= len;
    }
    return ZH_OK;
}
