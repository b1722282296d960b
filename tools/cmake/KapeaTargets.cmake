# One way to declare a room. Every target of ours goes through here, so that
# warnings, sanitizers, precompiled headers and include roots are said once.
include_guard(GLOBAL)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# Programs in one place, whatever room they come from.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")

add_library(kapea_build_flags INTERFACE)
target_compile_options(kapea_build_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wimplicit-fallthrough
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>
  $<$<BOOL:${KAPEA_WERROR}>:-Werror>)
# With optimisation g++ 12 sees overlaps and uninitialised bytes inside std::string and
# std::variant that are not there (GCC bugs 105651 and 105562).
set(kapea_sanitized 0)  # the list itself has commas, which an expression splits
if(KAPEA_SANITIZE)
  set(kapea_sanitized 1)
endif()
target_compile_options(kapea_build_flags INTERFACE
  $<$<AND:$<CXX_COMPILER_ID:GNU>,$<OR:$<CONFIG:Release>,$<BOOL:${kapea_sanitized}>>>:-Wno-restrict;-Wno-maybe-uninitialized>)
target_include_directories(kapea_build_flags INTERFACE "${PROJECT_SOURCE_DIR}")

# Apart from the warnings, because generated code takes it too: a program is
# instrumented whole or not at all.
add_library(kapea_sanitize INTERFACE)
target_link_libraries(kapea_build_flags INTERFACE kapea_sanitize)
if(KAPEA_SANITIZE)
  target_compile_options(kapea_sanitize INTERFACE
    -fsanitize=${KAPEA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all
    $<$<BOOL:${KAPEA_FUZZ}>:-fsanitize=fuzzer-no-link>)
  target_link_options(kapea_sanitize INTERFACE -fsanitize=${KAPEA_SANITIZE})
  if(KAPEA_SANITIZE STREQUAL "thread")
    # Debian's libprotobuf is built without PROTOBUF_TSAN, which changes the
    # layout of messages; without this the first message crashes.
    target_compile_options(kapea_sanitize INTERFACE -U__SANITIZE_THREAD__)
  endif()
endif()

# Tests are compiled to be built fast; the code under test is not.
set(kapea_test_options $<$<OR:$<NOT:$<CONFIG:Debug>>,$<BOOL:${kapea_sanitized}>>:-O0>)

# Precompiled headers: with clang, each room and each test begins from one.
# With g++ they cost as much as they save, and without them missing includes show.
if(KAPEA_PCH AND NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  message(FATAL_ERROR "KAPEA_PCH needs clang")
endif()
function(kapea_pch name)
  cmake_parse_arguments(arg "" "" "HEADERS;DEPS;OPTIONS" ${ARGN})
  file(CONFIGURE OUTPUT "${PROJECT_BINARY_DIR}/pch.cc" CONTENT "// A target needs a source.\n")
  add_library(kapea_pch_${name} STATIC "${PROJECT_BINARY_DIR}/pch.cc")
  target_link_libraries(kapea_pch_${name} PUBLIC kapea_build_flags absl::statusor ${arg_DEPS})
  target_compile_options(kapea_pch_${name} PRIVATE ${arg_OPTIONS})
  target_precompile_headers(kapea_pch_${name} PRIVATE ${arg_HEADERS}
    <absl/status/statusor.h> <algorithm> <functional> <map> <memory> <optional> <set> <string>
    <string_view> <variant> <vector>)
endfunction()
# Called once every package is found.
function(kapea_make_pchs)
  if(NOT KAPEA_PCH)
    return()
  endif()
  target_compile_options(kapea_build_flags INTERFACE "SHELL:-Xclang -fno-pch-timestamp")
  kapea_pch(base)
  kapea_pch(grpc HEADERS <grpcpp/grpcpp.h> DEPS gRPC::grpc++)
  if(KAPEA_BUILD_TESTS)
    kapea_pch(test HEADERS <gmock/gmock.h> <gtest/gtest.h> DEPS GTest::gmock GTest::gtest
      OPTIONS ${kapea_test_options})
    kapea_pch(test_grpc HEADERS <gmock/gmock.h> <gtest/gtest.h> <grpcpp/grpcpp.h>
      DEPS GTest::gmock GTest::gtest gRPC::grpc++ OPTIONS ${kapea_test_options})
  endif()
endfunction()
function(kapea_use_pch target pch)
  if(KAPEA_PCH)
    target_precompile_headers(${target} REUSE_FROM kapea_pch_${pch})
  endif()
endfunction()

# kapea_library(<name> HEADERS ... SOURCES ... [DEPS ...] [PRIVATE_DEPS ...] [GRPC])
# makes target kapea_<name> with alias kapea::<name>. Paths are relative to the
# calling CMakeLists.txt. HEADERS are each compiled alone by the target
# all_verify_interface_header_sets, so that none leans on its includer. GRPC
# marks what links gRPC, itself or through another room: its precompiled header has gRPC's
# too, and is made with the flags that gRPC brings.
function(kapea_library name)
  cmake_parse_arguments(arg "GRPC" "" "HEADERS;SOURCES;DEPS;PRIVATE_DEPS" ${ARGN})
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "kapea_library(${name}): unknown ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(arg_SOURCES)
    add_library(kapea_${name} STATIC ${arg_SOURCES})
    target_sources(kapea_${name} PUBLIC FILE_SET HEADERS
      BASE_DIRS "${PROJECT_SOURCE_DIR}" FILES ${arg_HEADERS})
    target_link_libraries(kapea_${name}
      PUBLIC kapea_build_flags ${arg_DEPS} PRIVATE ${arg_PRIVATE_DEPS})
  else()  # a room of headers alone
    add_library(kapea_${name} INTERFACE)
    target_sources(kapea_${name} INTERFACE FILE_SET HEADERS
      BASE_DIRS "${PROJECT_SOURCE_DIR}" FILES ${arg_HEADERS})
    target_link_libraries(kapea_${name} INTERFACE kapea_build_flags ${arg_DEPS})
  endif()
  add_library(kapea::${name} ALIAS kapea_${name})
  set_target_properties(kapea_${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
  if(arg_SOURCES AND arg_GRPC)
    kapea_use_pch(kapea_${name} grpc)
  elseif(arg_SOURCES)
    kapea_use_pch(kapea_${name} base)
  endif()
endfunction()

# kapea_executable(<name> SOURCES ... [DEPS ...] [OUTPUT file-name] [GRPC])
function(kapea_executable name)
  cmake_parse_arguments(arg "GRPC" "OUTPUT" "SOURCES;DEPS" ${ARGN})
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "kapea_executable(${name}): unknown ${arg_UNPARSED_ARGUMENTS}")
  endif()
  add_executable(kapea_${name} ${arg_SOURCES})
  target_link_libraries(kapea_${name} PRIVATE kapea_build_flags ${arg_DEPS})
  if(arg_OUTPUT)
    set_target_properties(kapea_${name} PROPERTIES OUTPUT_NAME ${arg_OUTPUT})
  endif()
  if(arg_GRPC)
    kapea_use_pch(kapea_${name} grpc)
  else()
    kapea_use_pch(kapea_${name} base)
  endif()
endfunction()

# kapea_test(<name> SOURCES ... [DEPS ...] [LABELS unit|story|sim|fault|golden|fuzz|tidy|thread ...]
#            [TIMEOUT s] [GRPC])
# One program, one ctest entry; it finds the public vectors beside the project,
# where they are present, under KAPEA_SHARED and the sources under KAPEA_SOURCE.
# LABELS is a list (LABELS "unit;thread"). A test with the label "thread" has threads that
# share something: the target kapea_thread_tests builds those, and tools/test runs them
# under the thread sanitizer.
function(kapea_test name)
  cmake_parse_arguments(arg "GRPC" "TIMEOUT" "SOURCES;DEPS;LABELS" ${ARGN})
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "kapea_test(${name}): unknown ${arg_UNPARSED_ARGUMENTS}")
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE
    kapea_build_flags ${arg_DEPS} GTest::gmock GTest::gtest_main)
  target_compile_options(${name} PRIVATE ${kapea_test_options})
  target_compile_definitions(${name} PRIVATE
    KAPEA_SOURCE="${PROJECT_SOURCE_DIR}" KAPEA_SHARED="${PROJECT_SOURCE_DIR}/../shared"
    KAPEA_BIN="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
  if(arg_GRPC)
    kapea_use_pch(${name} test_grpc)
  else()
    kapea_use_pch(${name} test)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  if(KAPEA_LONG)
    math(EXPR arg_TIMEOUT "20 * ${arg_TIMEOUT}")
  elseif(KAPEA_SANITIZE)
    math(EXPR arg_TIMEOUT "4 * ${arg_TIMEOUT}")
  endif()
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  set_property(GLOBAL APPEND PROPERTY KAPEA_TESTS ${name})
  if("thread" IN_LIST arg_LABELS)
    set_property(GLOBAL APPEND PROPERTY KAPEA_THREAD_TESTS ${name})
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}")
  if(KAPEA_SANITIZE AND "thread" IN_LIST arg_LABELS)
    # It watches clocks: several times slower, and beside another test, it would miss them.
    set_tests_properties(${name} PROPERTIES RUN_SERIAL ON)
  endif()
endfunction()

# kapea_fuzzer(<name> SOURCES ... [DEPS ...]): a libFuzzer target; only with KAPEA_FUZZ. All
# code is then compiled for it: the sanitized tests run the same objects.
function(kapea_fuzzer name)
  if(NOT KAPEA_FUZZ)
    return()
  endif()
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE kapea_build_flags ${arg_DEPS} -fsanitize=fuzzer)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/fuzz")
endfunction()

# The program keeps its memory with jemalloc, as the server/allocator.cc among its sources
# says. The measure does too, so that its floors do not stand lower than what they are
# compared with. Sanitizers have allocators of their own.
function(kapea_use_jemalloc target)
  if(NOT KAPEA_SANITIZE)
    target_link_libraries(${target} PRIVATE PkgConfig::jemalloc)
  endif()
endfunction()
