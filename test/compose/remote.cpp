// SPDX-License-Identifier: BSL-1.0
#include "support/dies.hpp"

#include <alloy/compose/remote.hpp>

#include <alloy/adapt/allocator.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/compose/measured.hpp>
#include <alloy/policy/bitmap.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/new.hpp>
#include <alloy/source/pages.hpp>

#include "support/conformance.hpp"
#include "support/probe.hpp"
#include "support/rich.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <list>
#include <random>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

using namespace alloy;
using test::ledger;
using test::probe;
using test::rich;

namespace {

constexpr remote_options homeless{.home = false};
template <policy P>
using mailbox = remote<P, homeless>;

template <class P>
concept leads_home = requires(void* at) { P::home_of(at); };
static_assert(leads_home<remote<pool16<>>> && !leads_home<mailbox<pool16<>>>);

static_assert(policy<remote<pool16<>>> && rounding_policy<remote<new_source>> &&
              batching_policy<remote<new_source>> && trimming_policy<remote<new_source>>);
static_assert(resizing_policy<remote<pool16<>>> && zeroing_policy<remote<pages<>>> &&
              resettable_policy<remote<bump<>>> && lockable_policy<remote<locked<pool16<>>>>);
static_assert(!resizing_policy<remote<new_source>> && !zeroing_policy<remote<new_source>> &&
                  !resettable_policy<remote<pool16<>>> && !lockable_policy<remote<pool16<>>>,
              "what upstream lacks is absent");
static_assert(marking_policy<bump<>> && !marking_policy<remote<bump<>>>,
              "nobody knows when another thread's release arrives");
static_assert(!owning_policy<remote<rich>> && !measuring_policy<remote<measured<new_source>>>);
static_assert(!thread_safe_v<remote<new_source>> && !migratory_v<remote<new_source>> &&
              remote<pool16<>>::release_anywhere && zero_fresh_v<remote<pages<>>>);
static_assert(remote<rich>::max_align == rich::max_align &&
              max_size_v<remote<freelist<layout{64, 16}>>> == 64 - sizeof(void*) &&
              max_size_v<mailbox<freelist<layout{64, 16}>>> == 64);
static_assert(outermost_guard_v<remote<pool16<>>> == guard_rank::cache);
static_assert(!std::copy_constructible<remote<pool16<>>> && !std::movable<remote<pool16<>>> &&
              !handle_policy<remote<ref<pool16<>>>>);
static_assert(sizeof(remote<new_source>) == 64 && alignof(remote<new_source>) == 64,
              "others write on a cache line of its own");

constinit remote<pool16<>> before_main; // construction acquires nothing
constinit mailbox<pool16<bump<>>> arena_before_main;

/// Owned by the thread that made it.
template <policy Upstream, remote_options Options = remote_options{}>
class own : public remote<Upstream, Options> {
public:
    template <class... Args>
    explicit own(Args&... args) : remote<Upstream, Options>(args...) {
        this->adopt();
    }
};

/// Calls it in a thread of its own.
template <class Call>
void elsewhere(Call call) {
    std::thread(call).join();
}

template <remote_options Options>
void conforms() {
    ledger book;
    {
        own<probe, Options> plain{book};
        test::conformance(plain, {300, 256}, 5'000);
        own<pool16<probe>, Options> pool{book};
        test::conformance(pool, {200, 64}, 5'000);
        remote<pool16<probe>, Options> nobodys{book};
        test::conformance(nobodys, {200, 64}, 5'000);
        own<bump<bump_options{}, probe>, Options> arena{book};
        test::conformance(arena, {200, 64}, 5'000);
        BOOST_TEST(!book.live.empty());
    }
    BOOST_TEST(book.live.empty());
    rich::record record;
    own<rich, Options> all{record};
    test::conformance(all, {300, 256});
    BOOST_TEST(record.live.empty());
    own<pages<>, Options> mapped;
    test::conformance(mapped, {9'000, 4096}, 500);
    test::survives_every_failure<own<probe, Options>>({160, 64}, 100);
    test::survives_every_failure<own<pool16<probe>, Options>>({160, 64}, 200);
}

} // namespace

BOOST_AUTO_TEST_CASE(conforms_for_its_owner_and_returns_all_to_its_upstream) {
    conforms<remote_options{}>();
    conforms<homeless>();
    before_main.adopt();
    test::conformance(before_main, {200, 64}, 5'000);
}

BOOST_AUTO_TEST_CASE(aligns_blocks_behind_the_home_word) {
    test::never_misaligned(before_main);
    own<pool16<>, homeless> without;
    test::never_misaligned(without);
    own<bump<>> packed; // which would leave a letter anywhere
    own<bump<>, homeless> packed_without;
    for (std::size_t size = 1; size < 40; ++size) {
        BOOST_TEST(detail::is_aligned(packed.allocate({size, 1}), alignof(void*)));
        BOOST_TEST(detail::is_aligned(packed_without.allocate({size, 1}), alignof(void*)));
    }
}

BOOST_AUTO_TEST_CASE(gives_each_block_room_for_a_letter_and_lets_the_caller_use_it) {
    constexpr std::size_t three_words = 3 * sizeof(void*);
    own<new_source> place;
    BOOST_TEST(place.good_size({1, 1}) == three_words - sizeof(void*));
    BOOST_TEST(place.good_size({100, 1}) == 100U);
    BOOST_TEST(place.good_size({1, 64}) == 1U, "the room in front of it is large enough");
    own<new_source, homeless> without;
    BOOST_TEST(without.good_size({1, 1}) == three_words);
    BOOST_TEST(without.good_size({three_words + 1, 1}) == three_words + 1);
    const remote<pages<>, remote_options{.home = false}> mapped;
    BOOST_TEST(mapped.good_size({1, 2 * pages<>::max_align}) == 1U, "nobody serves that");
    own<freelist<layout{64, 16}>> bounded;
    BOOST_TEST(bounded.good_size({1, 8}) == 56U);
    BOOST_TEST(bounded.good_size({56, 8}) == 56U);
    BOOST_TEST(bounded.good_size({57, 8}) == 57U);
    BOOST_TEST(bounded.allocate({57, 8}) == nullptr);
    BOOST_TEST(bounded.allocate({49, 16}) == nullptr);
    void* const at = bounded.allocate({48, 16});
    BOOST_TEST(at != nullptr);
    bounded.deallocate(at, {48, 16});
    const volatile std::size_t strongest = any_align; // GCC 12 warns of what it can compute
    BOOST_TEST(place.allocate({1, strongest}) == nullptr);
}

namespace {

/// Says that it rounds further than it can serve.
struct boastful : new_source {
    static constexpr std::size_t max_size = 500;
    [[nodiscard]] static constexpr std::size_t good_size(layout want) noexcept {
        return want.size > max_size ? want.size : detail::round_up(want.size, 64);
    }
};

} // namespace

BOOST_AUTO_TEST_CASE(never_promises_more_than_it_would_take_back) {
    own<boastful> place;
    test::good_size_laws(place, {600, 64});
    BOOST_TEST(place.good_size({490, 8}) == 492U);
    own<boastful, homeless> without;
    test::good_size_laws(without, {600, 64});
    BOOST_TEST(without.good_size({490, 8}) == 500U);
}

BOOST_AUTO_TEST_CASE(a_block_leads_home_in_every_thread) {
    own<pool16<>> one;
    own<pool16<>> other;
    for (const layout want : {layout{1, 1}, {24, 8}, {40, 64}, {5'000, 16}}) {
        void* const a = one.allocate(want);
        void* const b = other.allocate(want);
        BOOST_TEST((one.home_of(a) == &one && one.home_of(b) == &other));
        const remote<pool16<>>* home = nullptr;
        elsewhere([&] { home = remote<pool16<>>::home_of(b); });
        BOOST_TEST(home == &other);
        one.deallocate(a, want);
        other.deallocate(b, want);
    }
}

BOOST_AUTO_TEST_CASE(the_owner_releases_at_once_and_others_leave_it_to_the_owner) {
    ledger book;
    own<probe> place{book};
    void* const mine = place.allocate({40, 8});
    void* const theirs = place.allocate({50, 16});
    BOOST_TEST(book.live.size() == 2U);
    place.deallocate(mine, {40, 8});
    BOOST_TEST(book.live.size() == 1U);
    elsewhere([&] { place.deallocate(theirs, {50, 16}); });
    BOOST_TEST(book.live.size() == 1U, "it is in the inbox");
    void* const next = place.allocate({8, 8});
    BOOST_TEST(book.live.size() == 1U, "the owner asked for another and found it");
    place.deallocate(next, {8, 8});
}

BOOST_AUTO_TEST_CASE(the_owner_gets_back_what_others_released) {
    own<freelist<layout{64, 16}>> place;
    void* const at = place.allocate({40, 8});
    elsewhere([&] { place.deallocate(at, {40, 8}); });
    BOOST_TEST(place.allocate({40, 8}) == at);
    elsewhere([&] { place.deallocate(at, {40, 8}); });
    void* again = nullptr;
    BOOST_TEST(place.allocate_batch({40, 8}, &again, 1) == 1U);
    BOOST_TEST(again == at);
    place.deallocate(at, {40, 8});
}

BOOST_AUTO_TEST_CASE(trims_what_is_in_the_inbox_and_then_upstream) {
    own<pool16<>> place;
    std::array<void*, 3> all{};
    for (void*& each : all) { each = place.allocate({40, 8}); }
    elsewhere([&] {
        for (void* const each : all) { place.deallocate(each, {40, 8}); }
    });
    BOOST_TEST(place.trim() == 3U * 48);
    BOOST_TEST(place.trim() == 0U);
    std::size_t held = unlimited;
    place.each_upstream([&](const pool16<>& pool) { held = pool.held(); });
    BOOST_TEST(held == 0U);
    void* const last = place.allocate({40, 8});
    elsewhere([&] { place.deallocate(last, {40, 8}); });
    BOOST_TEST((place.account() == byte_account{}));
    place.each_upstream([](pool16<>& pool) { BOOST_TEST(pool.account().used() == 0U); });
}

BOOST_AUTO_TEST_CASE(takes_the_inbox_along_when_it_ends) {
    ledger book;
    {
        own<probe> place{book};
        void* const at = place.allocate({40, 8});
        elsewhere([&] { place.deallocate(at, {40, 8}); });
        BOOST_TEST(book.live.size() == 1U);
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(moves_batches_in_both_directions) {
    ledger book;
    rich::record record;
    const auto both_ways = [](auto& place, auto out) {
        std::array<void*, 40> all{};
        BOOST_TEST(place.allocate_batch({40, 8}, all.data(), all.size()) == all.size());
        for (void* const each : all) { std::memset(each, 0xAB, place.good_size({40, 8})); }
        place.deallocate_batch(all.data(), 10, {40, 8});
        BOOST_TEST(out() == 30U);
        elsewhere([&] { place.deallocate_batch(all.data() + 10, 30, {40, 8}); });
        elsewhere([&] { place.deallocate_batch(all.data(), 0, {40, 8}); });
        BOOST_TEST(out() == 30U);
        place.trim();
        BOOST_TEST(out() == 0U);
        BOOST_TEST(place.allocate_batch({40, 8}, all.data(), 0) == 0U);
    };
    own<probe> plain{book};
    both_ways(plain, [&] { return book.live.size(); });
    own<probe, homeless> without{book};
    both_ways(without, [&] { return book.live.size(); });
    own<rich> batching{record};
    both_ways(batching, [&] { return record.live.size(); });
    book.budget = 3;
    std::array<void*, 5> few{};
    BOOST_TEST(plain.allocate_batch({40, 8}, few.data(), 5) == 3U);
    plain.deallocate_batch(few.data(), 3, {40, 8});
}

BOOST_AUTO_TEST_CASE(resizes_for_the_owner_alone) {
    rich::record record;
    own<rich> place{record};
    void* const at = place.allocate({20, 8});
    std::memset(at, 7, 20);
    bool elsewhere_too = true;
    elsewhere([&] { elsewhere_too = place.resize(at, {20, 8}, 90); });
    BOOST_TEST(!elsewhere_too);
    BOOST_TEST(place.resize(at, {20, 8}, 90));
    BOOST_TEST(record.live.begin()->second.size == 98U);
    BOOST_TEST(std::all_of(static_cast<char*>(at), static_cast<char*>(at) + 20,
                           [](char each) { return each == 7; }));
    BOOST_TEST((place.home_of(at) == &place));
    BOOST_TEST(place.resize(at, {90, 8}, 1));
    BOOST_TEST(record.live.begin()->second.size == 24U, "a letter fits still");
    BOOST_TEST(!place.resize(at, {1, 8}, unlimited));
    place.deallocate(at, {1, 8});
}

BOOST_AUTO_TEST_CASE(hands_out_zeroed_bytes_behind_the_home_word) {
    own<pages<>> place;
    auto* const at = static_cast<unsigned char*>(place.allocate_zeroed({100, 64}));
    BOOST_TEST(std::all_of(at, at + place.good_size({100, 64}), [](auto b) { return b == 0; }));
    place.deallocate(at, {100, 64});
}

BOOST_AUTO_TEST_CASE(a_reset_ends_the_blocks_in_the_inbox_too) {
    arena_before_main.adopt();
    void* const first = arena_before_main.allocate({40, 8});
    for (int round = 0; round < 3; ++round) {
        void* const at = arena_before_main.allocate({40, 8});
        elsewhere([&] { arena_before_main.deallocate(at, {40, 8}); });
        arena_before_main.reset();
        BOOST_TEST(arena_before_main.allocate({40, 8}) == first);
        std::memset(first, round, 40);
        BOOST_TEST(arena_before_main.allocate({40, 8}) == at, "and was in no inbox any more");
        arena_before_main.reset();
        BOOST_TEST(arena_before_main.allocate({40, 8}) == first);
    }
    arena_before_main.reset();
}

BOOST_AUTO_TEST_CASE(goes_from_one_owner_to_the_next) {
    ledger book;
    remote<probe> place{book};
    BOOST_TEST(!place.owned());
    void* const at = place.allocate({40, 8}); // nobody's: allowed, one at a time
    place.deallocate(at, {40, 8});
    BOOST_TEST(book.live.size() == 1U, "without an owner all goes to the inbox");
    place.adopt();
    BOOST_TEST(place.owned());
    BOOST_TEST(place.trim() != 0U);
    void* handed = place.allocate({40, 8});
    place.abandon();
    BOOST_TEST(!place.owned());
    elsewhere([&] {
        place.adopt();
        place.deallocate(handed, {40, 8}); // at once: it is the owner now
        handed = place.owned() && book.live.empty() ? place.allocate({40, 8}) : nullptr;
        place.abandon();
    });
    BOOST_TEST_REQUIRE(handed != nullptr);
    place.deallocate(handed, {40, 8});
    BOOST_TEST(book.live.size() == 1U);
    elsewhere([&] { place.adopt(); }); // and ends without a word
    BOOST_TEST(!place.owned());
    place.adopt();
    place.trim();
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(a_thread_without_a_number_owns_nothing) {
    remote<new_source> place;
    bool owned = true;
    elsewhere([&] { owned = place.owned(); });
    BOOST_TEST(!owned);
}

BOOST_AUTO_TEST_CASE(stands_below_containers_that_end_in_other_threads) {
    own<bitmap<layout{64, 16}>> nodes;
    using list = std::list<int, allocator<int, ref<remote<bitmap<layout{64, 16}>>>>>;
    for (int round = 0; round < 20; ++round) {
        list numbers(100, round, nodes);
        elsewhere([&] { list(std::move(numbers)).clear(); });
    }
    nodes.trim();
    nodes.each_upstream([](auto& all) { BOOST_TEST(all.account().taken == 0U); });
}

namespace {

constexpr std::size_t stamped = 2 * sizeof(std::size_t);

/// A block of one of several sizes that says how long it is and is full of one number.
unsigned char* stamp(void* at, std::size_t size, unsigned char number) {
    if (at == nullptr) { return nullptr; }
    std::memset(at, number, size);
    std::memcpy(at, &size, sizeof size);
    return static_cast<unsigned char*>(at);
}

/// @return The size, or 0 if a byte is another's.
std::size_t verify(const unsigned char* at) {
    std::size_t size = 0;
    std::memcpy(&size, at, sizeof size);
    if (size < stamped || size > 300) { return 0; }
    return std::all_of(at + sizeof size, at + size, [&](auto b) { return b == at[sizeof size]; })
               ? size
               : 0;
}

/// One owner hands blocks to `count` threads, which release them: singly, or many at once.
/// @return Faults.
template <class P>
int hand_out_to(P& place, std::size_t count) {
    std::array<std::atomic<unsigned char*>, 64> exchange{};
    std::atomic<bool> done{false};
    std::atomic<int> faults{0}; // Boost.Test does not count across threads
    std::vector<std::thread> threads;
    for (std::size_t number = 0; number < count; ++number) {
        threads.emplace_back([&, number] {
            std::vector<void*> batch;
            while (!done) {
                for (auto& each : exchange) {
                    unsigned char* const at = each.exchange(nullptr);
                    if (at == nullptr) { continue; }
                    const std::size_t size = verify(at);
                    if (size == 0) { ++faults; }
                    if (number % 2 == 0 || size != 40) {
                        place.deallocate(at, {size, 8});
                    } else {
                        batch.push_back(at);
                    }
                    if (batch.size() == 7) {
                        place.deallocate_batch(batch.data(), batch.size(), {40, 8});
                        batch.clear();
                    }
                }
                std::this_thread::yield();
            }
            place.deallocate_batch(batch.data(), batch.size(), {40, 8});
        });
    }
    std::mt19937 random(static_cast<unsigned>(count));
    for (std::size_t i = 0; i < 40'000; ++i) {
        const std::size_t size = random() % 2 == 0 ? 40 : stamped + random() % (300 - stamped);
        unsigned char* const at =
            stamp(place.allocate({size, 8}), size, static_cast<unsigned char>(i));
        if (at == nullptr) { ++faults; }
        unsigned char* const old = exchange[random() % exchange.size()].exchange(at);
        if (old == nullptr) { continue; }
        const std::size_t known = verify(old);
        if (known == 0) { ++faults; }
        place.deallocate(old, {known, 8});
    }
    done = true;
    for (std::thread& each : threads) { each.join(); }
    for (auto& each : exchange) {
        if (unsigned char* const at = each.load(); at != nullptr) {
            place.deallocate(at, {verify(at), 8});
        }
    }
    return faults;
}

} // namespace

BOOST_AUTO_TEST_CASE(serves_an_owner_whose_blocks_end_in_2_4_and_16_threads) {
    for (const std::size_t count : {2U, 4U, 16U}) {
        BOOST_TEST_CONTEXT(count << " threads") {
            own<pool16<>> pool;
            BOOST_TEST(hand_out_to(pool, count) == 0);
            pool.trim();
            pool.each_upstream([](const pool16<>& all) { BOOST_TEST(all.held() == 0U); });
            own<new_source, homeless> heap;
            BOOST_TEST(hand_out_to(heap, count) == 0);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_producer_needs_no_more_than_its_consumer_keeps) {
    own<pool16<>> place;
    constexpr std::size_t most = 100;
    std::array<std::atomic<void*>, most> ring{};
    std::thread consumer([&] {
        for (std::size_t i = 0; i < 100'000; ++i) {
            void* at = nullptr;
            while ((at = ring[i % most].exchange(nullptr)) == nullptr) {
                std::this_thread::yield();
            }
            place.deallocate(at, {40, 8});
        }
    });
    for (std::size_t i = 0; i < 100'000; ++i) {
        while (ring[i % most].load() != nullptr) { std::this_thread::yield(); }
        ring[i % most] = place.allocate({40, 8});
    }
    consumer.join();
    std::size_t held = 0;
    place.each_upstream([&](const pool16<>& pool) { held = pool.held(); });
    BOOST_TEST(held < 16U * 1024);
}

BOOST_AUTO_TEST_CASE(finds_out_who_asks_without_owning) {
    BOOST_TEST(test::dies([] {
        own<new_source> place;
        elsewhere([&] { static_cast<void>(place.allocate({8, 8})); });
    }));
    BOOST_TEST(test::dies([] {
        remote<new_source> place;
        place.abandon();
    }));
#if defined(ALLOY_HAS_ASAN)
    BOOST_TEST(test::dies([] {
        own<pool16<>> place;
        void* const at = place.allocate({40, 8});
        elsewhere([&] { place.deallocate(at, {40, 8}); });
        elsewhere([&] { place.deallocate(at, {40, 8}); });
    }));
    BOOST_TEST(test::dies([] {
        own<pool16<>> place;
        void* const at = place.allocate({40, 8});
        elsewhere([&] { place.deallocate(at, {40, 8}); });
        place.deallocate(at, {40, 8});
    }));
    BOOST_TEST(test::dies([] {
        own<pool16<>> place;
        void* const at = place.allocate({40, 8});
        place.deallocate(at, {40, 8});
        place.deallocate(at, {40, 8});
    }));
    BOOST_TEST(test::dies([] {
        own<pool16<>> place;
        void* const at = place.allocate({40, 8});
        elsewhere([&] { place.deallocate(at, {40, 8}); });
        static_cast<unsigned char*>(at)[0] = 1; // where the letter is
    }));
    BOOST_TEST(test::dies([] {
        own<pool16<>> place;
        static_cast<unsigned char*>(place.allocate({40, 8}))[-1] = 1; // the home word
    }));
#endif
}
