# Tests of the connector's own functions: linked with HDF5, not loaded as a plug-in.
set(_connector "${PROJECT_SOURCE_DIR}/connector")
add_library(connector_unit STATIC harness.c
  "${_connector}/h5bind.c" "${_connector}/err.c" "${_connector}/h5type.c" "${_connector}/h5value.c" "${_connector}/h5space.c"
  "${_connector}/h5conv.c" "${_connector}/dset.c" "${_connector}/dset_filters.c" "${_connector}/dset_io.c"
  "${_connector}/dset_layout.c" "${_connector}/dset_mem.c" "${_connector}/dset_strip.c")
add_dependencies(connector_unit hdf5_vol_zarr) # which generates h5names.h
target_include_directories(connector_unit PUBLIC "${_connector}" "${PROJECT_BINARY_DIR}/connector/generated"
  "${CMAKE_CURRENT_SOURCE_DIR}")
target_link_libraries(connector_unit PUBLIC vol_zarr_compiler hdf5::hdf5 PkgConfig::CMOCKA zh_static
  zh_base_headers zh_store_headers zh_codec_headers zh_meta_headers zh_array_headers zh_hier_headers ${CMAKE_DL_LIBS})

foreach(test IN ITEMS test_h5type test_h5value test_h5space test_dset test_dset_io)
  add_executable(${test} ${test}.c)
  target_link_libraries(${test} PRIVATE connector_unit)
  add_test(NAME ${test} COMMAND ${test} WORKING_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}")
  set_tests_properties(${test} PROPERTIES LABELS connector TIMEOUT 300)
endforeach()
