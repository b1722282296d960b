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
if(KAPEA_PCH AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  target_compile_options(kapea_build_flags INTERFACE "SHELL:-Xclang -fno-pch-timestamp")
elseif(KAPEA_PCH)
  target_compile_options(kapea_build_flags INTERFACE -fpch-preprocess)
endif()
target_include_directories(kapea_build_flags INTERFACE "${PROJECT_SOURCE_DIR}")

# Apart from the warnings, because generated code takes it too: a program is
# instrumented whole or not at all.
add_library(kapea_sanitize INTERFACE)
target_link_libraries(kapea_build_flags INTERFACE kapea_sanitize)
if(KAPEA_SANITIZE)
  target_compile_options(kapea_sanitize INTERFACE
    -fsanitize=${KAPEA_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(kapea_sanitize INTERFACE -fsanitize=${KAPEA_SANITIZE})
  if(KAPEA_SANITIZE STREQUAL "thread")
    # Debian's libprotobuf is built without PROTOBUF_TSAN, which changes the
    # layout of messages; without this the first message crashes.
    target_compile_options(kapea_sanitize INTERFACE -U__SANITIZE_THREAD__)
  endif()
endif()

# kapea_library(<name> HEADERS ... SOURCES ... [DEPS ...] [PRIVATE_DEPS ...] [GRPC])
# makes target kapea_<name> with alias kapea::<name>. Paths are relative to the
# calling CMakeLists.txt. HEADERS are each compiled alone by the target
# all_verify_interface_header_sets, so that none leans on its includer. GRPC
# marks a room that may use the precompiled gRPC header.
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
  if(KAPEA_PCH AND arg_GRPC)
    target_precompile_headers(kapea_${name} REUSE_FROM kapea_pch_grpc)
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
  if(KAPEA_PCH AND arg_GRPC)
    target_precompile_headers(kapea_${name} REUSE_FROM kapea_pch_grpc)
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
  # Tests are compiled to be built fast; the code under test is not.
  target_compile_options(${name} PRIVATE
    $<$<OR:$<NOT:$<CONFIG:Debug>>,$<BOOL:${KAPEA_SANITIZE}>>:-O0>)
  target_compile_definitions(${name} PRIVATE
    KAPEA_SOURCE="${PROJECT_SOURCE_DIR}" KAPEA_SHARED="${PROJECT_SOURCE_DIR}/../shared"
    KAPEA_BIN="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}")
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/tests")
  if(KAPEA_PCH AND arg_GRPC)
    target_precompile_headers(${name} REUSE_FROM kapea_pch_grpc)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 60)
  endif()
  if(NOT arg_LABELS)
    set(arg_LABELS unit)
  endif()
  if("thread" IN_LIST arg_LABELS)
    set_property(GLOBAL APPEND PROPERTY KAPEA_THREAD_TESTS ${name})
  endif()
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT ${arg_TIMEOUT} LABELS "${arg_LABELS}")
endfunction()

# kapea_fuzzer(<name> SOURCES ... [DEPS ...]): a libFuzzer target; only with KAPEA_FUZZ.
function(kapea_fuzzer name)
  if(NOT KAPEA_FUZZ)
    return()
  endif()
  cmake_parse_arguments(arg "" "" "SOURCES;DEPS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE kapea_build_flags ${arg_DEPS} -fsanitize=fuzzer)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/fuzz")
endfunction()
