# Layers that cannot see what they may not use.
#
# Sources write #include "base/buf.h". The directory on the include path that makes this resolve is
# <build>/layers/base, which holds nothing but a link named base to src/base. A layer gets the
# directories of the layers named after USES (and of what those use), so a wrong include does not compile.

# zh_layer(<name> SOURCES file... [USES layer...] [LINKS library...])
#   makes the object library zh_<name> from files of the current folder.
function(zh_layer name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;USES;LINKS")
  set(view "${CMAKE_BINARY_DIR}/layers/${name}")
  file(MAKE_DIRECTORY "${view}")
  if(NOT EXISTS "${view}/${name}")
    file(CREATE_LINK "${CMAKE_CURRENT_SOURCE_DIR}" "${view}/${name}" SYMBOLIC)
  endif()
  # The compile-time side: what including this layer's headers needs.
  add_library(zh_${name}_headers INTERFACE)
  target_include_directories(zh_${name}_headers INTERFACE "${view}" "${PROJECT_SOURCE_DIR}/src/include")
  foreach(used IN LISTS arg_USES)
    target_link_libraries(zh_${name}_headers INTERFACE zh_${used}_headers)
  endforeach()
  add_library(zh_${name} OBJECT ${arg_SOURCES})
  target_link_libraries(zh_${name} PRIVATE vol_zarr_compiler zh_${name}_headers ${arg_LINKS})
  set_property(GLOBAL APPEND PROPERTY ZH_LAYERS zh_${name})
  set_property(GLOBAL APPEND PROPERTY ZH_LINKS ${arg_LINKS})
endfunction()
