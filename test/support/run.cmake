# SPDX-License-Identifier: BSL-1.0
# Runs a command and judges both its exit status and what it printed; ctest alone looks at the
# output instead of the status as soon as it is given a pattern.
#   cmake -DEXIT=zero|nonzero [-DMATCH=<regex>] [-DLINES_OF=<source>] -P run.cmake -- <command>...
# LINES_OF names a source file whose `// EXPECT: <line>` comments must all be printed, as whole lines.
cmake_minimum_required(VERSION 3.25)

set(command "")
set(seen FALSE)
math(EXPR last "${CMAKE_ARGC} - 1")
foreach(i RANGE ${last})
    if(seen)
        list(APPEND command "${CMAKE_ARGV${i}}")
    elseif(CMAKE_ARGV${i} STREQUAL "--")
        set(seen TRUE)
    endif()
endforeach()

execute_process(COMMAND ${command} RESULT_VARIABLE status OUTPUT_VARIABLE out ERROR_VARIABLE err)
message("${out}${err}")

if(EXIT STREQUAL "zero" AND NOT status STREQUAL "0")
    message(FATAL_ERROR "expected success, got: ${status}")
elseif(EXIT STREQUAL "nonzero" AND status STREQUAL "0")
    message(FATAL_ERROR "expected a failure, but it succeeded")
elseif(EXIT STREQUAL "nonzero" AND status MATCHES "[Nn]o such file|[Pp]ermission denied")
    message(FATAL_ERROR "it never ran: ${status}")
endif()
if(DEFINED MATCH AND NOT "${out}${err}" MATCHES "${MATCH}")
    message(FATAL_ERROR "the output does not match: ${MATCH}")
endif()
if(DEFINED LINES_OF)
    file(STRINGS ${LINES_OF} lines REGEX "^// EXPECT: ")
    if(NOT lines)
        message(FATAL_ERROR "${LINES_OF} has no `// EXPECT: ` line")
    endif()
    foreach(line IN LISTS lines)
        string(REGEX REPLACE "^// EXPECT: " "" line "${line}")
        string(FIND "\n${out}" "\n${line}\n" found)
        if(found LESS 0)
            message(FATAL_ERROR "not printed: ${line}")
        endif()
    endforeach()
endif()
