// SPDX-License-Identifier: BSL-1.0
#include <alloy/preset.hpp>

#include "support/unit_test.hpp"

#include <array>
#include <condition_variable>
#include <cstddef>
#include <list>
#include <mutex>
#include <thread>
#include <utility>

using namespace alloy;

namespace {

/// Passes batches of nodes from one thread to another, a few at a time.
template <class List>
class channel {
public:
    void put(List batch) {
        std::unique_lock hold(mutex_);
        changed_.wait(hold, [&] { return waiting_ < 4; });
        batches_.splice(batches_.end(), batch);
        ++waiting_;
        changed_.notify_all();
    }

    /// @return Nothing when the producer is done.
    List take() {
        std::unique_lock hold(mutex_);
        changed_.wait(hold, [&] { return waiting_ > 0 || done_; });
        waiting_ = 0;
        changed_.notify_all();
        return std::exchange(batches_, List{});
    }

    void finish() {
        const std::scoped_lock hold(mutex_);
        done_ = true;
        changed_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    List batches_;
    int waiting_ = 0;
    bool done_ = false;
};

using message = std::array<char, 48>;

template <class Policy>
void exchange(int batches) {
    using list = std::list<message, allocator<message, Policy>>;
    channel<list> between;
    std::thread consumer([&] {
        while (!between.take().empty()) {} // whoever takes them releases them
    });
    for (int i = 0; i < batches; ++i) { between.put(list(100)); }
    between.finish();
    consumer.join();
}

struct tag {};
using pool = global<locked<pool16<>>, tag>;

} // namespace

BOOST_AUTO_TEST_CASE(what_one_thread_makes_and_another_ends_takes_no_more_memory_with_time) {
    // Four batches wait, four are being released and one is made, and regions grow in steps.
    constexpr std::size_t most =
        2 * 1'000 * (sizeof(message) + 2 * sizeof(void*) + detail::redzone);
    for (int round = 0; round < 5; ++round) {
        exchange<pool>(round == 0 ? 50 : 2'000);
        const std::size_t held = pool::instance().trim(); // nothing is live: that is all
        BOOST_TEST(held > 0U);
        BOOST_TEST(held <= most);
    }
}
