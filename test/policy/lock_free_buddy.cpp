// SPDX-License-Identifier: BSL-1.0
#include "support/dies.hpp"

#include <alloy/policy/lock_free_buddy.hpp>

#include <alloy/compose/locked.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/policy/buddy.hpp>
#include <alloy/source/buffer.hpp>
#include <alloy/source/new.hpp>

#include "support/conformance.hpp"
#include "support/extent_laws.hpp"
#include "support/probe.hpp"
#include "support/shelf.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <random>
#include <span>
#include <thread>
#include <type_traits>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

using namespace alloy;
using test::ledger;
using test::probe;

namespace {

constexpr std::size_t gap = detail::redzone;

/// 1000 units, which is no power of two.
template <policy Upstream>
using thousand =
    lock_free_buddy<range_options{.bytes = 64000, .unit = 64, .align = 4096}, Upstream>;

/// A tree with its words.
template <std::uint32_t Units, std::uint32_t Longest = std::bit_floor(Units)>
class grove {
public:
    using tree = buddy_tree<Units, Longest>;

    tree operator*() { return tree{words_}; }

private:
    std::array<typename tree::word, tree::words> words_{};
};

/// A tree as an extent of 32-bit words.
template <std::uint32_t Units>
class tree_extent {
    using tree = buddy_tree<Units>;
    using word = typename tree::word;

public:
    static constexpr std::size_t metadata_words(std::uint32_t /*units*/) noexcept {
        return 2 * tree::words;
    }
    static constexpr std::uint32_t longest(std::uint32_t units) noexcept {
        return std::bit_floor(units);
    }
    void format(std::span<std::uint32_t> words, std::uint32_t units) noexcept {
        attach(words, units);
    }
    void attach(std::span<std::uint32_t> words, std::uint32_t units) noexcept {
        BOOST_TEST_REQUIRE(units == Units);
        words_ = reinterpret_cast<word*>(words.data());
    }
    static constexpr std::uint32_t granted(std::uint32_t units, std::uint32_t align) noexcept {
        return buddy_extent::granted(units, align);
    }
    std::uint32_t take(std::uint32_t units, std::uint32_t align) noexcept {
        const std::uint32_t need = granted(units, align);
        return need > longest(Units) ? no_units : get().take(need);
    }
    void give(std::uint32_t at, std::uint32_t units) noexcept { get().give(at, units); }
    [[nodiscard]] bool is_taken(std::uint32_t at, std::uint32_t units) const noexcept {
        return get().is_taken(at, units);
    }
    [[nodiscard]] std::uint32_t free() const noexcept { return get().free(); }
    [[nodiscard]] std::uint32_t largest() const noexcept { return get().largest(); }

private:
    [[nodiscard]] tree get() const noexcept {
        return tree{std::span<word, tree::words>{words_, tree::words}};
    }
    word* words_ = nullptr;
};

constexpr test::extent_manner halves{.runs_start_at_granted = true, .knows_runs = true};

/// Calls it in `count` threads at once, each with its number. @return The sum of what it returns.
template <class Call>
int in_threads(std::size_t count, Call call) {
    std::atomic<int> sum{0}; // Boost.Test does not count across threads
    std::atomic<std::size_t> here{0};
    std::vector<std::thread> threads;
    for (std::size_t number = 0; number < count; ++number) {
        threads.emplace_back([&, number] {
            for (++here; here < count;) { std::this_thread::yield(); }
            sum += call(number);
        });
    }
    for (std::thread& each : threads) { each.join(); }
    return sum;
}

} // namespace

static_assert(buddy_tree<1>::words == 2 && buddy_tree<64>::words == 4 && buddy_tree<65>::words == 8,
              "half a byte a unit of the whole tree");
static_assert(buddy_tree<std::uint32_t{1} << 31U>::words == std::size_t{1} << 27U);
static_assert(std::is_trivially_copyable_v<buddy_tree<8>>);

static_assert(policy<lock_free_buddy<>> && rounding_policy<lock_free_buddy<>>);
static_assert(thread_safe_v<lock_free_buddy<>>);
static_assert(!zero_fresh_v<lock_free_buddy<>> && !migratory_v<lock_free_buddy<>>);
static_assert(!owning_policy<lock_free_buddy<>>, "pages cannot tell their own");
static_assert(owning_policy<thousand<locked<buffer>>>);
static_assert(!lockable_policy<lock_free_buddy<>>, "there is no lock");
static_assert(lockable_policy<thousand<locked<new_source>>>, "but upstream may have one");
static_assert(!trimming_policy<lock_free_buddy<>> && !resizing_policy<lock_free_buddy<>> &&
              !batching_policy<lock_free_buddy<>> && !zeroing_policy<lock_free_buddy<>> &&
              !resettable_policy<lock_free_buddy<>> && !marking_policy<lock_free_buddy<>> &&
              !measuring_policy<lock_free_buddy<>>);
static_assert(!std::copy_constructible<lock_free_buddy<>> && !std::movable<lock_free_buddy<>>);
static_assert(lock_free_buddy<>::max_align == pages<>::max_align &&
              lock_free_buddy<>::max_size == pages<>::max_size);
static_assert(lock_free_buddy<>::outermost_guard == guard_rank::none);
static_assert(std::is_same_v<thousand<new_source>::upstreams, policies<new_source>>);

constinit lock_free_buddy<> before_main; // construction acquires nothing

BOOST_AUTO_TEST_CASE(agrees_with_a_model_for_any_number_of_units) {
    const auto check = []<std::uint32_t... Units>() {
        (test::extent_laws<tree_extent<Units>, halves>(Units, 1000), ...);
    };
    check.operator()<1, 2, 5, 31, 32, 33, 64, 97, 129, 1000, 4097>();
}

BOOST_AUTO_TEST_CASE(agrees_with_a_model_on_every_sequence_over_the_units_of_a_leaf) {
    test::every_sequence<tree_extent<8>, halves>(8, 6, 1);
    test::every_sequence<tree_extent<13>, halves>(13, 5, 16);
}

namespace {

/// A tree over leaves beside the sequential buddy over as many units.
template <std::uint32_t Leaves>
struct beside {
    static constexpr std::uint32_t leaf = 32; // units
    using extent = tree_extent<Leaves * leaf>;

    explicit beside() {
        attach();
        BOOST_TEST_REQUIRE(ours.largest() == leaf * theirs.largest());
    }
    beside(const beside& other)
        : our_words(other.our_words), their_words(other.their_words), live(other.live) {
        attach();
    }
    beside& operator=(const beside&) = delete;
    ~beside() = default;

    void attach() {
        ours.attach(our_words, Leaves * leaf);
        theirs.attach(their_words, Leaves);
    }

    bool take(std::uint32_t n) {
        const std::uint32_t at = theirs.take(n, 1);
        BOOST_TEST_REQUIRE(ours.take(n * leaf, 1) == (at == no_units ? no_units : at * leaf));
        if (at != no_units) { live.emplace_back(at, n); }
        return at != no_units;
    }
    void give(std::size_t index) {
        const auto [at, n] = live[index];
        live.erase(live.begin() + static_cast<std::ptrdiff_t>(index));
        theirs.give(at, n);
        ours.give(at * leaf, n * leaf);
    }
    void check() const {
        BOOST_TEST_REQUIRE(ours.free() == leaf * theirs.free());
        BOOST_TEST_REQUIRE(ours.largest() == leaf * theirs.largest());
        for (std::uint32_t n = 1; n <= Leaves; n *= 2) {
            for (std::uint32_t at = 0; at < Leaves; at += n) {
                BOOST_TEST_REQUIRE(ours.is_taken(at * leaf, n * leaf) == theirs.is_taken(at, n));
            }
        }
    }

    std::vector<std::uint32_t> our_words = std::vector<std::uint32_t>(extent::metadata_words(0));
    std::vector<std::uint32_t> their_words =
        std::vector<std::uint32_t>(buddy_extent::metadata_words(Leaves));
    std::vector<std::pair<std::uint32_t, std::uint32_t>> live;
    extent ours;
    buddy_extent theirs;
};

/// Every sequence of `length` more operations. @return How many there were.
template <std::uint32_t Leaves>
int go_on(const beside<Leaves>& from, int length) { // NOLINT(misc-no-recursion)
    if (length == 0) {
        beside<Leaves> last{from};
        while (!last.live.empty()) { last.give(last.live.size() / 2); }
        BOOST_TEST_REQUIRE(last.ours.take(Leaves * 32, 1) == 0U);
        return 1;
    }
    int count = 0;
    for (std::uint32_t n = 1; n <= Leaves; n *= 2) {
        beside<Leaves> next{from};
        if (!next.take(n)) { continue; }
        next.check();
        count += go_on(next, length - 1);
    }
    for (std::size_t i = 0; i < from.live.size(); ++i) {
        beside<Leaves> next{from};
        next.give(i);
        next.check();
        count += go_on(next, length - 1);
    }
    return count;
}

} // namespace

BOOST_AUTO_TEST_CASE(agrees_with_the_sequential_buddy_on_every_sequence_of_six_over_eight_leaves) {
    BOOST_TEST(go_on(beside<8>{}, 6) > 1000);
}

BOOST_AUTO_TEST_CASE(takes_the_run_nearest_to_where_it_begins_to_look) {
    grove<512> place;
    BOOST_TEST((*place).take(32, 300) == 288U);
    BOOST_TEST((*place).take(1, 300) == 256U); // in the other half of its pair
    BOOST_TEST((*place).take(1, 300) == 257U);
    BOOST_TEST((*place).take(64, 300) == 320U);
    BOOST_TEST((*place).take(128, 300) == 384U);
    BOOST_TEST((*place).take(256, 300) == 0U);
    BOOST_TEST((*place).take(32, 511) == no_units);
    BOOST_TEST((*place).take(16, 511) == 272U);
    BOOST_TEST((*place).free() == 14U);
    BOOST_TEST((*place).largest() == 8U);
}

BOOST_AUTO_TEST_CASE(takes_no_run_that_is_longer_than_the_longest) {
    grove<200, 64> place;
    BOOST_TEST((*place).largest() == 64U);
    for (const std::uint32_t at : {0U, 64U, 128U, no_units}) {
        BOOST_TEST((*place).take(64) == at);
    }
    BOOST_TEST((*place).free() == 8U);
    BOOST_TEST((*place).take(8) == 192U);
    BOOST_TEST((*place).take(1) == no_units);
    (*place).give(64, 64);
    BOOST_TEST((*place).largest() == 64U);
    grove<100, 4> small;
    for (std::uint32_t at = 0; at < 100; at += 4) { BOOST_TEST((*small).take(4) == at); }
    BOOST_TEST((*small).take(1) == no_units);
    (*small).give(96, 4);
    BOOST_TEST((*small).free() == 4U);
    BOOST_TEST((*small).take(2) == 96U);
}

namespace {

/// Threads that take, own and give runs of all lengths. @return Units that two had at once, or that
/// were not known to be taken.
template <std::uint32_t Units, std::uint32_t Longest>
int fight(grove<Units, Longest>& place, std::size_t count, int rounds) {
    std::vector<std::atomic<bool>> owned(Units);
    return in_threads(count, [&](std::size_t number) {
        std::mt19937_64 random{number};
        auto tree = *place;
        int faults = 0;
        std::array<std::pair<std::uint32_t, std::uint32_t>, 4> live{};
        const auto give = [&](auto& run) {
            for (std::uint32_t i = 0; i < run.second; ++i) {
                owned[run.first + i].store(false, std::memory_order_relaxed);
            }
            if (!tree.is_taken(run.first, run.second)) { ++faults; }
            tree.give(run.first, run.second);
            run = {};
        };
        for (int i = 0; i < rounds; ++i) {
            auto& run = live[random() % live.size()];
            if (run.second != 0) { give(run); }
            const std::uint32_t n = 1U << random() % (std::bit_width(Longest));
            const auto from = static_cast<std::uint32_t>(random() % Units);
            const std::uint32_t at = tree.take(n, from);
            if (at == no_units) { continue; }
            run = {at, n};
            for (std::uint32_t each = at; each < at + n; ++each) {
                if (owned[each].exchange(true, std::memory_order_relaxed)) { ++faults; }
            }
        }
        for (auto& run : live) {
            if (run.second != 0) { give(run); }
        }
        return faults;
    });
}

} // namespace

BOOST_AUTO_TEST_CASE(no_unit_has_two_owners_and_all_merge_in_the_end) {
    for (const std::size_t threads : {2U, 4U, 16U}) {
        const int rounds = 40'000 / static_cast<int>(threads);
        grove<128> four_leaves;
        BOOST_TEST(fight(four_leaves, threads, rounds) == 0);
        BOOST_TEST((*four_leaves).free() == 128U);
        BOOST_TEST((*four_leaves).take(128) == 0U);
        grove<1000, 256> several;
        BOOST_TEST(fight(several, threads, rounds) == 0);
        BOOST_TEST((*several).free() == 1000U);
        for (const std::uint32_t at : {0U, 256U, 512U, no_units}) {
            BOOST_TEST((*several).take(256) == at);
        }
    }
}

namespace {

/// An atomic whose thread stops before one of its operations, until it may go on.
template <class T>
class halting {
public:
    static inline thread_local int left = 0; ///< Operations to go; none: it does not stop.
    static inline std::atomic<bool> halted{false};
    static inline std::atomic<bool> may_go{false};

    T load(std::memory_order order) const { return count().load(order); }
    T fetch_add(T v, std::memory_order order) { return count().fetch_add(v, order); }
    T fetch_and(T v, std::memory_order order) { return count().fetch_and(v, order); }
    bool compare_exchange_weak(T& expected, T v, std::memory_order success,
                               std::memory_order failure) {
        return count().compare_exchange_weak(expected, v, success, failure);
    }
    bool compare_exchange_strong(T& expected, T v, std::memory_order success,
                                 std::memory_order failure) {
        return count().compare_exchange_strong(expected, v, success, failure);
    }

private:
    std::atomic<T>& count() const {
        if (left != 0 && --left == 0) {
            for (halted = true; !may_go;) { std::this_thread::yield(); }
        }
        return value_;
    }
    mutable std::atomic<T> value_{0};
};

/// Stops a thread that takes and gives a run before each of its steps, until another has tried all
/// there is, if `thorough`, and has taken such a run. @return How many steps it has.
int halt_everywhere(std::uint32_t run, bool thorough) {
    using tree = buddy_tree<256, 128, halting>;
    using step = halting<std::uint64_t>;
    for (int steps = 0;; ++steps) {
        std::array<tree::word, tree::words> words;
        tree place{words};
        std::atomic<bool> ended{false};
        step::halted = step::may_go = false;
        std::thread stopped([&] {
            step::left = steps + 1;
            const std::uint32_t at = place.take(run);
            if (at != no_units) { place.give(at, run); }
            step::left = 0;
            ended = true;
        });
        while (!step::halted && !ended) { std::this_thread::yield(); }
        const auto count = [&](std::uint32_t each) { // runs that can be taken, and given back
            std::vector<std::uint32_t> live;
            for (std::uint32_t at = 0; (at = place.take(each)) != no_units;) { live.push_back(at); }
            for (const std::uint32_t at : live) { place.give(at, each); }
            return live.size();
        };
        for (std::uint32_t each = 8; thorough && each <= 128; each *= 2) {
            BOOST_TEST_REQUIRE(count(each) >= 256 / each - std::max(run / each, 1U));
        }
        const std::uint32_t kept = place.take(run);
        BOOST_TEST_REQUIRE(kept < 256U);
        step::may_go = true;
        stopped.join();
        BOOST_TEST_REQUIRE(place.free() == 256 - run); // whatever it saw before it stopped
        BOOST_TEST_REQUIRE(count(128) == 1U);
        place.give(kept, run);
        BOOST_TEST_REQUIRE(place.free() == 256U);
        BOOST_TEST_REQUIRE(count(128) == 2U);
        if (!step::halted) { return steps; }
    }
}

} // namespace

BOOST_AUTO_TEST_CASE(a_thread_that_stops_anywhere_keeps_its_run_from_others_and_nothing_else) {
    for (const std::uint32_t run : {8U, 32U, 64U, 128U}) {
        BOOST_TEST(halt_everywhere(run, true) > 3);
        BOOST_TEST(halt_everywhere(run, false) > 3);
    }
}

BOOST_AUTO_TEST_CASE(conforms_and_returns_all_to_its_upstream) {
    ledger book;
    {
        lock_free_buddy<range_options{.bytes = 1U << 16U}, locked<probe>> range{book};
        test::conformance(range, {700, 512});
    }
    BOOST_TEST(book.live.empty());
    lock_free_buddy<> vast;
    test::conformance(vast, {5000, 4096});
    thousand<new_source> odd;
    test::conformance(odd, {700, 64});
}

BOOST_AUTO_TEST_CASE(survives_every_upstream_failure) {
    using policy =
        lock_free_buddy<range_options{.bytes = 1U << 18U, .largest = 900}, locked<probe>>;
    test::survives_every_failure<policy>({1000, 512});
}

BOOST_AUTO_TEST_CASE(never_misaligns) {
    lock_free_buddy<> range;
    test::never_misaligned(range, 4096);
}

BOOST_AUTO_TEST_CASE(says_the_same_good_sizes_as_the_sequential_buddy) {
    const auto compare = []<range_options Range>() {
        const lock_free_buddy<Range, new_source> ours;
        const buddy<Range, new_source> theirs;
        for (std::size_t align = 1; align <= 8192; align *= 2) {
            for (std::size_t size = 1; size <= 33000; size += 7) {
                const layout want{size, align};
                BOOST_TEST_REQUIRE(ours.good_size(want) == theirs.good_size(want));
            }
        }
    };
    compare.operator()<range_options{.bytes = 64000, .unit = 64, .align = 4096}>();
    compare.operator()<range_options{.bytes = 1U << 16U, .unit = 16, .largest = 300}>();
}

BOOST_AUTO_TEST_CASE(threads_begin_to_look_at_places_of_their_own) {
    lock_free_buddy<range_options{.bytes = 1U << 20U, .largest = 4096}> range;
    std::array<std::size_t, 2> at{};
    for (std::size_t& each : at) {
        std::thread([&] { each = detail::address(range.allocate({64, 1})); }).join();
    }
    const std::size_t apart = std::max(at[0], at[1]) - std::min(at[0], at[1]);
    BOOST_TEST(apart >= 4096U);
    BOOST_TEST(apart < 16 * 2 * 4096U); // but all in the first places of many
}

BOOST_AUTO_TEST_CASE(says_the_largest_request_that_it_could_meet) {
    thousand<new_source> range;
    BOOST_TEST(range.largest_free() == 32768 - gap); // before the first request as after it
    void* const small = range.allocate({1, 1});
    BOOST_TEST(range.largest_free() == 16384 - gap);
    void* const half = range.allocate({range.largest_free(), 1});
    void* const more = range.allocate({range.largest_free(), 1});
    BOOST_TEST(range.largest_free() == 8192 - gap);
    BOOST_TEST(range.allocate({8193, 1}) == nullptr);
    range.deallocate(half, {16384 - gap, 1});
    range.deallocate(small, {1, 1});
    BOOST_TEST(range.largest_free() == 32768 - gap);
    range.deallocate(more, {16384 - gap, 1});
}

BOOST_AUTO_TEST_CASE(sends_upstream_what_it_could_not_meet_when_empty) {
    ledger book;
    thousand<locked<probe>> range{book};
    // 512 units is the longest run of 1000; its start is aligned to a page and no more.
    for (const layout want : {layout{32769 - gap, 1}, layout{1, 8192}}) {
        void* const at = range.allocate(want);
        BOOST_TEST(book.live.contains(at));
        BOOST_TEST(range.good_size(want) == want.size);
        range.deallocate(at, want);
        BOOST_TEST(book.live.empty());
    }
    lock_free_buddy<range_options{.bytes = 1U << 16U, .largest = 300}, locked<probe>> limited{book};
    void* const at = limited.allocate({301, 1});
    BOOST_TEST(book.live.contains(at));
    limited.deallocate(at, {301, 1});
}

BOOST_AUTO_TEST_CASE(serves_every_unit_and_then_null) {
    thousand<new_source> range;
    std::vector<void*> live;
    while (void* const at = range.allocate({64 - gap, 1})) { live.push_back(at); }
    BOOST_TEST(live.size() == 1000U);
    BOOST_TEST(range.largest_free() == 0U);
    std::sort(live.begin(), live.end());
    BOOST_TEST((std::adjacent_find(live.begin(), live.end()) == live.end()));
    for (void* const at : live) { range.deallocate(at, {64 - gap, 1}); }
    BOOST_TEST(range.allocate({32768 - gap, 1}) != nullptr);
}

BOOST_AUTO_TEST_CASE(accounts_for_every_byte) {
    thousand<new_source> range;
    BOOST_TEST((range.account() == byte_account{}));
    void* const first = range.allocate({64 - gap, 1});
    void* const second = range.allocate({512 - gap, 1});
    BOOST_TEST(range.account().taken == 64000 + 64 * 8U);
    BOOST_TEST(range.account().metadata == 64 * 8U);
    BOOST_TEST(range.account().used() == 576U);
    BOOST_TEST(range.account().trapped == 448U);
    BOOST_TEST(range.account().fresh == 64000 - 1024U);
    range.deallocate(second, {512 - gap, 1});
    BOOST_TEST(range.account().used() == 64U);
    range.deallocate(first, {64 - gap, 1});
    BOOST_TEST(range.account().cached == 1024U);
    BOOST_TEST(range.account().trapped == 0U);
    BOOST_TEST(range.account().used() == 0U);
}

BOOST_AUTO_TEST_CASE(knows_its_own_where_upstream_does) {
    static std::array<std::byte, 80000> bytes;
    thousand<locked<buffer>> range{std::span<std::byte>{bytes}};
    int other = 0;
    BOOST_TEST(!range.owns(&other));
    void* const at = range.allocate({100, 1});
    BOOST_TEST(range.owns(at));
    BOOST_TEST(!range.owns(&other));
    void* const large = range.allocate({40000, 1}); // there is no more room for it
    BOOST_TEST(large == nullptr);
    range.deallocate(at, {100, 1});
}

BOOST_AUTO_TEST_CASE(locks_its_upstream) {
    thousand<locked<new_source>> range;
    range.lock();
    std::thread([&] { BOOST_TEST(!range.try_lock()); }).join();
    void* const at = [&] {
        range.unlock();
        return range.allocate({1, 1});
    }();
    BOOST_TEST(range.try_lock());
    range.deallocate(at, {1, 1}); // does not wait
    range.unlock();
}

namespace {

/// Lets two threads in only together, or the first only once another was served.
struct meeting {
    static constexpr std::size_t max_align = any_align;
    static constexpr bool thread_safe = true;
    static inline std::atomic<int> here{0};
    static inline std::atomic<int> live{0};
    static void* allocate(layout want) noexcept {
        for (++here; here < 2;) { std::this_thread::yield(); }
        ++live;
        return new_source::allocate(want);
    }
    static void deallocate(void* at, layout given) noexcept {
        --live;
        new_source::deallocate(at, given);
    }
};

/// Refuses who comes first, after another thread was served.
class late {
public:
    static constexpr std::size_t max_align = any_align;
    static constexpr bool thread_safe = true;
    static inline void (*meanwhile)() = nullptr;
    static void* allocate(layout want) noexcept {
        static std::atomic<bool> first{true};
        if (!first.exchange(false)) { return new_source::allocate(want); }
        meanwhile();
        return nullptr;
    }
    static void deallocate(void* at, layout given) noexcept { new_source::deallocate(at, given); }
};

} // namespace

BOOST_AUTO_TEST_CASE(threads_that_come_first_at_once_share_one_range) {
    {
        thousand<meeting> range;
        std::array<void*, 2> blocks{};
        in_threads(2, [&](std::size_t number) {
            blocks[number] = range.allocate({64, 1});
            return 0;
        });
        BOOST_TEST(meeting::here == 2);
        BOOST_TEST(meeting::live == 1);
        const auto apart = detail::address(blocks[0]) - detail::address(blocks[1]);
        BOOST_TEST((apart < 64000 || 0 - apart < 64000));
        for (void* const at : blocks) { range.deallocate(at, {64, 1}); }
        BOOST_TEST(range.largest_free() == 32768 - gap);
    }
    BOOST_TEST(meeting::live == 0);
}

BOOST_AUTO_TEST_CASE(who_is_refused_a_range_takes_that_of_another) {
    static thousand<late> range;
    late::meanwhile = [] {
        std::thread([] { range.deallocate(range.allocate({64, 1}), {64, 1}); }).join();
    };
    void* const at = range.allocate({64, 1});
    BOOST_TEST_REQUIRE(at != nullptr);
    range.deallocate(at, {64, 1});
}

namespace {

constexpr range_options shared_range{.bytes = 1U << 18U, .largest = 4096, .align = 4096};
using shared_buddy = lock_free_buddy<shared_range, locked<new_source>>;

/// Threads that fill blocks, hand them to one another, and look at what they got. @return Faults.
int churn_in_threads(shared_buddy& place, std::size_t count) {
    struct block {
        std::uint32_t size;
        std::uint32_t stamp;
    };
    std::array<std::atomic<block*>, 64> exchange{};
    const auto release = [&](block* at) {
        if (at == nullptr) { return 0; }
        const block head = *at;
        const auto* const bytes = reinterpret_cast<const unsigned char*>(at) + sizeof(block);
        const bool whole =
            std::all_of(bytes, bytes + head.size - sizeof(block), [&](unsigned char each) {
                return each == static_cast<unsigned char>(head.stamp);
            });
        place.deallocate(at, {head.size, 8});
        return whole ? 0 : 1;
    };
    int faults = in_threads(count, [&](std::size_t number) {
        std::mt19937_64 random{number};
        int wrong = 0;
        for (std::uint32_t i = 0; i < 16'000 / count; ++i) {
            const auto size =
                static_cast<std::uint32_t>(8 + random() % (random() % 3 ? 200 : 4000));
            void* const at = place.allocate({size, 8});
            if (at == nullptr) { continue; }
            auto* const mine = ::new (at) block{size, i + static_cast<std::uint32_t>(number) * 7};
            std::memset(mine + 1, static_cast<int>(mine->stamp), size - sizeof(block));
            wrong += release(exchange[random() % exchange.size()].exchange(mine));
        }
        return wrong;
    });
    for (auto& each : exchange) { faults += release(each); }
    return faults;
}

} // namespace

BOOST_AUTO_TEST_CASE(no_byte_has_two_owners_whichever_thread_releases) {
    shared_buddy place;
    for (const std::size_t threads : {2U, 4U, 16U}) {
        BOOST_TEST(churn_in_threads(place, threads) == 0);
        BOOST_TEST(place.account().used() == 0U);
        std::vector<void*> live;
        while (void* const at = place.allocate({4096 - gap, 1})) { live.push_back(at); }
        BOOST_TEST(live.size() == 64U);
        for (void* const at : live) { place.deallocate(at, {4096 - gap, 1}); }
    }
}

BOOST_AUTO_TEST_CASE(threads_that_use_it_up_leave_no_block_over) {
    shared_buddy place;
    std::array<std::vector<void*>, 4> live;
    in_threads(4, [&](std::size_t number) {
        while (void* const at = place.allocate({64 - gap, 1})) { live[number].push_back(at); }
        return 0;
    });
    std::vector<void*> all;
    while (void* const at = place.allocate({64 - gap, 1})) { all.push_back(at); }
    BOOST_TEST(all.empty());
    for (const auto& each : live) { all.insert(all.end(), each.begin(), each.end()); }
    std::sort(all.begin(), all.end());
    BOOST_TEST((std::adjacent_find(all.begin(), all.end()) == all.end()));
    BOOST_TEST(all.size() == (1U << 18U) / 64);
    for (void* const at : all) { place.deallocate(at, {64 - gap, 1}); }
    BOOST_TEST(place.largest_free() == 4096U);
}

BOOST_AUTO_TEST_CASE(a_child_lacks_a_block_at_most_for_each_thread_of_its_parent) {
    constexpr range_options options{.bytes = 1U << 16U, .largest = 4096, .align = 4096};
    using place = global<lock_free_buddy<options, locked<new_source>>>;
    constexpr layout small{64 - gap, 1};
    constexpr layout large{4096 - gap, 1};
    constexpr std::size_t inside = 3;
    place{}.deallocate(place{}.allocate(small), small);
    std::atomic<bool> stop = false;
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < inside; ++i) {
        threads.emplace_back([&] {
            while (!stop) { place{}.deallocate(place{}.allocate(small), small); }
        });
    }
    const auto count = [](layout each) { // what can be taken, and given back
        static std::array<void*, 1024> live;
        std::size_t n = 0;
        while (n < live.size() && (live[n] = place{}.allocate(each)) != nullptr) { ++n; }
        for (std::size_t i = 0; i < n; ++i) { place{}.deallocate(live[i], each); }
        return n;
    };
    for (int i = 0; i < 30; ++i) {
        const pid_t child = ::fork();
        if (child == 0) {
            ::alarm(20); // who waits for a thread that is not there ends here
            const bool whole = count(large) >= 16 - inside && count(small) >= 1024 - inside &&
                               count(large) >= 16 - inside;
            ::_exit(whole ? 0 : 1);
        }
        int status = -1;
        BOOST_TEST_REQUIRE(::waitpid(child, &status, 0) == child);
        BOOST_TEST_REQUIRE(status == 0);
    }
    stop = true;
    for (std::thread& each : threads) { each.join(); }
    BOOST_TEST(count(large) == 16U);
    BOOST_TEST(count(small) == 1024U);
}

BOOST_AUTO_TEST_CASE(finds_out_a_double_release_a_wrong_pointer_and_a_wrong_size) {
    thousand<new_source> range;
    for (const std::size_t size : {std::size_t{128}, std::size_t{4096}}) { // in a leaf, and above
        auto* const a = static_cast<std::byte*>(range.allocate({size - gap, 1}));
        auto* const b = static_cast<std::byte*>(range.allocate({size - gap, 1}));
        BOOST_TEST(!test::dies([&] { range.deallocate(a, {size - gap, 1}); }));
        BOOST_TEST(test::dies([&] { range.deallocate(a + size / 2, {size / 2 - gap, 1}); }));
        BOOST_TEST(test::dies([&] { range.deallocate(a + 8, {size - gap, 1}); }));
        BOOST_TEST(test::dies([&] { range.deallocate(a, {size / 2 - gap, 1}); }));
        BOOST_TEST(test::dies([&] { range.deallocate(a, {2 * size - gap, 1}); }));
        BOOST_TEST(
            test::dies([&] { range.deallocate(a + (std::size_t{64} << 32U), {size - gap, 1}); }));
        range.deallocate(a, {size - gap, 1});
        BOOST_TEST(test::dies([&] { range.deallocate(a, {size - gap, 1}); }));
        range.deallocate(b, {size - gap, 1});
        BOOST_TEST(test::dies([&] { range.deallocate(a, {size - gap, 1}); }));
    }
}

BOOST_AUTO_TEST_CASE(keeps_out_of_its_range_and_gives_it_back_as_ordinary_memory) {
    static std::array<std::byte, 80000> bytes;
    bytes.fill(std::byte{0x5A}); // so its words are not zero either
    {
        thousand<locked<test::shelf>> range{std::span<std::byte>{bytes}};
        void* const kept = range.allocate({100, 1});
        void* const gone = range.allocate({1000, 64});
        BOOST_TEST(kept != nullptr);
        range.deallocate(gone, {1000, 64});
    }
#if !defined(ALLOY_HAS_ASAN) // which is told of a release by a write to the first byte
    BOOST_TEST(std::count(bytes.begin(), bytes.end(), std::byte{0x5A}) >= 80000 - 512);
#endif
    BOOST_TEST(test::is_ordinary(bytes));
}

#if defined(ALLOY_HAS_ASAN) // meaningful in the `asan` preset only
BOOST_AUTO_TEST_CASE(poisons_what_is_free_again_and_the_gap_behind_what_is_not) {
    thousand<new_source> range;
    auto* const at = static_cast<unsigned char*>(range.allocate({40, 8}));
    BOOST_TEST(__asan_address_is_poisoned(at + 47) == 0);
    BOOST_TEST(__asan_address_is_poisoned(at + 48) == 1);
    BOOST_TEST(__asan_address_is_poisoned(at + 63) == 1);
    range.deallocate(at, {40, 8});
    BOOST_TEST(__asan_address_is_poisoned(at) == 1);
    BOOST_TEST(__asan_address_is_poisoned(at + 47) == 1);
}
#endif
