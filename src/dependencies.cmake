# The libraries under harsanyi, as the targets harsanyi::openblas, harsanyi::libzip,
# harsanyi::liblbfgs, harsanyi::protobuf_c and harsanyi::hdf5. Each is looked for in the folder
# NAME_ROOT and nowhere else where that is given, by CMake or in the environment; otherwise by
# pkg-config; otherwise in CMAKE_PREFIX_PATH and in the folders that modules of clusters name in the
# environment. The build reads this file, and so does the package config of an installation with
# static libraries.
#
# For the .pc files each leaves HARSANYI_NAME_REQUIRES, the package of pkg-config, or, where it came
# otherwise, HARSANYI_NAME_LIBS, what the linker gets; HARSANYI_NAME_FILES is that in either case.
find_package(PkgConfig QUIET)

# The folder that the user names for a library, or nothing.
function(harsanyi_root name out)
  string(TOUPPER ${name} upper)
  foreach(root "${${name}_ROOT}" "${${upper}_ROOT}" "$ENV{${name}_ROOT}" "$ENV{${upper}_ROOT}")
    if(root)
      set(${out} ${root} PARENT_SCOPE)
      return()
    endif()
  endforeach()
  set(${out} "" PARENT_SCOPE)
endfunction()

# Whether a line of the configuration headers in some folders matches.
function(harsanyi_header_says folders header regex out)
  if(NOT folders)
    set(folders ${CMAKE_C_IMPLICIT_INCLUDE_DIRECTORIES})
  endif()
  set(${out} FALSE PARENT_SCOPE)
  foreach(folder IN LISTS folders)
    file(GLOB files ${folder}/${header}*.h)
    foreach(file IN LISTS files)
      file(STRINGS ${file} lines REGEX "${regex}")
      if(lines)
        set(${out} TRUE PARENT_SCOPE)
      endif()
    endforeach()
  endforeach()
endfunction()

function(harsanyi_target target folders libraries)
  if(NOT TARGET harsanyi::${target})
    add_library(harsanyi::${target} INTERFACE IMPORTED)
    set_target_properties(harsanyi::${target} PROPERTIES
      INTERFACE_INCLUDE_DIRECTORIES "${folders}" INTERFACE_LINK_LIBRARIES "${libraries}")
  endif()
endfunction()

# A library that a header and a file tell.
function(harsanyi_find name target package header library)
  string(TOUPPER ${name} upper)
  harsanyi_root(${name} root)
  if(PKG_CONFIG_FOUND AND NOT root)
    pkg_check_modules(HARSANYI_PC_${upper} QUIET IMPORTED_TARGET ${package})
  endif()
  if(HARSANYI_PC_${upper}_FOUND AND NOT root)
    harsanyi_target(${target} "" PkgConfig::HARSANYI_PC_${upper})
    set(HARSANYI_${upper}_INCLUDE_DIRS ${HARSANYI_PC_${upper}_INCLUDE_DIRS} PARENT_SCOPE)
    set(HARSANYI_${upper}_REQUIRES ${package} PARENT_SCOPE)
    list(JOIN HARSANYI_PC_${upper}_LINK_LIBRARIES " " files)
    set(HARSANYI_${upper}_FILES ${files} PARENT_SCOPE)
    return()
  endif()
  if(root)
    set(only NO_DEFAULT_PATH)
  endif()
  find_path(HARSANYI_${upper}_HEADER ${header} HINTS ${root} ENV CPATH ENV C_INCLUDE_PATH
    PATH_SUFFIXES include include/openblas openblas ${only})
  find_library(HARSANYI_${upper}_LIBRARY ${library} HINTS ${root} ENV LIBRARY_PATH
    ENV LD_LIBRARY_PATH PATH_SUFFIXES lib lib64 ${only})
  if(NOT HARSANYI_${upper}_HEADER OR NOT HARSANYI_${upper}_LIBRARY)
    message(FATAL_ERROR "${name} was not found: neither the package ${package} of pkg-config "
      "(PKG_CONFIG_PATH), nor ${header} and lib${library}. Give the folder it is installed in by "
      "-D${name}_ROOT=FOLDER, or among those of -DCMAKE_PREFIX_PATH=FOLDER;FOLDER")
  endif()
  harsanyi_target(${target} ${HARSANYI_${upper}_HEADER} ${HARSANYI_${upper}_LIBRARY})
  set(HARSANYI_${upper}_INCLUDE_DIRS ${HARSANYI_${upper}_HEADER} PARENT_SCOPE)
  set(HARSANYI_${upper}_LIBS ${HARSANYI_${upper}_LIBRARY} PARENT_SCOPE)
  set(HARSANYI_${upper}_FILES ${HARSANYI_${upper}_LIBRARY} PARENT_SCOPE)
endfunction()

harsanyi_find(OpenBLAS openblas openblas cblas.h openblas)
harsanyi_header_says("${HARSANYI_OPENBLAS_INCLUDE_DIRS}" openblas_config
  "^#define +OPENBLAS_USE64BITINT" HARSANYI_OPENBLAS_IS_64)
if(HARSANYI_OPENBLAS_IS_64)
  message(FATAL_ERROR "OpenBLAS in ${HARSANYI_OPENBLAS_INCLUDE_DIRS} has 64-bit integers; one with "
    "32-bit integers (LP64, without INTERFACE64) is needed: name its folder by -DOpenBLAS_ROOT=")
endif()
harsanyi_find(libzip libzip libzip zip.h zip)
harsanyi_find(liblbfgs liblbfgs liblbfgs lbfgs.h lbfgs)
harsanyi_find(protobuf_c protobuf_c libprotobuf-c protobuf-c/protobuf-c.h protobuf-c)

# HDF5 goes by several names, and is of use only if it was built with MPI. 1.12 and later are asked
# for the interfaces of 1.10.
harsanyi_root(HDF5 HARSANYI_HDF5_ROOT)
set(HARSANYI_HDF5_REQUIRES "")
set(HARSANYI_HDF5_SERIAL "")
if(PKG_CONFIG_FOUND AND NOT HARSANYI_HDF5_ROOT)
  foreach(package hdf5-openmpi hdf5-mpi hdf5)
    string(MAKE_C_IDENTIFIER "HARSANYI_PC_${package}" pc)
    pkg_check_modules(${pc} QUIET IMPORTED_TARGET ${package})
    if(${pc}_FOUND AND NOT HARSANYI_HDF5_REQUIRES)
      harsanyi_header_says("${${pc}_INCLUDE_DIRS}" H5pubconf "^#define +H5_HAVE_PARALLEL"
        HARSANYI_HDF5_IS_PARALLEL)
      if(HARSANYI_HDF5_IS_PARALLEL)
        pkg_get_variable(HARSANYI_HDF5_LIBDIR ${package} libdir)
        find_library(HARSANYI_HDF5_HL hdf5_hl HINTS ${${pc}_LIBRARY_DIRS} ${HARSANYI_HDF5_LIBDIR}
          REQUIRED)
        harsanyi_target(hdf5 "" "${HARSANYI_HDF5_HL};PkgConfig::${pc}")
        set(HARSANYI_HDF5_REQUIRES ${package})
        set(HARSANYI_HDF5_LIBS ${HARSANYI_HDF5_HL})
      else()
        string(APPEND HARSANYI_HDF5_SERIAL " ${package} of pkg-config is serial.")
      endif()
    endif()
  endforeach()
endif()
if(NOT HARSANYI_HDF5_REQUIRES)
  # By the compiler wrapper h5pcc, which every installation has; its own CMake package names targets
  # where a .pc file needs files.
  set(HDF5_PREFER_PARALLEL ON)
  set(HDF5_NO_FIND_PACKAGE_CONFIG_FILE ON)
  find_package(HDF5 COMPONENTS C HL)
  if(NOT HDF5_FOUND OR NOT HDF5_IS_PARALLEL)
    if(HDF5_FOUND)
      string(APPEND HARSANYI_HDF5_SERIAL " The one in ${HDF5_INCLUDE_DIRS} is serial.")
    endif()
    message(FATAL_ERROR "HDF5 with MPI (parallel HDF5) and its library hdf5_hl were not found."
      "${HARSANYI_HDF5_SERIAL} Load the module of a parallel build, or name its folder by "
      "-DHDF5_ROOT=FOLDER (it has bin/h5pcc), or install libhdf5-openmpi-dev")
  endif()
  set(HARSANYI_HDF5_LIBS ${HDF5_HL_LIBRARIES} ${HDF5_LIBRARIES})
  list(REMOVE_DUPLICATES HARSANYI_HDF5_LIBS)
  harsanyi_target(hdf5 "${HDF5_INCLUDE_DIRS}" "${HARSANYI_HDF5_LIBS}")
  list(TRANSFORM HARSANYI_HDF5_LIBS REPLACE "^([^/-].*)$" "-l\\1")
  list(JOIN HARSANYI_HDF5_LIBS " " HARSANYI_HDF5_LIBS)
endif()
set_target_properties(harsanyi::hdf5 PROPERTIES INTERFACE_COMPILE_DEFINITIONS H5_USE_110_API)

# MPI itself was found by CMake: the same one by pkg-config, or its flags.
set(HARSANYI_MPI_REQUIRES "")
if(PKG_CONFIG_FOUND)
  pkg_check_modules(HARSANYI_PC_MPI QUIET ompi-c)
endif()
foreach(library IN LISTS MPI_C_LIBRARIES)
  get_filename_component(folder ${library} DIRECTORY)
  if(folder IN_LIST HARSANYI_PC_MPI_LIBRARY_DIRS)
    set(HARSANYI_MPI_REQUIRES ompi-c)
  endif()
endforeach()
if(NOT HARSANYI_MPI_REQUIRES)
  list(JOIN MPI_C_LIBRARIES " " HARSANYI_MPI_LIBS)
  list(TRANSFORM MPI_C_INCLUDE_DIRS PREPEND "-I" OUTPUT_VARIABLE HARSANYI_MPI_CFLAGS)
  list(JOIN HARSANYI_MPI_CFLAGS " " HARSANYI_MPI_CFLAGS)
endif()
