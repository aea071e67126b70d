// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::test::resident`: how much of a range is backed by memory.

#include <alloy/source/pages.hpp>

#include "unit_test.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

#include <sys/mman.h>

namespace alloy::test {

/// Bytes of whole pages that are backed by memory. @pre `at` is aligned to a page.
inline std::size_t resident(const void* at, std::size_t bytes) {
    const std::size_t page = pages<>::page_size();
    std::vector<unsigned char> each(bytes / page);
    BOOST_TEST_REQUIRE(::mincore(const_cast<void*>(at), bytes, each.data()) == 0); // NOLINT
    return page * static_cast<std::size_t>(
                      std::count_if(each.begin(), each.end(), [](auto bits) { return bits & 1U; }));
}

} // namespace alloy::test
