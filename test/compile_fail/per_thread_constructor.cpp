// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::per_thread: P is made by its default constructor, which cannot fail
#include <alloy/core/per_thread.hpp>
#include <alloy/source/malloc.hpp>
#include <alloy/source/pages.hpp>

struct picky : alloy::malloc_source {
#if defined(ALLOY_COMPILE_OK)
    picky() = default;
#else
    picky() noexcept(false) {}
#endif
};
alloy::per_thread<picky, alloy::pages<>> handle;
