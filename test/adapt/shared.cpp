// SPDX-License-Identifier: BSL-1.0
#include <alloy/adapt/shared.hpp>

#include <alloy/adapt/allocator.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/pool16.hpp>

#include "support/conformance.hpp"
#include "support/probe.hpp"

#include <cstddef>
#include <list>
#include <map>
#include <new>
#include <optional>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

using namespace alloy;
using test::ledger;
using test::probe;

namespace {

using pool = pool16<probe>;
using handle = shared<pool>;

static_assert(handle_policy<handle> && sizeof(handle) == sizeof(void*));
static_assert(!handle::is_always_equal && !stateless_policy<handle>);
static_assert(!std::is_default_constructible_v<handle>, "a handle always has a policy");
static_assert(!std::is_constructible_v<handle, pool&> && !std::is_constructible_v<handle, ledger&>);
static_assert(std::is_nothrow_copy_constructible_v<handle> &&
              std::is_nothrow_move_constructible_v<handle> &&
              std::is_nothrow_copy_assignable_v<handle> &&
              std::is_nothrow_move_assignable_v<handle>);
static_assert(rounding_policy<handle> && resizing_policy<handle> && trimming_policy<handle>);
static_assert(!owning_policy<handle> && !batching_policy<handle> && !zeroing_policy<handle>);
static_assert(!resettable_policy<shared<bump<>>> && !marking_policy<shared<bump<>>>,
              "what ends blocks belongs to the owner");
static_assert(thread_safe_v<shared<locked<pool16<>>>> && !thread_safe_v<handle>);

template <class T>
using allocator_of = allocator<T, handle>;
static_assert(sizeof(allocator_of<int>) == sizeof(void*));
static_assert(std::is_convertible_v<handle, allocator_of<int>>);

/// Counts its instances.
struct counted {
    static inline int alive = 0;
    static constexpr std::size_t max_align = any_align;

    explicit counted(int first, long second) noexcept : sum(first + second) { ++alive; }
    counted(const counted&) = delete;
    counted& operator=(const counted&) = delete;
    ~counted() { --alive; }

    [[nodiscard]] void* allocate(layout want) noexcept { return new_source::allocate(want); }
    void deallocate(void* at, layout given) noexcept { new_source::deallocate(at, given); }

    long sum;
};

/// Aligned so that its memory comes from the one operator new that this program replaces.
struct alignas(256) unlucky : new_source {};

} // namespace

void* operator new(std::size_t /*size*/, std::align_val_t /*align*/,
                   const std::nothrow_t& /*tag*/) noexcept {
    return nullptr;
}

BOOST_AUTO_TEST_CASE(conforms_and_returns_all_to_its_upstream) {
    ledger book;
    {
        auto all = handle::make(book);
        test::conformance(all, {128, 128});
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(makes_its_policy_in_place_and_ends_it_with_the_last_handle) {
    std::vector<shared<counted>> handles{shared<counted>::make(3, 4L)};
    BOOST_TEST(counted::alive == 1);
    BOOST_TEST(handles.front().instance().sum == 7);
    {
        auto third = handles.front();
        handles.clear();
        BOOST_TEST(counted::alive == 1);
        third.deallocate(third.allocate({8, 8}), {8, 8});
        const auto& same = third;
        third = same; // to itself
        BOOST_TEST(counted::alive == 1);
        third = shared<counted>::make(1, 1L); // the old one ends
        BOOST_TEST(counted::alive == 1);
        BOOST_TEST(third.instance().sum == 2);
    }
    BOOST_TEST(counted::alive == 0);
}

BOOST_AUTO_TEST_CASE(counts_a_moved_from_handle_too) {
    auto from = shared<counted>::make(1, 2L);
    {
        const auto to = std::move(from);
        BOOST_TEST((from == to)); // NOLINT: it still works
    }
    BOOST_TEST(counted::alive == 1);
    BOOST_TEST(from.instance().sum == 3);
    auto target = shared<counted>::make(5, 5L);
    BOOST_TEST(counted::alive == 2);
    target = std::move(from);
    BOOST_TEST(counted::alive == 1);
    BOOST_TEST((from == target)); // NOLINT
}

BOOST_AUTO_TEST_CASE(is_equal_to_the_handles_of_the_same_policy_alone) {
    const auto a = shared<counted>::make(1, 1L);
    const auto b = shared<counted>::make(1, 1L);
    const auto c = a; // NOLINT
    BOOST_TEST((a == c));
    BOOST_TEST((a != b));
    BOOST_TEST(&a.instance() == &c.instance());
}

BOOST_AUTO_TEST_CASE(keeps_an_arena_as_long_as_the_last_container) {
    ledger book;
    std::optional<std::list<int, allocator_of<int>>> list;
    {
        const allocator_of<int> alloc{handle::make(book)};
        std::map<int, int, std::less<>, allocator_of<std::pair<const int, int>>> map{alloc};
        for (int i = 0; i < 100; ++i) { map[i] = i; }
        list.emplace({1, 2, 3}, alloc);
    }
    BOOST_TEST(!book.live.empty());
    const auto copy = *list;
    std::list<int, allocator_of<int>> moved = std::move(*list);
    list.reset();
    BOOST_TEST(!book.live.empty());
    moved.push_back(4);
    BOOST_TEST(copy.size() == 3U);
    BOOST_TEST(moved.back() == 4);
    moved = std::list<int, allocator_of<int>>(handle::make(book));
    BOOST_TEST(copy.front() == 1);
}

BOOST_AUTO_TEST_CASE(throws_bad_alloc_if_there_is_no_room_for_the_policy) {
    BOOST_CHECK_THROW(static_cast<void>(shared<unlucky>::make()), std::bad_alloc);
}

BOOST_AUTO_TEST_CASE(may_be_copied_and_ended_in_any_thread) {
    ledger book;
    {
        auto all = shared<locked<pool>>::make(book);
        std::vector<std::thread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([all] {
                for (int round = 0; round < 2'000; ++round) {
                    const auto copy = all; // NOLINT
                    copy.deallocate(copy.allocate({24, 8}), {24, 8});
                }
            });
        }
        all = shared<locked<pool>>::make(book); // the threads keep the first alive
        for (std::thread& each : threads) { each.join(); }
    }
    BOOST_TEST(book.live.empty());
}
