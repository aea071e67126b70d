// SPDX-License-Identifier: BSL-1.0
#include <alloy/compose/magazine.hpp>

#include <alloy/core/size_class.hpp>

#include "../support/batching_probe.hpp"
#include "../support/conformance.hpp"
#include "../support/interrupted.hpp"
#include "../support/unit_test.hpp"

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <vector>

using namespace alloy;
using test::batching_probe;
using test::ledger;

namespace {

using sizes = linear_classes<8, 16>;
using small = magazine<sizes, batching_probe, 8>;
using in_order = magazine<sizes, batching_probe, 4, reuse::upstream>;

static_assert(policy<small> && rounding_policy<small> && trimming_policy<small>);
static_assert(!owning_policy<small> && !batching_policy<small> && !resizing_policy<small>);
static_assert(!std::copy_constructible<small> && !std::movable<small>);
static_assert(!std::is_constructible_v<small, small&>);

constinit magazine<sizes, test::empty_batches> before_main; // construction acquires nothing

} // namespace

BOOST_AUTO_TEST_CASE(conforms_and_returns_all_to_its_upstream) {
    ledger book;
    {
        small kept{book};
        test::conformance(kept, {200, 64});
        test::never_misaligned(kept);
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(survives_every_failure_of_its_upstream) {
    test::survives_every_failure<small>({200, 64});
}

BOOST_AUTO_TEST_CASE(is_null_if_its_upstream_is_out_from_the_start) {
    BOOST_TEST(before_main.allocate({8, 8}) == nullptr);
    BOOST_TEST(before_main.trim() == 0U);
}

BOOST_AUTO_TEST_CASE(takes_half_a_stack_at_a_time_and_hands_it_out_in_its_upstreams_order) {
    ledger book;
    small kept{book};
    batching_probe::forget();
    std::array<void*, 4> row{};
    for (void*& each : row) { each = kept.allocate({40, 8}); }
    const std::vector<void*>& taken = batching_probe::taken;
    BOOST_TEST(std::equal(row.begin(), row.end(), taken.begin(), taken.end()));
    BOOST_TEST(batching_probe::batches == 1);
    BOOST_TEST(book.served == 4U);
    for (void* each : row) { kept.deallocate(each, {40, 8}); }
    kept.trim();

    std::array<void*, 4> given{};
    std::copy(batching_probe::returned.end() - 4, batching_probe::returned.end(), given.begin());
    BOOST_TEST(given == row); // the oldest first, as they were handed out
}

BOOST_AUTO_TEST_CASE(hands_out_the_last_released_block_first) {
    ledger book;
    small kept{book};
    void* const a = kept.allocate({24, 8});
    void* const b = kept.allocate({24, 8});
    kept.deallocate(a, {24, 8});
    kept.deallocate(b, {24, 8});
    BOOST_TEST(kept.allocate({24, 8}) == b);
    BOOST_TEST(kept.allocate({17, 8}) == a);
    kept.deallocate(a, {24, 8});
    kept.deallocate(b, {24, 8});
}

BOOST_AUTO_TEST_CASE(a_full_stack_sends_its_older_half_back_and_keeps_the_newer) {
    ledger book;
    small kept{book};
    std::array<void*, 12> row{};
    for (void*& each : row) { each = kept.allocate({16, 16}); } // three refills of four
    batching_probe::returned.clear();
    for (std::size_t i = 0; i < 8; ++i) { kept.deallocate(row[i], {16, 16}); }
    BOOST_TEST(batching_probe::returned.empty());
    kept.deallocate(row[8], {16, 16});
    BOOST_TEST(batching_probe::returned == std::vector<void*>(row.begin(), row.begin() + 4));
    BOOST_TEST(kept.allocate({16, 16}) == row[8]);
    BOOST_TEST(kept.allocate({16, 16}) == row[7]);
    for (std::size_t i = 7; i < 12; ++i) { kept.deallocate(row[i], {16, 16}); }
}

BOOST_AUTO_TEST_CASE(serves_what_a_short_batch_brought) {
    ledger book{.budget = 2};
    small kept{book};
    void* const a = kept.allocate({8, 8});
    void* const b = kept.allocate({8, 8});
    BOOST_TEST(a != nullptr);
    BOOST_TEST(b != nullptr);
    BOOST_TEST(kept.allocate({8, 8}) == nullptr);
    kept.deallocate(b, {8, 8});
    BOOST_TEST(kept.allocate({8, 8}) == b);
    kept.deallocate(a, {8, 8});
    kept.deallocate(b, {8, 8});
}

BOOST_AUTO_TEST_CASE(classes_do_not_mix) {
    ledger book;
    small kept{book};
    void* const a = kept.allocate({8, 8});
    kept.deallocate(a, {8, 8});
    void* const b = kept.allocate({8, 16}); // an alignment of 16 is class 16
    BOOST_TEST(b != a);
    kept.deallocate(b, {8, 16});
    BOOST_TEST(kept.allocate({16, 8}) == b);
    kept.deallocate(b, {16, 8});
}

BOOST_AUTO_TEST_CASE(passes_by_what_has_no_class) {
    ledger book;
    small kept{book};
    void* const at = kept.allocate({129, 8});
    BOOST_TEST((book.live.at(at) == layout{129, 8}));
    kept.deallocate(at, {129, 8});
    BOOST_TEST(book.live.empty());
    BOOST_TEST(kept.good_size({129, 8}) == 129U);
}

BOOST_AUTO_TEST_CASE(trims_to_nothing_and_says_how_much) {
    ledger book;
    small kept{book};
    kept.deallocate(kept.allocate({100, 8}), {100, 8});
    BOOST_TEST(book.live.size() == 4U);
    BOOST_TEST((kept.account() == byte_account{.taken = 4 * 104, .cached = 4 * 104}));
    BOOST_TEST(kept.trim() == 4 * 104U);
    BOOST_TEST(book.live.empty());
    BOOST_TEST(kept.trim() == 0U);
}

BOOST_AUTO_TEST_CASE(conforms_where_upstream_says_what_comes_next) {
    ledger book;
    {
        in_order kept{book};
        test::conformance(kept, {200, 64});
    }
    BOOST_TEST(book.live.empty());
    test::survives_every_failure<in_order>({200, 64});
}

BOOST_AUTO_TEST_CASE(
    a_block_goes_through_upstream_before_it_comes_again_if_that_says_what_is_next) {
    ledger book;
    in_order kept{book};
    batching_probe::forget();
    std::vector<void*> row(4);
    for (void*& each : row) { each = kept.allocate({40, 8}); }
    BOOST_TEST((row == batching_probe::taken)); // a whole stack at a time
    for (void* const each : row) { kept.deallocate(each, {40, 8}); }
    BOOST_TEST(batching_probe::returned.empty());
    BOOST_TEST((kept.account() == byte_account{.taken = 4 * 40, .cached = 4 * 40}));
    void* const fifth = kept.allocate({40, 8});
    BOOST_TEST(fifth == batching_probe::taken[4]);
    kept.deallocate(fifth, {40, 8}); // which has no room: the others go
    BOOST_TEST((batching_probe::returned == row));
    BOOST_TEST(kept.trim() == 4 * 40U);
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(hands_out_what_waits_to_go_back_if_upstream_is_out) {
    ledger book{.budget = 3};
    in_order kept{book};
    std::vector<void*> row(3);
    for (void*& each : row) { each = kept.allocate({40, 8}); }
    BOOST_TEST(kept.allocate({40, 8}) == nullptr);
    kept.deallocate(row[1], {40, 8});
    BOOST_TEST(kept.allocate({40, 8}) == row[1]);
    BOOST_TEST(kept.allocate({40, 8}) == nullptr);
    for (void* const each : row) { kept.deallocate(each, {40, 8}); }
}

#if defined(ALLOY_HAS_ASAN) // meaningful in the `asan` preset only
BOOST_AUTO_TEST_CASE(poisons_what_it_keeps_from_the_first_byte_on) {
    ledger book;
    small kept{book};
    auto* const at = static_cast<unsigned char*>(kept.allocate({32, 8}));
    kept.deallocate(at, {32, 8});
    BOOST_TEST(__asan_address_is_poisoned(at) == 1);
    BOOST_TEST(__asan_address_is_poisoned(at + 31) == 1);
    BOOST_TEST(kept.allocate({32, 8}) == at);
    BOOST_TEST(__asan_address_is_poisoned(at) == 0);
    kept.deallocate(at, {32, 8});
}
#endif

BOOST_AUTO_TEST_CASE(hands_out_what_a_handler_released_though_upstream_is_out) {
    using source = test::interrupted<struct soon_out>;
    magazine<sizes, source, 2> kept;
    void* const at = kept.allocate({40, 8});
    source::refuses = true;
    source::before_next = [&] { kept.deallocate(at, {40, 8}); };
    BOOST_TEST(kept.allocate({40, 8}) == at);
    BOOST_TEST(kept.allocate({40, 8}) == nullptr);
    source::refuses = false;
    kept.deallocate(at, {40, 8});
}

BOOST_AUTO_TEST_CASE(loses_no_block_to_a_handler_that_releases_while_upstream_is_asked) {
    using source = test::interrupted<struct under_a_magazine>;
    for (const std::size_t n : {1UL, 6UL, 8UL}) {
        magazine<sizes, source, 8> kept;
        std::vector<void*> row(n);
        for (void*& each : row) { each = kept.allocate({40, 8}); }
        while (kept.bin(sizes::index({40, 8})).free > 0) { row.push_back(kept.allocate({40, 8})); }
        source::before_next = [&] {
            for (std::size_t i = 0; i < n; ++i) { kept.deallocate(row[i], {40, 8}); }
        };
        void* const fresh = kept.allocate({40, 8});
        BOOST_TEST(kept.bin(sizes::index({40, 8})).free == std::min<std::size_t>(n + 3, 8));
        kept.deallocate(fresh, {40, 8});
        for (std::size_t i = n; i < row.size(); ++i) { kept.deallocate(row[i], {40, 8}); }
        kept.trim();
        BOOST_TEST(source::out == 0U);
    }
}
