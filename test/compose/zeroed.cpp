// SPDX-License-Identifier: BSL-1.0
#include <alloy/compose/zeroed.hpp>

#include <alloy/adapt/allocator.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/malloc.hpp>
#include <alloy/source/pages.hpp>

#include "support/conformance.hpp"
#include "support/probe.hpp"
#include "support/rich.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <type_traits>

using namespace alloy;
using test::ledger;
using test::probe;
using test::rich;

namespace {

/// A rich upstream that has no way to zeroed bytes.
struct plain : private rich {
    using rich::allocate, rich::deallocate, rich::good_size, rich::max_align, rich::resize,
        rich::rich;
};
/// One whose blocks are zero already, and where whoever zeroes them again is found out.
struct fresh : private rich {
    using rich::allocate_batch, rich::deallocate, rich::deallocate_batch, rich::good_size,
        rich::max_align, rich::rich;
    static constexpr bool zero_fresh = true;
    [[nodiscard]] void* allocate(layout want) noexcept { return rich::allocate(want); }
};

static_assert(zero_fresh_v<zeroed<>> && zeroing_policy<zeroed<>> && stateless_policy<zeroed<>>);
static_assert(handle_policy<zeroed<>> && thread_safe_v<zeroed<>> && migratory_v<zeroed<>>);
static_assert(!resizing_policy<zeroed<>> && !batching_policy<zeroed<>> &&
              !rounding_policy<zeroed<>> && !owning_policy<zeroed<>> &&
              !trimming_policy<zeroed<>> && !measuring_policy<zeroed<>>);
static_assert(rounding_policy<zeroed<rich>> && resizing_policy<zeroed<rich>> &&
              batching_policy<zeroed<rich>> && owning_policy<zeroed<rich>>);
static_assert(!zeroing_policy<plain> && !zero_fresh_v<plain> && !batching_policy<zeroed<plain>>);
static_assert(marking_policy<zeroed<bump<>>> && resettable_policy<zeroed<bump<>>> &&
              trimming_policy<zeroed<pool16<>>>);
static_assert(!std::copy_constructible<zeroed<pool16<>>> && !std::movable<zeroed<pool16<>>>);
static_assert(zeroed<pool16<>>::max_align == pool16<>::max_align &&
              max_size_v<zeroed<pages<>>> == max_size_v<pages<>>);
static_assert(sizeof(zeroed<pool16<>>) == sizeof(pool16<>));

constinit zeroed<pool16<>> before_main; // construction acquires nothing

template <policy P>
bool all_are(const P& p, const void* at, layout want, unsigned char value = 0) {
    const auto* const bytes = static_cast<const unsigned char*>(at);
    return std::all_of(bytes, bytes + good_size(p, want),
                       [&](unsigned char byte) { return byte == value; });
}

} // namespace

BOOST_AUTO_TEST_CASE(conforms_and_returns_all_to_its_upstream) {
    ledger book;
    {
        zeroed<pool16<probe>> pool{book};
        test::conformance(pool, {200, 64});
    }
    BOOST_TEST(book.live.empty());
    test::survives_every_failure<zeroed<pool16<probe>>>({160, 64});
    rich::record record;
    zeroed<rich> all{record};
    test::conformance(all, {200, 64});
    zeroed<plain> few{record};
    test::conformance(few, {200, 64});
    BOOST_TEST(record.live.empty());
    test::never_misaligned(before_main);
}

BOOST_AUTO_TEST_CASE(zeroes_the_whole_block_even_one_that_was_used_before) {
    for (int round = 0; round < 3; ++round) {
        for (const layout want : {layout{13, 1}, layout{128, 8}, layout{1'000, 64}}) {
            void* const at = before_main.allocate(want);
            BOOST_TEST(all_are(before_main, at, want));
            std::memset(at, 1, before_main.good_size(want));
            before_main.deallocate(at, want);
            void* const again = before_main.allocate_zeroed(want);
            BOOST_TEST(all_are(before_main, again, want));
            std::memset(again, 1, before_main.good_size(want));
            before_main.deallocate(again, want);
        }
    }
}

BOOST_AUTO_TEST_CASE(zeroes_every_block_of_a_batch) {
    rich::record record;
    const zeroed<rich> policy{record};
    std::array<void*, 5> batch{};
    BOOST_TEST_REQUIRE(policy.allocate_batch({40, 8}, batch.data(), batch.size()) == 5U);
    for (const void* const at : batch) { BOOST_TEST(all_are(policy, at, {40, 8})); }
    policy.deallocate_batch(batch.data(), batch.size(), {40, 8});
    BOOST_TEST(policy.allocate_batch({SIZE_MAX, 8}, batch.data(), batch.size()) == 0U);
}

BOOST_AUTO_TEST_CASE(zeroes_what_a_block_grows_by_and_keeps_what_it_held) {
    rich::record record;
    const zeroed<plain> policy{record};
    auto* const at = static_cast<unsigned char*>(policy.allocate({40, 8})); // 64 bytes
    std::memset(at, 7, 64);
    BOOST_TEST(policy.resize(at, {40, 8}, 60));
    BOOST_TEST(all_are(policy, at, {60, 8}, 7));
    BOOST_TEST(policy.resize(at, {60, 8}, 200)); // 224 bytes
    BOOST_TEST(std::all_of(at, at + 64, [](unsigned char byte) { return byte == 7; }));
    BOOST_TEST(std::all_of(at + 64, at + 224, [](unsigned char byte) { return byte == 0; }));
    std::memset(at, 8, 224);
    BOOST_TEST(policy.resize(at, {200, 8}, 8));
    BOOST_TEST(policy.resize(at, {8, 8}, 256));
    BOOST_TEST(std::all_of(at, at + 32, [](unsigned char byte) { return byte == 8; }));
    BOOST_TEST(std::all_of(at + 32, at + 256, [](unsigned char byte) { return byte == 0; }));
    BOOST_TEST(!policy.resize(at, {256, 8}, 100'000));
    policy.deallocate(at, {256, 8});
}

BOOST_AUTO_TEST_CASE(asks_for_zeroed_bytes_where_upstream_has_them_and_clears_no_fresh_ones) {
    rich::record record;
    const zeroed<rich> knowing{record};
    void* const at = knowing.allocate({40, 8});
    BOOST_TEST(record.zeroings == 1U);
    knowing.deallocate(at, {40, 8});
    const zeroed<fresh> lucky{record};
    void* const untouched = lucky.allocate({40, 8});
    BOOST_TEST(all_are(lucky, untouched, {40, 8}, 0xDB)); // upstream lied, and nobody looked
    lucky.deallocate(untouched, {40, 8});
    void* batch = nullptr;
    BOOST_TEST(lucky.allocate_batch({40, 8}, &batch, 1) == 1U);
    BOOST_TEST(all_are(lucky, batch, {40, 8}, 0xDB));
    lucky.deallocate_batch(&batch, 1, {40, 8});
}

BOOST_AUTO_TEST_CASE(stays_null_where_upstream_is_out) {
    ledger book;
    book.budget = 0;
    const zeroed<probe> policy{book};
    BOOST_TEST(policy.allocate({8, 8}) == nullptr);
    BOOST_TEST(policy.allocate_zeroed({8, 8}) == nullptr);
    BOOST_TEST(zeroed<malloc_source>{}.allocate({SIZE_MAX, 8}) == nullptr);
}
