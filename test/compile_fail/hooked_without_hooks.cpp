// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::hooked: Hooks has no member that could be called
#include <alloy/compose/hooked.hpp>

struct hooks {
#if defined(ALLOY_COMPILE_OK)
    void allocated(void* at, alloy::layout has);
#else
    void allocated(void* at, int bytes, int align);
#endif
};

alloy::hooked<hooks> blocks;
