// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::affix: Upstream has no room for a Prefix and a Suffix
#include <alloy/compose/affix.hpp>
#include <alloy/source/new.hpp>

template <std::size_t Size>
struct tight : alloy::new_source {
    static constexpr std::size_t max_size = Size;
};

#if defined(ALLOY_COMPILE_OK)
alloy::affix<tight<2 * sizeof(long) + 1>, long, long> policy;
#else
alloy::affix<tight<2 * sizeof(long)>, long, long> policy;
#endif
