// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::affix: Upstream cannot align the Prefix or the Suffix
#include <alloy/compose/affix.hpp>
#include <alloy/source/new.hpp>

template <std::size_t Align>
struct loose : alloy::new_source {
    static constexpr std::size_t max_align = Align;
};

#if defined(ALLOY_COMPILE_OK)
alloy::affix<loose<alignof(long)>, char, long> policy;
#else
alloy::affix<loose<1>, char, long> policy;
#endif
