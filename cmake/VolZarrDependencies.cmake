# The libraries that src/ stands on, each as one imported target dep::<name>.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(CJSON REQUIRED IMPORTED_TARGET libcjson)
pkg_check_modules(LIBZIP REQUIRED IMPORTED_TARGET libzip)
pkg_check_modules(ZSTD REQUIRED IMPORTED_TARGET libzstd)
pkg_check_modules(DEFLATE REQUIRED IMPORTED_TARGET libdeflate)
pkg_check_modules(BLOSC REQUIRED IMPORTED_TARGET blosc)
if(VOL_ZARR_TESTS)
  find_package(ZLIB REQUIRED) # the tests make archives that libzip would not
  pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
endif()
