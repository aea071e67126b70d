// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::test::resident`: how much of a range is backed by memory.

#include <alloy/source/pages.hpp>

#include "unit_test.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
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

/// Of a policy of nodes in chunks of 64 KiB from the system: one node keeps its page in memory, and
/// the chunk its addresses.
template <class P>
void trims_behind_free_nodes() {
    constexpr std::size_t bytes = std::size_t{1} << 16U;
    constexpr layout line = P::node;
    P lazy;
    std::vector<unsigned char*> all{static_cast<unsigned char*>(lazy.allocate(line))};
    while (lazy.bin(0).free != 0) {
        all.push_back(static_cast<unsigned char*>(lazy.allocate(line)));
    }
    for (unsigned char* const each : all) { std::memset(each, 7, line.size); }
    const std::size_t page = pages<>::page_size();
    unsigned char* const kept = *std::find_if(all.begin() + 200, all.end(), [&](const void* each) {
        return detail::address(each) % page < page / 2; // and so is the gap behind it
    });
    std::erase(all, kept);
    for (unsigned char* const each : all) { lazy.deallocate(each, line); }
    auto* const start = kept - detail::address(kept) % bytes;
    BOOST_TEST(resident(start, bytes) == bytes);
    BOOST_TEST(lazy.trim() == 0U);                  // no whole chunk
    BOOST_TEST(resident(start, bytes) <= 3 * page); // headers, that node, what is no node
    BOOST_TEST(std::count(kept, kept + line.size, 7) == static_cast<std::ptrdiff_t>(line.size));
    for (std::size_t i = 0; i < all.size(); ++i) {
        void* const again = lazy.allocate(line);
        BOOST_TEST_REQUIRE(
            (again != kept && detail::address(again) / bytes == detail::address(kept) / bytes));
        std::memset(again, 8, line.size);
    }
    BOOST_TEST(std::count(kept, kept + line.size, 7) == static_cast<std::ptrdiff_t>(line.size));
}

} // namespace alloy::test
