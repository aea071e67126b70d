// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::slab: a segment is a power of two to 2 GiB that Upstream can align
#include <alloy/policy/slab.hpp>

struct narrow : alloy::new_source {
#if defined(ALLOY_COMPILE_OK)
    static constexpr std::size_t max_align = std::size_t{1} << 22U;
#else
    static constexpr std::size_t max_align = std::size_t{1} << 21U;
#endif
};

alloy::slab<alloy::linear_classes<8, 16>, narrow> pages;
