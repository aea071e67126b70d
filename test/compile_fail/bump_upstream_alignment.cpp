// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::bump: Upstream cannot align a chunk
#include <alloy/policy/bump.hpp>
#include <alloy/source/new.hpp>

template <std::size_t Align>
struct limited : alloy::new_source {
    static constexpr std::size_t max_align = Align;
};

#if defined(ALLOY_COMPILE_OK)
using upstream = limited<16>;
#else
using upstream = limited<8>;
#endif

alloy::bump<alloy::bump_options{}, upstream> arena;
