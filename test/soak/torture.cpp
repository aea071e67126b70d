// SPDX-License-Identifier: BSL-1.0
// Threads that allocate, trade and release stamped blocks: five million operations, times
// ALLOY_SOAK, shared by the policies below, with 2, 4 and 16 threads. No block is owned twice, none
// is misaligned, and none is left.
// EXPECT: no block was owned twice
#include "soak.hpp"

#include <alloy/compose/locked.hpp>
#include <alloy/compose/remote.hpp>
#include <alloy/compose/sharded.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/core/per_thread.hpp>
#include <alloy/policy/buddy.hpp>
#include <alloy/policy/lock_free_buddy.hpp>
#include <alloy/policy/lock_free_pool.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/policy/slab.hpp>
#include <alloy/preset.hpp>
#include <alloy/source/buffer.hpp>

#include "support/hand_over.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <type_traits>
#include <utility>

using namespace alloy;

namespace {

constexpr layout small{160, 64}; // some of it beyond the classes
constexpr layout node{128, 64};

constexpr std::array<unsigned, 3> crowds{2, 4, 16};
constexpr std::size_t policies_in_all = 9;

constexpr range_options range{.bytes = 1U << 20U, .unit = 64, .largest = 1'024, .align = 64};
using region = locked<buddy<range, inline_buffer<1'200'000>>, spin_lock>;

bool good = true;

/// @return The policy that was tortured, so that it can be asked what is left.
template <class P>
P& torture(const char* name, P& place, layout largest) {
    const std::uint64_t share =
        test::thinned(5'000'000) * test::soak() / policies_in_all / crowds.size();
    for (const unsigned threads : crowds) {
        const auto [operations, refused, faults] =
            test::hand_over(place, {largest, threads, share}).run();
        std::printf("%s, %u threads: %llu operations, %llu refused, %llu faults\n", name, threads,
                    static_cast<unsigned long long>(operations),
                    static_cast<unsigned long long>(refused),
                    static_cast<unsigned long long>(faults));
        good = good && faults == 0 && operations > refused;
        test::progress(name, threads);
    }
    return place;
}

/// A policy of static duration, with nothing but a name.
template <policy P>
P& the_only() {
    static P place;
    return place;
}

} // namespace

int main() {
    using cached = std::remove_cvref_t<decltype(pool_allocator<int>{}.handle())>;
    static constinit cached pool;
    torture("pool_allocator", pool, small).trim();
    good = good && pool.account().cached == 0;

    torture("locked, spinning", the_only<locked<pool16<>, spin_lock>>(), small);
    torture("shared_bitmaps", the_only<shared_bitmaps<>>(), small);
    torture("sharded", the_only<sharded<region, 4>>(), small);
    torture("lock_free_pool", the_only<lock_free_pool<node, 256>>(), node);
    torture("growing_lock_free_pool", the_only<growing_lock_free_pool<node>>(), node);
    torture("lock_free_buddy", the_only<lock_free_buddy<>>(), {3'000, 64});
    torture("per_thread, remote pools", the_only<per_thread<remote<pool16<>>, pages<>>>(), small);
    torture("per_thread, remote slabs", the_only<per_thread<remote<slab<>>, pages<>>>(), small);

    if (!good) { return 1; }
    std::puts("no block was owned twice");
}
