// SPDX-License-Identifier: BSL-1.0
// The check is an assertion; here it is rerouted, so that it can fail without an end.
namespace alloy::test {
void claim(bool holds) noexcept;
} // namespace alloy::test
#define ALLOY_ASSERT(...) alloy::test::claim(static_cast<bool>(__VA_ARGS__))
#include <alloy/compose/single_threaded.hpp>

#include <alloy/core/handle.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/pool16.hpp>

#include "support/conformance.hpp"
#include "support/probe.hpp"

#include <atomic>
#include <thread>
#include <type_traits>

using namespace alloy;
using test::ledger;
using test::probe;

namespace {

std::atomic<int> failed{0}; // NOLINT

/// How many assertions fail in another thread during `call`.
template <class Call>
int failures_elsewhere(Call call) {
    failed = 0;
    std::thread(call).join();
    return failed;
}

} // namespace

void alloy::test::claim(bool holds) noexcept {
    if (!holds) { ++failed; }
}

static_assert(policy<single_threaded<pool16<>>> && single_threaded_v<single_threaded<pool16<>>>);
static_assert(!thread_safe_v<single_threaded<pool16<>>> && !single_threaded_v<pool16<>>);
static_assert(thread_safe_v<single_threaded<new_source>>, "as its upstream");
static_assert(rounding_policy<single_threaded<pool16<>>> &&
              resizing_policy<single_threaded<pool16<>>> &&
              trimming_policy<single_threaded<pool16<>>>);
static_assert(marking_policy<single_threaded<bump<>>> &&
              resettable_policy<single_threaded<bump<>>>);
static_assert(!batching_policy<single_threaded<pool16<>>> &&
              !owning_policy<single_threaded<pool16<>>> &&
              !resettable_policy<single_threaded<pool16<>>>);
static_assert(!std::copy_constructible<single_threaded<pool16<>>> &&
              !std::movable<single_threaded<pool16<>>>);
static_assert(sizeof(single_threaded<pool16<>>) == sizeof(pool16<>) + sizeof(void*),
              "the word for the owner is there, in every build");
static_assert(sizeof(single_threaded<new_source>) == sizeof(void*));

constinit single_threaded<pool16<>> before_main; // construction acquires nothing

BOOST_AUTO_TEST_CASE(conforms_and_returns_all_to_its_upstream) {
    ledger book;
    failed = 0;
    {
        single_threaded<pool16<probe>> pool{book};
        test::conformance(pool, {200, 64});
    }
    BOOST_TEST(book.live.empty());
    test::survives_every_failure<single_threaded<pool16<probe>>>({160, 64});
    BOOST_TEST(failed == 0);
}

BOOST_AUTO_TEST_CASE(belongs_to_the_thread_that_called_first_and_refuses_every_other) {
    ledger book;
    single_threaded<pool16<probe>> pool{book};
    failed = 0;
    void* const at = pool.allocate({8, 8});
    BOOST_TEST(failed == 0);
    BOOST_TEST(failures_elsewhere([&] { pool.deallocate(pool.allocate({8, 8}), {8, 8}); }) == 2);
    BOOST_TEST(failures_elsewhere([&] { pool.trim(); }) == 1);
    failed = 0;
    pool.deallocate(at, {8, 8}); // and still belongs to the first
    BOOST_TEST(failed == 0);
}

BOOST_AUTO_TEST_CASE(does_not_belong_to_the_thread_that_constructed_it) {
    ledger book;
    single_threaded<pool16<probe>> pool{book};
    std::atomic<bool> let_go{false};
    std::atomic<bool> owned{false};
    failed = 0;
    std::thread owner([&] { // alive below, so that no other thread gets its mark
        pool.deallocate(pool.allocate({8, 8}), {8, 8});
        owned = true;
        while (!let_go) { std::this_thread::yield(); }
    });
    while (!owned) { std::this_thread::yield(); }
    BOOST_TEST(failed == 0);
    pool.trim();
    BOOST_TEST(failed == 1);
    let_go = true;
    owner.join();
}

BOOST_AUTO_TEST_CASE(lets_every_thread_ask_for_a_good_size) {
    single_threaded<pool16<>> pool;
    pool.trim();
    BOOST_TEST(failures_elsewhere([&] { static_cast<void>(pool.good_size({9, 8})); }) == 0);
}

BOOST_AUTO_TEST_CASE(checks_what_is_reached_through_a_handle) {
    using handle = global<single_threaded<pool16<>>>;
    const handle everywhere;
    failed = 0;
    void* const at = everywhere.allocate({8, 8});
    BOOST_TEST(failed == 0);
    BOOST_TEST(failures_elsewhere([at] { handle{}.deallocate(at, {8, 8}); }) == 1);
}
