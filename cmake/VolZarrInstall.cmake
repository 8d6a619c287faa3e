# What `cmake --install` puts where, in three components; included after every target is known.
#
#   runtime      libzh.so.<n>, and the program zh with its man page
#   development  headers, libzh.so, libzh.a, the CMake package zh, zh.pc
#   plugin       the HDF5 plug-in, alone in its folder: HDF5 loads everything that lies in HDF5_PLUGIN_PATH
#
# Nothing installed holds an absolute path: the whole prefix may be moved.
include(CMakePackageConfigHelpers)
set(_package "${CMAKE_INSTALL_LIBDIR}/cmake/zh")
set(_made "${CMAKE_BINARY_DIR}/package")

install(DIRECTORY "${PROJECT_SOURCE_DIR}/src/include/zh" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}"
  COMPONENT development FILES_MATCHING PATTERN "*.h")
install(TARGETS zh_shared EXPORT zh-shared
  LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT runtime NAMELINK_COMPONENT development)
install(TARGETS zh_static EXPORT zh-static ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}" COMPONENT development)

# Two sets because only users of the static library need what it stands on.
foreach(kind IN ITEMS shared static)
  install(EXPORT zh-${kind} FILE zh-${kind}.cmake NAMESPACE zh:: DESTINATION "${_package}" COMPONENT development)
endforeach()
list(JOIN VOL_ZARR_MODULES " " ZH_MODULES)
configure_package_config_file("${CMAKE_CURRENT_LIST_DIR}/zhConfig.cmake.in" "${_made}/zhConfig.cmake"
  INSTALL_DESTINATION "${_package}" NO_SET_AND_CHECK_MACRO)
# As the soname has it: the same first number.
write_basic_package_version_file("${_made}/zhConfigVersion.cmake" COMPATIBILITY SameMajorVersion)
install(FILES "${_made}/zhConfig.cmake" "${_made}/zhConfigVersion.cmake" DESTINATION "${_package}" COMPONENT development)

# zh.pc finds its prefix from where it lies itself; folders that were given as absolute paths stay where they are.
set(_pkgconfig "${CMAKE_INSTALL_LIBDIR}/pkgconfig")
cmake_path(IS_ABSOLUTE _pkgconfig _fixed)
if(_fixed)
  set(ZH_PC_PREFIX "${CMAKE_INSTALL_PREFIX}")
else()
  cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig"
    OUTPUT_VARIABLE _up)
  set(ZH_PC_PREFIX "\${pcfiledir}/${_up}")
endif()
foreach(dir IN ITEMS LIBDIR INCLUDEDIR)
  cmake_path(IS_ABSOLUTE CMAKE_INSTALL_${dir} _fixed)
  if(_fixed)
    set(ZH_PC_${dir} "${CMAKE_INSTALL_${dir}}")
  else()
    set(ZH_PC_${dir} "\${prefix}/${CMAKE_INSTALL_${dir}}")
  endif()
endforeach()
configure_file("${CMAKE_CURRENT_LIST_DIR}/zh.pc.in" "${_made}/zh.pc" @ONLY)
install(FILES "${_made}/zh.pc" DESTINATION "${_pkgconfig}" COMPONENT development)

if(TARGET zh)
  install(TARGETS zh RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" COMPONENT runtime)
  get_target_property(_folder zh SOURCE_DIR)
  if(EXISTS "${_folder}/zh.1")
    install(FILES "${_folder}/zh.1" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1" COMPONENT runtime)
  endif()
endif()

if(TARGET hdf5_vol_zarr)
  install(TARGETS hdf5_vol_zarr LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}/hdf5/plugins-zarr" COMPONENT plugin)
endif()
