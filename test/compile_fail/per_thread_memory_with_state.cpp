// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::per_thread: any thread takes Memory, and finds it by its type alone
#include <alloy/core/per_thread.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/malloc.hpp>
#include <alloy/source/pages.hpp>

#if defined(ALLOY_COMPILE_OK)
alloy::per_thread<alloy::malloc_source, alloy::pages<>> handle;
#else
alloy::per_thread<alloy::malloc_source, alloy::pool16<>> handle;
#endif
