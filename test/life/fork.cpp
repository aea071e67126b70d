// SPDX-License-Identifier: BSL-1.0
#include <alloy/core/fork.hpp>

#include <alloy/adapt/allocator.hpp>
#include <alloy/compose/fallback.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/compose/measured.hpp>
#include <alloy/compose/size_classes.hpp>
#include <alloy/core/size_class.hpp>
#include <alloy/policy/buddy.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/preset.hpp>

#include "support/come_and_go.hpp"
#include "support/unit_test.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

using namespace alloy;
using test::come_and_go;

namespace {

// Who can keep everybody out.
static_assert(lockable_policy<locked<pool16<>>>);
static_assert(lockable_policy<around<one_thread, locked<pool16<>>>>, "through any advice");
static_assert(lockable_policy<measured<locked<pool16<>>>> && !lockable_policy<measured<pool16<>>>);
static_assert(!lockable_policy<pool16<>> && !lockable_policy<single_threaded<pool16<>>>);
static_assert(!lockable_policy<global<locked<pool16<>>>>, "that is for the owner");

using inner = global<locked<pool16<>>>;
struct outer_tag {};
using outer = global<locked<pool16<inner>>, outer_tag>; // waits for the lock of `inner` in its own

// Who has several locks.
template <layout Node>
using locked_list = locked<freelist<Node>>;
using classes = global<size_classes<linear_classes<8, 16>, locked_list, new_source>>;
constexpr range_options range{.bytes = 4096, .unit = 64, .largest = 256, .align = 64};
using region = locked<buddy<range, inline_buffer<8192>>>;
using sized = global<measured<locked<pool16<>>>>;
using spilling = global<fallback<region, locked<pool16<>>>>;

void use_all(std::size_t n) {
    come_and_go(pool_allocator<std::array<char, 40>>{}, n);
    come_and_go(bitmap_allocator<std::array<char, 40>>{}, n);
    come_and_go(buddy_allocator<std::array<char, 40>>{}, n);
    come_and_go(allocator<std::array<char, 40>, outer>{}, n);
    come_and_go(allocator<std::array<char, 40>, inner>{}, n);
    come_and_go(allocator<std::array<char, 40>, classes>{}, n);
    come_and_go(allocator<std::array<char, 40>, spilling>{}, n);
    come_and_go(allocator<std::array<char, 40>, sized>{}, n);
    allocator<std::array<char, 4096>, outer> large;
    large.deallocate(large.allocate(3), 3);
}

/// @return The status of a child that uses every policy.
int fork_and_use() {
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(20); // a lock that nobody will ever open ends here
        use_all(200);
        ::_exit(0);
    }
    int status = -1;
    return ::waitpid(child, &status, 0) == child ? status : -1;
}

} // namespace

BOOST_AUTO_TEST_CASE(a_child_can_allocate_whatever_the_threads_of_its_parent_did) {
    std::atomic<bool> stop = false;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            while (!stop) { use_all(20); }
        });
    }
    for (int i = 0; i < 300; ++i) { BOOST_TEST_REQUIRE(fork_and_use() == 0); }
    stop = true;
    for (std::thread& each : threads) { each.join(); }
}

BOOST_AUTO_TEST_CASE(a_child_may_fork_again) {
    const pid_t child = ::fork();
    if (child == 0) { ::_exit(fork_and_use() == 0 ? 0 : 1); }
    int status = -1;
    BOOST_TEST(::waitpid(child, &status, 0) == child);
    BOOST_TEST(status == 0);
}

BOOST_AUTO_TEST_CASE(a_guard_holds_its_lock_through_a_fork_as_long_as_it_lives) {
    struct place {
        void lock() { ++locks; }
        bool try_lock() { return tries++ != 0 && ++locks > 0; } // busy the first time
        void unlock() { --locks; }
        int tries = 0;
        int locks = 0;
    };
    place first;
    place second;
    const auto fork_once = [] {
        const pid_t child = ::fork();
        if (child == 0) { ::_exit(0); }
        BOOST_TEST(::waitpid(child, nullptr, 0) == child);
    };
    {
        const detail::fork_guard a(first);
        const detail::fork_guard b(second);
        fork_once();
        BOOST_TEST(first.tries + second.tries >= 4); // each was busy once and tried again
        BOOST_TEST(first.locks == 0);
        BOOST_TEST(second.locks == 0);
    }
    const int tries = first.tries + second.tries;
    fork_once();
    BOOST_TEST(first.tries + second.tries == tries);
}

BOOST_AUTO_TEST_CASE(the_owner_may_keep_everybody_out) {
    auto& place = inner::instance();
    allocator<int, inner> ints;
    ints.deallocate(ints.allocate(1), 1);
    place.lock();
    BOOST_TEST(!place.try_lock());
    std::atomic<bool> served = false;
    std::thread other([&] {
        ints.deallocate(ints.allocate(1), 1);
        served = true;
    });
    BOOST_TEST(!served);
    place.unlock();
    other.join();
    BOOST_TEST(served);
    BOOST_TEST_REQUIRE(place.try_lock());
    place.unlock();
}
