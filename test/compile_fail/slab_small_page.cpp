// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::slab: fewer than 16 blocks a page; raise Options.page
#include <alloy/policy/slab.hpp>

#if defined(ALLOY_COMPILE_OK)
constexpr alloy::slab_options options{};
#else
constexpr alloy::slab_options options{.page = std::size_t{1} << 14U};
#endif

alloy::slab<alloy::linear_classes<8, 128>, alloy::pages<>, alloy::new_source, options> pages;
