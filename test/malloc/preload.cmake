# SPDX-License-Identifier: BSL-1.0
# Fails unless programs of the system print the same with the library preloaded as without it.
#   cmake -DLIBRARY=<liballoy_malloc.so> -P preload.cmake
cmake_minimum_required(VERSION 3.25)

# Compares both runs of a command line of the shell.
function(prints_the_same line)
    execute_process(COMMAND sh -c "${line}" RESULT_VARIABLE status OUTPUT_VARIABLE plain
        ERROR_VARIABLE plain_err)
    if(NOT status STREQUAL "0" OR plain STREQUAL "")
        message(FATAL_ERROR "fails without the library, too: ${line}\n${plain_err}")
    endif()
    execute_process(COMMAND ${CMAKE_COMMAND} -E env LD_PRELOAD=${LIBRARY} sh -c "${line}"
        RESULT_VARIABLE status OUTPUT_VARIABLE out ERROR_VARIABLE err)
    if(NOT status STREQUAL "0" OR NOT out STREQUAL plain OR NOT err STREQUAL plain_err)
        message(FATAL_ERROR "differs with the library: ${line}\n${status}\n${out}\n${err}")
    endif()
    message("the same: ${line}")
endfunction()

execute_process(COMMAND ${CMAKE_COMMAND} -E env LD_PRELOAD=${LIBRARY} sh -c
    "grep -q alloy_malloc /proc/self/maps" COMMAND_ERROR_IS_FATAL ANY)
prints_the_same("ls -l / | wc -l")
prints_the_same("awk 'BEGIN { for (i = 0; i < 100000; ++i) print (i * 7919) % 100003 }' | sort -n \
    | tail -1")
prints_the_same("awk 'BEGIN { for (i = 0; i < 300000; ++i) a[i % 5000] = a[i % 5000] i; \
    print length(a[4999]) }'")
prints_the_same("tar -cf - /usr/include/linux 2>/dev/null | gzip -c | gunzip -c | wc -c")
find_program(PYTHON3 python3)
if(PYTHON3)
    prints_the_same("python3 -c \"
import json, threading
total = []
def work(n):
    total.append(len(json.dumps({str(i): list(range(i % 50)) for i in range(n)})))
threads = [threading.Thread(target=work, args=(5000,)) for _ in range(4)]
[each.start() for each in threads]
[each.join() for each in threads]
big = bytearray(50000000)
print(total, len(big * 2))\"")
endif()
