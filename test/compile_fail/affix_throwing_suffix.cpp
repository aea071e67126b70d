// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::affix: a Suffix must be made and destroyed without throwing
#include <alloy/compose/affix.hpp>
#include <alloy/source/new.hpp>

struct risky {
    ~risky() noexcept(false) {}
};

#if defined(ALLOY_COMPILE_OK)
alloy::affix<alloy::new_source, int, int> policy;
#else
alloy::affix<alloy::new_source, int, risky> policy;
#endif
