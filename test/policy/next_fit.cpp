// SPDX-License-Identifier: BSL-1.0
#include "support/dies.hpp"

#include <alloy/policy/next_fit.hpp>
#include <alloy/source/pages.hpp>

#include "support/conformance.hpp"
#include "support/interrupted.hpp"
#include "support/probe.hpp"
#include "support/resident.hpp"
#include "support/shelf.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <random>
#include <set>
#include <span>
#include <thread>
#include <utility>
#include <vector>

using namespace alloy;
using test::ledger;
using test::probe;

namespace {

constexpr layout node{48, 16};
constexpr std::size_t stride = 48 + detail::redzone;
constexpr std::size_t chunk = 4096;
const std::size_t per_chunk = [] {
    next_fit<node, new_source, chunk> one;
    one.deallocate(one.allocate(node), node);
    return one.bin(0).free;
}();
const std::size_t enough = per_chunk / 8; // free nodes of a chunk that is next

template <policy Upstream>
using small = next_fit<node, Upstream, chunk>;

/// Some nodes, in the order in which they came.
using nodes = std::vector<void*>;

template <policy P>
nodes take(P& from, std::size_t n) {
    nodes taken(n);
    for (void*& each : taken) {
        each = from.allocate(node);
        BOOST_TEST_REQUIRE(each != nullptr);
    }
    return taken;
}

template <policy P>
void give(P& to, std::span<void* const> gone) {
    for (void* const each : gone) { to.deallocate(each, node); }
}

std::size_t home(const void* at) { return detail::address(at) / chunk; }

/// Every third node of a chunk's.
nodes thirds(std::span<void* const> from) {
    nodes some;
    for (std::size_t i = 1; i < from.size(); i += 3) { some.push_back(from[i]); }
    return some;
}

} // namespace

static_assert(policy<next_fit<node>> && rounding_policy<next_fit<node>> &&
              batching_policy<next_fit<node>> && trimming_policy<next_fit<node>>);
static_assert(!owning_policy<next_fit<node>> && !resizing_policy<next_fit<node>> &&
              !zeroing_policy<next_fit<node>> && !resettable_policy<next_fit<node>> &&
              !marking_policy<next_fit<node>> && !measuring_policy<next_fit<node>>);
static_assert(!thread_safe_v<next_fit<node>> && !migratory_v<next_fit<node>>);
static_assert(!std::copy_constructible<next_fit<node>> && !std::movable<next_fit<node>>);
static_assert(next_fit<layout{1, 1}>::node == layout{1, 1}, "a node need not hold a link");
static_assert(next_fit<layout{20, 8}>::node == layout{24, 8}, "a node's size is a stride");
static_assert(max_size_v<next_fit<node>> == 48 && next_fit<node>::max_align == 16);

constinit next_fit<node> before_main; // construction acquires nothing

BOOST_AUTO_TEST_CASE(conforms_and_returns_all_to_its_upstream) {
    ledger book;
    {
        small<probe> all{book};
        test::conformance(all, node);
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(never_misaligns) {
    next_fit<layout{128, 64}> all;
    test::never_misaligned(all);
}

BOOST_AUTO_TEST_CASE(survives_every_failure_of_its_upstream) {
    test::survives_every_failure<next_fit<layout{128, 16}, probe, 2048>>({128, 16});
}

BOOST_AUTO_TEST_CASE(refuses_what_does_not_fit_and_leaves_upstream_alone) {
    ledger book;
    small<probe> all{book};
    BOOST_TEST(all.allocate({49, 16}) == nullptr);
    BOOST_TEST(all.allocate({8, 32}) == nullptr);
    BOOST_TEST(all.good_size({49, 16}) == 49U);
    BOOST_TEST(all.trim() == 0U);
    BOOST_TEST(book.requests == 0U);
}

BOOST_AUTO_TEST_CASE(goes_to_the_end_of_a_chunk_before_it_looks_at_what_came_back) {
    ledger book;
    small<probe> all{book};
    const nodes first = take(all, per_chunk - 2);
    for (std::size_t i = 1; i < first.size(); ++i) {
        BOOST_TEST(detail::address(first[i]) - detail::address(first[i - 1]) == stride);
    }
    const nodes gone = thirds(std::span(first).first(first.size() / 2));
    give(all, gone);
    const nodes last = take(all, 2); // the end
    BOOST_TEST(detail::address(last[0]) == detail::address(first.back()) + stride);
    BOOST_TEST((take(all, gone.size()) == gone)); // and once more from the start
    BOOST_TEST(book.served == 1U);
}

BOOST_AUTO_TEST_CASE(goes_through_chunks_in_the_order_in_which_they_had_room) {
    ledger book;
    small<probe> all{book};
    const nodes every = take(all, 5 * per_chunk);
    const auto nth = [&](std::size_t i) {
        return std::span(every).subspan(i * per_chunk, per_chunk);
    };
    nodes expected;
    for (const std::size_t i : {2U, 0U, 3U}) { // and four is the current one
        const nodes gone = thirds(nth(i));
        give(all, gone);
        expected.insert(expected.end(), gone.begin(), gone.end());
    }
    give(all, nth(1).first(enough - 1)); // one too few
    BOOST_TEST((take(all, expected.size()) == expected));
    BOOST_TEST(book.served == 5U);
    BOOST_TEST(home(take(all, 1)[0]) != home(nth(1)[0]));
    BOOST_TEST(book.served == 6U);
    all.deallocate(nth(1)[enough], node);
    const nodes more = take(all, 31 + enough - 1); // the rest of 32 nodes of the new one, and
    BOOST_TEST(std::equal(more.begin() + 31, more.end(), nth(1).begin()));
}

BOOST_AUTO_TEST_CASE(touches_no_more_than_it_needs_to_keep_the_order) {
    next_fit<node> all;
    nodes live = take(all, 128);
    void* const lowest = live[0];
    void* highest = live.back();
    void* before = highest;
    std::mt19937 random{42};
    int rising = 0;
    for (int i = 0; i < 10'000; ++i) {
        void*& one = live[random() % live.size()];
        all.deallocate(one, node);
        one = take(all, 1)[0];
        highest = std::max(highest, one);
        rising += one > before ? 1 : 0;
        before = one;
    }
    BOOST_TEST(rising > 8'000);
    BOOST_TEST(detail::address(highest) - detail::address(lowest) < 200 * stride);
}

BOOST_AUTO_TEST_CASE(keeps_the_order_of_requests_however_old_it_is) {
    ledger book;
    small<probe> all{book};
    nodes live = take(all, 100 * per_chunk);
    std::mt19937 random{42};
    std::size_t near = 0;
    void* before = live.back();
    for (std::size_t i = 0; i < 20 * live.size(); ++i) {
        void*& one = live[random() % live.size()];
        all.deallocate(one, node);
        one = take(all, 1)[0];
        near += one > before && detail::address(one) - detail::address(before) < chunk ? 1U : 0U;
        before = one;
    }
    BOOST_TEST(near > 17 * live.size(), "of " << 20 * live.size() << " only " << near);
    BOOST_TEST(book.live.size() < 100 + 100 / 6, "takes an eighth more, and a little");
}

BOOST_AUTO_TEST_CASE(gives_back_what_it_took_before_most_of_it_was_released) {
    ledger book;
    small<probe> all{book};
    nodes live = take(all, 200 * per_chunk);
    std::mt19937 random{42};
    std::shuffle(live.begin(), live.end(), random);
    const std::size_t left = live.size() / 10;
    give(all, std::span(live).subspan(left));
    live.resize(left);
    BOOST_TEST(book.live.size() > 150U);
    for (std::size_t i = 0; i < 20 * left; ++i) {
        void*& one = live[random() % left];
        all.deallocate(one, node);
        one = take(all, 1)[0];
    }
    BOOST_TEST(book.live.size() < 20 + 20 / 6 + 2);
}

BOOST_AUTO_TEST_CASE(asks_upstream_once_a_batch_while_that_is_out) {
    ledger book{.budget = 20};
    small<probe> all{book};
    const nodes live = take(all, 20 * per_chunk);
    for (std::size_t i = 0; i < live.size(); i += per_chunk) { all.deallocate(live[i], node); }
    const std::size_t before = book.requests;
    nodes row(30);
    BOOST_TEST(all.allocate_batch(node, row.data(), row.size()) == 20U);
    BOOST_TEST(book.requests == before + 1);
    all.deallocate_batch(row.data(), 20, node);
}

BOOST_AUTO_TEST_CASE(takes_every_free_node_before_it_refuses) {
    ledger book{.budget = 3};
    small<probe> all{book};
    nodes live = take(all, 3 * per_chunk);
    BOOST_TEST(all.allocate(node) == nullptr);
    std::mt19937 random{42};
    for (int round = 0; round < 100; ++round) {
        std::shuffle(live.begin(), live.end(), random);
        const std::size_t n = 1 + random() % 20;
        std::set<void*> gone(live.end() - static_cast<std::ptrdiff_t>(n), live.end());
        for (void* const each : gone) { all.deallocate(each, node); }
        live.resize(live.size() - n);
        for (std::size_t i = 0; i < n; ++i) {
            void* const at = all.allocate(node);
            BOOST_TEST(gone.erase(at) == 1U);
            live.push_back(at);
        }
        BOOST_TEST(all.allocate(node) == nullptr);
    }
}

BOOST_AUTO_TEST_CASE(gives_empty_chunks_upstream_but_for_the_lowest_and_the_current) {
    ledger book;
    small<probe> all{book};
    nodes live = take(all, 5 * per_chunk);
    const std::size_t current = home(live.back());
    std::set<std::size_t> others;
    for (void* const each : live) { others.insert(home(each)); }
    others.erase(current);
    std::shuffle(live.begin(), live.end(), std::mt19937{42});
    give(all, live);
    std::set<std::size_t> left;
    for (const auto& [at, want] : book.live) { left.insert(home(at)); }
    BOOST_TEST((left == std::set<std::size_t>{*others.begin(), current}));
    BOOST_TEST(all.trim() == 2 * chunk);
    BOOST_TEST(book.live.empty());
    BOOST_TEST(all.trim() == 0U);
    give(all, take(all, 1));
    BOOST_TEST(all.trim() == chunk);
}

BOOST_AUTO_TEST_CASE(a_kept_chunk_that_is_used_again_does_not_stand_in_for_an_empty_one) {
    ledger book;
    small<probe> all{book};
    nodes live = take(all, 3 * per_chunk);
    const auto nth = [&](std::size_t i) {
        return std::span(live).subspan(i * per_chunk, per_chunk);
    };
    give(all, nth(0));                   // kept
    void* const again = take(all, 1)[0]; // and now the current one
    BOOST_TEST(again == nth(0)[0]);
    all.deallocate(again, node);
    give(all, nth(1));
    BOOST_TEST(book.live.size() == 3U);
    give(all, nth(2));
    BOOST_TEST(book.live.size() == 2U);
    BOOST_TEST(take(all, 1)[0] == again);
    BOOST_TEST(all.trim() == chunk);
}

BOOST_AUTO_TEST_CASE(a_chunk_that_was_emptied_while_it_was_the_current_one_counts_as_empty) {
    ledger book;
    small<probe> all{book};
    const nodes live = take(all, 4 * per_chunk);
    const auto nth = [&](std::size_t i) {
        return std::span(live).subspan(i * per_chunk, per_chunk);
    };
    give(all, nth(0)); // kept
    give(all, nth(3)); // the current one
    static_cast<void>(take(all, 1));
    give(all, nth(1));
    BOOST_TEST(book.live.size() == 3U); // the current one, an empty one, and nth(2)
    all.trim();
    BOOST_TEST(book.live.size() == 2U);
}

BOOST_AUTO_TEST_CASE(keeps_as_many_empty_chunks_as_it_asked_for_again) {
    ledger book;
    small<probe> all{book};
    for (int i = 0; i < 3; ++i) { give(all, take(all, 5 * per_chunk)); }
    BOOST_TEST(book.live.size() == 5U);
    book.requests = 0;
    give(all, take(all, 5 * per_chunk));
    BOOST_TEST(book.requests == 0U);
    BOOST_TEST(all.trim() == 5 * chunk);
}

BOOST_AUTO_TEST_CASE(trims_the_memory_behind_free_nodes) {
    test::trims_behind_free_nodes<next_fit<layout{64, 64}, pages<>, std::size_t{1} << 16U>>();
}

BOOST_AUTO_TEST_CASE(is_whole_while_a_handler_releases_or_allocates_as_upstream_is_asked) {
    using source = test::interrupted<struct under_next_fit>;
    for (const bool refuses : {false, true}) {
        for (const std::size_t n : {std::size_t{1}, enough, per_chunk}) {
            small<source> all;
            nodes live = take(all, 2 * per_chunk);
            void* taken = nullptr;
            source::before_next = [&] {
                give(all, std::span(live).first(n));
                taken = all.allocate(node);
            };
            source::refuses = refuses;
            std::set<void*> out(live.begin() + static_cast<std::ptrdiff_t>(n), live.end());
            std::size_t fresh = 0;
            do {
                void* const at = all.allocate(node);
                if (at == nullptr) { break; }
                if (taken != nullptr) { BOOST_TEST(out.insert(taken).second); }
                taken = nullptr;
                BOOST_TEST_REQUIRE(out.insert(at).second);
            } while (++fresh < 3 * per_chunk);
            if (taken != nullptr) { BOOST_TEST(out.insert(taken).second); }
            BOOST_TEST(all.bin(0).live == out.size());
            source::refuses = false;
            for (void* const each : out) { all.deallocate(each, node); }
            all.trim();
            BOOST_TEST(source::out == 0U);
        }
    }
}

BOOST_AUTO_TEST_CASE(returns_a_chunk_that_it_took_while_a_handler_released_enough) {
    using source = test::interrupted<struct more_than_enough>;
    small<source> all;
    nodes live = take(all, 2 * per_chunk);
    source::before_next = [&] {
        give(all, std::span(live).first(enough));
        all.trim();
    };
    live.push_back(all.allocate(node));
    BOOST_TEST(source::out == 3U);
    give(all, std::span(live).subspan(enough));
    all.trim();
    BOOST_TEST(source::out == 0U);
}

BOOST_AUTO_TEST_CASE(shares_nothing_with_others_of_its_type) {
    const auto work = [](int& served) { // without BOOST_TEST, which threads must not call
        small<new_source> own;
        for (int i = 0; i < 1000; ++i) {
            void* const at = own.allocate(node);
            if (at == nullptr) { continue; }
            own.deallocate(at, node);
            own.trim();
            ++served;
        }
    };
    int here = 0;
    int there = 0;
    std::thread other([&] { work(there); }); // as ThreadSanitizer sees
    work(here);
    other.join();
    BOOST_TEST(here + there == 2000);
}

BOOST_AUTO_TEST_CASE(visits_every_live_node_in_address_order_within_a_chunk) {
    ledger book;
    small<probe> all{book};
    nodes live = take(all, 3 * per_chunk);
    std::mt19937 random{42};
    std::erase_if(live, [&](void* at) {
        if (random() % 3 != 0) { return false; }
        all.deallocate(at, node);
        return true;
    });
    nodes seen;
    std::as_const(all).for_each_live([&](void* at) { seen.push_back(at); });
    for (std::size_t i = 1; i < seen.size(); ++i) {
        BOOST_TEST((home(seen[i]) != home(seen[i - 1]) || seen[i - 1] < seen[i]));
    }
    std::sort(seen.begin(), seen.end());
    std::sort(live.begin(), live.end());
    BOOST_TEST((seen == live));
}

BOOST_AUTO_TEST_CASE(finds_out_every_double_release_and_every_pointer_that_is_no_node) {
    small<new_source> all;
    const nodes live = take(all, 40);
    auto* const first = static_cast<std::byte*>(live[0]);
    const auto release = [&](void* at, layout given) { all.deallocate(at, given); };
    BOOST_TEST(!test::dies([&] { release(live[7], node); }));
    release(live[7], node);
    BOOST_TEST(test::dies([&] { release(live[7], node); }));
    BOOST_TEST(test::dies([&] { release(first + 8, {1, 1}); }));
    BOOST_TEST(test::dies([&] { release(nullptr, node); }));
    BOOST_TEST(test::dies([&] { release(first + 50 * stride, node); })); // never handed out
    BOOST_TEST(test::dies([&] { release(live[5], {49, 16}); }));
}

BOOST_AUTO_TEST_CASE(gives_chunks_back_as_ordinary_memory) {
    static std::array<std::byte, 4 * chunk> bytes;
    {
        small<test::shelf> all{std::span<std::byte>{bytes}};
        const nodes live = take(all, 2 * per_chunk);
        all.deallocate(live[1], node);
    }
    BOOST_TEST(test::is_ordinary(bytes));
}
