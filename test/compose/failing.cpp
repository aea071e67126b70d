// SPDX-License-Identifier: BSL-1.0
#include "support/dies.hpp"

#include <alloy/compose/failing.hpp>

#include <alloy/adapt/allocator.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/compose/single_threaded.hpp>
#include <alloy/policy/bitmap.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/malloc.hpp>

#include "support/conformance.hpp"
#include "support/probe.hpp"
#include "support/rich.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <list>
#include <new>
#include <thread>
#include <vector>

using namespace alloy;
using test::ledger;
using test::probe;
using test::rich;

namespace {

static_assert(rounding_policy<failing<pool16<>>> && resizing_policy<failing<pool16<>>> &&
              trimming_policy<failing<pool16<>>> && marking_policy<failing<bump<>>> &&
              batching_policy<failing<bitmap<layout{40, 8}>>> &&
              zeroing_policy<failing<malloc_source>>);
static_assert(!batching_policy<failing<pool16<>>> && !zeroing_policy<failing<pool16<>>> &&
              !owning_policy<failing<pool16<>>> && !marking_policy<failing<pool16<>>>);
static_assert(!thread_safe_v<failing<new_source>> && !thread_safe_v<failing<locked<new_source>>>,
              "the count is nobody's but one thread's");
static_assert(single_threaded_v<failing<single_threaded<pool16<>>>> &&
              !single_threaded_v<failing<pool16<>>>);
static_assert(thread_safe_v<locked<ref<failing<pool16<>>>>>);
static_assert(!std::copy_constructible<failing<pool16<>>> && !std::movable<failing<pool16<>>>);
constinit failing<pool16<>> early; // construction acquires nothing

static_assert(!failure_plan{}.refuses(1, 1), "by default nothing fails");
static_assert(!failure_plan::only(3).refuses(2, 1) && failure_plan::only(3).refuses(3, 1) &&
              !failure_plan::only(3).refuses(4, 1));
static_assert(!failure_plan::from(3).refuses(2, 1) && failure_plan::from(3).refuses(3, 1) &&
              failure_plan::from(3).refuses(1'000, 1));
static_assert(!failure_plan::every(3).refuses(1, 1) && failure_plan::every(3).refuses(3, 1) &&
              !failure_plan::every(3).refuses(4, 1) && failure_plan::every(3).refuses(6, 1));
static_assert(!failure_plan{.first = 2, .step = 3}.refuses(3, 1) &&
              failure_plan{.first = 2, .step = 3}.refuses(5, 1));
static_assert(!failure_plan::above(64).refuses(1, 64) && failure_plan::above(64).refuses(1, 65));
static_assert(failure_plan::share(1, 7).refuses(1, 1) && !failure_plan::share(0, 7).refuses(1, 1));
static_assert(failure_plan{.first = 2, .exempt = 64}.refuses(2, 65) &&
                  !failure_plan{.first = 2, .exempt = 64}.refuses(2, 64) &&
                  !failure_plan{.first = 2, .exempt = 64}.refuses(1, 65),
              "all that is said applies");

constexpr layout node{40, 8};

/// Asks `p` for `n` nodes and returns them. @return The numbers of those refused, from 1.
template <policy P>
std::vector<std::size_t> refused(P& p, std::size_t n) {
    std::vector<std::size_t> found;
    for (std::size_t i = 1; i <= n; ++i) {
        void* const at = p.allocate(node);
        if (at == nullptr) {
            found.push_back(i);
        } else {
            p.deallocate(at, node);
        }
    }
    return found;
}

using numbers = std::vector<std::size_t>;

} // namespace

BOOST_AUTO_TEST_CASE(conforms_and_returns_all_to_its_upstream) {
    ledger book;
    {
        failing<pool16<probe>> pool{book};
        test::conformance(pool, {200, 64});
        BOOST_TEST(pool.requests() > 0U);
        BOOST_TEST(pool.failures() == 0U);
        pool.fail(failure_plan::share(0.25, 1));
        test::conformance(pool, {200, 64});
        BOOST_TEST(pool.failures() > 0U);
    }
    BOOST_TEST(book.live.empty());
    test::survives_every_failure<failing<pool16<probe>>>({160, 64});
    test::never_misaligned(early);
}

BOOST_AUTO_TEST_CASE(refuses_the_nth_request_or_each_from_there_or_each_nth) {
    ledger book;
    failing<probe> memory{book};
    BOOST_TEST(refused(memory, 5) == numbers{}, boost::test_tools::per_element());
    memory.fail(failure_plan::only(3));
    BOOST_TEST(refused(memory, 5) == numbers{3}, boost::test_tools::per_element());
    memory.fail(failure_plan::from(3));
    BOOST_TEST(refused(memory, 5) == (numbers{3, 4, 5}), boost::test_tools::per_element());
    memory.fail(failure_plan::every(2));
    BOOST_TEST(refused(memory, 5) == (numbers{2, 4}), boost::test_tools::per_element());
    memory.fail(failure_plan::every(1));
    BOOST_TEST(refused(memory, 2) == (numbers{1, 2}), boost::test_tools::per_element());
    BOOST_TEST(book.requests == 5U + 4U + 2U + 3U, "what is refused goes no further");
}

BOOST_AUTO_TEST_CASE(refuses_what_is_larger_than_a_size) {
    early.fail(failure_plan::above(64));
    BOOST_TEST(early.allocate({65, 1}) == nullptr);
    void* const at = early.allocate({64, 1});
    BOOST_TEST_REQUIRE(at != nullptr);
    early.deallocate(at, {64, 1});
    early.fail({});
}

BOOST_AUTO_TEST_CASE(refuses_a_share_that_its_seed_alone_decides) {
    failing<new_source> memory;
    const auto with = [&](double odds, std::uint64_t seed) {
        memory.fail(failure_plan::share(odds, seed));
        return refused(memory, 10'000);
    };
    const numbers tenth = with(0.1, 1);
    BOOST_TEST(tenth.size() > 900U);
    BOOST_TEST(tenth.size() < 1'100U);
    BOOST_TEST((with(0.1, 1) == tenth));
    BOOST_TEST((with(0.1, 2) != tenth));
    BOOST_TEST(with(0, 1).empty());
    BOOST_TEST(with(1, 1).size() == 10'000U);
}

BOOST_AUTO_TEST_CASE(counts_requests_and_failures_since_the_plan_was_set) {
    failing<new_source> memory;
    memory.fail(failure_plan::from(3));
    refused(memory, 5);
    BOOST_TEST(memory.requests() == 5U);
    BOOST_TEST(memory.failures() == 3U);
    memory.fail(failure_plan::from(3));
    BOOST_TEST(memory.requests() == 0U);
    BOOST_TEST(memory.failures() == 0U);
    BOOST_TEST(refused(memory, 3).size() == 1U);
    memory.fail({});
    BOOST_TEST(memory.allocate({SIZE_MAX, 1}) == nullptr);
    BOOST_TEST(memory.requests() == 1U);
    BOOST_TEST(memory.failures() == 0U, "upstream had none: that is not the plan's doing");
}

BOOST_AUTO_TEST_CASE(refuses_zeroed_blocks_too) {
    rich::record record;
    failing<rich> memory{record};
    memory.fail(failure_plan::only(2));
    void* const at = memory.allocate_zeroed(node);
    BOOST_TEST(at != nullptr);
    BOOST_TEST(memory.allocate_zeroed(node) == nullptr);
    BOOST_TEST(record.zeroings == 1U);
    memory.deallocate(at, node);
}

BOOST_AUTO_TEST_CASE(cuts_a_batch_at_the_first_block_that_it_refuses) {
    rich::record record;
    failing<rich> memory{record};
    std::array<void*, 8> out{};
    memory.fail(failure_plan::only(6));
    BOOST_TEST(memory.allocate_batch(node, out.data(), 3) == 3U);
    BOOST_TEST(memory.allocate_batch(node, out.data() + 3, 5) == 2U);
    BOOST_TEST(memory.requests() == 6U);
    BOOST_TEST(memory.failures() == 1U);
    BOOST_TEST(record.live.size() == 5U);
    BOOST_TEST(memory.allocate_batch(node, out.data() + 5, 3) == 3U);
    memory.deallocate_batch(out.data(), out.size(), node);
    BOOST_TEST(memory.requests() == 9U);

    memory.fail(failure_plan::only(1));
    record.last = {0, 0};
    BOOST_TEST(memory.allocate_batch(node, out.data(), 3) == 0U);
    BOOST_TEST((record.last == layout{0, 0}), "upstream was asked for what is refused");
    BOOST_TEST(record.live.empty());
}

BOOST_AUTO_TEST_CASE(refuses_to_grow_a_block_and_never_to_shrink_or_release_it) {
    rich::record record;
    failing<rich> memory{record};
    void* const at = memory.allocate({32, 8});
    memory.fail(failure_plan::from(1));
    BOOST_TEST(!memory.resize(at, {32, 8}, 64));
    BOOST_TEST((record.live.at(at) == layout{32, 8}));
    BOOST_TEST(memory.requests() == 1U);
    BOOST_TEST(memory.resize(at, {32, 8}, 32));
    BOOST_TEST(memory.resize(at, {32, 8}, 16));
    BOOST_TEST(memory.requests() == 1U);
    memory.fail(failure_plan::only(2));
    BOOST_TEST(memory.resize(at, {16, 8}, 64));
    BOOST_TEST(!memory.resize(at, {64, 8}, 65));
    BOOST_TEST(memory.failures() == 1U);
    memory.fail(failure_plan::above(64));
    BOOST_TEST(!memory.resize(at, {64, 8}, 65));
    BOOST_TEST(!memory.resize(at, {64, 8}, 1'000), "upstream refuses that by itself");
    BOOST_TEST(memory.failures() == 2U);
    memory.fail(failure_plan::from(1));
    memory.deallocate(at, {64, 8});
    BOOST_TEST(memory.requests() == 0U);
    BOOST_TEST(record.live.empty());
}

BOOST_AUTO_TEST_CASE(throws_through_an_allocator_and_serves_again) {
    failing<pool16<>> pool;
    std::list<int, allocator<int, ref<failing<pool16<>>>>> list(pool);
    pool.fail(failure_plan::only(3));
    list.push_back(1);
    list.push_back(2);
    BOOST_CHECK_THROW(list.push_back(3), std::bad_alloc);
    BOOST_TEST(list.size() == 2U);
    list.push_back(4);
    BOOST_TEST(list.back() == 4);
}

BOOST_AUTO_TEST_CASE(is_shared_behind_a_lock) {
    failing<pool16<>> pool;
    pool.fail(failure_plan::every(4));
    locked<ref<failing<pool16<>>>> shared{pool};
    std::array<std::size_t, 2> found{};
    {
        std::vector<std::thread> threads;
        for (std::size_t& each : found) {
            threads.emplace_back([&] { each = refused(shared, 2'000).size(); });
        }
        for (std::thread& each : threads) { each.join(); }
    }
    BOOST_TEST(found[0] + found[1] == 1'000U);
    BOOST_TEST(pool.failures() == 1'000U);
    BOOST_TEST(pool.requests() == 4'000U);
}

BOOST_AUTO_TEST_CASE(every_none_th_request_is_reported) {
    BOOST_TEST(test::dies([] {
        failing<new_source> memory;
        memory.fail(failure_plan::every(0));
        refused(memory, 1);
    }));
}
