# SPDX-License-Identifier: BSL-1.0
# A file that must not compile, for the reason it names, and that compiles with -DALLOY_COMPILE_OK.
#   cmake -DSOURCE=<file> -DCOMPILE=<compiler;flags> -P compile_fail.cmake
cmake_minimum_required(VERSION 3.25)

file(STRINGS ${SOURCE} expected REGEX "^// EXPECT-ERROR: ")
if(NOT expected)
    message(FATAL_ERROR "${SOURCE} has no `// EXPECT-ERROR: <regex>` line")
endif()

set(compile ${COMPILE} -fsyntax-only ${SOURCE})
execute_process(COMMAND ${compile} -DALLOY_COMPILE_OK RESULT_VARIABLE status ERROR_VARIABLE err)
if(NOT status STREQUAL "0")
    message(FATAL_ERROR "does not compile even with ALLOY_COMPILE_OK:\n${err}")
endif()
execute_process(COMMAND ${compile} RESULT_VARIABLE status ERROR_VARIABLE err)
if(status STREQUAL "0")
    message(FATAL_ERROR "compiles, but must not")
endif()
foreach(regex IN LISTS expected)
    string(REGEX REPLACE "^// EXPECT-ERROR: " "" regex "${regex}")
    # A compiler quotes the offending source lines; only what it says itself may match.
    if(NOT err MATCHES "error: [^\n]*${regex}")
        message(FATAL_ERROR "no error says: ${regex}\n${err}")
    endif()
endforeach()
