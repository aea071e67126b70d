// SPDX-License-Identifier: BSL-1.0
#include <alloy/preset.hpp>

#include <alloy/gauge/observe.hpp>
#include <alloy/source/pages.hpp>

#include "support/conformance.hpp"
#include "support/families.hpp"
#include "support/hand_over.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <list>
#include <map>
#include <memory>
#include <numeric>
#include <set>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <sys/mman.h>

using namespace alloy;
using namespace alloy::test;

namespace {

// A stateless preset costs a container nothing, and an arena a pointer.
constexpr std::size_t plain = sizeof(std::vector<int>);
#if !defined(_GLIBCXX_DEBUG)
static_assert(plain == 24);
#endif
static_assert(sizeof(std::vector<int, pool_allocator<int>>) == plain);
static_assert(sizeof(std::vector<int, local_pool_allocator<int>>) == plain);
static_assert(sizeof(std::vector<int, bitmap_allocator<int>>) == plain);
static_assert(sizeof(std::vector<int, local_bitmap_allocator<int>>) == plain);
static_assert(sizeof(std::vector<int, buddy_allocator<int>>) == plain);
static_assert(sizeof(std::vector<int, arena_allocator<int>>) == plain + sizeof(void*));
static_assert(sizeof(std::list<int, pool_allocator<int>>) == sizeof(std::list<int>));

template <class A>
constexpr bool stateless = std::is_empty_v<A> && std::is_nothrow_default_constructible_v<A> &&
                           std::allocator_traits<A>::is_always_equal::value;
static_assert(stateless<pool_allocator<int>> && stateless<local_pool_allocator<int>> &&
              stateless<bitmap_allocator<int>> && stateless<local_bitmap_allocator<int>> &&
              stateless<buddy_allocator<int>>);
static_assert(!std::is_default_constructible_v<arena_allocator<int>> &&
              !std::allocator_traits<arena_allocator<int>>::is_always_equal::value);

template <template <class> class Allocator>
using handle_in = std::remove_cvref_t<decltype(std::declval<Allocator<int>>().handle())>;
template <class T>
using in_arena = arena_allocator<T>;
static_assert(thread_safe_v<handle_in<pool_allocator>> &&
              thread_safe_v<handle_in<bitmap_allocator>> &&
              thread_safe_v<handle_in<buddy_allocator>>);
static_assert(!thread_safe_v<handle_in<local_pool_allocator>> &&
              single_threaded_v<handle_in<local_pool_allocator>>);
static_assert(!thread_safe_v<handle_in<local_bitmap_allocator>> &&
              single_threaded_v<handle_in<local_bitmap_allocator>>);
static_assert(!thread_safe_v<handle_in<in_arena>>);
static_assert(lockable_policy<detail::shared_large_blocks<new_source>>,
              "whole in the child of a fork");

struct message {
    std::array<int, 12> words;
};
constexpr layout one_message = layout_of<message>;
constinit message_pool<message, 100> messages;

/// True if there is memory behind the page.
bool is_resident(std::byte* page) {
    unsigned char yes = 0;
    return ::mincore(page, 1, &yes) == 0 && (yes & 1U) != 0; // fails where nothing is mapped
}

/// Of 4 MiB of blocks one in 500 stays: trim() gives most of the pages back, and keeps that.
template <class Family>
void gives_back_after(layout each) {
    auto handle = Family{}.template make<int>().handle();
    std::vector<std::byte*> all;
    std::set<std::byte*> pages_of;
    for (std::size_t i = 0; i < (std::size_t{1} << 22U) / each.size; ++i) {
        all.push_back(static_cast<std::byte*>(handle.allocate(each)));
        std::memset(all.back(), 7, each.size);
        pages_of.insert(all.back() - detail::address(all.back()) % pages<>::page_size());
    }
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (i % 500 != 0) { handle.deallocate(all[i], each); }
    }
    const auto in_memory = [&] {
        return std::count_if(pages_of.begin(), pages_of.end(), is_resident);
    };
    const auto before = in_memory();
    handle.trim();
    BOOST_TEST(in_memory() <= before / 2);
    for (std::size_t i = 0; i < all.size(); i += 500) {
        BOOST_TEST(std::count(all[i], all[i] + each.size, std::byte{7}) ==
                   static_cast<std::ptrdiff_t>(each.size));
        handle.deallocate(all[i], each);
    }
}

} // namespace

BOOST_AUTO_TEST_CASE_TEMPLATE(never_hands_out_a_misaligned_block, Family, all_families) {
    Family family;
    auto handle = family.template make<int>().handle();
    never_misaligned(handle);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(aligns_every_type, Family, all_families) {
    Family family;
    const auto aligns =
        [&]<std::size_t Size, std::size_t Align>(std::integral_constant<std::size_t, Size>,
                                                 std::integral_constant<std::size_t, Align>) {
            struct alignas(Align) object {
                char bytes[Size];
            };
            auto alloc = family.template make<object>();
            std::vector<std::pair<object*, std::size_t>> live;
            for (std::size_t i = 0; i < 200; ++i) {
                const std::size_t n = 1 + i % 5;
                live.emplace_back(alloc.allocate(n), n);
                BOOST_TEST_REQUIRE(detail::is_aligned(live.back().first, Align));
            }
            for (const auto& [at, n] : live) { alloc.deallocate(at, n); }
        };
    const auto sizes = [&]<std::size_t Align>(std::integral_constant<std::size_t, Align> align) {
        aligns(std::integral_constant<std::size_t, 1>{}, align);
        aligns(std::integral_constant<std::size_t, 24>{}, align);
        aligns(std::integral_constant<std::size_t, 40>{}, align);
        aligns(std::integral_constant<std::size_t, 100>{}, align);
    };
    sizes(std::integral_constant<std::size_t, 1>{});
    sizes(std::integral_constant<std::size_t, 8>{});
    sizes(std::integral_constant<std::size_t, 16>{});
    sizes(std::integral_constant<std::size_t, 32>{});
    sizes(std::integral_constant<std::size_t, 64>{});
    sizes(std::integral_constant<std::size_t, 256>{});
}

// The presets pool to 1 KiB, in classes that lose less than an eighth; see ADR 15.
using pools = std::tuple<pool_family, local_pool_family>;

BOOST_AUTO_TEST_CASE_TEMPLATE(pools_objects_to_a_kilobyte, Family, pools) {
    auto handle = Family{}.template make<int>().handle();
    BOOST_TEST(handle.good_size({128, 8}) == 128U);
    BOOST_TEST(handle.good_size({129, 8}) == 144U);
    BOOST_TEST(handle.good_size({300, 8}) == 320U);
    BOOST_TEST(handle.good_size({300, 128}) == 384U);
    BOOST_TEST(handle.good_size({1024, 1024}) == 1024U);
    std::vector<std::pair<void*, layout>> live;
    for (std::size_t size = 120; size <= 1100; size += 7) {
        for (std::size_t align = 1; align <= 1024; align *= 4) {
            const layout want{size, align};
            void* const at = handle.allocate(want);
            BOOST_TEST_REQUIRE(detail::is_aligned(at, align));
            std::memset(at, static_cast<int>(live.size() % 251), handle.good_size(want));
            live.emplace_back(at, want);
        }
    }
    for (std::size_t i = 0; i < live.size(); ++i) {
        const auto [at, given] = live[i];
        const auto* const bytes = static_cast<const unsigned char*>(at);
        BOOST_TEST_REQUIRE(bytes[0] == i % 251);
        BOOST_TEST_REQUIRE(bytes[handle.good_size(given) - 1] == i % 251);
        handle.deallocate(at, given);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(hands_a_medium_block_out_again, Family, pools) {
    auto handle = Family{}.template make<int>().handle();
    const layout node{500, 8};
    void* const first = handle.allocate(node);
    handle.deallocate(first, node);
    void* const second = handle.allocate(node);
    BOOST_TEST(second == first);
    handle.deallocate(second, node);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(keeps_large_blocks_for_the_next_request_of_their_size, Family,
                              pools) {
    auto handle = Family{}.template make<int>().handle();
    const layout buffer{100'000, 8};
    const auto cached = [&] { return observe(handle).bytes.cached; };
    BOOST_TEST(handle.good_size(buffer) == 106'496U); // 13 * 8 KiB
    handle.trim();
    const std::size_t before = cached();
    void* const first = handle.allocate(buffer);
    handle.deallocate(first, buffer);
    BOOST_TEST(cached() == before + 106'496U);
    void* const second = handle.allocate({106'496, 8});
    BOOST_TEST(second == first);
    handle.deallocate(second, buffer);
    handle.trim();
    BOOST_TEST(cached() == before);
    const layout huge{(std::size_t{1} << 22U) + 1, 8};
    BOOST_TEST(handle.good_size(huge) == huge.size);
    void* const at = handle.allocate(huge);
    std::memset(at, 1, huge.size);
    handle.deallocate(at, huge);
}

using for_threads = std::tuple<pool_family, bitmap_family, buddy_family>;

BOOST_AUTO_TEST_CASE_TEMPLATE(gives_back_the_memory_behind_what_is_free, Family, for_threads) {
    gives_back_after<Family>({24, 8});
    gives_back_after<Family>({64, 16});
    gives_back_after<Family>({120, 8});
}

BOOST_AUTO_TEST_CASE(gives_back_the_memory_behind_medium_blocks) {
    gives_back_after<pool_family>({500, 8});
    gives_back_after<buddy_family>({500, 8});
}

BOOST_AUTO_TEST_CASE_TEMPLATE(serves_many_threads_at_once, Family, for_threads) {
    std::atomic<int> faults{0}; // Boost.Test does not count across threads
    const auto work = [&faults](int seed) {
        Family family;
        using pairs = typename Family::template of<std::pair<const int, int>>;
        for (int round = 0; round < 5; ++round) {
            std::map<int, int, std::less<>, pairs> map(
                family.template make<std::pair<const int, int>>());
            std::list<text<Family>, typename Family::template of<text<Family>>> list(
                family.template make<text<Family>>());
            for (int i = 0; i < 300; ++i) {
                map[shuffled(i) + seed] = i;
                list.push_back(long_text(family, i));
            }
            for (int i = 0; i < 300; ++i) {
                if (map[shuffled(i) + seed] != i) { ++faults; }
                if (list.front() != long_text(family, i)) { ++faults; }
                list.pop_front();
            }
        }
    };
    std::vector<std::thread> threads;
    for (int seed = 0; seed < 4; ++seed) { threads.emplace_back(work, seed); }
    for (std::thread& each : threads) { each.join(); }
    BOOST_TEST(faults == 0);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(ends_in_one_thread_what_another_built, Family, for_threads) {
    Family family;
    std::list<int, typename Family::template of<int>> list(family.template make<int>());
    std::thread([&] {
        for (int i = 0; i < many; ++i) { list.push_back(i); }
    }).join();
    BOOST_TEST(std::accumulate(list.begin(), list.end(), 0) == many * (many - 1) / 2);
    list.clear();
    BOOST_TEST(list.empty());
}

BOOST_AUTO_TEST_CASE(threads_fill_one_arena_together_and_one_of_them_resets_it) {
    concurrent_arena arena;
    std::atomic<int> faults{0};
    const auto work = [&](int seed) {
        std::vector<int, concurrent_arena_allocator<int>> row(arena);
        std::list<int, concurrent_arena_allocator<int>> list(arena);
        for (int i = 0; i < many; ++i) {
            row.push_back(seed + i);
            list.push_back(seed + i);
        }
        if (!std::equal(row.begin(), row.end(), list.begin(), list.end())) { ++faults; }
        if (row.front() != seed || list.back() != seed + many - 1) { ++faults; }
    };
    for (int round = 0; round < 3; ++round) {
        std::vector<std::thread> threads;
        for (int seed = 0; seed < 4; ++seed) { threads.emplace_back(work, seed * many); }
        for (std::thread& each : threads) { each.join(); }
        BOOST_TEST(faults == 0);
        arena.each_upstream([](const auto& all) { BOOST_TEST(all.account().used() > 0U); });
        arena.reset();
        arena.each_upstream([](const auto& all) { BOOST_TEST(all.account().used() == 0U); });
    }
}

BOOST_AUTO_TEST_CASE(has_as_many_messages_as_it_was_made_for) {
    BOOST_TEST(messages.prepare());
    std::vector<void*> all;
    while (void* const at = messages.allocate(one_message)) { all.push_back(at); }
    BOOST_TEST(all.size() == 100U);
    for (void* const each : all) { messages.deallocate(each, one_message); }
    void* const at = messages.allocate(one_message);
    BOOST_TEST(at == all.back());
    messages.deallocate(at, one_message);
    BOOST_TEST(messages.allocate({one_message.size + 1, one_message.align}) == nullptr);
}

BOOST_AUTO_TEST_CASE(hands_each_message_to_one_thread_alone) {
    BOOST_TEST(messages.prepare());
    for (const unsigned crowd : {2U, 4U, 16U}) {
        const hand_over_result sent = hand_over(messages, {one_message, crowd, 20'000}).run();
        BOOST_TEST(sent.faults == 0U, crowd << " threads");
        BOOST_TEST(sent.operations > sent.refused);
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(reaches_one_instance_from_all_types, Family, process_wide_families) {
    auto ints = Family{}.template make<int>();
    auto floats = Family{}.template make<float>();
    const auto out = [handle = ints.handle()] { return observe(handle).bytes.requested; };
    const std::size_t before = out();
    float* const at = floats.allocate(1);
    BOOST_TEST(out() > before);
    floats.deallocate(at, 1);
    BOOST_TEST((ints == floats));
}

BOOST_AUTO_TEST_CASE(returns_all_memory_of_an_arena_with_it) {
    bump<> arena;
    std::vector<int, arena_allocator<int>> numbers({1, 2, 3}, arena);
    BOOST_TEST(arena.held() > 0U);
    BOOST_TEST((numbers.get_allocator() == arena_allocator<long>(arena)));
    numbers = std::vector<int, arena_allocator<int>>(arena);
    arena.release();
    BOOST_TEST(arena.held() == 0U);
}
