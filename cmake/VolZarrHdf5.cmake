# HDF5 >= 1.14: imported target hdf5::hdf5 (for programs; the plug-in uses the headers only),
# VOL_ZARR_HDF5_FOUND, VOL_ZARR_HDF5_BIN (its tools). HDF5_ROOT chooses it.
set(HDF5_ROOT "" CACHE PATH "Prefix of the HDF5 (>= 1.14) to build for")
set(VOL_ZARR_HDF5_FOUND FALSE)

set(_hints ${HDF5_ROOT} $ENV{HDF5_ROOT})
if(_hints)
  set(_only NO_DEFAULT_PATH)
endif()
find_path(VOL_ZARR_HDF5_INCLUDE hdf5.h HINTS ${_hints} PATH_SUFFIXES include include/hdf5/serial ${_only})
find_library(VOL_ZARR_HDF5_LIBRARY NAMES hdf5 hdf5_serial HINTS ${_hints} PATH_SUFFIXES lib lib64 lib/${CMAKE_LIBRARY_ARCHITECTURE} ${_only})
find_program(VOL_ZARR_H5DUMP h5dump HINTS ${_hints} PATH_SUFFIXES bin ${_only})

if(VOL_ZARR_HDF5_INCLUDE AND VOL_ZARR_HDF5_LIBRARY AND VOL_ZARR_H5DUMP)
  file(STRINGS "${VOL_ZARR_HDF5_INCLUDE}/H5public.h" _lines REGEX "#define H5_VERS_(MAJOR|MINOR|RELEASE)[ \t]+[0-9]+")
  string(REGEX REPLACE ".*MAJOR[ \t]+([0-9]+).*MINOR[ \t]+([0-9]+).*RELEASE[ \t]+([0-9]+).*" "\\1.\\2.\\3" VOL_ZARR_HDF5_VERSION "${_lines}")
  if(VOL_ZARR_HDF5_VERSION VERSION_GREATER_EQUAL 1.14 AND VOL_ZARR_HDF5_VERSION VERSION_LESS 2)
    set(VOL_ZARR_HDF5_FOUND TRUE)
  elseif(VOL_ZARR_HDF5_VERSION VERSION_GREATER_EQUAL 2)
    # Headers of 2.x read two data symbols that 1.14 lacks: a plug-in built with them loads in 2.x only.
    message(WARNING "HDF5 ${VOL_ZARR_HDF5_VERSION}: the plug-in has to be built with headers of 1.14 to load in both")
  endif()
endif()
if(NOT VOL_ZARR_HDF5_FOUND)
  message(STATUS "HDF5 1.14 not found (set HDF5_ROOT): the connector is left out")
  return()
endif()
message(STATUS "HDF5 ${VOL_ZARR_HDF5_VERSION}: ${VOL_ZARR_HDF5_LIBRARY}")
get_filename_component(VOL_ZARR_HDF5_BIN "${VOL_ZARR_H5DUMP}" DIRECTORY)
add_library(hdf5::headers INTERFACE IMPORTED)
target_include_directories(hdf5::headers INTERFACE "${VOL_ZARR_HDF5_INCLUDE}")
add_library(hdf5::hdf5 UNKNOWN IMPORTED)
set_target_properties(hdf5::hdf5 PROPERTIES IMPORTED_LOCATION "${VOL_ZARR_HDF5_LIBRARY}"
  INTERFACE_INCLUDE_DIRECTORIES "${VOL_ZARR_HDF5_INCLUDE}")
