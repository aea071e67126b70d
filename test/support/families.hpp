// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief The presets as families of allocators, so that a test of containers runs under each.

#include <alloy/preset.hpp>

#include "unit_test.hpp"

#include <string>
#include <tuple>

namespace alloy::test {

/// A family gives allocators of one preset for every type.
template <template <class> class Allocator>
struct process_wide_family {
    template <class T>
    using of = Allocator<T>;
    template <class T>
    [[nodiscard]] of<T> make() {
        return {};
    }
};
struct pool_family : process_wide_family<pool_allocator> {};
struct local_pool_family : process_wide_family<local_pool_allocator> {};
struct bitmap_family : process_wide_family<bitmap_allocator> {};
struct local_bitmap_family : process_wide_family<local_bitmap_allocator> {};
struct buddy_family : process_wide_family<buddy_allocator> {};
struct arena_family {
    template <class T>
    using of = arena_allocator<T>;
    template <class T>
    [[nodiscard]] of<T> make() {
        return arena;
    }
    bump<> arena;
};
using process_wide_families =
    std::tuple<pool_family, local_pool_family, bitmap_family, local_bitmap_family, buddy_family>;
using all_families = std::tuple<pool_family, local_pool_family, bitmap_family, local_bitmap_family,
                                buddy_family, arena_family>;
/// What a container can tell apart: a handle without state, one with, and how blocks lie.
using families = std::tuple<pool_family, local_bitmap_family, arena_family>;

inline constexpr int many = 1'000;

/// Numbers 0 to `many` - 1 in an order that is neither theirs nor the reverse.
inline int shuffled(int i) { return i * 387 % many; }

template <class Family>
using text = std::basic_string<char, std::char_traits<char>, typename Family::template of<char>>;

/// A string too long to live inside its object.
template <class Family>
text<Family> long_text(Family& family, int n) {
    text<Family> result("a string that is too long for the small one: ",
                        family.template make<char>());
    result += std::to_string(n);
    return result;
}

} // namespace alloy::test
