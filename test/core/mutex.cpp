// SPDX-License-Identifier: BSL-1.0
#include <alloy/core/mutex.hpp>

#include <alloy/compose/locked.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/policy/pool16.hpp>

#include "soak/soak.hpp"
#include "support/conformance.hpp"
#include "support/hand_over.hpp"
#include "support/probe.hpp"

#include <atomic>
#include <concepts>
#include <cstdint>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>

using namespace alloy;
using test::ledger;
using test::probe;

namespace {

static_assert(sizeof(spin_lock) == 1 && std::is_trivially_destructible_v<spin_lock>);
static_assert(!std::copy_constructible<spin_lock> && !std::movable<spin_lock>);
static_assert(std::is_empty_v<null_mutex>);

using spinning = locked<pool16<>, spin_lock>;
using open = locked<pool16<>, null_mutex>;
static_assert(thread_safe_v<spinning> && lockable_policy<spinning>);
static_assert(!thread_safe_v<open> && !single_threaded_v<open>,
              "a lock that locks nothing makes nothing safe");
static_assert(sizeof(locked<new_source, null_mutex>) == 1 &&
                  sizeof(locked<freelist<layout{16, 8}>, null_mutex>) ==
                      sizeof(freelist<layout{16, 8}>),
              "and takes no room");

constinit spin_lock before_main; // construction acquires nothing
constinit spinning pool_before_main;

bool another_gets(spin_lock& lock) {
    bool got = false;
    std::thread([&] {
        got = lock.try_lock();
        if (got) { lock.unlock(); }
    }).join();
    return got;
}

} // namespace

BOOST_AUTO_TEST_CASE(one_thread_at_a_time_gets_a_spin_lock) {
    const std::scoped_lock hold{before_main};
    BOOST_TEST(!another_gets(before_main));
    BOOST_TEST(!before_main.try_lock()); // not recursive
}

BOOST_AUTO_TEST_CASE(a_spin_lock_that_was_tried_is_opened_like_any_other) {
    spin_lock lock;
    BOOST_TEST(lock.try_lock());
    BOOST_TEST(!another_gets(lock));
    lock.unlock();
    BOOST_TEST(another_gets(lock));
    lock.lock();
    lock.unlock();
    BOOST_TEST(another_gets(lock));
}

BOOST_AUTO_TEST_CASE(whoever_waits_for_a_spin_lock_gets_it_once_it_is_open) {
    spin_lock lock;
    std::atomic<bool> near = false;
    std::atomic<bool> inside = false;
    lock.lock();
    std::thread other([&] {
        near = true;
        const std::scoped_lock hold{lock};
        inside = true;
    });
    while (!near) { std::this_thread::yield(); }
    for (int i = 0; i < 1'000; ++i) { std::this_thread::yield(); }
    BOOST_TEST(!inside);
    lock.unlock();
    other.join();
    BOOST_TEST(inside);
}

BOOST_AUTO_TEST_CASE(a_spin_lock_excludes_and_publishes_what_was_written_under_it) {
    spin_lock lock;
    std::uint64_t count = 0; // of no atomic type: ThreadSanitizer looks on
    std::uint64_t tried = 0;
    const std::uint64_t rounds = test::thinned(1'000'000);
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&, i] {
            for (std::uint64_t round = 0; round < rounds; ++round) {
                if (i % 2 == 0) {
                    const std::scoped_lock hold{lock};
                    ++count;
                } else {
                    while (!lock.try_lock()) { std::this_thread::yield(); }
                    ++count;
                    ++tried;
                    lock.unlock();
                }
            }
        });
    }
    for (std::thread& each : threads) { each.join(); }
    BOOST_TEST(count == 4 * rounds);
    BOOST_TEST(tried == 2 * rounds);
}

BOOST_AUTO_TEST_CASE(a_null_mutex_never_waits) {
    null_mutex lock;
    const std::scoped_lock hold{lock};
    BOOST_TEST(lock.try_lock());
    lock.unlock();
}

BOOST_AUTO_TEST_CASE(a_policy_conforms_behind_either) {
    ledger book;
    {
        locked<pool16<probe>, spin_lock> spins{book};
        test::conformance(spins, {200, 64});
        locked<pool16<probe>, null_mutex> is_open{book};
        test::conformance(is_open, {200, 64});
    }
    BOOST_TEST(book.live.empty());
    test::survives_every_failure<locked<pool16<probe>, spin_lock>>({160, 64});
}

BOOST_AUTO_TEST_CASE(no_block_of_a_policy_behind_a_spin_lock_is_owned_twice) {
    for (const unsigned threads : {2U, 4U}) {
        BOOST_TEST_CONTEXT(threads << " threads") {
            const auto [operations, refused, faults] =
                test::hand_over(pool_before_main,
                                {.threads = threads, .operations = test::thinned(1'000'000)})
                    .run();
            BOOST_TEST(operations >= test::thinned(1'000'000));
            BOOST_TEST(refused == 0U);
            BOOST_TEST(faults == 0U);
        }
    }
}
