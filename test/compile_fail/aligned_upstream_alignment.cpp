// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::aligned: Upstream cannot align to Align
#include <alloy/compose/aligned.hpp>
#include <alloy/source/new.hpp>

struct limited : alloy::new_source {
    static constexpr std::size_t max_align = 16;
};

#if defined(ALLOY_COMPILE_OK)
alloy::aligned<16, limited> blocks;
#else
alloy::aligned<32, limited> blocks;
#endif
