# The libraries that src/ stands on, each as one imported target PkgConfig::<name>. VOL_ZARR_MODULES has their
# pkg-config names: users of an installed libzh.a need them too.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
set(VOL_ZARR_MODULES "")
macro(_dependency name module)
  pkg_check_modules(${name} REQUIRED IMPORTED_TARGET ${module})
  list(APPEND VOL_ZARR_MODULES ${module})
endmacro()
_dependency(CJSON libcjson)
_dependency(LIBZIP libzip)
_dependency(ZSTD libzstd)
_dependency(DEFLATE libdeflate)
_dependency(BLOSC blosc)
if(VOL_ZARR_TESTS)
  find_package(ZLIB REQUIRED) # the tests make archives that libzip would not
  pkg_check_modules(CMOCKA REQUIRED IMPORTED_TARGET cmocka)
endif()
