// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::measured: Upstream cannot align the size in front of a block
#include <alloy/compose/measured.hpp>

template <std::size_t Align>
struct loose : alloy::new_source {
    static constexpr std::size_t max_align = Align;
};

#if defined(ALLOY_COMPILE_OK)
alloy::measured<loose<sizeof(std::size_t)>> policy;
#else
alloy::measured<loose<1>> policy;
#endif
