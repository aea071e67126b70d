// SPDX-License-Identifier: BSL-1.0
#include <alloy/compose/thread_cached.hpp>

#include <alloy/adapt/allocator.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/core/size_class.hpp>
#include <alloy/preset.hpp>

#include "support/conformance.hpp"
#include "support/hand_over.hpp"
#include "support/interrupted.hpp"
#include "support/probe.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <mutex>
#include <thread>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

using namespace alloy;
using test::ledger;
using test::probe;

namespace {

using sizes = linear_classes<8, 16>;

/// A probe that threads share, found by its type alone: one for each `Tag`.
template <class Tag>
struct lent {
    static constexpr std::size_t max_align = any_align;
    static constexpr bool thread_safe = true;

    static void* allocate(layout want) noexcept {
        const std::scoped_lock hold(mutex);
        return probe(*book).allocate(want);
    }
    static void deallocate(void* at, layout given) noexcept {
        const std::scoped_lock hold(mutex);
        probe(*book).deallocate(at, given);
    }
    static std::size_t allocate_batch(layout want, void** out, std::size_t n) noexcept {
        const std::scoped_lock hold(mutex);
        batches.push_back(n);
        const std::size_t done = detail::allocate_each(probe(*book), want, out, n);
        taken.insert(taken.end(), out, out + done);
        return done;
    }
    static void deallocate_batch(void* const* in, std::size_t n, layout given) noexcept {
        const std::scoped_lock hold(mutex);
        detail::deallocate_each(probe(*book), in, n, given);
        returned.insert(returned.end(), in, in + n);
    }
    static std::size_t trim() noexcept {
        ++trims;
        return 0;
    }

    static std::size_t blocks() {
        const std::scoped_lock hold(mutex);
        return book->live.size();
    }

    static inline ledger own{};
    static inline ledger* book = &own;
    static inline std::mutex mutex{};
    static inline std::vector<std::size_t> batches{}; // how much was asked in each
    static inline std::vector<void*> taken{};         // in batches
    static inline std::vector<void*> returned{};
    static inline std::atomic<int> trims = 0;
};

template <class Tag, thread_cache_options Options = thread_cache_options{}, policy Memory = pages<>>
using cached = thread_cached<sizes, lent<Tag>, Options, Memory>;
constexpr thread_cache_options eight{.slots = 8};
constexpr thread_cache_options in_order{.slots = 8, .ordered = 1'024};

/// Counts what it has out, and the most that it ever had. It may refuse.
template <class Tag>
struct metered : pages<> {
    static void* allocate(layout want) noexcept {
        if (refuse) { return nullptr; }
        void* const at = pages<>::allocate(want);
        const std::size_t now = bytes += pages<>::good_size(want);
        for (std::size_t before = most; before < now && !most.compare_exchange_weak(before, now);) {
        }
        return at;
    }
    static void deallocate(void* at, layout given) noexcept {
        bytes -= pages<>::good_size(given);
        pages<>::deallocate(at, given);
    }

    static inline constinit std::atomic<std::size_t> bytes{0};
    static inline constinit std::atomic<std::size_t> most{0};
    static inline constinit std::atomic<bool> refuse{false};
};

/// What pool_allocator is made of, from pages that are counted.
template <class Tag, thread_cache_options Options>
using over_bitmaps =
    thread_cached<sizes, global<shared_bitmaps<metered<Tag>>>, Options, metered<Tag>>;
using node_pages = metered<struct of_nodes>;
using nodes = over_bitmaps<of_nodes, thread_cache_options{}>;

/// The same, in order from the first batches on.
using early_pages = metered<struct of_early_nodes>;
using early_nodes = over_bitmaps<of_early_nodes, thread_cache_options{.ordered = 1'024}>;
using both = std::tuple<std::pair<nodes, node_pages>, std::pair<early_nodes, early_pages>>;

template <class Call>
void elsewhere(Call call) {
    std::thread(call).join();
}

template <class P>
std::vector<void*> take(P from, std::size_t n, layout want) {
    std::vector<void*> row(n);
    for (void*& each : row) { each = from.allocate(want); }
    return row;
}
template <class P>
void give(P to, const std::vector<void*>& row, layout given) {
    for (void* each : row) { to.deallocate(each, given); }
}

template <class P>
std::size_t kept(P in, layout want) {
    return in.bin(sizes::index(want)).free;
}

struct facts {};
using handle = cached<facts>;
static_assert(policy<handle> && handle_policy<handle> && stateless_policy<handle>);
static_assert(std::is_empty_v<handle> && std::is_trivially_copyable_v<handle> &&
              handle::is_always_equal && handle{} == handle{});
static_assert(std::same_as<handle_for<handle>, handle> && sizeof(allocator<int, handle>) == 1);
static_assert(thread_safe_v<handle> && !single_threaded_v<handle>);
static_assert(rounding_policy<handle> && trimming_policy<handle> && accounting_policy<handle> &&
              binning_policy<handle> && composed_policy<handle>);
static_assert(!owning_policy<handle> && !batching_policy<handle> && !resizing_policy<handle> &&
              !zeroing_policy<handle> && !measuring_policy<handle> && !resettable_policy<handle> &&
              !marking_policy<handle> && !lockable_policy<handle>);
static_assert(outermost_guard_v<handle> == guard_rank::cache);
static_assert(handle::max_align == any_align && handle::bins == sizes::count);

struct narrower : lent<facts> {
    static constexpr std::size_t max_align = 256;
    static constexpr std::size_t max_size = 4096;
    static constexpr bool migratory = true;
};
using narrow_handle = thread_cached<sizes, narrower>;
static_assert(narrow_handle::max_align == 256 && max_size_v<narrow_handle> == 4096);
static_assert(migratory_v<narrow_handle> && !migratory_v<handle>);

constinit handle before_main; // construction acquires nothing

/// As test::survives_every_failure constructs it. One at a time.
template <thread_cache_options Options>
struct on_book : cached<on_book<Options>, Options> {
    using upstream = lent<on_book<Options>>;
    explicit on_book(ledger& book) noexcept { upstream::book = &book; }
    on_book(const on_book&) = delete;
    on_book& operator=(const on_book&) = delete;
    ~on_book() {
        this->trim();
        upstream::book = &upstream::own;
    }
};

} // namespace

BOOST_AUTO_TEST_CASE(conforms_and_returns_all_to_its_upstream) {
    test::conformance(before_main, {200, 64});
    test::never_misaligned(before_main);
    before_main.trim();
    BOOST_TEST(lent<facts>::own.live.empty());
}

BOOST_AUTO_TEST_CASE(survives_every_failure_of_its_upstream) {
    test::survives_every_failure<on_book<eight>>({200, 64});
    constexpr thread_cache_options tight{.slots = 64, .bytes = 4'500};
    test::survives_every_failure<on_book<tight>>({200, 64}, 300);
    constexpr thread_cache_options soon_in_order{.slots = 8, .ordered = 100};
    test::survives_every_failure<on_book<soon_in_order>>({200, 64});
}

BOOST_AUTO_TEST_CASE(hands_out_the_last_released_block_first) {
    using cache = cached<struct last_released>;
    void* const a = cache::allocate({24, 8});
    void* const b = cache::allocate({24, 8});
    cache::deallocate(a, {24, 8});
    cache::deallocate(b, {24, 8});
    BOOST_TEST(cache::allocate({24, 8}) == b);
    BOOST_TEST(cache::allocate({17, 8}) == a);
    cache::deallocate(a, {24, 8});
    cache::deallocate(b, {24, 8});
    cache::trim();
}

BOOST_AUTO_TEST_CASE(takes_half_a_stack_at_a_time_and_hands_it_out_in_its_upstreams_order) {
    using upstream = lent<struct half>;
    using cache = cached<half, eight>;
    const std::vector<void*> row = take(cache{}, 4, {40, 8});
    BOOST_TEST(row == upstream::taken);
    BOOST_TEST(upstream::batches == std::vector<std::size_t>{4});
    give(cache{}, row, {40, 8});
    cache::trim();
    BOOST_TEST(upstream::returned == row); // the oldest first, as they were handed out
    BOOST_TEST(upstream::own.live.empty());
}

BOOST_AUTO_TEST_CASE(a_full_stack_sends_its_older_half_back_and_keeps_the_newer) {
    using upstream = lent<struct full>;
    using cache = cached<full, eight>;
    const std::vector<void*> row = take(cache{}, 12, {16, 16}); // three refills of four
    BOOST_TEST((upstream::batches == std::vector<std::size_t>{4, 4, 4}));
    for (std::size_t i = 0; i < 8; ++i) { cache::deallocate(row[i], {16, 16}); }
    BOOST_TEST(upstream::returned.empty());
    cache::deallocate(row[8], {16, 16});
    BOOST_TEST(upstream::returned == std::vector<void*>(row.begin(), row.begin() + 4));
    BOOST_TEST(cache::allocate({16, 16}) == row[8]);
    BOOST_TEST(cache::allocate({16, 16}) == row[7]);
    for (std::size_t i = 7; i < 12; ++i) { cache::deallocate(row[i], {16, 16}); }
    cache::trim();
    BOOST_TEST(upstream::own.live.empty());
}

BOOST_AUTO_TEST_CASE(what_is_released_goes_back_once_live_blocks_outgrow_the_processors_cache) {
    using upstream = lent<struct outgrown>;
    using cache = cached<outgrown, in_order>;
    std::vector<void*> row = take(cache{}, 31, {32, 8});
    row.push_back(cache::allocate({32, 8})); // a kilobyte: no more than that
    cache::deallocate(row[31], {32, 8});
    BOOST_TEST(cache::allocate({32, 8}) == row[31]);
    row.push_back(cache::allocate({32, 8}));
    for (std::size_t i = 0; i < 8; ++i) { cache::deallocate(row[i], {32, 8}); }
    BOOST_TEST(upstream::returned.empty());
    BOOST_TEST(kept(cache{}, {32, 8}) == 3 + 8U);
    BOOST_TEST(cache::account().cached == (3 + 8) * 32U);
    const std::vector<void*> next = take(cache{}, 3 + 4, {32, 8});
    BOOST_TEST(next == std::vector<void*>(upstream::taken.end() - 7, upstream::taken.end()));
    cache::deallocate(row[8], {32, 8});
    BOOST_TEST(upstream::returned == std::vector<void*>(row.begin(), row.begin() + 8));
    BOOST_TEST(kept(cache{}, {32, 8}) == 1U);
    give(cache{}, {row.begin() + 9, row.end()}, {32, 8});
    give(cache{}, next, {32, 8});
    cache::trim();
    BOOST_TEST(upstream::own.live.empty());
}

BOOST_AUTO_TEST_CASE(the_newest_comes_first_again_once_half_of_what_outgrew_it_is_gone) {
    using upstream = lent<struct shrunk>;
    using cache = cached<shrunk, in_order>;
    const std::vector<void*> row = take(cache{}, 36, {32, 8});
    give(cache{}, {row.begin(), row.begin() + 24}, {32, 8}); // eight of them are still here
    BOOST_TEST(upstream::returned == std::vector<void*>(row.begin(), row.begin() + 16));
    cache::deallocate(row[24], {32, 8}); // twelve are left upstream's
    BOOST_TEST(upstream::returned == std::vector<void*>(row.begin(), row.begin() + 24));
    BOOST_TEST(cache::allocate({32, 8}) == row[24]);
    give(cache{}, {row.begin() + 24, row.end()}, {32, 8});
    BOOST_TEST(cache::allocate({32, 8}) == row[35]);
    cache::deallocate(row[35], {32, 8});
    cache::trim();
    BOOST_TEST(upstream::own.live.empty());
}

BOOST_AUTO_TEST_CASE(the_newest_comes_first_again_only_when_nothing_waits_to_go_back) {
    using upstream = lent<struct waiting>;
    using cache = cached<waiting, in_order>;
    std::vector<void*> row = take(cache{}, 36, {32, 8});
    give(cache{}, {row.begin(), row.begin() + 16 + 6}, {32, 8}); // fourteen are live, six wait
    const std::vector<void*> more = take(cache{}, 1, {32, 8});
    cache::deallocate(row[22], {32, 8});
    cache::deallocate(row[23], {32, 8});
    BOOST_TEST(upstream::returned == std::vector<void*>(row.begin(), row.begin() + 16));
    cache::deallocate(row[24], {32, 8});
    BOOST_TEST(upstream::returned == std::vector<void*>(row.begin(), row.begin() + 24));
    give(cache{}, {row.begin() + 25, row.end()}, {32, 8});
    give(cache{}, more, {32, 8});
    const std::size_t left = upstream::own.live.size();
    BOOST_TEST(cache::trim() == left * 32);
    BOOST_TEST(upstream::own.live.empty());
}

BOOST_AUTO_TEST_CASE(what_is_kept_is_not_live) {
    using upstream = lent<struct not_live>;
    using cache = cached<not_live, thread_cache_options{.slots = 64, .ordered = 1'024}>;
    const std::vector<void*> row = take(cache{}, 29, {32, 8});
    BOOST_TEST(upstream::own.live.size() == 60U);
    cache::deallocate(row[0], {32, 8});
    BOOST_TEST(cache::allocate({32, 8}) == row[0]);
    give(cache{}, row, {32, 8});
    cache::trim();
}

BOOST_AUTO_TEST_CASE(classes_are_put_in_order_each_by_itself) {
    using cache = cached<struct each_by_itself, in_order>;
    const std::vector<void*> many = take(cache{}, 36, {32, 8});
    cache::deallocate(many[0], {32, 8});
    BOOST_TEST(kept(cache{}, {32, 8}) == 1U);
    void* const next = cache::allocate({32, 8});
    BOOST_TEST(next != many[0]);
    void* const other = cache::allocate({40, 8});
    cache::deallocate(other, {40, 8});
    BOOST_TEST(cache::allocate({40, 8}) == other);
    cache::deallocate(other, {40, 8});
    give(cache{}, {many.begin() + 1, many.end()}, {32, 8});
    cache::deallocate(next, {32, 8});
    cache::trim();
    BOOST_TEST(lent<each_by_itself>::own.live.empty());
}

BOOST_AUTO_TEST_CASE(blocks_with_lines_of_their_own_are_not_put_in_order) {
    using classes = geometric_classes<8, 8, 1024>;
    using cache = thread_cached<classes, lent<struct with_lines>, in_order>;
    for (const layout want : {layout{128, 8}, layout{144, 8}}) {
        const std::vector<void*> row = take(cache{}, 36, want);
        cache::deallocate(row[0], want);
        void* const next = cache::allocate(want);
        BOOST_TEST((next == row[0]) == (want.size > 128));
        if (next != row[0]) { cache::deallocate(next, want); }
        give(cache{}, {row.begin() + (next != row[0]), row.end()}, want);
        cache::trim();
    }
    BOOST_TEST(lent<with_lines>::own.live.empty());
}

BOOST_AUTO_TEST_CASE(is_never_in_order_if_told_so) {
    constexpr thread_cache_options newest_first{.slots = 8, .ordered = unlimited};
    using cache = cached<struct never, newest_first>;
    const std::vector<void*> row = take(cache{}, 100, {32, 8});
    cache::deallocate(row[0], {32, 8});
    BOOST_TEST(cache::allocate({32, 8}) == row[0]);
    give(cache{}, row, {32, 8});
    cache::trim();
}

BOOST_AUTO_TEST_CASE(what_waits_to_go_back_is_handed_out_when_upstream_is_out) {
    using upstream = lent<struct last_resort>;
    using cache = cached<last_resort, in_order>;
    upstream::own.budget = 36;
    const std::vector<void*> row = take(cache{}, 36, {32, 8});
    give(cache{}, {row.begin(), row.begin() + 8}, {32, 8});
    const std::size_t asked = upstream::batches.size();
    BOOST_TEST(take(cache{}, 8, {32, 8}) == std::vector<void*>(row.rend() - 8, row.rend()));
    BOOST_TEST(upstream::batches.size() == asked + 1); // and not for each of them
    BOOST_TEST(cache::allocate({32, 8}) == nullptr);
    upstream::own.budget = unlimited;
    give(cache{}, row, {32, 8});
    cache::trim();
    BOOST_TEST(upstream::own.live.empty());
}

BOOST_AUTO_TEST_CASE(a_stack_for_releases_doubles_and_is_halved_like_any) {
    using upstream = lent<struct for_releases>;
    using cache = cached<for_releases, thread_cache_options{.slots = 64, .ordered = 1'024}>;
    const std::vector<void*> row = take(cache{}, 160, {32, 8});
    give(cache{}, {row.begin(), row.begin() + 64}, {32, 8});
    BOOST_TEST(upstream::returned.empty()); // 4, 8, 16, 32, 64: each time there was room
    const std::size_t before = kept(cache{}, {32, 8});
    for (int i = 0; i < 20; ++i) { give(cache{}, take(cache{}, 200, {8, 8}), {8, 8}); }
    BOOST_TEST(kept(cache{}, {32, 8}) < before - 32);
    give(cache{}, {row.begin() + 64, row.end()}, {32, 8});
    cache::trim();
    BOOST_TEST(upstream::own.live.empty());
}

BOOST_AUTO_TEST_CASE(nothing_is_put_in_order_without_room_for_a_stack_of_releases) {
    constexpr thread_cache_options full{.slots = 8, .bytes = 1, .ordered = 1'024};
    using cache = cached<struct no_room_for_releases, full>;
    const std::vector<void*> row = take(cache{}, 36, {32, 8});
    cache::deallocate(row[0], {32, 8});
    BOOST_TEST(cache::allocate({32, 8}) == row[0]);
    give(cache{}, row, {32, 8});
    cache::trim();
}

BOOST_AUTO_TEST_CASE(a_stack_of_releases_takes_its_bytes_from_all) {
    constexpr std::size_t at_first = 4 * (8 + 128) * 16 / 2; // four blocks of each class
    constexpr std::size_t twice_four = std::size_t{2} * 4 * 128;
    constexpr thread_cache_options used_up{
        .slots = 8, .bytes = at_first + twice_four, .ordered = 0};
    using cache = cached<struct bytes_used_up, used_up>;
    void* const large = cache::allocate({128, 16}); // doubles its stack, and has another
    void* const small = cache::allocate({8, 8});
    cache::deallocate(small, {8, 8});
    BOOST_TEST(cache::allocate({8, 8}) == small);
    cache::deallocate(small, {8, 8});
    cache::deallocate(large, {128, 16});
    cache::trim();
}

BOOST_AUTO_TEST_CASE(its_memory_may_come_with_anything_in_it) {
    struct dirty : pages<> {
        static void* allocate(layout want) noexcept {
            void* const at = pages<>::allocate(want);
            if (at != nullptr) { std::memset(at, 0xA5, want.size); }
            return at;
        }
    };
    using upstream = lent<struct in_dirt>;
    using cache = cached<in_dirt, eight, dirty>;
    give(cache{}, take(cache{}, 5, {8, 8}), {8, 8});
    BOOST_TEST((upstream::batches == std::vector<std::size_t>{4, 4}));
    cache::trim();
    BOOST_TEST(upstream::own.live.empty());
}

BOOST_AUTO_TEST_CASE(a_stack_of_two_slots_takes_and_returns_one_at_a_time) {
    using upstream = lent<struct two>;
    using cache = cached<two, thread_cache_options{.slots = 2}>;
    const std::vector<void*> row = take(cache{}, 3, {8, 8});
    BOOST_TEST((upstream::batches == std::vector<std::size_t>{1, 1, 1}));
    give(cache{}, row, {8, 8});
    BOOST_TEST(upstream::returned == std::vector<void*>{row[0]});
    cache::trim();
    BOOST_TEST(upstream::own.live.empty());
}

BOOST_AUTO_TEST_CASE(a_stack_in_use_doubles_up_to_its_slots) {
    using upstream = lent<struct doubling>;
    using cache = cached<doubling, thread_cache_options{.slots = 64}>;
    const std::vector<void*> row = take(cache{}, 4 + 8 + 16 + 32 + 32, {8, 8});
    BOOST_TEST((upstream::batches == std::vector<std::size_t>{4, 8, 16, 32, 32}));
    give(cache{}, row, {8, 8});
    BOOST_TEST(kept(cache{}, {8, 8}) == 60U); // 32 that are left of 64, and what came since
    cache::trim();
}

BOOST_AUTO_TEST_CASE(a_stack_whose_refill_is_refused_stays_as_it_is) {
    using upstream = lent<struct refused>;
    using cache = cached<refused, thread_cache_options{.slots = 64}>;
    upstream::own.budget = 0;
    BOOST_TEST(cache::allocate({8, 8}) == nullptr);
    upstream::own.budget = unlimited;
    give(cache{}, take(cache{}, 4, {8, 8}), {8, 8});
    BOOST_TEST((upstream::batches == std::vector<std::size_t>{4, 4}));
    cache::trim();
}

BOOST_AUTO_TEST_CASE(a_stack_doubles_as_well_when_it_runs_over) {
    using upstream = lent<struct running_over>;
    using cache = cached<running_over>;
    std::vector<void*> row = take(upstream{}, 1'000, {8, 8});
    for (void* each : row) { cache::deallocate(each, {8, 8}); }
    BOOST_TEST(upstream::returned.empty()); // 4, 8, 16, ... 1024: each time there was room
    BOOST_TEST(kept(cache{}, {8, 8}) == 1'000U);
    cache::trim();
}

template <std::size_t Ordered>
void stays_within_its_bytes() {
    constexpr std::size_t most = 16'384;
    using cache = cached<std::integral_constant<std::size_t, Ordered>,
                         thread_cache_options{.slots = 512, .bytes = most, .ordered = Ordered}>;
    test::dice random(1);
    std::vector<std::pair<void*, layout>> live;
    std::size_t largest = 0;
    for (int i = 0; i < 40'000; ++i) {
        const bool rising = i / 4'000 % 2 == 0;
        if (random.below(10) < (rising ? 6U : 4U)) {
            const layout want{1 + random.below(128), 8};
            live.emplace_back(cache::allocate(want), want);
        } else if (!live.empty()) {
            cache::deallocate(live.back().first, live.back().second);
            live.pop_back();
        }
        const std::size_t now = cache::account().cached;
        BOOST_TEST_REQUIRE(now <= most);
        largest = std::max(largest, now);
    }
    BOOST_TEST(largest > most / 2); // and make use of them
    for (const auto& [at, want] : live) { cache::deallocate(at, want); }
    BOOST_TEST(cache::account().cached <= most);
    cache::trim();
}

BOOST_AUTO_TEST_CASE(all_stacks_together_stay_within_their_bytes) {
    stays_within_its_bytes<unlimited>();
    stays_within_its_bytes<2'048>();
    stays_within_its_bytes<0>();
}

BOOST_AUTO_TEST_CASE(a_stack_that_has_no_room_to_grow_makes_do) {
    using upstream = lent<struct no_room>;
    using cache = cached<no_room, thread_cache_options{.slots = 512, .bytes = 1}>;
    const std::vector<void*> row = take(cache{}, 10, {128, 16});
    BOOST_TEST((upstream::batches == std::vector<std::size_t>{2, 2, 2, 2, 2}));
    give(cache{}, row, {128, 16});
    BOOST_TEST(kept(cache{}, {128, 16}) <= 4U);
    cache::trim();
}

BOOST_AUTO_TEST_CASE(a_stack_at_rest_is_halved_until_it_is_as_it_began) {
    using cache = cached<struct resting, thread_cache_options{.slots = 64}>;
    give(cache{}, take(cache{}, 60, {128, 16}), {128, 16});
    std::vector<std::size_t> seen{kept(cache{}, {128, 16})};
    for (int i = 0; i < 100; ++i) {
        give(cache{}, take(cache{}, 200, {8, 8}), {8, 8}); // eight batches
        const std::size_t now = kept(cache{}, {128, 16});
        if (now != seen.back()) { seen.push_back(now); }
    }
    BOOST_TEST((seen == std::vector<std::size_t>{60, 32, 16, 8, 4}));
    cache::trim();
}

BOOST_AUTO_TEST_CASE(a_stack_at_rest_makes_room_for_others) {
    using cache = cached<struct making_room, thread_cache_options{.slots = 512, .bytes = 16'384}>;
    give(cache{}, take(cache{}, 200, {128, 16}), {128, 16}); // as many as there is room for
    give(cache{}, take(cache{}, 200, {120, 8}), {120, 8});   // and half as many for others
    BOOST_TEST(kept(cache{}, {128, 16}) > 32U);
    BOOST_TEST(kept(cache{}, {120, 8}) <= 32U);
    for (int i = 0; i < 30; ++i) { give(cache{}, take(cache{}, 200, {120, 8}), {120, 8}); }
    BOOST_TEST(kept(cache{}, {128, 16}) <= 4U);
    BOOST_TEST(kept(cache{}, {120, 8}) > 32U);
    cache::trim();
}

BOOST_AUTO_TEST_CASE(a_stack_in_use_is_not_halved) {
    using cache = cached<struct both_in_use, thread_cache_options{.slots = 64}>;
    give(cache{}, take(cache{}, 60, {128, 16}), {128, 16});
    std::vector<void*> live;
    for (std::size_t i = 1; i <= 50; ++i) {
        give(cache{}, take(cache{}, 200, {8, 8}), {8, 8});
        live.push_back(cache::allocate({128, 16}));
        BOOST_TEST_REQUIRE(kept(cache{}, {128, 16}) == 60 - i);
    }
    give(cache{}, live, {128, 16});
    cache::trim();
}

BOOST_AUTO_TEST_CASE(classes_do_not_mix) {
    using cache = cached<struct mixing>;
    void* const a = cache::allocate({8, 8});
    cache::deallocate(a, {8, 8});
    void* const b = cache::allocate({8, 16}); // an alignment of 16 is class 16
    BOOST_TEST(b != a);
    cache::deallocate(b, {8, 16});
    BOOST_TEST(cache::allocate({16, 8}) == b);
    cache::deallocate(b, {16, 8});
    cache::trim();
}

BOOST_AUTO_TEST_CASE(passes_on_what_has_no_class) {
    using upstream = lent<struct classless>;
    using cache = cached<classless>;
    for (const layout want : {layout{129, 8}, layout{8, 256}}) {
        void* const at = cache::allocate(want);
        BOOST_TEST((upstream::own.live.at(at) == want));
        BOOST_TEST(upstream::own.live.size() == 1U);
        cache::deallocate(at, want);
        BOOST_TEST(upstream::own.live.empty());
        BOOST_TEST(cache::good_size(want) == want.size);
    }
    BOOST_TEST((cache::account() == byte_account{})); // and takes no memory for it
}

BOOST_AUTO_TEST_CASE(is_null_when_its_upstream_is_out_and_keeps_what_it_has) {
    using upstream = lent<struct out>;
    using cache = cached<out>;
    upstream::own.budget = 3;
    void* const a = cache::allocate({8, 8}); // a short batch
    void* const b = cache::allocate({8, 8});
    void* const c = cache::allocate({8, 8});
    cache::deallocate(c, {8, 8});
    BOOST_TEST(c != nullptr);
    BOOST_TEST(cache::allocate({16, 8}) == nullptr);
    BOOST_TEST(kept(cache{}, {8, 8}) == 1U);
    BOOST_TEST(cache::allocate({8, 8}) == c);
    BOOST_TEST(cache::allocate({8, 8}) == nullptr);
    give(cache{}, {a, b, c}, {8, 8});
    BOOST_TEST(cache::trim() == 24U);
    BOOST_TEST(upstream::own.live.empty());
}

BOOST_AUTO_TEST_CASE(trims_what_the_calling_thread_keeps_and_then_its_upstream) {
    using upstream = lent<struct trimmed>;
    using cache = cached<trimmed>;
    BOOST_TEST(cache::trim() == 0U);
    cache::deallocate(cache::allocate({100, 8}), {100, 8});
    BOOST_TEST(upstream::own.live.size() == 4U);
    elsewhere([&] { BOOST_TEST(cache::trim() == 0U); });
    BOOST_TEST(upstream::own.live.size() == 4U);
    BOOST_TEST(cache::trim() == 4 * 104U);
    BOOST_TEST(upstream::own.live.empty());
    BOOST_TEST(cache::trim() == 0U);
    BOOST_TEST(upstream::trims == 4);
}

BOOST_AUTO_TEST_CASE(accounts_for_all_threads_and_for_the_memory_of_their_racks) {
    using cache = cached<struct accounted>;
    cache::deallocate(cache::allocate({100, 8}), {100, 8});
    const byte_account one = cache::account();
    BOOST_TEST(one.taken == 4 * 104U);
    BOOST_TEST(one.cached == 4 * 104U);
    BOOST_TEST(one.aside >= 16 * 1'024 * sizes::count);
    BOOST_TEST(one.aside <= 17 * 1'024 * sizes::count);
    elsewhere([&] {
        void* const at = cache::allocate({8, 8});
        BOOST_TEST((cache::account() == byte_account{.taken = one.taken + 3 * 8,
                                                     .cached = one.cached + 3 * 8,
                                                     .aside = 2 * one.aside}));
        BOOST_TEST(cache::bin(0).free == 3U);
        BOOST_TEST(cache::bin(0).size == 8U);
        cache::deallocate(at, {8, 8});
    });
    BOOST_TEST((cache::account() == one));
    cache::trim();
    BOOST_TEST((cache::account() == byte_account{.aside = one.aside}));
}

BOOST_AUTO_TEST_CASE(shows_its_upstream) {
    int seen = 0;
    before_main.each_upstream([&](lent<facts>& /*upstream*/) { ++seen; });
    BOOST_TEST(seen == 1);
    static_assert(std::same_as<handle::upstreams, policies<lent<facts>>>);
}

BOOST_AUTO_TEST_CASE(a_thread_that_only_releases_keeps_blocks_from_its_first_call_on) {
    using upstream = lent<struct only_releasing>;
    using cache = cached<only_releasing>;
    const std::vector<void*> row = take(cache{}, 4, {64, 8});
    elsewhere([&] {
        cache::deallocate(row[0], {64, 8});
        BOOST_TEST(upstream::own.live.size() == 4U);
        BOOST_TEST(cache::allocate({64, 8}) == row[0]);
        give(cache{}, row, {64, 8});
    });
    BOOST_TEST(upstream::own.live.empty());
    BOOST_TEST(kept(cache{}, {64, 8}) == 0U);
}

BOOST_AUTO_TEST_CASE(a_thread_that_ends_returns_all_that_it_kept_and_its_rack) {
    using upstream = lent<struct ending>;
    using memory = metered<ending>;
    using cache = cached<ending, eight, memory>;
    void* live = nullptr;
    elsewhere([&] {
        for (std::size_t size = 1; size <= 128; ++size) {
            cache::deallocate(cache::allocate({size, 1}), {size, 1});
        }
        live = cache::allocate({64, 8});
        BOOST_TEST(upstream::own.live.size() > sizes::count);
        BOOST_TEST(memory::bytes > 0U);
    });
    BOOST_TEST(upstream::own.live.size() == 1U); // a live block outlasts the thread
    BOOST_TEST(memory::bytes == 0U);
    BOOST_TEST((cache::account() == byte_account{}));
    elsewhere([&] { cache::deallocate(live, {64, 8}); });
    BOOST_TEST(upstream::own.live.empty());
    BOOST_TEST(memory::bytes == 0U);
}

BOOST_AUTO_TEST_CASE(threads_may_end_in_any_order) {
    using memory = metered<struct any_order>;
    using cache = cached<any_order, eight, memory>;
    for (const std::array<std::size_t, 3>& order :
         {std::array<std::size_t, 3>{0, 1, 2}, {2, 1, 0}, {1, 0, 2}, {1, 2, 0}}) {
        std::array<std::atomic<bool>, 3> go{};
        std::atomic<std::size_t> ready = 0;
        std::array<std::thread, 3> threads;
        for (std::size_t i = 0; i < 3; ++i) {
            threads[i] = std::thread([&, i] {
                cache::deallocate(cache::allocate({8, 8}), {8, 8});
                ++ready;
                while (!go[i]) { std::this_thread::yield(); }
            });
            while (ready <= i) { std::this_thread::yield(); }
        }
        std::size_t left = 3;
        BOOST_TEST(kept(cache{}, {8, 8}) == 4 * left);
        for (const std::size_t i : order) {
            go[i] = true;
            threads[i].join();
            BOOST_TEST(kept(cache{}, {8, 8}) == 4 * --left);
        }
        BOOST_TEST(memory::bytes == 0U);
    }
}

BOOST_AUTO_TEST_CASE(a_detached_thread_returns_all_that_it_kept) {
    using upstream = lent<struct detached>;
    using memory = metered<detached>;
    using cache = cached<detached, eight, memory>;
    std::atomic<bool> used = false;
    std::thread([&] {
        cache::deallocate(cache::allocate({64, 8}), {64, 8});
        used = true;
    }).detach();
    while (!used || memory::bytes != 0) { std::this_thread::yield(); }
    BOOST_TEST(upstream::blocks() == 0U);
}

BOOST_AUTO_TEST_CASE(without_memory_for_a_rack_upstream_serves) {
    using upstream = lent<struct rackless>;
    using memory = metered<rackless>;
    using cache = cached<rackless, eight, memory>;
    memory::refuse = true;
    cache direct;
    test::conformance(direct, {200, 64}, 2'000);
    BOOST_TEST(upstream::own.live.empty());
    void* const at = cache::allocate({30, 8});
    BOOST_TEST((upstream::own.live.at(at) == layout{32, 32}));
    BOOST_TEST(upstream::batches.empty());
    cache::deallocate(at, {32, 8});
    BOOST_TEST(upstream::own.live.empty());
    BOOST_TEST(cache::trim() == 0U);
    BOOST_TEST((cache::account() == byte_account{}));
}

BOOST_AUTO_TEST_CASE(a_thread_gets_its_rack_as_soon_as_there_is_memory) {
    using upstream = lent<struct late_memory>;
    using memory = metered<late_memory>;
    using cache = cached<late_memory, eight, memory>;
    memory::refuse = true;
    elsewhere([&] {
        void* const a = cache::allocate({8, 8});
        void* const b = cache::allocate({8, 8});
        cache::deallocate(a, {8, 8});
        BOOST_TEST(upstream::own.live.size() == 1U);
        memory::refuse = false;
        cache::deallocate(b, {8, 8});
        BOOST_TEST(upstream::own.live.size() == 1U);
        BOOST_TEST(cache::allocate({8, 8}) == b);
        cache::deallocate(b, {8, 8});
    });
    BOOST_TEST(upstream::own.live.empty());
    BOOST_TEST(memory::bytes == 0U);
}

namespace {

/// Allocates and releases when its thread ends, and tells what became of the block.
template <class Cache, class Upstream>
struct farewell {
    void* live = nullptr;
    farewell() noexcept {} // NOLINT(modernize-use-equals-default): not a constant
    farewell(const farewell&) = delete;
    farewell& operator=(const farewell&) = delete;
    ~farewell() {
        if (live != nullptr) { Cache::deallocate(live, {24, 8}); }
        void* const at = Cache::allocate({24, 8});
        served = at != nullptr;
        Cache::deallocate(at, {24, 8});
        was_kept = kept(Cache{}, {24, 8}) != 0;
    }
    static inline bool served = false;
    static inline bool was_kept = false;
};

} // namespace

BOOST_AUTO_TEST_CASE(a_destructor_after_the_racks_end_is_served_by_upstream) {
    using upstream = lent<struct older>;
    using memory = metered<older>;
    using cache = cached<older, eight, memory>;
    using object = farewell<cache, upstream>;
    elsewhere([&] {
        thread_local object first; // hence the last to end
        first.live = cache::allocate({24, 8});
    });
    BOOST_TEST(object::served);
    BOOST_TEST(!object::was_kept);
    BOOST_TEST(upstream::own.live.empty());
    BOOST_TEST(memory::bytes == 0U);
}

BOOST_AUTO_TEST_CASE(a_destructor_before_the_racks_end_is_served_by_the_rack) {
    using upstream = lent<struct younger>;
    using memory = metered<younger>;
    using cache = cached<younger, eight, memory>;
    using object = farewell<cache, upstream>;
    elsewhere([&] {
        void* const live = cache::allocate({24, 8});
        thread_local object last;
        last.live = live;
    });
    BOOST_TEST(object::served);
    BOOST_TEST(object::was_kept);
    BOOST_TEST(upstream::own.live.empty());
    BOOST_TEST(memory::bytes == 0U);
}

BOOST_AUTO_TEST_CASE(a_destructor_may_be_the_first_of_its_thread_to_allocate) {
    using upstream = lent<struct newcomer>;
    using memory = metered<newcomer>;
    using cache = cached<newcomer, eight, memory>;
    using object = farewell<cache, upstream>;
    elsewhere([&] {
        thread_local object only;
        static_cast<void>(only.live);
    });
    BOOST_TEST(object::served);
    BOOST_TEST(upstream::own.live.empty());
    BOOST_TEST(memory::bytes == 0U);
}

namespace {

/// Takes its time to say how large a rack is, which is asked while all racks are locked.
struct hesitant : pages<> {
    static std::size_t good_size(layout want) noexcept {
        asked = true;
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
        return pages<>::good_size(want);
    }
    static inline constinit std::atomic<bool> asked{false};
};

} // namespace

BOOST_AUTO_TEST_CASE(a_child_finds_the_racks_open_whatever_the_threads_of_its_parent_did) {
    using cache = cached<struct forked, eight, hesitant>;
    cache::deallocate(cache::allocate({8, 8}), {8, 8});
    std::atomic<bool> stop = false;
    std::thread other([&] {
        static_cast<void>(cache::account());
        while (!stop) { std::this_thread::yield(); }
    });
    while (!hesitant::asked) { std::this_thread::yield(); }
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(20); // a lock that nobody will ever open ends here
        ::_exit(cache::account().cached == 4 * 8U ? 0 : 1);
    }
    int status = -1;
    BOOST_TEST(::waitpid(child, &status, 0) == child);
    BOOST_TEST(status == 0);
    stop = true;
    other.join();
    cache::trim();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(its_account_adds_up_while_other_threads_are_at_work, made, both) {
    using cache = typename made::first_type;
    using memory = typename made::second_type;
    std::atomic<unsigned> working = 3;
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < 3; ++i) {
        threads.emplace_back([&, i] {
            test::dice random(i);
            for (std::uint64_t round = 0; round < test::thinned(2'000); ++round) {
                const layout want{1 + random.below(128), 8};
                give(cache{}, take(cache{}, 1 + random.below(200), want), want);
            }
            --working;
        });
    }
    int looks = 0;
    do {
        const byte_account now = cache::account();
        BOOST_TEST_REQUIRE(now.taken == now.cached);
        BOOST_TEST_REQUIRE(now.cached <= 3 * thread_cache_options{}.bytes);
        BOOST_TEST_REQUIRE(now.aside % pages<>::page_size() == 0);
        BOOST_TEST_REQUIRE(now.aside <= memory::most);
        ++looks;
    } while (working != 0);
    for (std::thread& each : threads) { each.join(); }
    BOOST_TEST(looks > 0);
    BOOST_TEST((cache::account() == byte_account{}));
    cache::trim();
    BOOST_TEST(memory::bytes == cache::account().aside);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(no_block_that_threads_trade_is_owned_twice, made, both) {
    using memory = typename made::second_type;
    typename made::first_type cache;
    for (const unsigned threads : {2U, 4U, 16U}) {
        BOOST_TEST_CONTEXT(threads << " threads") {
            const std::uint64_t enough = test::thinned(5'000'000) / 3;
            const auto [operations, refused, faults] =
                test::hand_over(cache, {{160, 64}, threads, enough}).run();
            BOOST_TEST(operations + threads >= enough);
            BOOST_TEST(refused == 0U);
            BOOST_TEST(faults == 0U);
            cache.trim();
            BOOST_TEST(memory::bytes == cache.account().aside);
        }
    }
}

BOOST_AUTO_TEST_CASE(what_one_thread_makes_and_another_releases_takes_little_more_than_is_live) {
    node_pages::most = 0;
    constexpr layout message{120, 8};
    constexpr std::size_t at_once = 40'000;
    std::vector<std::atomic<void*>> ring(at_once);
    const std::size_t messages = 10 * at_once;
    std::thread consumer([&] {
        for (std::size_t i = 0; i < messages; ++i) {
            void* at = nullptr;
            while ((at = ring[i % at_once].exchange(nullptr, std::memory_order_acquire)) ==
                   nullptr) {
                std::this_thread::yield();
            }
            nodes::deallocate(at, message);
        }
    });
    for (std::size_t i = 0; i < messages; ++i) {
        void* const at = nodes::allocate(message);
        std::atomic<void*>& slot = ring[i % at_once];
        while (slot.load(std::memory_order_acquire) != nullptr) { std::this_thread::yield(); }
        slot.store(at, std::memory_order_release);
    }
    consumer.join();
    const std::size_t live = at_once * (message.size + detail::redzone);
    BOOST_TEST(node_pages::most <= live * 13 / 10 + 2 * (std::size_t{1} << 20U));
    nodes::trim();
}

BOOST_AUTO_TEST_CASE(many_threads_that_each_release_a_little_keep_little) {
    node_pages::most = 0;
    constexpr std::size_t threads = 400;
    constexpr layout block{56, 8};
    const std::size_t each = test::thinned(1'000);
    const std::vector<void*> live = take(nodes{}, threads * each, block);
    const std::size_t bytes = live.size() * (block.size + detail::redzone);
    std::atomic<std::size_t> done = 0;
    std::vector<std::thread> all;
    for (std::size_t i = 0; i < threads; ++i) {
        all.emplace_back([&, i] {
            for (std::size_t n = 0; n < each; ++n) { nodes::deallocate(live[i * each + n], block); }
            ++done;
            while (done != threads) { std::this_thread::yield(); } // all at once
        });
    }
    for (std::thread& one : all) { one.join(); }
    BOOST_TEST(node_pages::most <= bytes * 13 / 10 + threads * (std::size_t{1} << 20U));
    nodes::trim();
    BOOST_TEST(nodes::account().cached == 0U);
    BOOST_TEST(node_pages::bytes <= nodes::account().aside);
}

#if defined(ALLOY_HAS_ASAN) // meaningful in the `asan` preset only
BOOST_AUTO_TEST_CASE(poisons_what_it_keeps_from_the_first_byte_on) {
    using cache = cached<struct poisoned>;
    auto* const at = static_cast<unsigned char*>(cache::allocate({32, 8}));
    cache::deallocate(at, {32, 8});
    BOOST_TEST(__asan_address_is_poisoned(at) == 1);
    BOOST_TEST(__asan_address_is_poisoned(at + 31) == 1);
    BOOST_TEST(__asan_address_is_poisoned(lent<poisoned>::taken.back()) == 1); // never out
    BOOST_TEST(cache::allocate({32, 8}) == at);
    BOOST_TEST(__asan_address_is_poisoned(at) == 0);
    cache::deallocate(at, {32, 8});
    cache::trim();
}
#endif

template <thread_cache_options Options>
void loses_no_block_to_a_handler() {
    using source = test::interrupted<std::integral_constant<std::size_t, Options.ordered>>;
    using cache = thread_cached<sizes, source, Options>;
    std::vector<void*> row = take(cache{}, 40, {40, 8});
    for (const bool trims : {false, true}) {
        source::before_next = [&] {
            give(cache{}, row, {40, 8});
            row = take(cache{}, 2, {40, 8});
            if (trims) { cache::trim(); }
        };
        while (source::before_next) { row.push_back(cache::allocate({40, 8})); }
        BOOST_TEST(source::out == row.size() + kept(cache{}, {40, 8}));
    }
    give(cache{}, row, {40, 8});
    cache::trim();
    BOOST_TEST(source::out == 0U);
}

BOOST_AUTO_TEST_CASE(loses_no_block_to_a_handler_that_releases_while_upstream_is_asked) {
    loses_no_block_to_a_handler<eight>();
    loses_no_block_to_a_handler<in_order>();
    loses_no_block_to_a_handler<thread_cache_options{.slots = 2, .ordered = 0}>();
    loses_no_block_to_a_handler<thread_cache_options{.slots = 5, .ordered = 1}>();
}

BOOST_AUTO_TEST_CASE(hands_out_what_a_handler_released_though_upstream_is_out) {
    using source = test::interrupted<struct soon_out>;
    using cache = thread_cached<sizes, source, thread_cache_options{.slots = 2}>;
    void* const at = cache::allocate({40, 8});
    source::refuses = true;
    source::before_next = [&] { cache::deallocate(at, {40, 8}); };
    BOOST_TEST(cache::allocate({40, 8}) == at);
    BOOST_TEST(cache::allocate({40, 8}) == nullptr);
    cache::deallocate(at, {40, 8});
    cache::trim();
    BOOST_TEST(source::out == 0U);
}
