// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::per_thread: Memory cannot align an instance
#include <alloy/core/per_thread.hpp>
#include <alloy/source/malloc.hpp>
#include <alloy/source/pages.hpp>

struct alignas(8192) broad : alloy::malloc_source {};
struct weak : alloy::pages<> {
    static constexpr std::size_t max_align = 4096;
};

#if defined(ALLOY_COMPILE_OK)
alloy::per_thread<broad, alloy::pages<>> handle;
#else
alloy::per_thread<broad, weak> handle;
#endif
