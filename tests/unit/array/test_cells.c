/* Moving and filling cells, and what the heap of variable ones is counted as. */
#include "array_fixture.h"

#include "array/cells.h"
#include "base/alloc.h"

static char fill_text[] = "fill";
static zh_vlen fill_cell = {fill_text, 4};
static uint32_t fill_number = 7;

static const zh_cell_type texts = {sizeof(zh_vlen), true, false, &fill_cell};
static const zh_cell_type numbers = {4, false, false, &fill_number};

static void outside(const uint64_t *chunk, const uint64_t *inside)
{
    uint32_t cells[4 * 4 * 4];
    uint64_t n = chunk[0] * chunk[1] * chunk[2];

    for (uint32_t i = 0; i < n; i++)
        cells[i] = 1000 + i;
    assert_int_equal(zh_cells_fill_outside(&numbers, cells, 3, chunk, inside, NULL), ZH_OK);
    for (uint32_t i = 0; i < n; i++) {
        uint64_t z = i % chunk[2], y = i / chunk[2] % chunk[1], x = i / chunk[2] / chunk[1];
        bool in = x < inside[0] && y < inside[1] && z < inside[2];

        assert_int_equal(cells[i], in ? 1000 + i : fill_number);
    }
}

static void test_fill_outside(void **state)
{
    uint64_t chunk[3], inside[3];

    (void)state;
    for (unsigned i = 0; i < 64; i++) {
        chunk[0] = 1 + i % 4;
        chunk[1] = 1 + i / 4 % 4;
        chunk[2] = 1 + i / 16;
        for (inside[0] = 0; inside[0] <= chunk[0]; inside[0]++) {
            for (inside[1] = 0; inside[1] <= chunk[1]; inside[1]++) {
                for (inside[2] = 0; inside[2] <= chunk[2]; inside[2]++)
                    outside(chunk, inside);
            }
        }
    }
}

static void test_variable_cells_own_their_data(void **state)
{
    const uint64_t chunk = 5, inside = 2;
    zh_vlen cells[5];

    (void)state;
    assert_int_equal(zh_cells_fill(&texts, cells, 5, NULL), ZH_OK);
    for (int i = 0; i < 5; i++) {
        assert_ptr_not_equal(cells[i].data, fill_text);
        assert_memory_equal(cells[i].data, fill_text, 4);
        zh_free(cells[i].data);
        cells[i] = (zh_vlen){NULL, 0};
    }
    assert_int_equal(zh_cells_heap(&texts, cells, 5), 0);
    assert_int_equal(zh_cells_fill_outside(&texts, cells, 1, &chunk, &inside, NULL), ZH_OK);
    assert_null(cells[1].data);
    assert_int_equal(cells[2].len, 4);
    assert_true(zh_cells_heap(&texts, cells, 5) >= 12);
    zh_cells_clear(&texts, cells, 5);
    assert_null(cells[4].data);
}

static void test_merge_counts_heap(void **state)
{
    const uint64_t shape = 4, chunk = 4;
    zh_vlen in[4] = {{fill_text, 4}, {NULL, 0}, {fill_text, 1}, {fill_text, 2}}, cells[4] = {{NULL, 0}}, out[4];
    zh_sel all = sel_all(1);
    zh_arena strings = ZH_ARENA_INIT;
    const zh_piece *pieces;
    ptrdiff_t grown = 0;
    zh_plan p;
    size_t n;

    (void)state;
    assert_int_equal(zh_plan_init(&p, &all, &shape, &chunk, NULL), ZH_OK);
    assert_int_equal(zh_plan_next(&p, &pieces, &n, NULL), ZH_OK);
    assert_int_equal(n, 1);
    assert_int_equal(zh_cells_merge(&texts, &p, pieces, cells, in, &grown, NULL), ZH_OK);
    assert_int_equal(grown, zh_cells_heap(&texts, cells, 4));
    assert_int_equal(zh_cells_merge(&texts, &p, pieces, cells, in, &grown, NULL), ZH_OK);
    assert_int_equal(grown, 0);
    assert_int_equal(zh_cells_extract(&texts, &p, pieces, cells, out, &strings, NULL), ZH_OK);
    assert_string_equal(out[0].data, "fill");
    assert_string_equal(out[1].data, "");
    assert_string_equal(out[2].data, "f");
    zh_arena_dispose(&strings);
    zh_cells_clear(&texts, cells, 4);
    zh_plan_dispose(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fill_outside),
        cmocka_unit_test(test_variable_cells_own_their_data),
        cmocka_unit_test(test_merge_counts_heap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
