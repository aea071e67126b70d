// SPDX-License-Identifier: BSL-1.0
#include <alloy/gauge/observe.hpp>
#include <alloy/preset.hpp>

#include "soak/soak.hpp"
#include "support/come_and_go.hpp"
#include "support/unit_test.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <mutex>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

using namespace alloy;

namespace {

using node = std::array<char, 40>;
using pool = std::remove_cvref_t<decltype(pool_allocator<node>{}.handle())>;
using nodes = std::list<node, pool_allocator<node>>;

/// What the pool took from the system, its racks included.
std::size_t held() {
    pool all;
    return observe(all).bytes.taken;
}

/// Nodes from one thread to a later one.
class shelf {
public:
    nodes exchange(nodes given) {
        const std::scoped_lock hold(mutex_);
        std::swap(nodes_, given);
        return given;
    }

private:
    std::mutex mutex_;
    nodes nodes_;
};

/// Ends with its thread, and allocates and releases once more then.
struct late {
    nodes kept;

    late() = default;
    late(const late&) = delete;
    late& operator=(const late&) = delete;
    ~late() {
        kept.emplace_back();
        nodes(20);
        ended.fetch_add(1, std::memory_order_relaxed);
    }
    static inline std::atomic<std::uint64_t> ended = 0;
};

/// Constructs one such object before the first use of the pool, and one after it.
void use_to_the_end() {
    thread_local late last;
    last.kept.emplace_back();
    thread_local late first;
    first.kept.emplace_back();
    nodes(20);
}

template <class Work>
void in_threads(std::uint64_t n, Work work) {
    for (std::uint64_t i = 0; i < n; ++i) { std::thread(work).join(); }
}

} // namespace

BOOST_AUTO_TEST_CASE(threads_whose_last_destructors_allocate_leave_nothing_behind) {
    in_threads(100, use_to_the_end);
    const std::size_t before = held();
    const std::size_t kept = pool::account().cached;
    late::ended = 0;
    in_threads(2'000, use_to_the_end);
    BOOST_TEST(late::ended == 4'000U);
    BOOST_TEST(pool::account().cached == kept);
    BOOST_TEST(before > 0U);
    BOOST_TEST(held() <= before + before / 100);
}

BOOST_AUTO_TEST_CASE(short_threads_that_leave_live_blocks_to_the_next_take_no_more_with_time) {
    shelf left;
    const auto work = [&] {
        nodes own(150);
        const nodes taken = left.exchange(std::move(own));
        nodes(50);
    };
    in_threads(100, work);
    const std::size_t before = held();
    for (std::uint64_t i = 0; i < test::thinned(10'000) / 4; ++i) {
        std::array<std::thread, 4> all;
        for (std::thread& each : all) { each = std::thread(work); }
        for (std::thread& each : all) { each.join(); }
    }
    BOOST_TEST(held() <= before + before / 100);
}

BOOST_AUTO_TEST_CASE(detached_threads_return_all_that_they_kept) {
    const byte_account before = pool::account();
    std::atomic<int> left = 20;
    for (int i = 0; i < 20; ++i) {
        std::thread([&] {
            use_to_the_end();
            --left;
        }).detach();
    }
    while (left != 0 || pool::account() != before) { std::this_thread::yield(); }
    BOOST_TEST((pool::account() == before));
}

BOOST_AUTO_TEST_CASE(a_child_can_allocate_while_threads_of_its_parent_come_and_go) {
    std::atomic<bool> stop = false;
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&] {
            while (!stop) { std::thread(use_to_the_end).join(); }
        });
    }
    for (int i = 0; i < 300; ++i) {
        const pid_t child = ::fork();
        if (child == 0) {
            ::alarm(20); // a lock that nobody will ever open ends here
            test::come_and_go(pool_allocator<node>{}, 2'000);
            static_cast<void>(pool::account());
            pool::trim();
            ::_exit(0);
        }
        int status = -1;
        BOOST_TEST_REQUIRE(::waitpid(child, &status, 0) == child);
        BOOST_TEST_REQUIRE(status == 0);
    }
    stop = true;
    for (std::thread& each : threads) { each.join(); }
}
