// SPDX-License-Identifier: BSL-1.0
#include "support/dies.hpp"

#include <alloy/compose/sharded.hpp>

#include <alloy/adapt/allocator.hpp>
#include <alloy/compose/checked.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/policy/buddy.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/buffer.hpp>
#include <alloy/source/malloc.hpp>
#include <alloy/source/new.hpp>
#include <alloy/source/pages.hpp>

#include "support/come_and_go.hpp"
#include "support/conformance.hpp"
#include "support/probe.hpp"
#include "support/rich.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <thread>
#include <type_traits>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

using namespace alloy;
using test::ledger;
using test::probe;
using test::rich;

namespace {

constexpr range_options range{.bytes = 16'384, .unit = 64, .largest = 1'024, .align = 64};
using region = locked<buddy<range, inline_buffer<24'576>>>;
using four = sharded<region, 4>;

constinit four before_main; // construction acquires nothing
constinit sharded<locked<new_source>, 3> at_large;

struct own_record {
    rich::record book{};
};

/// Has all abilities, and no more than so many blocks. It fails the test that returns to one what
/// came from another.
class cell : private own_record, public rich {
public:
    explicit cell(std::size_t& most) noexcept : rich(book), most_(most) { all.push_back(this); }
    cell(const cell&) = delete;
    cell& operator=(const cell&) = delete;
    ~cell() {
        BOOST_TEST(book.live.empty());
        std::erase(all, this);
    }

    [[nodiscard]] void* allocate(layout want) noexcept {
        return book.live.size() < most_ ? rich::allocate(want) : nullptr;
    }
    [[nodiscard]] void* allocate_zeroed(layout want) noexcept {
        return book.live.size() < most_ ? rich::allocate_zeroed(want) : nullptr;
    }
    [[nodiscard]] std::size_t allocate_batch(layout want, void** out, std::size_t n) noexcept {
        return rich::allocate_batch(want, out, std::min(n, most_ - book.live.size()));
    }
    void deallocate_batch(void* const* in, std::size_t n, layout given) noexcept {
        ++batches;
        rich::deallocate_batch(in, n, given);
    }
    [[nodiscard]] std::size_t usable_size(const void* at) const noexcept {
        return good_size(book.live.at(const_cast<void*>(at))); // NOLINT
    }
    std::size_t trim() noexcept { return book.live.size() + 1; }
    void reset() noexcept {}

    [[nodiscard]] std::size_t blocks() const { return book.live.size(); }
    static inline std::vector<cell*> all;
    static inline int batches = 0;

private:
    std::size_t most_;
};
template <std::size_t N>
using cells = sharded<locked<cell>, N>;

std::vector<std::size_t> blocks_in_cells() {
    std::vector<std::size_t> counts;
    for (const cell* each : cell::all) { counts.push_back(each->blocks()); }
    return counts;
}

/// Calls it in a thread of its own.
template <class Call>
void elsewhere(Call call) {
    std::thread(call).join();
}

static_assert(policy<four> && thread_safe_v<four> && owning_policy<four> && lockable_policy<four>);
static_assert(rounding_policy<four> && !zeroing_policy<four> && !batching_policy<four> &&
                  !measuring_policy<four> && !resizing_policy<four> && !trimming_policy<four>,
              "what a shard lacks is absent");
static_assert(zeroing_policy<cells<2>> && batching_policy<cells<2>> && measuring_policy<cells<2>> &&
              resizing_policy<cells<2>> && trimming_policy<cells<2>>);
static_assert(resettable_policy<locked<cell>> && !resettable_policy<cells<2>> &&
                  !marking_policy<cells<2>>,
              "no thread knows what the others still use");
static_assert(!migratory_v<four> && migratory_v<sharded<new_source, 2>> &&
              !owning_policy<sharded<new_source, 2>> && !lockable_policy<sharded<new_source, 2>>);
static_assert(zero_fresh_v<sharded<pages<>, 2>> && !zero_fresh_v<four>);
static_assert(four::max_align == region::max_align &&
              max_size_v<sharded<pages<>, 2>> == max_size_v<pages<>>);
static_assert(!std::copy_constructible<four> && !std::movable<four>);
static_assert(!std::default_initializable<cells<2>> && !std::is_constructible_v<cells<2>, int*> &&
              !std::is_convertible_v<std::size_t&, cells<2>>);
static_assert(alignof(four) == 64 && sizeof(four) == 4 * detail::round_up(sizeof(region), 64) &&
                  sizeof(sharded<locked<new_source>, 3>) == 3 * 64,
              "each on cache lines of its own");
struct alignas(256) broad : new_source {};
static_assert(alignof(sharded<broad, 2>) == 256);

} // namespace

BOOST_AUTO_TEST_CASE(conforms_and_returns_all_to_its_upstream) {
    test::conformance(before_main, {300, 64});
    sharded<region, 1> single;
    test::conformance(single, {300, 64});
    test::conformance(at_large, {300, 64});
    ledger book;
    {
        sharded<locked<checked<pool16<probe>>>, 3> place{book};
        test::conformance(place, {200, 64});
    }
    BOOST_TEST(book.live.empty());
    test::survives_every_failure<sharded<locked<checked<pool16<probe>>>, 2>>({160, 64}, 100);
    std::size_t room = 9;
    cells<4> all{room};
    test::conformance(all, {300, 256});
}

BOOST_AUTO_TEST_CASE(rounds_as_each_shard_does) {
    const region shard;
    for (std::size_t size = 1; size < 2'000; ++size) {
        BOOST_TEST_REQUIRE(before_main.good_size({size, 8}) == shard.good_size({size, 8}));
    }
}

BOOST_AUTO_TEST_CASE(each_thread_has_a_shard_and_stays_there) {
    std::size_t room = 100;
    cells<4> place{room};
    BOOST_TEST_REQUIRE(cell::all.size() == 4U);
    std::array<std::array<void*, 5>, 4> blocks{};
    for (auto& row : blocks) { // threads that come one after another
        elsewhere([&] {
            for (void*& at : row) { at = place.allocate({8, 8}); }
        });
    }
    BOOST_TEST(blocks_in_cells() == std::vector<std::size_t>(4, 5));
    for (const auto& row : blocks) {
        BOOST_TEST(std::count_if(cell::all.begin(), cell::all.end(), [&](const cell* each) {
                       return std::all_of(row.begin(), row.end(),
                                          [&](void* at) { return each->owns(at); });
                   }) == 1);
        for (void* at : row) { place.deallocate(at, {8, 8}); } // each to its own, from here
    }
    BOOST_TEST(blocks_in_cells() == std::vector<std::size_t>(4, 0));
}

BOOST_AUTO_TEST_CASE(a_full_shard_is_helped_by_the_others_until_all_are_full) {
    std::size_t room = 2;
    cells<3> place{room};
    std::array<void*, 6> all{};
    for (void*& each : all) {
        each = &each == all.data() + 3 ? place.allocate_zeroed({8, 8}) : place.allocate({8, 8});
        BOOST_TEST(each != nullptr);
    }
    BOOST_TEST(blocks_in_cells() == std::vector<std::size_t>(3, 2));
    BOOST_TEST(place.allocate({8, 8}) == nullptr);
    BOOST_TEST(place.allocate_zeroed({8, 8}) == nullptr);
    for (void*& each : all) { // whichever has room again is found, by any thread
        place.deallocate(each, {8, 8});
        elsewhere([&] { each = place.allocate({8, 8}); });
        BOOST_TEST(each != nullptr);
    }
    BOOST_TEST(place.allocate({8, 8}) == nullptr);
    for (void* const each : all) { place.deallocate(each, {8, 8}); }
}

BOOST_AUTO_TEST_CASE(one_shard_alone_is_as_its_policy) {
    std::size_t room = 2;
    cells<1> place{room};
    void* const a = place.allocate({8, 8});
    void* b = nullptr;
    elsewhere([&] { b = place.allocate({8, 8}); });
    BOOST_TEST((a != nullptr && b != nullptr));
    BOOST_TEST(place.allocate({8, 8}) == nullptr);
    place.deallocate(a, {8, 8});
    place.deallocate(b, {8, 8});
}

BOOST_AUTO_TEST_CASE(a_batch_takes_from_several_and_goes_back_to_each) {
    std::size_t room = 4;
    cells<3> place{room};
    std::array<void*, 20> out{};
    BOOST_TEST(place.allocate_batch({8, 8}, out.data(), 3) == 3U);
    BOOST_TEST(place.allocate_batch({8, 8}, out.data() + 3, 3) == 3U);
    BOOST_TEST(place.allocate_batch({8, 8}, out.data() + 6, 14) == 6U);
    BOOST_TEST(blocks_in_cells() == std::vector<std::size_t>(3, 4));
    BOOST_TEST(place.allocate_batch({8, 8}, out.data() + 12, 1) == 0U);
    cell::batches = 0;
    elsewhere([&] { place.deallocate_batch(out.data(), 10, {8, 8}); });
    BOOST_TEST(cell::batches == 3, "one a shard, as they stand in a row");
    place.deallocate_batch(out.data(), 0, {8, 8});
    BOOST_TEST(cell::batches == 3);
    place.deallocate_batch(out.data() + 10, 2, {8, 8});
    BOOST_TEST(blocks_in_cells() == std::vector<std::size_t>(3, 0));

    std::array<void*, 6> mixed{};
    for (std::size_t i = 0; i < 6; ++i) {
        elsewhere([&] { mixed[i] = place.allocate({8, 8}); });
    }
    cell::batches = 0;
    place.deallocate_batch(mixed.data(), 6, {8, 8});
    BOOST_TEST(cell::batches == 6);
}

BOOST_AUTO_TEST_CASE(asks_the_shard_of_a_block_whichever_thread_asks) {
    std::size_t room = 100;
    cells<3> place{room};
    for (int i = 0; i < 3; ++i) {
        void* at = nullptr;
        elsewhere([&] { at = place.allocate({10, 8}); });
        BOOST_TEST(place.owns(at));
        BOOST_TEST(place.usable_size(at) == 32U);
        BOOST_TEST(place.resize(at, {10, 8}, 100));
        BOOST_TEST(place.usable_size(at) == 128U);
        BOOST_TEST(!place.resize(at, {100, 8}, 1'000));
        place.deallocate(at, {100, 8});
    }
    BOOST_TEST(!place.owns(&room));
    BOOST_TEST(!before_main.owns(&room));
}

BOOST_AUTO_TEST_CASE(trims_every_shard) {
    std::size_t room = 100;
    cells<3> place{room};
    std::array<void*, 3> all{};
    for (void*& each : all) {
        elsewhere([&] { each = place.allocate({8, 8}); });
    }
    BOOST_TEST(place.trim() == 3U + 3U);
    for (void* const each : all) { place.deallocate(each, {8, 8}); }
}

namespace {

/// Of any origin, and counts what it takes back.
class nomad : public malloc_source {
public:
    nomad() { all.push_back(this); }
    void deallocate(void* at, layout given) noexcept {
        ++returned;
        malloc_source::deallocate(at, given);
    }
    static inline std::vector<nomad*> all;
    int returned = 0;
};
static_assert(migratory_v<nomad> && thread_safe_v<nomad>);

/// Tells who is held, and in which order.
struct noted_mutex {
    noted_mutex() { all.push_back(this); }
    void lock() noexcept {
        held = true;
        order.push_back(this);
    }
    bool try_lock() noexcept { return held ? false : (lock(), true); }
    void unlock() noexcept { held = false; }
    bool held = false;
    static inline std::vector<noted_mutex*> all;
    static inline std::vector<noted_mutex*> order;
};

} // namespace

BOOST_AUTO_TEST_CASE(what_anybody_takes_back_goes_to_the_shard_of_the_thread_that_releases) {
    sharded<nomad, 3> place;
    BOOST_TEST_REQUIRE(nomad::all.size() == 3U);
    for (int i = 0; i < 3; ++i) {
        void* const at = place.allocate({8, 8});
        elsewhere([&] { place.deallocate(at, {8, 8}); });
    }
    for (const nomad* each : nomad::all) { BOOST_TEST(each->returned == 1); }
}

BOOST_AUTO_TEST_CASE(locks_all_in_order_or_none) {
    sharded<locked<new_source, noted_mutex>, 3> place;
    const auto held = [] {
        return std::count_if(noted_mutex::all.begin(), noted_mutex::all.end(),
                             [](const noted_mutex* each) { return each->held; });
    };
    place.lock();
    BOOST_TEST(held() == 3);
    BOOST_TEST((noted_mutex::order == noted_mutex::all));
    BOOST_TEST(!place.try_lock());
    BOOST_TEST(held() == 3);
    place.unlock();
    BOOST_TEST(held() == 0);
    for (noted_mutex* busy : noted_mutex::all) {
        busy->lock();
        BOOST_TEST(!place.try_lock());
        BOOST_TEST((busy->held && held() == 1));
        busy->unlock();
    }
    BOOST_TEST(place.try_lock());
    BOOST_TEST(held() == 3);
    place.unlock();
}

BOOST_AUTO_TEST_CASE(keeps_all_threads_out_while_it_is_locked) {
    before_main.lock();
    bool entered = true;
    elsewhere([&] { entered = before_main.try_lock(); });
    BOOST_TEST(!entered);
    before_main.unlock();
    elsewhere([&] {
        entered = before_main.try_lock();
        if (entered) { before_main.unlock(); }
    });
    BOOST_TEST(entered);
}

namespace {

/// Threads that allocate, hand blocks to one another, and release what they got. @return Faults.
template <class P>
int churn_in_threads(P& place, std::size_t count) {
    std::array<std::atomic<unsigned char*>, 16> exchange{};
    std::atomic<int> faults{0}; // Boost.Test does not count across threads
    const auto release = [&](unsigned char* at) {
        if (at == nullptr) { return; }
        if (!std::all_of(at, at + 100, [at](unsigned char each) { return each == *at; })) {
            ++faults;
        }
        place.deallocate(at, {100, 8});
    };
    std::vector<std::thread> threads;
    for (std::size_t number = 0; number < count; ++number) {
        threads.emplace_back([&, number] {
            for (std::size_t i = 0; i < 2'000; ++i) {
                auto* const at = static_cast<unsigned char*>(place.allocate({100, 8}));
                if (at == nullptr) { return void(++faults); }
                std::memset(at, static_cast<int>(number), 100);
                release(exchange[(i * 7 + number) % exchange.size()].exchange(at));
            }
        });
    }
    for (std::thread& each : threads) { each.join(); }
    for (auto& each : exchange) { release(each); }
    return faults;
}

/// Every block of the place, if nobody else uses it.
template <class P>
std::size_t count_free(P& place) {
    std::vector<void*> live;
    while (void* const at = place.allocate({1'024 - detail::redzone, 8})) { live.push_back(at); }
    for (void* const at : live) { place.deallocate(at, {1'024 - detail::redzone, 8}); }
    return live.size();
}

} // namespace

BOOST_AUTO_TEST_CASE(serves_threads_that_release_what_others_allocated) {
    BOOST_TEST(count_free(before_main) == 64U); // four times 16 KiB
    BOOST_TEST(churn_in_threads(before_main, 6) == 0);
    BOOST_TEST(count_free(before_main) == 64U);
    sharded<region, 1> single;
    BOOST_TEST(churn_in_threads(single, 3) == 0);
    BOOST_TEST(churn_in_threads(at_large, 4) == 0);
}

BOOST_AUTO_TEST_CASE(a_child_can_use_every_shard_whatever_the_threads_of_its_parent_did) {
    using handle = global<four>;
    const auto use = [](std::size_t n) { // some fill more than a shard
        test::come_and_go(allocator<std::array<char, 900>, handle>{}, n);
    };
    std::atomic<bool> stop = false;
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
        threads.emplace_back([&] {
            for (; !stop; std::this_thread::yield()) { use(5); }
        });
    }
    for (int i = 0; i < 50; ++i) {
        const pid_t child = ::fork();
        if (child == 0) {
            ::alarm(20); // a lock that nobody will ever open ends here
            use(40);     // at most 15 are live in the parent's copy
            ::_exit(0);
        }
        int status = -1;
        BOOST_TEST_REQUIRE(::waitpid(child, &status, 0) == child);
        BOOST_TEST_REQUIRE(status == 0);
    }
    stop = true;
    for (std::thread& each : threads) { each.join(); }
    BOOST_TEST(count_free(handle::instance()) == 64U);
}

namespace {

/// Knows no block, and takes back any.
struct unwary : new_source {
    static constexpr bool migratory = false;
    static bool owns(const void* /*at*/) noexcept { return false; }
    static void deallocate(void* /*at*/, layout /*given*/) noexcept {}
};

} // namespace

BOOST_AUTO_TEST_CASE(a_block_of_no_shard_is_reported) {
    BOOST_TEST(test::dies([] {
        int other = 0;
        sharded<unwary, 3>().deallocate(&other, {4, 4});
    }));
}
