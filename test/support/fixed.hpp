// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::test::fixed`: compositions that live on bytes of their own, for the tests that
/// nobody asks the system for more.

#include <alloy/compose/checked.hpp>
#include <alloy/compose/hooked.hpp>
#include <alloy/compose/sealed.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/policy/bitmap.hpp>
#include <alloy/policy/buddy.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/buffer.hpp>

#include <array>
#include <cstddef>
#include <cstring>

namespace alloy::test {

/// One of each, over its own region.
struct fixed {
    using region = inline_buffer<std::size_t{1} << 17U>;
    static constexpr range_options range{
        .bytes = std::size_t{1} << 15U, .unit = 64, .largest = 4096, .align = 64};
    using joined = sealed<region>;

    bump<bump_options{}, region> arena;
    freelist<layout{200, 8}, region> list;
    pool16<region> pool;
    buddy<range, region> halves;
    bitmap<layout{200, 8}, region> bits;
    checked<pool16<region>, checked_options{}, region> guarded;
    joined last;
    hooked<heaptrack_hooks, hooked<tracy_hooks, pool16<ref<joined>>>> shown{last};
};

/// Takes, writes and releases blocks. @return False if one was not there.
template <policy P>
bool use(P& from) noexcept {
    for (int round = 0; round < 3; ++round) {
        std::array<void*, 20> blocks{};
        for (void*& each : blocks) {
            each = from.allocate({200, 8});
            if (each == nullptr) { return false; }
            std::memset(each, round, 200);
        }
        for (void* const each : blocks) { from.deallocate(each, {200, 8}); }
    }
    return true;
}

inline bool use_all(fixed& of) noexcept {
    return use(of.arena) && use(of.list) && use(of.pool) && use(of.halves) && use(of.bits) &&
           use(of.guarded) && use(of.shown);
}

} // namespace alloy::test
