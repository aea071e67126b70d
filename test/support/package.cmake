# SPDX-License-Identifier: BSL-1.0
# Builds the consumer test/package/<HOW> in a directory of its own and runs it.
#   cmake -DHOW=<name> -DROOT=<repository> -DPREFIX=<installed> -DBUILD=<scratch>
#         -DCXX=<compiler> -DFLAGS=<string> -P package.cmake
cmake_minimum_required(VERSION 3.25)

file(REMOVE_RECURSE ${BUILD})
file(MAKE_DIRECTORY ${BUILD})
set(consumer ${ROOT}/test/package/${HOW})

if(HOW STREQUAL "pkg_config")
    set(ENV{PKG_CONFIG_LIBDIR} ${PREFIX}/share/pkgconfig)
    execute_process(COMMAND pkg-config --cflags --libs alloy
        OUTPUT_VARIABLE found OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
    separate_arguments(arguments NATIVE_COMMAND "${FLAGS} ${found}")
    execute_process(
        COMMAND ${CXX} -std=c++20 ${ROOT}/test/package/main.cpp ${arguments} -o ${BUILD}/consumer
        COMMAND_ERROR_IS_FATAL ANY)
else()
    execute_process(COMMAND ${CMAKE_COMMAND} -S ${consumer} -B ${BUILD} -G Ninja
        -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_CXX_FLAGS=${FLAGS} -DCMAKE_PREFIX_PATH=${PREFIX}
        -DALLOY_CHECKOUT=${ROOT} --no-warn-unused-cli OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
    execute_process(COMMAND ${CMAKE_COMMAND} --build ${BUILD} COMMAND_ERROR_IS_FATAL ANY)
endif()

execute_process(COMMAND ${BUILD}/consumer OUTPUT_VARIABLE out COMMAND_ERROR_IS_FATAL ANY)
if(NOT out STREQUAL "499500\n")
    message(FATAL_ERROR "the consumer printed: ${out}")
endif()
