// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::pool16: Upstream cannot align a region
#include <alloy/policy/pool16.hpp>

struct narrow : alloy::new_source {
#if defined(ALLOY_COMPILE_OK)
    static constexpr std::size_t max_align = 16;
#else
    static constexpr std::size_t max_align = 8;
#endif
};

alloy::pool16<narrow> pool;
