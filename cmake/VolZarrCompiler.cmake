# Warnings and sanitizers, on one interface target that every target of ours links. VOL_ZARR_SANITIZE_FLAGS is for those
# who build against a library of ours that has a sanitizer in it.
add_library(vol_zarr_compiler INTERFACE)
target_compile_options(vol_zarr_compiler INTERFACE
  -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith
  -Wvla -Wwrite-strings $<$<BOOL:${VOL_ZARR_WERROR}>:-Werror>)
target_compile_definitions(vol_zarr_compiler INTERFACE _GNU_SOURCE _FILE_OFFSET_BITS=64)

set(VOL_ZARR_SANITIZE_FLAGS "")
if(VOL_ZARR_SANITIZE STREQUAL "address")
  set(VOL_ZARR_SANITIZE_FLAGS -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
elseif(VOL_ZARR_SANITIZE STREQUAL "thread")
  set(VOL_ZARR_SANITIZE_FLAGS -fsanitize=thread -fno-omit-frame-pointer)
elseif(NOT VOL_ZARR_SANITIZE STREQUAL "")
  message(FATAL_ERROR "VOL_ZARR_SANITIZE is '${VOL_ZARR_SANITIZE}'; it takes address or thread")
endif()
if(VOL_ZARR_SANITIZE_FLAGS)
  target_compile_options(vol_zarr_compiler INTERFACE ${VOL_ZARR_SANITIZE_FLAGS})
  target_link_options(vol_zarr_compiler INTERFACE ${VOL_ZARR_SANITIZE_FLAGS})
endif()
