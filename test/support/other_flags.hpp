// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief What life/flags.cpp and support/other_flags.cpp, compiled with NDEBUG and without
/// exceptions and RTTI, must agree on.

#include <alloy/adapt/shared.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/preset.hpp>
#include <alloy/source/buffer.hpp>

#include <array>
#include <cstddef>
#include <list>

namespace alloy::test {

using numbers = std::list<int, local_pool_allocator<int>>;
using in_arena = std::list<int, arena_allocator<int>>;

/// The sizes as the translation unit sees them that includes this.
inline constexpr auto sizes_here = [] {
    return std::array{sizeof(pool16<>),
                      sizeof(locked<pool16<>>),
                      sizeof(single_threaded<pool16<>>),
                      sizeof(single_threaded<bitmaps>),
                      sizeof(locked<buddy<>>),
                      sizeof(freelist<layout{40, 8}>),
                      sizeof(bump<>),
                      sizeof(inline_buffer<100>),
                      sizeof(shared<bump<>>),
                      sizeof(numbers),
                      sizeof(in_arena)};
};

/// The same, as the other one does.
decltype(sizes_here()) sizes_there() noexcept;

/// Adds numbers there to containers made here, and takes half of them away.
void change_there(numbers& list, in_arena& other);

} // namespace alloy::test
