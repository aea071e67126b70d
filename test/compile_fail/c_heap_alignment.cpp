// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::c_heap: the policy cannot align to 16
#include <alloy/adapt/c_heap.hpp>
#include <alloy/source/malloc.hpp>

template <std::size_t Align>
struct limited : alloy::malloc_source {
    static constexpr std::size_t max_align = Align;
};

#if defined(ALLOY_COMPILE_OK)
alloy::c_heap<limited<16>> heap;
#else
alloy::c_heap<limited<8>> heap;
#endif
