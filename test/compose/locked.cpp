// SPDX-License-Identifier: BSL-1.0
#include <alloy/compose/locked.hpp>

#include <alloy/policy/bump.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/policy/pool16.hpp>

#include "support/conformance.hpp"
#include "support/probe.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <thread>
#include <type_traits>
#include <vector>

using namespace alloy;
using test::ledger;
using test::probe;

static_assert(policy<locked<pool16<>>> && thread_safe_v<locked<pool16<>>>);
static_assert(!thread_safe_v<pool16<>> && !single_threaded_v<locked<pool16<>>>);
static_assert(rounding_policy<locked<pool16<>>> && resizing_policy<locked<pool16<>>> &&
              trimming_policy<locked<pool16<>>>);
static_assert(resettable_policy<locked<bump<>>> && marking_policy<locked<bump<>>>);
static_assert(!batching_policy<locked<pool16<>>> && !zeroing_policy<locked<pool16<>>> &&
                  !measuring_policy<locked<pool16<>>> && !owning_policy<locked<pool16<>>> &&
                  !resettable_policy<locked<pool16<>>> && !marking_policy<locked<pool16<>>>,
              "what upstream lacks is absent");
static_assert(!std::copy_constructible<locked<pool16<>>> && !std::movable<locked<pool16<>>>);
static_assert(locked<pool16<>>::max_align == pool16<>::max_align);
static_assert(sizeof(locked<new_source>) == sizeof(std::mutex),
              "a stateless upstream takes no room");

constinit locked<pool16<>> before_main; // construction acquires nothing

namespace {

/// A mutex that counts, and knows whether it is held.
struct counting_mutex {
    static inline int locks = 0;
    static inline bool held = false;
    static inline bool broken = false;

    void lock() noexcept {
        broken = broken || held;
        held = true;
        ++locks;
    }
    void unlock() noexcept {
        broken = broken || !held;
        held = false;
    }
};

/// Fails unless the lock is held during each operation.
struct guarded {
    static constexpr std::size_t max_align = any_align;

    [[nodiscard]] void* allocate(layout want) noexcept {
        check();
        return new_source::allocate(want);
    }
    void deallocate(void* at, layout given) noexcept {
        check();
        new_source::deallocate(at, given);
    }
    [[nodiscard]] bool owns(const void* /*at*/) const noexcept {
        check();
        return true;
    }
    std::size_t trim() noexcept {
        check();
        return 0;
    }

private:
    static void check() { BOOST_TEST(counting_mutex::held); }
};

} // namespace

BOOST_AUTO_TEST_CASE(conforms_and_returns_all_to_its_upstream) {
    ledger book;
    {
        locked<pool16<probe>> pool{book};
        test::conformance(pool, {200, 64});
    }
    BOOST_TEST(book.live.empty());
    test::survives_every_failure<locked<pool16<probe>>>({160, 64});
}

BOOST_AUTO_TEST_CASE(holds_the_lock_during_every_operation_and_no_longer) {
    locked<guarded, counting_mutex> policy;
    void* const at = policy.allocate({8, 8});
    BOOST_TEST(counting_mutex::locks == 1);
    BOOST_TEST(policy.owns(at));
    BOOST_TEST(counting_mutex::locks == 2);
    policy.deallocate(at, {8, 8});
    BOOST_TEST(counting_mutex::locks == 3);
    BOOST_TEST(policy.trim() == 0U);
    BOOST_TEST(counting_mutex::locks == 4);
    BOOST_TEST(!counting_mutex::held);
    BOOST_TEST(!counting_mutex::broken);
}

BOOST_AUTO_TEST_CASE(does_not_lock_to_compute_a_good_size) {
    const int before = counting_mutex::locks;
    const locked<pool16<>, counting_mutex> pool;
    BOOST_TEST(pool.good_size({9, 8}) == 16U);
    BOOST_TEST(counting_mutex::locks == before);
}

BOOST_AUTO_TEST_CASE(serves_many_threads_at_once) {
    ledger book;
    std::atomic<int> faults{0}; // Boost.Test does not count across threads
    {
        // A freelist above the probe, so that the probe too is used under the lock alone.
        locked<freelist<layout{64, 8}, probe, 100>> pool{book};
        const auto work = [&](unsigned char mark) {
            std::array<void*, 50> live{};
            for (int round = 0; round < 200; ++round) {
                for (void*& at : live) {
                    at = pool.allocate({64, 8});
                    if (at == nullptr) { return void(++faults); }
                    std::memset(at, mark, 64);
                }
                std::array<unsigned char, 64> expected{};
                expected.fill(mark);
                for (void* const at : live) {
                    if (std::memcmp(at, expected.data(), 64) != 0) { ++faults; }
                    pool.deallocate(at, {64, 8});
                }
                if (round % 50 == 0) { pool.trim(); }
            }
        };
        std::vector<std::thread> threads;
        for (unsigned char mark = 1; mark <= 4; ++mark) { threads.emplace_back(work, mark); }
        for (std::thread& each : threads) { each.join(); }
    }
    BOOST_TEST(faults == 0);
    BOOST_TEST(book.served > 0U);
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(takes_back_in_one_thread_what_another_allocated) {
    void* at = nullptr;
    std::thread([&] { at = before_main.allocate({40, 8}); }).join();
    BOOST_TEST(at != nullptr);
    std::memset(at, 1, 40);
    before_main.deallocate(at, {40, 8});
    BOOST_TEST(before_main.allocate({40, 8}) == at);
    before_main.deallocate(at, {40, 8});
}

BOOST_AUTO_TEST_CASE(is_locked_by_hand_by_one_thread_at_a_time) {
    locked<pool16<>> pool;
    const auto another_gets_it = [&] {
        bool got = false;
        std::thread([&] {
            got = pool.try_lock();
            if (got) { pool.unlock(); }
        }).join();
        return got;
    };
    BOOST_TEST(another_gets_it());
    pool.lock();
    BOOST_TEST(!another_gets_it());
    pool.unlock();
    BOOST_TEST(another_gets_it());
}
