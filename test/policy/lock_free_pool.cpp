// SPDX-License-Identifier: BSL-1.0
#include "support/dies.hpp"

#include <alloy/policy/lock_free_pool.hpp>

#include <alloy/adapt/allocator.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/source/buffer.hpp>
#include <alloy/source/new.hpp>

#include "support/conformance.hpp"
#include "support/probe.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <concepts>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <list>
#include <set>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace alloy;
using test::ledger;
using test::probe;

namespace {

constexpr layout node{48, 16};
constexpr std::size_t stride = 48 + detail::redzone;
constexpr std::size_t link_size = 4;

using hundred = lock_free_pool<node, 100>;
using growing = growing_lock_free_pool<node>;

static_assert(!lockable_policy<hundred> &&
              lockable_policy<growing_lock_free_pool<node, locked<new_source>>>);

constinit hundred before_main; // construction acquires nothing
constinit growing growing_before_main;

/// A probe for one thread, which says otherwise.
struct trusted : probe {
    using probe::probe;
    static constexpr bool thread_safe = true;
};

template <std::size_t Count>
using probed = lock_free_pool<node, Count, trusted>;

/// 3, 6, 12 and 24 nodes.
using steps = lock_free_pool<node, 3, trusted, 4>;

/// As many nodes as there are, in the order in which they came.
template <class P>
std::vector<void*> take_all(P& from) {
    std::vector<void*> all;
    while (void* const at = from.allocate(node)) { all.push_back(at); }
    return all;
}

template <class P>
void give(P& to, const std::vector<void*>& nodes) {
    for (void* const each : nodes) { to.deallocate(each, node); }
}

template <class P>
std::size_t count_free(P& place) {
    const std::vector<void*> all = take_all(place);
    give(place, all);
    return std::set(all.begin(), all.end()).size();
}

} // namespace

static_assert(policy<hundred> && rounding_policy<hundred> && owning_policy<hundred> &&
              batching_policy<hundred> && accounting_policy<hundred> && binning_policy<hundred>);
static_assert(!lockable_policy<hundred>, "a fork needs none");
static_assert(!trimming_policy<hundred>, "regions stay to the end");
static_assert(!(resizing_policy<hundred> || zeroing_policy<hundred> || resettable_policy<hundred> ||
                marking_policy<hundred> || measuring_policy<hundred> || stateless_policy<hundred>));
static_assert(thread_safe_v<hundred> && thread_safe_v<lock_free_pool<node, 4, buffer>>);
static_assert(!zero_fresh_v<hundred> && !migratory_v<hundred>);
static_assert(hundred::max_align == 16 && max_size_v<hundred> == 48 && hundred::capacity == 100);
static_assert(!std::copy_constructible<hundred> && !std::movable<hundred>);
static_assert(!std::is_copy_assignable_v<hundred> && !std::is_move_assignable_v<hundred>);
static_assert(!std::is_constructible_v<hundred, hundred&>);
static_assert(!std::convertible_to<ledger&, probed<8>>);
static_assert(lock_free_pool<layout{1, 1}, 8>::node == layout{1, 1}, "a node holds no link");
static_assert(lock_free_pool<layout{20, 8}, 8>::node == layout{24, 8}, "a node's size is a stride");
static_assert(steps::capacity == 45);
static_assert(growing::capacity == 64 * ((std::size_t{1} << 26U) - 1));
static_assert(growing_lock_free_pool<node, pages<>, 1>::capacity == (std::size_t{1} << 31U) - 1);
static_assert(growing_lock_free_pool<node, pages<>, 3>::capacity == 3 * ((1ULL << 30U) - 1));
static_assert(lock_free_pool<node, 0xFFFFFFFE>::capacity == 0xFFFFFFFE, "the most there can be");
static_assert(alignof(hundred) == 64 && sizeof(hundred) == 128, "the head has a line of its own");

BOOST_AUTO_TEST_CASE(conforms_and_returns_all_to_its_upstream) {
    test::conformance(before_main, node);
    test::conformance(growing_before_main, node);
    ledger book;
    {
        probed<64> enough{book};
        test::conformance(enough, node);
        BOOST_TEST(book.served == 1U);
        probed<20> scarce{book};
        test::conformance(scarce, node);
        steps more{book};
        test::conformance(more, node);
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(survives_every_failure_of_its_upstream) {
    test::survives_every_failure<probed<64>>(node);
    test::survives_every_failure<steps>(node);
}

BOOST_AUTO_TEST_CASE(never_misaligns) {
    growing_lock_free_pool<layout{128, 64}, pages<>, 5> aligned;
    test::never_misaligned(aligned);
    lock_free_pool<layout{1, 4096}, 3, new_source> paged;
    for (int i = 0; i < 3; ++i) {
        void* const at = paged.allocate({1, 4096});
        BOOST_TEST(detail::is_aligned(at, 4096));
        std::memset(at, i, 4096);
    }
    ledger book;
    lock_free_pool<layout{3, 1}, 5, trusted> bytes{book};
    BOOST_TEST(bytes.allocate({1, 2}) == nullptr);
    for (int i = 0; i < 5; ++i) { BOOST_TEST(bytes.allocate({3, 1}) != nullptr); }
    constexpr std::size_t links_at = detail::round_up(5 * (3 + detail::redzone), link_size);
    BOOST_TEST((book.live.begin()->second == layout{links_at + 5 * link_size, link_size}));
}

BOOST_AUTO_TEST_CASE(gives_every_request_a_whole_node_and_refuses_what_does_not_fit) {
    ledger book;
    lock_free_pool<layout{20, 8}, 8, trusted> pool{book};
    BOOST_TEST(pool.good_size({1, 1}) == 24U);
    BOOST_TEST(pool.good_size({25, 8}) == 25U);
    BOOST_TEST(pool.good_size({1, 16}) == 1U);
    void* out = nullptr;
    for (const layout want : {layout{25, 8}, layout{8, 16}, layout{SIZE_MAX, 1}}) {
        BOOST_TEST(pool.allocate(want) == nullptr);
        BOOST_TEST(pool.allocate_batch(want, &out, 1) == 0U);
    }
    BOOST_TEST(book.requests == 0U);
}

BOOST_AUTO_TEST_CASE(has_exactly_as_many_nodes_as_it_says) {
    ledger book;
    probed<7> pool{book};
    std::vector<void*> all = take_all(pool);
    BOOST_TEST(all.size() == 7U);
    for (std::size_t i = 1; i < all.size(); ++i) { // in order, as none came back
        BOOST_TEST(detail::address(all[i]) - detail::address(all[i - 1]) == stride);
    }
    for (int round = 0; round < 3; ++round) {
        BOOST_TEST(pool.allocate(node) == nullptr);
        pool.deallocate(all[3], {1, 1});
        BOOST_TEST(pool.allocate(node) == all[3]);
    }
    give(pool, all);
    std::reverse(all.begin(), all.end());
    BOOST_TEST((take_all(pool) == all), "the last released is the first");
    BOOST_TEST(book.requests == 1U);
    BOOST_TEST((book.live.begin()->second == layout{7 * stride + 7 * link_size, 16}));
}

BOOST_AUTO_TEST_CASE(writes_nothing_into_a_free_node) {
    lock_free_pool<node, 3> pool;
    const std::vector<void*> all = take_all(pool);
    for (void* const each : all) { std::memset(each, 0x5A, node.size); }
    give(pool, all);
    for (const void* each : take_all(pool)) {
        const auto* const bytes = static_cast<const unsigned char*>(each);
        BOOST_TEST(std::count(bytes, bytes + node.size, 0x5A) == 48);
    }
}

BOOST_AUTO_TEST_CASE(moves_batches_both_ways) {
    ledger book;
    probed<10> pool{book};
    std::array<void*, 12> out{};
    BOOST_TEST(pool.allocate_batch(node, out.data(), 0) == 0U);
    BOOST_TEST(book.requests == 0U);
    BOOST_TEST(pool.allocate_batch(node, out.data(), 4) == 4U);
    BOOST_TEST(out[4] == nullptr);
    BOOST_TEST(pool.allocate_batch(node, out.data() + 4, 8) == 6U);
    BOOST_TEST(pool.allocate_batch(node, out.data(), 1) == 0U);
    pool.deallocate_batch(out.data() + 1, 0, node);
    BOOST_TEST(pool.allocate(node) == nullptr);
    std::array<void*, 10> again = {};
    BOOST_TEST(pool.allocate_batch(node, again.data(), 10) == 0U);
    std::copy(out.begin() + 1, out.begin() + 10, again.begin());
    pool.deallocate_batch(again.data(), 9, {1, 1});
    BOOST_TEST(pool.allocate(node) == out[9]);
    BOOST_TEST(pool.allocate(node) == out[8]);
    BOOST_TEST(count_free(pool) == 7U);
}

BOOST_AUTO_TEST_CASE(grows_by_regions_that_double_and_nodes_stay_where_they_are) {
    ledger book;
    {
        steps pool{book};
        std::vector<void*> all;
        for (const std::size_t regions : {1U, 2U, 3U, 4U}) {
            const std::size_t nodes = std::size_t{3} << (regions - 1);
            for (std::size_t i = 0; i < nodes; ++i) {
                auto* const at = static_cast<std::byte*>(pool.allocate(node));
                BOOST_TEST_REQUIRE(at != nullptr);
                BOOST_TEST(book.live.size() == regions);
                if (i > 0) { BOOST_TEST(at == static_cast<std::byte*>(all.back()) + stride); }
                std::memset(at, static_cast<int>(all.size()), node.size);
                all.push_back(at);
            }
            void* const first = all[all.size() - nodes];
            BOOST_TEST((book.live.at(first) == layout{nodes * (stride + link_size), 16}));
        }
        BOOST_TEST(pool.allocate(node) == nullptr);
        BOOST_TEST(book.requests == 4U);
        for (std::size_t i = 0; i < all.size(); ++i) {
            const auto* const bytes = static_cast<const unsigned char*>(all[i]);
            BOOST_TEST(std::count(bytes, bytes + node.size, i) == 48);
        }
        give(pool, all);
        std::reverse(all.begin(), all.end());
        BOOST_TEST((take_all(pool) == all), "one stack serves all regions");
        BOOST_TEST(book.requests == 4U);
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(serves_from_what_it_has_while_its_upstream_is_out) {
    ledger book{.budget = 1};
    steps pool{book};
    std::vector<void*> all = take_all(pool);
    BOOST_TEST(all.size() == 3U);
    pool.deallocate(all[1], node);
    BOOST_TEST(pool.allocate(node) == all[1]);
    book.budget = 1;
    BOOST_TEST(take_all(pool).size() == 6U);
    BOOST_TEST(count_free(pool) == 0U);
}

BOOST_AUTO_TEST_CASE(owns_its_nodes_and_nothing_else) {
    ledger book;
    steps pool{book};
    steps other{book};
    BOOST_TEST(!pool.owns(nullptr));
    BOOST_TEST(!pool.owns(&book));
    const std::vector<void*> all = take_all(pool);
    void* const foreign = other.allocate(node);
    for (void* const each : all) {
        BOOST_TEST(pool.owns(each));
        BOOST_TEST(pool.owns(static_cast<std::byte*>(each) + node.size - 1));
        BOOST_TEST(!other.owns(each));
    }
    BOOST_TEST((other.owns(foreign) && !pool.owns(foreign)));
    for (const std::size_t last : {2U, 8U, 20U, 44U}) { // behind it are the links
        BOOST_TEST(!pool.owns(static_cast<std::byte*>(all[last]) + stride));
    }
    BOOST_TEST(!pool.owns(static_cast<std::byte*>(all[0]) - 1));
}

BOOST_AUTO_TEST_CASE(prepared_it_asks_for_nothing_more) {
    ledger book{.budget = 0};
    probed<5> pool{book};
    BOOST_TEST(!pool.prepare());
    book.budget = 1;
    BOOST_TEST(pool.prepare());
    BOOST_TEST(book.requests == 2U);
    BOOST_TEST(pool.prepare());
    BOOST_TEST(count_free(pool) == 5U);
    BOOST_TEST(book.requests == 2U);
    steps more{book};
    book.budget = 1;
    BOOST_TEST(more.prepare());
    BOOST_TEST(count_free(more) == 3U);
}

BOOST_AUTO_TEST_CASE(never_asks_an_upstream_that_is_not_safe_in_threads_unless_prepared) {
    ledger book;
    {
        lock_free_pool<node, 5, probe> pool{book};
        BOOST_TEST(pool.allocate(node) == nullptr);
        BOOST_TEST(book.requests == 0U);
        BOOST_TEST(pool.prepare());
        BOOST_TEST(count_free(pool) == 5U);
        BOOST_TEST(pool.allocate(node) != nullptr);
        BOOST_TEST(book.requests == 1U);
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(lives_in_bytes_that_are_there_already) {
    alignas(16) std::array<std::byte, 5 * (stride + link_size) + detail::redzone> bytes{};
    {
        lock_free_pool<node, 5, buffer> pool{bytes};
        BOOST_TEST(pool.prepare());
        const std::vector<void*> all = take_all(pool);
        BOOST_TEST(all.size() == 5U);
        BOOST_TEST(all[0] == bytes.data());
        give(pool, all);
    }
    lock_free_pool<node, 6, buffer> large{bytes};
    BOOST_TEST(!large.prepare());
    BOOST_TEST(large.allocate(node) == nullptr);
    lock_free_pool<node, 40, inline_buffer<4096>> own;
    BOOST_TEST(own.prepare());
    test::conformance(own, node);
}

namespace {

/// What other threads do, once, while this one asks the source, which then has no more.
std::function<void()> meanwhile; // NOLINT

struct busy_source : trusted {
    explicit busy_source(ledger& book) : trusted(book), book_(&book) {}
    [[nodiscard]] void* allocate(layout want) noexcept {
        if (book_->budget > 1) { // it was there before they came
            void* const at = trusted::allocate(want);
            if (meanwhile) { std::exchange(meanwhile, nullptr)(); }
            return at;
        }
        if (meanwhile) { std::exchange(meanwhile, nullptr)(); }
        return trusted::allocate(want);
    }

private:
    ledger* book_;
};

} // namespace

BOOST_AUTO_TEST_CASE(of_two_first_requests_that_meet_one_gives_its_region_back) {
    for (const std::size_t budget : {unlimited, std::size_t{1}}) { // or gets none
        ledger book{.budget = budget};
        {
            lock_free_pool<node, 4, busy_source> pool{book};
            void* other = nullptr;
            meanwhile = [&] { other = pool.allocate(node); };
            void* const mine = pool.allocate(node);
            BOOST_TEST((mine != nullptr && other != nullptr && mine != other));
            BOOST_TEST((pool.owns(mine) && pool.owns(other)));
            BOOST_TEST(book.requests == 2U);
            BOOST_TEST(book.live.size() == 1U);
            BOOST_TEST(take_all(pool).size() == 2U);
        }
        BOOST_TEST(book.live.empty());
    }
}

BOOST_AUTO_TEST_CASE(who_finds_a_new_region_used_up_takes_the_next) {
    ledger book;
    lock_free_pool<node, 2, busy_source, 3> pool{book};
    meanwhile = [&] { // the first and a node of the second
        for (int i = 0; i < 3; ++i) { BOOST_TEST(pool.allocate(node) != nullptr); }
    };
    BOOST_TEST(pool.allocate(node) != nullptr);
    BOOST_TEST(book.live.size() == 2U);
    BOOST_TEST(take_all(pool).size() == 10U);
}

BOOST_AUTO_TEST_CASE(accounts_for_every_byte) {
    ledger book;
    steps pool{book};
    BOOST_TEST((pool.account() == byte_account{}));
    BOOST_TEST(pool.bin(0).free == 0U);
    std::vector<void*> live{pool.allocate(node)};
    BOOST_TEST((pool.account() == byte_account{.taken = 3 * (stride + link_size),
                                               .metadata = 3 * link_size,
                                               .fresh = 2 * stride}));
    BOOST_TEST(pool.account().used() == stride);
    for (int i = 0; i < 4; ++i) { live.push_back(pool.allocate(node)); } // two of the next six
    pool.deallocate(live[1], node);
    pool.deallocate(live[3], node);
    byte_account sum{.taken = 9 * (stride + link_size),
                     .metadata = 9 * link_size,
                     .trapped = 2 * stride,
                     .fresh = 4 * stride};
    BOOST_TEST((pool.account() == sum));
    BOOST_TEST(sum.used() == 3 * stride);
    BOOST_TEST((pool.bin(0).size == 48 && pool.bin(0).free == 2));
    pool.deallocate(live[4], node); // the last of its region
    sum.trapped = stride;
    sum.cached = 2 * stride;
    BOOST_TEST((pool.account() == sum));
    BOOST_TEST(pool.bin(0).free == 3U);
    give(pool, {live[0], live[2]});
    sum.trapped = 0;
    sum.cached = 5 * stride;
    BOOST_TEST((pool.account() == sum));
    int visits = 0;
    pool.each_upstream([&](auto& upstream) {
        static_assert(std::same_as<decltype(upstream), trusted&>);
        ++visits;
    });
    BOOST_TEST(visits == 1);
    lock_free_pool<node, 100, pages<>> paged;
    BOOST_TEST(paged.prepare());
    const byte_account whole = paged.account();
    BOOST_TEST(whole.taken % pages<>::page_size() == 0U);
    BOOST_TEST((whole.fresh == 100 * stride && whole.metadata == whole.taken - whole.fresh));
}

BOOST_AUTO_TEST_CASE(takes_nothing_back_whatever_it_is_said_to_be) {
    hundred pool;
    pool.deallocate_batch(nullptr, 0, {1000, 64}); // what a batch that came short gives back
    BOOST_TEST(pool.allocate_batch({1000, 64}, nullptr, 0) == 0U);
}

BOOST_AUTO_TEST_CASE(keeps_everybody_out_of_its_upstream_while_the_process_forks) {
    growing_lock_free_pool<node, locked<new_source>> pool;
    pool.lock();
    pool.each_upstream([](auto& upstream) { BOOST_TEST(!upstream.try_lock()); });
    BOOST_TEST(!pool.try_lock());
    pool.unlock();
    BOOST_TEST(pool.try_lock());
    pool.unlock();
}

BOOST_AUTO_TEST_CASE(serves_containers_through_a_handle) {
    using handle = global<growing_lock_free_pool<layout{64, 16}>>;
    std::list<int, allocator<int, handle>> list(1000, 7);
    list.remove_if([n = 0](int) mutable { return ++n % 2 == 0; });
    list.resize(2000, 7);
    BOOST_TEST(std::count(list.begin(), list.end(), 7) == 2000);
}

namespace {

/// Threads that take nodes, stamp them as theirs, hand them to one another, and release what they
/// got, one by one or several at once. @return Nodes that were changed under their owner, and, if
/// they are to suffice, requests that were refused.
template <class P>
int churn_in_threads(P& place, unsigned count, bool suffice) {
    struct letter {
        unsigned char* at;
        unsigned char stamp;
    };
    std::array<std::atomic<letter*>, 16> exchange{};
    std::atomic<int> faults{0}; // Boost.Test does not count across threads
    const auto open = [&](letter* one) -> void* {
        const auto [at, stamp] = *one;
        if (static_cast<void*>(one) != at + 16 ||
            std::count(at, at + 16, stamp) + std::count(at + 32, at + 48, stamp) != 32) {
            ++faults;
        }
        if (!place.owns(at)) { ++faults; }
        return at;
    };
    std::vector<std::thread> threads;
    for (unsigned number = 0; number < count; ++number) {
        threads.emplace_back([&, number] {
            std::vector<void*> ended;
            for (unsigned i = 0; i < 40'000 / count + 1'000; ++i) {
                auto* const at = static_cast<unsigned char*>(place.allocate(node));
                if (at == nullptr) {
                    if (suffice) { ++faults; }
                } else {
                    const auto stamp = static_cast<unsigned char>(number * 16 + i % 16);
                    std::memset(at, stamp, node.size);
                    auto* const mine = ::new (at + 16) letter{at, stamp};
                    letter* const other = exchange[(i * 7 + number) % 16].exchange(mine);
                    if (other != nullptr) { ended.push_back(open(other)); }
                }
                if (at == nullptr || ended.size() > i % 4) {
                    if (ended.size() == 1) {
                        place.deallocate(ended[0], node);
                    } else {
                        place.deallocate_batch(ended.data(), ended.size(), node);
                    }
                    ended.clear();
                }
            }
            place.deallocate_batch(ended.data(), ended.size(), node);
        });
    }
    for (std::thread& each : threads) { each.join(); }
    for (auto& each : exchange) {
        if (letter* const one = each.load()) { place.deallocate(open(one), node); }
    }
    return faults;
}

} // namespace

BOOST_AUTO_TEST_CASE(serves_threads_that_release_what_others_took) {
    for (const unsigned threads : {2U, 4U, 16U}) {
        BOOST_TEST_CONTEXT(threads << " threads") {
            lock_free_pool<node, 200> enough;
            BOOST_TEST(churn_in_threads(enough, threads, true) == 0);
            BOOST_TEST(count_free(enough) == 200U);
            lock_free_pool<node, 9> scarce;
            BOOST_TEST(churn_in_threads(scarce, threads, false) == 0);
            BOOST_TEST(count_free(scarce) == 9U);
            lock_free_pool<node, 1, new_source, 5> more;
            BOOST_TEST(churn_in_threads(more, threads, false) == 0);
            BOOST_TEST(count_free(more) == 31U);
            growing_lock_free_pool<node, new_source, 1> open_ended;
            BOOST_TEST(churn_in_threads(open_ended, threads, true) == 0);
            BOOST_TEST(open_ended.bin(0).free < 200U);
            BOOST_TEST(open_ended.account().used() == 0U);
        }
    }
}

BOOST_AUTO_TEST_CASE(threads_that_all_come_first_share_one_region) {
    for (int round = 0; round < 50; ++round) {
        lock_free_pool<node, 8, new_source> pool;
        std::atomic<int> waiting{4};
        std::array<void*, 4> first{};
        std::vector<std::thread> threads;
        for (void*& each : first) {
            threads.emplace_back([&] {
                --waiting;
                while (waiting > 0) { std::this_thread::yield(); }
                each = pool.allocate(node);
            });
        }
        for (std::thread& each : threads) { each.join(); }
        BOOST_TEST_REQUIRE(std::count(first.begin(), first.end(), nullptr) == 0);
        BOOST_TEST_REQUIRE(std::set(first.begin(), first.end()).size() == 4U);
        BOOST_TEST_REQUIRE(count_free(pool) == 4U);
    }
}

namespace {

/// Takes all there is, which is no less than `least` and nobody else's, and gives it back; twice.
template <class P>
bool is_whole(P& pool, std::size_t least) {
    for (int round = 0; round < 2; ++round) {
        std::array<void*, P::capacity> all{};
        const std::size_t n = pool.allocate_batch(node, all.data(), all.size());
        if (n < least || n > all.size()) { return false; }
        least = n;
        for (std::size_t i = 0; i < n; ++i) { std::memset(all[i], static_cast<int>(i), node.size); }
        for (std::size_t i = 0; i < n; ++i) {
            const auto* const bytes = static_cast<const unsigned char*>(all[i]);
            if (std::count(bytes, bytes + node.size, i) != 48) { return false; }
        }
        pool.deallocate_batch(all.data(), n, node);
    }
    return true;
}

constinit lock_free_pool<node, 8, pages<>, 4> forked; // grows while the process forks

} // namespace

BOOST_AUTO_TEST_CASE(a_child_finds_it_whole_whatever_the_threads_of_its_parent_did) {
    std::atomic<bool> stop = false;
    std::vector<std::thread> threads;
    for (int i = 0; i < 2; ++i) {
        threads.emplace_back([&] {
            std::array<void*, 10> mine{};
            for (std::size_t n = 1; !stop; n = n % 10 + 1) {
                const std::size_t got = forked.allocate_batch(node, mine.data(), n);
                forked.deallocate_batch(mine.data(), got, node);
            }
        });
    }
    for (int i = 0; i < 300; ++i) {
        const pid_t child = ::fork();
        if (child == 0) {
            ::alarm(20); // a wait that never ends would end here
            ::_exit(is_whole(forked, forked.capacity - 20) ? 0 : 1);
        }
        int status = -1;
        BOOST_TEST_REQUIRE(::waitpid(child, &status, 0) == child);
        BOOST_TEST_REQUIRE(status == 0);
    }
    stop = true;
    for (std::thread& each : threads) { each.join(); }
    BOOST_TEST(count_free(forked) == 120U);
}

namespace {

constinit lock_free_pool<node, 40> signalled;
volatile std::sig_atomic_t handled = 0;
volatile std::sig_atomic_t spoilt = 0;

void use_in_handler(int /*signal*/) {
    for (int i = 0; i < 10; ++i) {
        auto* const at = static_cast<unsigned char*>(signalled.allocate(node));
        if (at == nullptr) { continue; }
        std::memset(at, i, node.size);
        if (at[0] != i || at[node.size - 1] != i) { spoilt = 1; }
        signalled.deallocate(at, node);
    }
    handled = handled + 1;
}

} // namespace

BOOST_AUTO_TEST_CASE(serves_signal_handlers_once_it_is_prepared) {
    BOOST_TEST(signalled.prepare());
    struct sigaction use{};
    struct sigaction before{};
    use.sa_handler = use_in_handler;
    BOOST_TEST(::sigaction(SIGALRM, &use, &before) == 0);
    const ::itimerval often{{0, 200}, {0, 200}};
    BOOST_TEST(::setitimer(ITIMER_REAL, &often, nullptr) == 0);
    while (handled < 200 && spoilt == 0) {
        for (int i = 0; i < 100; ++i) {
            std::array<void*, 3> mine{};
            const std::size_t n = signalled.allocate_batch(node, mine.data(), mine.size());
            for (std::size_t j = 0; j < n; ++j) { std::memset(mine[j], 0xA5, node.size); }
            for (std::size_t j = 0; j < n; ++j) {
                const auto* const bytes = static_cast<const unsigned char*>(mine[j]);
                if (std::count(bytes, bytes + node.size, 0xA5) != 48) { spoilt = 1; }
            }
            signalled.deallocate_batch(mine.data(), n, node);
        }
    }
    const ::itimerval never{};
    BOOST_TEST(::setitimer(ITIMER_REAL, &never, nullptr) == 0);
    BOOST_TEST(::sigaction(SIGALRM, &before, nullptr) == 0);
    BOOST_TEST(spoilt == 0);
    BOOST_TEST(count_free(signalled) == 40U);
}

BOOST_AUTO_TEST_CASE(finds_out_every_double_release_and_every_pointer_that_is_no_node) {
    const auto dies = [](auto misuse) {
        return test::dies([misuse] {
            lock_free_pool<node, 2, new_source, 2> pool;
            std::array<void*, 4> at{};
            static_cast<void>(pool.allocate_batch(node, at.data(), at.size()));
            misuse(pool, at.data());
        });
    };
    BOOST_TEST(!dies([](auto& pool, void** at) { pool.deallocate(at[3], node); }));
    BOOST_TEST(dies([](auto& pool, void** at) {
        pool.deallocate(at[0], node);
        pool.deallocate(at[0], node);
    }));
    BOOST_TEST(dies([](auto& pool, void** at) {
        pool.deallocate_batch(at, 4, node);
        pool.deallocate(at[2], node);
    }));
    BOOST_TEST(dies([](auto& pool, void** at) {
        at[1] = at[0];
        pool.deallocate_batch(at, 2, node);
    }));
    BOOST_TEST(dies(
        [](auto& pool, void** at) { pool.deallocate(static_cast<std::byte*>(at[1]) + 16, node); }));
    BOOST_TEST(dies([](auto& pool, void** at) {
        pool.deallocate(static_cast<std::byte*>(at[1]) + stride, node);
    }));
    BOOST_TEST(dies([](auto& pool, void** at) { pool.deallocate(at, node); }));
    BOOST_TEST(dies([](auto& pool, void** /*at*/) { pool.deallocate(nullptr, node); }));
    BOOST_TEST(dies([](auto& pool, void** at) { pool.deallocate(at[0], {49, 16}); }));
}

#if defined(ALLOY_HAS_ASAN)
BOOST_AUTO_TEST_CASE(puts_free_nodes_and_the_gaps_between_them_off_limits) {
    ledger book;
    {
        probed<3> pool{book};
        BOOST_TEST(pool.prepare());
        auto* const region = static_cast<std::byte*>(book.live.begin()->first);
        const auto off_limits = [region](std::size_t from, std::size_t n) {
            for (std::size_t i = from; i < from + n; ++i) {
                if (__asan_address_is_poisoned(region + i) == 0) { return false; }
            }
            return true;
        };
        BOOST_TEST(off_limits(0, 3 * stride));
        const std::vector<void*> all = take_all(pool);
        for (std::size_t i = 0; i < 3; ++i) {
            BOOST_TEST(__asan_region_is_poisoned(all[i], node.size) == nullptr);
            BOOST_TEST(off_limits(i * stride + node.size, detail::redzone));
        }
        pool.deallocate(all[1], {1, 1});
        BOOST_TEST(off_limits(stride, stride));
        pool.deallocate_batch(all.data(), 1, {1, 1});
        BOOST_TEST(off_limits(0, 2 * stride));
        BOOST_TEST(__asan_region_is_poisoned(all[2], node.size) == nullptr);
    } // the probe sees that all is open again
    BOOST_TEST(book.live.empty());
}
#endif
