// SPDX-License-Identifier: BSL-1.0
// What hot paths execute, to two percent: `baseline NAME N` does N rounds of one. A round of `pair`
// allocates a 40-byte node and releases it; one of `replace` does so for any of 1000 that live, so
// that refills and flushes have their part. After a change that is meant: `./dev accept`.
// EXPECT: BASELINE test/instructions/baseline.txt
#include <alloy/hybrid.hpp>
#include <alloy/policy/bitmap.hpp>
#include <alloy/policy/buddy.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/policy/lock_free_pool.hpp>
#include <alloy/policy/next_fit.hpp>
#include <alloy/policy/slab.hpp>
#include <alloy/preset.hpp>

#include "pairs.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <type_traits>

using namespace alloy;

namespace {

constexpr layout node{40, 8};
constexpr std::size_t live = 1000;
constexpr range_options small_range{.bytes = std::size_t{1} << 20U}; // Valgrind has not 64 GiB

/// Any of those that live goes, and another comes.
template <policy P>
[[gnu::noipa, gnu::flatten]] void replace(P& from, long rounds) {
    std::array<void*, live> blocks{};
    for (void*& each : blocks) { each = from.allocate(node); }
    std::uint32_t random = 1;
    for (; rounds > 0; --rounds) {
        random = random * 1664525U + 1013904223U;
        void*& chosen = blocks[(random >> 8U) % live];
        from.deallocate(chosen, node);
        chosen = from.allocate(node);
    }
    for (void* each : blocks) { from.deallocate(each, node); }
}

template <policy P, void (*Work)(P&, long)>
void measure(long rounds) {
    static constinit P measured;
    Work(measured, rounds);
}

struct path {
    const char* name;
    void (*run)(long rounds);
};

template <policy P>
constexpr path pair_of(const char* name) {
    return {name, measure<P, test::pairs<node, P>>};
}
template <policy P>
constexpr path replace_of(const char* name) {
    return {name, measure<P, replace<P>>};
}

template <class Allocator>
using policy_of = std::remove_cvref_t<decltype(Allocator().handle())>;

constexpr std::array paths{
    pair_of<policy_of<pool_allocator<int>>>("pool_pair"),
    replace_of<policy_of<pool_allocator<int>>>("pool_replace"),
    pair_of<policy_of<local_pool_allocator<int>>>("local_pool_pair"),
    replace_of<policy_of<local_pool_allocator<int>>>("local_pool_replace"),
    pair_of<policy_of<bitmap_allocator<int>>>("bitmaps_locked_pair"),
    replace_of<policy_of<bitmap_allocator<int>>>("bitmaps_locked_replace"),
    pair_of<policy_of<local_bitmap_allocator<int>>>("bitmaps_pair"),
    replace_of<policy_of<local_bitmap_allocator<int>>>("bitmaps_replace"),
    pair_of<freelist<node>>("freelist_pair"),
    replace_of<freelist<node>>("freelist_replace"),
    pair_of<bitmap<node>>("bitmap_pair"),
    replace_of<bitmap<node>>("bitmap_replace"),
    pair_of<next_fit<node>>("next_fit_pair"),
    replace_of<next_fit<node>>("next_fit_replace"),
    pair_of<slab<>>("slab_pair"),
    replace_of<slab<>>("slab_replace"),
    pair_of<buddy<small_range>>("buddy_pair"),
    replace_of<buddy<small_range>>("buddy_replace"),
    pair_of<lock_free_pool<node, 2 * live>>("lock_free_pool_pair"),
    replace_of<lock_free_pool<node, 2 * live>>("lock_free_pool_replace"),
    pair_of<quick_fit<>>("quick_fit_pair"),
    replace_of<quick_fit<>>("quick_fit_replace"),
    pair_of<real_time<>>("real_time_pair"),
    replace_of<real_time<>>("real_time_replace"),
};

} // namespace

int main(int count, char** words) {
    for (const path& each : paths) {
        if (count == 3 && std::strcmp(words[1], each.name) == 0) {
            each.run(std::atol(words[2]));
            return EXIT_SUCCESS;
        }
    }
    if (count == 2 && std::strcmp(words[1], "names") == 0) {
        for (const path& each : paths) { std::puts(each.name); }
        return EXIT_SUCCESS;
    }
    std::fputs("usage: baseline names | NAME N\n", stderr);
    return EXIT_FAILURE;
}
