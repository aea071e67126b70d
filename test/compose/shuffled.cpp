// SPDX-License-Identifier: BSL-1.0
#include <alloy/compose/shuffled.hpp>

#include <alloy/core/size_class.hpp>
#include <alloy/policy/buddy.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/preset.hpp>
#include <alloy/source/buffer.hpp>
#include <alloy/source/new.hpp>
#include <alloy/source/pages.hpp>

#include "support/conformance.hpp"
#include "support/interrupted.hpp"
#include "support/probe.hpp"
#include "support/shelf.hpp"

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

using namespace alloy;
using test::ledger;
using test::probe;

namespace {

using sizes = linear_classes<8, 16>;
using few = shuffled<sizes, probe, 8>;

// Knows its own, and is soon full.
constexpr range_options range{.bytes = 65'536, .unit = 64, .largest = 1'024, .align = 128};
using region = buddy<range, inline_buffer<81'920>>;

static_assert(policy<few> && rounding_policy<few> && trimming_policy<few>);
static_assert(owning_policy<shuffled<sizes, region>> && !owning_policy<few>);
static_assert(!batching_policy<few> && !resizing_policy<few> && !zeroing_policy<few> &&
              !measuring_policy<few>);
static_assert(!resettable_policy<shuffled<sizes, bump<>>> &&
              !marking_policy<shuffled<sizes, bump<>>>);
static_assert(!thread_safe_v<shuffled<sizes, new_source>> &&
              !zero_fresh_v<shuffled<sizes, pages<>>>);
static_assert(!std::copy_constructible<few> && !std::movable<few>);
static_assert(!std::is_constructible_v<few, few&>);
static_assert(few::most_kept == 8 * (8 + 128) * 16 / 2);
static_assert(shuffled<sizes, new_source>::most_kept == 64 * 1'088);

constinit shuffled<sizes, pool16<>> before_main; // construction acquires nothing

constexpr layout one{16, 16};
constexpr std::size_t slots = 16;

/// Blocks in the order of their numbers, and those that came back.
class row : public test::shelf {
public:
    explicit row(std::span<std::byte> bytes) : shelf(bytes) {}
    void deallocate(void* at, layout /*given*/) noexcept { returned.push_back(number(at)); }

    static std::size_t number(const void* at) {
        return static_cast<std::size_t>(static_cast<const std::byte*>(at) - memory.data()) /
               one.size;
    }

    alignas(16) static inline std::array<std::byte, 64 * one.size> memory;
    static inline std::vector<std::size_t> returned;
};
using deck = shuffled<linear_classes<16, 1>, row, slots>;

void set_seed(std::uint64_t seed) { ::setenv("ALLOY_SEED", std::to_string(seed).c_str(), 1); }

/// Numbers of the first blocks.
template <std::size_t N>
std::array<std::size_t, N> first_blocks() {
    row::returned.clear();
    std::array<std::size_t, N> numbers{};
    deck blocks{row::memory};
    for (std::size_t& each : numbers) { each = row::number(blocks.allocate(one)); }
    return numbers;
}

/// How far counts are from all alike, in standard deviations of what chance alone would do.
template <std::size_t N>
double excess(const std::array<double, N>& counts) {
    double sum = 0;
    for (const double each : counts) { sum += each; }
    const double expected = sum / N;
    double chi_square = 0;
    for (const double each : counts) {
        chi_square += (each - expected) * (each - expected) / expected;
    }
    const double freedom = N - 1;
    return (chi_square - freedom) * (chi_square - freedom) / (2 * freedom);
}

constexpr double four_deviations = 16; // squared; the seeds are fixed, so that this never varies

} // namespace

BOOST_AUTO_TEST_CASE(conforms_and_returns_all_to_its_upstream) {
    ledger book;
    {
        few place{book};
        test::conformance(place, {200, 64});
        test::never_misaligned(place);
        BOOST_TEST(book.bytes() <= few::most_kept);
    }
    BOOST_TEST(book.live.empty());
    {
        shuffled<sizes, pool16<probe>> place{book};
        test::conformance(place, {200, 64});
    }
    BOOST_TEST(book.live.empty());
    shuffled<sizes, new_source> heap;
    test::conformance(heap, {200, 64});
    shuffled<sizes, bitmaps> nodes;
    test::conformance(nodes, {200, 64});
    shuffled<sizes, region> bounded;
    test::conformance(bounded, {200, 64});
    test::conformance(before_main, {200, 64});
}

BOOST_AUTO_TEST_CASE(survives_every_failure_of_its_upstream) {
    test::survives_every_failure<shuffled<sizes, probe, 3>>({200, 64}, 100);
    test::survives_every_failure<shuffled<sizes, pool16<probe>, 8>>({200, 64}, 100);
}

BOOST_AUTO_TEST_CASE(any_of_its_slots_comes_first_each_as_likely) {
    std::array<double, slots> seen{};
    for (std::uint64_t seed = 1; seed <= 4'096; ++seed) {
        set_seed(seed);
        const std::size_t number = first_blocks<1>()[0];
        BOOST_TEST_REQUIRE(number < slots);
        ++seen[number];
    }
    BOOST_TEST(excess(seen) < four_deviations);
}

BOOST_AUTO_TEST_CASE(what_came_first_tells_nothing_of_what_comes_next) {
    std::array<double, slots * slots> seen{};
    for (std::uint64_t seed = 1; seed <= 32'768; ++seed) {
        set_seed(seed);
        const auto [a, b] = first_blocks<2>();
        BOOST_TEST_REQUIRE((a != b && b <= slots)); // block 16 came into the place of the first
        ++seen[a * slots + (b == slots ? a : b)];
    }
    BOOST_TEST(excess(seen) < four_deviations);
}

BOOST_AUTO_TEST_CASE(any_of_its_slots_makes_room_but_never_for_nothing) {
    std::array<double, slots> seen{};
    for (std::uint64_t seed = 1; seed <= 4'096; ++seed) {
        set_seed(seed);
        row::returned.clear();
        deck blocks{row::memory};
        void* const a = blocks.allocate(one);
        void* const b = blocks.allocate(one);
        blocks.deallocate(a, one);
        BOOST_TEST_REQUIRE(row::returned.empty());
        blocks.deallocate(b, one);
        BOOST_TEST_REQUIRE(row::returned.size() == 1U);
        const std::size_t gone = row::returned[0];
        BOOST_TEST_REQUIRE(gone != row::number(b));
        ++seen[gone < row::number(b) ? gone : gone - 1];
    }
    BOOST_TEST(excess(seen) < four_deviations);
}

BOOST_AUTO_TEST_CASE(a_seed_repeats_the_order) {
    set_seed(42);
    const auto order = first_blocks<40>();
    BOOST_TEST(first_blocks<40>() == order);
    set_seed(43);
    BOOST_TEST(first_blocks<40>() != order);
    set_seed(UINT64_MAX);
    BOOST_TEST(first_blocks<40>() == first_blocks<40>());
}

BOOST_AUTO_TEST_CASE(two_instances_differ_unless_the_seed_is_given) {
    ::unsetenv("ALLOY_SEED");
    BOOST_TEST(first_blocks<40>() != first_blocks<40>()); // but for once in 2^64 times
}

BOOST_AUTO_TEST_CASE(its_order_does_not_tell_the_key_of_a_guard_with_the_same_seed) {
    for (const bool inverted : {false, true}) {
        int alike = 0;
        for (std::uint64_t seed = 1; seed <= 256; ++seed) {
            set_seed(seed);
            const std::uint64_t key = detail::scattered((inverted ? ~seed : seed) + detail::golden);
            alike += first_blocks<1>()[0] == (key >> 32U) * slots >> 32U ? 1 : 0;
        }
        BOOST_TEST(alike < 40); // 16 by chance
    }
}

BOOST_AUTO_TEST_CASE(the_block_just_released_comes_next_once_in_as_many_times_as_there_are_slots) {
    using list = freelist<one, new_source, 256>;
    list plain;
    void* again = plain.allocate(one);
    plain.deallocate(again, one);
    BOOST_TEST(plain.allocate(one) == again, "upstream does it always");
    plain.deallocate(again, one);

    set_seed(42);
    shuffled<linear_classes<16, 1>, list, slots> place;
    std::array<void*, 100> live{}; // so that upstream has released blocks too
    for (void*& each : live) { each = place.allocate(one); }
    int hits = 0;
    for (std::size_t i = 0; i < 256 * slots; ++i) {
        void*& each = live[i % live.size()];
        void* const released = each;
        place.deallocate(each, one);
        each = place.allocate(one);
        hits += each == released ? 1 : 0;
    }
    BOOST_TEST(hits > 192);
    BOOST_TEST(hits < 320); // 256 by chance, within four deviations
    for (void* each : live) { place.deallocate(each, one); }
}

BOOST_AUTO_TEST_CASE(fills_its_slots_and_no_more) {
    ledger book;
    few place{book};
    void* const at = place.allocate({40, 8});
    BOOST_TEST(book.served == 8U);
    place.deallocate(at, {40, 8});
    BOOST_TEST(book.live.size() == 8U);
    for (int i = 0; i < 100; ++i) { place.deallocate(place.allocate({40, 8}), {40, 8}); }
    BOOST_TEST(book.requests == 8U, "what came back filled the slot again");

    std::array<void*, 20> many{};
    for (void*& each : many) { each = place.allocate({40, 8}); }
    BOOST_TEST(book.live.size() == 27U);
    for (void* const each : many) { place.deallocate(each, {40, 8}); }
    BOOST_TEST(book.live.size() == 8U);
}

BOOST_AUTO_TEST_CASE(serves_what_it_has_when_upstream_has_fewer) {
    ledger book{.budget = 3};
    few place{book};
    std::array<void*, 3> all{};
    for (void*& each : all) {
        each = place.allocate({24, 8});
        BOOST_TEST(each != nullptr);
    }
    BOOST_TEST(place.allocate({24, 8}) == nullptr);
    BOOST_TEST(book.live.size() == 3U);
    place.deallocate(all[1], {24, 8});
    BOOST_TEST(place.allocate({24, 8}) == all[1]);
    book.budget = unlimited;
    void* const more = place.allocate({24, 8});
    BOOST_TEST(more != nullptr);
    BOOST_TEST(book.live.size() == 3U + 8U);
    place.deallocate(more, {24, 8});
    for (void* each : all) { place.deallocate(each, {24, 8}); }
}

BOOST_AUTO_TEST_CASE(classes_do_not_mix) {
    ledger book;
    few place{book};
    for (int i = 0; i < 50; ++i) {
        void* const a = place.allocate({8, 8});
        void* const b = place.allocate({8, 16}); // an alignment of 16 is class 16
        BOOST_TEST((book.live.at(a) == layout{8, 8}));
        BOOST_TEST((book.live.at(b) == layout{16, 16}));
        place.deallocate(a, {8, 8});
        place.deallocate(b, {8, 16});
    }
}

BOOST_AUTO_TEST_CASE(passes_by_what_has_no_class) {
    ledger book;
    few place{book};
    void* const at = place.allocate({129, 8});
    BOOST_TEST((book.live.at(at) == layout{129, 8}));
    place.deallocate(at, {129, 8});
    BOOST_TEST(book.requests == 1U);
    BOOST_TEST(book.live.empty());
    BOOST_TEST(place.good_size({129, 8}) == 129U);
    BOOST_TEST(place.good_size({100, 8}) == 104U);
}

BOOST_AUTO_TEST_CASE(trims_to_nothing_and_says_how_much) {
    ledger book;
    few place{book};
    BOOST_TEST(place.trim() == 0U);
    void* const at = place.allocate({100, 8});
    place.deallocate(place.allocate({1, 1}), {1, 1});
    BOOST_TEST(place.trim() == 7 * 104U + 8 * 8U);
    BOOST_TEST(book.live.size() == 1U);
    BOOST_TEST(place.trim() == 0U);
    place.deallocate(at, {100, 8});
    BOOST_TEST(book.live.size() == 1U, "it is kept, for there is room");
    place.deallocate(place.allocate({100, 8}), {100, 8});
    BOOST_TEST(book.live.size() == 8U, "and the others come again");
    BOOST_TEST(place.trim() == 8 * 104U);
    BOOST_TEST(book.live.empty());

    shuffled<sizes, pool16<probe>> deep{book};
    deep.deallocate(deep.allocate({100, 8}), {100, 8});
    BOOST_TEST(deep.trim() == 64 * 104U);
    BOOST_TEST(book.live.empty(), "upstream trims too");
}

BOOST_AUTO_TEST_CASE(owns_what_its_upstream_does) {
    shuffled<sizes, region> place;
    void* const small = place.allocate({40, 8});
    void* const large = place.allocate({400, 8});
    BOOST_TEST((place.owns(small) && place.owns(large)));
    BOOST_TEST(!place.owns(&place));
    place.deallocate(small, {40, 8});
    place.deallocate(large, {400, 8});
}

#if defined(ALLOY_HAS_ASAN) // meaningful in the `asan` preset only
BOOST_AUTO_TEST_CASE(poisons_what_it_keeps_from_the_first_byte_on) {
    ledger book;
    few place{book};
    auto* const at = static_cast<unsigned char*>(place.allocate({32, 8}));
    BOOST_TEST(__asan_region_is_poisoned(at, 32) == nullptr);
    for (const auto& [kept, asked] : book.live) {
        BOOST_TEST((__asan_address_is_poisoned(kept) == 1) == (kept != at));
    }
    place.deallocate(at, {32, 8});
    BOOST_TEST(__asan_address_is_poisoned(at) == 1);
    BOOST_TEST(__asan_address_is_poisoned(at + 31) == 1);
}
#endif

BOOST_AUTO_TEST_CASE(loses_no_block_to_a_handler_that_releases_while_upstream_is_asked) {
    using source = test::interrupted<struct under_a_shelf>;
    shuffled<sizes, source, 8> kept;
    std::vector<void*> row(10);
    for (void*& each : row) { each = kept.allocate(one); }
    source::before_next = [&] { // fills the shelf; the rest goes upstream
        for (void* const each : row) { kept.deallocate(each, one); }
    };
    void* const at = kept.allocate(one);
    BOOST_TEST(source::out == 8U);
    kept.deallocate(at, one);
    kept.trim();
    BOOST_TEST(source::out == 0U);
}
