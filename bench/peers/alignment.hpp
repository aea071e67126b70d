// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::bench::common_alignment`: what the addresses of an allocator's blocks have in
/// common.

#include "blocks.hpp"

#include <array>
#include <cstdint>
#include <stdexcept>

namespace alloy::bench {

/// Takes and releases a hundred objects of 40 bytes, which want the alignment of a word.
/// @return The largest power of two, up to 64, that divides all their addresses.
/// @throws std::runtime_error It is less than was wanted.
template <class Allocator>
[[nodiscard]] std::uint64_t common_alignment(const Allocator& from) {
    nodes<Allocator, 40> home(from);
    std::array<word*, 100> blocks{};
    std::uint64_t bits = 64;
    for (word*& each : blocks) {
        each = home.make(0);
        bits |= reinterpret_cast<std::uintptr_t>(each);
    }
    for (word* each : blocks) { home.end(each); }
    const std::uint64_t common = bits & -bits;
    if (common < alignof(word)) { throw std::runtime_error("a block is misaligned"); }
    return common;
}

} // namespace alloy::bench
