# Read by LIEF's own project() call (CMAKE_PROJECT_LIEF_INCLUDE): compiles its C++ sources a folder at a time, in a third
# of the time, without a change to its sources. LIEF knows nothing of it, so the grouping waits until its target is whole.
#
# A file stays alone when it cannot share a unit: C files (mbedtls repeats static names), those that include Object.tcc
# (no include guard), and BinaryStream/Convert.cpp (specializes a template that its neighbours use).

set(isoaudit_unity_alone
    "/(ELF/(Binary|Builder|Parser)|MachO/(Binary|BinaryParser|Builder|DyldInfo)|BinaryStream/Convert)\\.cpp$")
set(isoaudit_unity_batch 12)

function(isoaudit_group_sources)
  get_target_property(sources LIB_LIEF SOURCES)
  foreach(source IN LISTS sources)
    if(NOT source MATCHES "/src/(.*/)?[^/]+\\.cpp$" OR source MATCHES "${isoaudit_unity_alone}")
      set_source_files_properties("${source}" PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
      continue()
    endif()
    cmake_path(RELATIVE_PATH source BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}/src" OUTPUT_VARIABLE folder)
    cmake_path(GET folder PARENT_PATH folder)
    string(MAKE_C_IDENTIFIER "src/${folder}" group)
    math(EXPR count_${group} "${count_${group}} + 1")
    math(EXPR batch "${count_${group}} / ${isoaudit_unity_batch}")
    set_source_files_properties("${source}" PROPERTIES UNITY_GROUP "${group}_${batch}")
  endforeach()
  set_target_properties(LIB_LIEF PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
endfunction()

cmake_language(DEFER CALL isoaudit_group_sources)
