// SPDX-License-Identifier: BSL-1.0
#include <alloy/compose/locked.hpp>
#include <alloy/compose/size_classes.hpp>
#include <alloy/core/size_class.hpp>
#include <alloy/policy/bitmap.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/source/malloc.hpp>

#include "support/conformance.hpp"
#include "support/probe.hpp"

#include <array>
#include <cstddef>
#include <vector>

namespace alloy::test { // not unnamed: GCC warns of a header's type with such a base

/// A probe without an argument: several policies may have it as their upstream.
struct entry : test::probe {
    static inline test::ledger book;
    entry() noexcept : probe(book) {}
};

/// The same, with the ledger that was chosen last.
struct chosen : test::probe {
    static inline test::ledger* book = nullptr;
    chosen() noexcept : probe(*book) {}
};

template <layout Node>
using list_bin = freelist<Node>;
template <layout Node>
using probed_list = freelist<Node, entry>;
template <layout Node>
using probed_bits = bitmap<Node, entry, 8192>;
template <layout Node>
using chosen_list = freelist<Node, chosen>;
template <layout Node>
using chosen_bits = bitmap<Node, chosen, 8192>;
template <layout Node>
using locked_list = locked<freelist<Node>>;

/// Serves nothing and remembers what it was asked; one instance a layout.
template <layout Node>
struct witness {
    static constexpr std::size_t max_align = Node.align;
    static inline std::vector<layout> asked;
    static inline std::vector<layout> returned;
    static inline std::byte block{};

    static void* allocate(layout want) noexcept {
        asked.push_back(want);
        return &block;
    }
    static void deallocate(void* at, layout given) noexcept {
        BOOST_TEST(at == &block);
        returned.push_back(given);
    }
};

/// Counts the batches that it takes and returns.
struct in_batches : new_source {
    static inline int batches = 0;
    static std::size_t allocate_batch(layout want, void** out, std::size_t n) noexcept {
        ++batches;
        return detail::allocate_each(new_source{}, want, out, n);
    }
    static void deallocate_batch(void* const* in, std::size_t n, layout given) noexcept {
        ++batches;
        detail::deallocate_each(new_source{}, in, n, given);
    }
};

/// What is larger than every class.
constexpr layout beyond{0, 4096};

using eight = linear_classes<8, 16>;
using seen = size_classes<eight, witness, witness<beyond>>;
using lists = size_classes<eight, list_bin, new_source>;

struct choice {
    explicit choice(ledger& book) noexcept { chosen::book = &book; }
};
/// Made from the ledger that all of its policies use.
template <template <layout> class Bin>
struct booked : choice, size_classes<eight, Bin, chosen> {
    explicit booked(ledger& book) noexcept : choice(book) {}
};

} // namespace alloy::test

using namespace alloy;
using namespace alloy::test;

static_assert(policy<lists> && rounding_policy<lists>);
static_assert(trimming_policy<lists>, "its lists are");
static_assert(!trimming_policy<seen>, "nobody in it is");
static_assert(trimming_policy<size_classes<eight, witness, freelist<layout{512, 8}>>>);
static_assert(batching_policy<lists> && !batching_policy<seen>);
static_assert(!owning_policy<lists> && !resizing_policy<lists> && !resettable_policy<lists> &&
              !marking_policy<lists> && !measuring_policy<lists>);
static_assert(!zeroing_policy<size_classes<eight, list_bin, malloc_source>>,
              "not all of it has a cheaper way to zeroes");
static_assert(!thread_safe_v<lists>);
static_assert(thread_safe_v<size_classes<eight, locked_list, new_source>>);
static_assert(lockable_policy<size_classes<eight, locked_list, new_source>> &&
              lockable_policy<size_classes<eight, list_bin, locked<new_source>>> &&
              !lockable_policy<lists>);
static_assert(!thread_safe_v<size_classes<eight, locked_list, freelist<layout{512, 8}>>>);
static_assert(!std::copy_constructible<lists> && !std::movable<lists>);
static_assert(lists::max_align == new_source::max_align);
static_assert(size_classes<eight, list_bin, freelist<layout{512, 8}>>::max_align == 128);
static_assert(size_classes<linear_classes<8, 12>, list_bin, freelist<layout{512, 8}>>::max_align ==
                  64,
              "the strongest class is not the largest");
static_assert(sizeof(lists) == 16 * sizeof(freelist<layout{8, 8}>), "a stateless Large takes none");

constinit lists before_main; // construction acquires nothing

BOOST_AUTO_TEST_CASE(conforms_over_lists_and_returns_all_to_their_upstream) {
    {
        size_classes<eight, probed_list, entry> classes;
        test::conformance(classes, {300, 256});
    }
    BOOST_TEST(entry::book.live.empty());
    BOOST_TEST(entry::book.served > 0U);
}

BOOST_AUTO_TEST_CASE(conforms_over_bitmaps_and_returns_all_to_their_upstream) {
    {
        size_classes<eight, probed_bits, entry> classes;
        test::conformance(classes, {300, 256});
    }
    BOOST_TEST(entry::book.live.empty());
}

BOOST_AUTO_TEST_CASE(conforms_where_the_largest_class_is_not_the_strongest) {
    size_classes<linear_classes<8, 12>, list_bin, freelist<layout{512, 8}>> classes;
    test::conformance(classes, {96, 8});
    test::good_size_laws(classes, {512, 64});
    void* const at = classes.allocate({1, 64});
    BOOST_TEST(detail::is_aligned(at, 64));
    classes.deallocate(at, {1, 64});
}

BOOST_AUTO_TEST_CASE(never_misaligns) {
    lists classes;
    test::never_misaligned(classes);
}

BOOST_AUTO_TEST_CASE(survives_every_failure_of_its_upstream) {
    test::survives_every_failure<booked<chosen_list>>({300, 256});
    test::survives_every_failure<booked<chosen_bits>>({300, 256});
}

BOOST_AUTO_TEST_CASE(passes_a_refusal_on) {
    entry::book.budget = 0;
    {
        size_classes<eight, probed_list, entry> classes;
        BOOST_TEST(classes.allocate({8, 8}) == nullptr);
        BOOST_TEST(classes.allocate({500, 8}) == nullptr);
    }
    entry::book.budget = unlimited;
}

BOOST_AUTO_TEST_CASE(sends_each_request_to_the_class_of_its_size_and_alignment) {
    seen classes;
    const auto sends = [&](layout want, auto to, layout as) {
        to.asked.clear();
        to.returned.clear();
        classes.deallocate(classes.allocate(want), want);
        BOOST_TEST((to.asked == std::vector{as}));
        BOOST_TEST((to.returned == std::vector{as}));
    };
    sends({1, 1}, witness<layout{8, 8}>{}, {8, 8});
    sends({8, 8}, witness<layout{8, 8}>{}, {8, 8});
    sends({9, 1}, witness<layout{16, 16}>{}, {16, 16});
    sends({1, 16}, witness<layout{16, 16}>{}, {16, 16});
    sends({17, 8}, witness<layout{24, 8}>{}, {24, 8});
    sends({17, 16}, witness<layout{32, 32}>{}, {32, 32});
    sends({65, 64}, witness<layout{128, 128}>{}, {128, 128});
    sends({120, 8}, witness<layout{120, 8}>{}, {120, 8});
    sends({128, 128}, witness<layout{128, 128}>{}, {128, 128});
    sends({129, 1}, witness<beyond>{}, {129, 1});
    sends({1, 256}, witness<beyond>{}, {1, 256});
    sends({SIZE_MAX, 1}, witness<beyond>{}, {SIZE_MAX, 1});
}

BOOST_AUTO_TEST_CASE(takes_a_block_back_by_any_size_of_its_class) {
    seen classes;
    using third = witness<layout{24, 8}>;
    for (std::size_t size = 17; size <= classes.good_size({17, 1}); ++size) {
        third::returned.clear();
        classes.deallocate(&third::block, {size, 1});
        BOOST_TEST(third::returned.size() == 1U);
    }
}

BOOST_AUTO_TEST_CASE(takes_and_returns_batches_of_one_class_and_of_what_is_beyond_them) {
    size_classes<eight, probed_list, freelist<layout{256, 8}, entry>> classes;
    for (const layout want : {layout{33, 8}, layout{200, 8}}) {
        std::array<void*, 3> out{};
        BOOST_TEST(classes.allocate_batch(want, out.data(), out.size()) == 3U);
        BOOST_TEST(entry::book.live.size() == 3U);
        classes.deallocate_batch(out.data(), out.size(), want);
        classes.trim();
        BOOST_TEST(entry::book.live.empty());
    }
    std::array<void*, 3> out{};
    for (const layout want : {layout{33, 8}, layout{200, 8}}) {
        entry::book.budget = 2;
        BOOST_TEST(classes.allocate_batch(want, out.data(), out.size()) == 2U);
        entry::book.budget = unlimited;
        classes.deallocate_batch(out.data(), 2, want);
        classes.trim();
    }
}

BOOST_AUTO_TEST_CASE(passes_a_batch_beyond_all_classes_on_as_one) {
    size_classes<eight, list_bin, in_batches> classes;
    std::array<void*, 3> out{};
    BOOST_TEST(classes.allocate_batch({200, 8}, out.data(), out.size()) == 3U);
    BOOST_TEST(in_batches::batches == 1);
    classes.deallocate_batch(out.data(), out.size(), {200, 8});
    BOOST_TEST(in_batches::batches == 2);
}

BOOST_AUTO_TEST_CASE(trims_every_class_and_what_is_beyond_them) {
    size_classes<eight, probed_list, freelist<layout{256, 8}, entry>> classes;
    for (const std::size_t size : {8U, 40U, 256U}) {
        classes.deallocate(classes.allocate({size, 8}), {size, 8});
    }
    BOOST_TEST(entry::book.live.size() == 3U);
    BOOST_TEST(classes.trim() == 304U);
    BOOST_TEST(entry::book.live.empty());
    BOOST_TEST(classes.trim() == 0U);
}

#if defined(ALLOY_HAS_ASAN) // meaningful in the `asan` preset only
BOOST_AUTO_TEST_CASE(keeps_a_gap_behind_every_block_of_a_carving_class) {
    size_classes<eight, probed_bits, entry> classes;
    for (std::size_t size = 1; size <= 128; ++size) {
        const std::size_t good = classes.good_size({size, 1});
        auto* const at = static_cast<unsigned char*>(classes.allocate({size, 1}));
        BOOST_TEST(__asan_region_is_poisoned(at, good) == nullptr);
        BOOST_TEST(__asan_address_is_poisoned(at + good) == 1);
        classes.deallocate(at, {size, 1});
        BOOST_TEST(__asan_address_is_poisoned(at) == 1);
        BOOST_TEST(__asan_address_is_poisoned(at + good - 1) == 1);
    }
}
#endif
