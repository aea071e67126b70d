# SPDX-License-Identifier: BSL-1.0
# Fails unless the library defines the whole family of malloc, the twenty replaceable forms of
# operator new and delete, and nothing else that others could see.
#   cmake -DLIBRARY=<liballoy_malloc.so> -DNM=<nm> -P symbols.cmake
cmake_minimum_required(VERSION 3.25)

set(expected aligned_alloc calloc free malloc malloc_usable_size memalign posix_memalign pvalloc
    realloc reallocarray valloc)
foreach(new nw na)
    foreach(form m mRKSt9nothrow_t mSt11align_val_t mSt11align_val_tRKSt9nothrow_t)
        list(APPEND expected _Z${new}${form})
    endforeach()
endforeach()
foreach(delete dl da)
    foreach(form Pv Pvm PvRKSt9nothrow_t PvSt11align_val_t PvmSt11align_val_t
            PvSt11align_val_tRKSt9nothrow_t)
        list(APPEND expected _Z${delete}${form})
    endforeach()
endforeach()
list(SORT expected)

execute_process(COMMAND ${NM} -D --defined-only --format=posix ${LIBRARY} OUTPUT_VARIABLE out
    COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "(^|\n)[^ \n]+" defined "${out}")
string(REPLACE "\n" "" defined "${defined}")
list(REMOVE_ITEM defined __bss_start _edata _end) # which some linkers add
list(SORT defined)
list(LENGTH defined count)
if(NOT defined STREQUAL expected)
    message(FATAL_ERROR "defines:\n${defined}\ninstead of:\n${expected}")
endif()
message("${count} symbols")
