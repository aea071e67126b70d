// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: alloy::pages: a range that is only reserved has no memory to prefault or lock
#include <alloy/source/pages.hpp>

#if defined(ALLOY_COMPILE_OK)
constexpr auto backing = alloy::page_backing::on_touch;
#else
constexpr auto backing = alloy::page_backing::prefaulted;
#endif

alloy::pages<alloy::pages_options{.reserve = true, .backing = backing}> range;
