#include "support.h"

/* PROJECT_VERSION is CMake's, on which the names of the shared library and of the package files stand. */
static void library_header_and_build_agree(void **state)
{
    (void)state;
    assert_string_equal(zh_version(), ZH_VERSION_STRING);
    assert_string_equal(zh_version(), PROJECT_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(library_header_and_build_agree),
    };

    return cmocka_run_group_tests_name("version", tests, NULL, NULL);
}
