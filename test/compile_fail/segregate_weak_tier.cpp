// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::segregate: a tier's policy cannot align to its limit
#include <alloy/compose/segregate.hpp>
#include <alloy/source/new.hpp>

struct loose : alloy::new_source {
    static constexpr std::size_t max_align = 8;
};

#if defined(ALLOY_COMPILE_OK)
alloy::segregate<alloy::tier<alloy::layout{64, 8}, loose>, alloy::new_source> policy;
#else
alloy::segregate<alloy::tier<alloy::layout{64, 16}, loose>, alloy::new_source> policy;
#endif
