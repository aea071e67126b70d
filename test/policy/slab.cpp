// SPDX-License-Identifier: BSL-1.0
#include "support/dies.hpp"

#include <alloy/policy/bitmap.hpp>
#include <alloy/policy/slab.hpp>
#include <alloy/source/null.hpp>

#include "support/conformance.hpp"
#include "support/interrupted.hpp"
#include "support/probe.hpp"
#include "support/resident.hpp"
#include "support/shelf.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <random>
#include <set>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

using namespace alloy;
using test::ledger;
using test::probe;

namespace {

constexpr slab_options few{.segment = 65'536, .page = 8'192, .patience = 4};
constexpr std::size_t pages_each = few.segment / few.page;

using classes = linear_classes<8, 16>;

/// Segments of eight pages, from a probe as large blocks are.
struct small : slab<classes, probe, probe, few> {
    explicit small(ledger& book)
        : slab(std::piecewise_construct, std::tuple(probe{book}), std::tuple(probe{book})) {}
};

/// One that has no large blocks and so can tell its own.
struct owner : slab<classes, probe, null_source, few> {
    explicit owner(ledger& book)
        : slab(std::piecewise_construct, std::tuple(probe{book}), std::tuple()) {}
};

constexpr layout node{48, 16};
constexpr std::size_t stride = 48 + detail::redzone;
constexpr std::size_t header = sizeof(detail::segment<few.segment, few.page>);

/// Blocks of 48 bytes in a page that is not the first of its segment, and in that.
constexpr std::size_t per_page = few.page / stride;
constexpr std::size_t in_first = (few.page - detail::round_up(header, 16)) / stride;
constexpr std::size_t per_segment = in_first + (pages_each - 1) * per_page;

std::size_t page_of(const void* at) { return detail::address(at) / few.page; }
std::size_t segment_of(const void* at) { return detail::address(at) / few.segment; }

template <policy P>
std::vector<void*> take(P& from, std::size_t n, layout want = node) {
    std::vector<void*> blocks(n);
    for (void*& each : blocks) {
        each = from.allocate(want);
        BOOST_TEST_REQUIRE(each != nullptr);
    }
    return blocks;
}

template <policy P>
void give(P& to, const std::vector<void*>& blocks, layout given = node) {
    for (void* const each : blocks) { to.deallocate(each, given); }
}

std::vector<void*> shuffled(std::vector<void*> blocks) {
    std::shuffle(blocks.begin(), blocks.end(), std::mt19937{42});
    return blocks;
}

/// Whether blocks stand side by side in this order.
bool is_row(const std::vector<void*>& blocks) {
    return std::adjacent_find(blocks.begin(), blocks.end(), [](void* a, void* b) {
               return detail::address(b) - detail::address(a) != stride;
           }) == blocks.end();
}

/// Passes on, rounds to 256 bytes, knows sizes, and counts what it is asked.
struct able {
    static constexpr std::size_t max_align = 4'096;
    static constexpr std::size_t max_size = 5'000;
    struct log {
        std::map<const void*, std::size_t> sizes;
        int trims = 0;
        int resizes = 0;
    };
    explicit able(log& into) noexcept : into_(&into) {}

    [[nodiscard]] static std::size_t good_size(layout want) noexcept {
        return want.size > max_size ? want.size : detail::round_up(want.size, 256);
    }
    [[nodiscard]] void* allocate(layout want) noexcept {
        if (want.size > max_size || want.align > max_align) { return nullptr; }
        void* const at = new_source::allocate({good_size(want), want.align});
        into_->sizes[at] = good_size(want);
        return at;
    }
    void deallocate(void* at, layout given) noexcept {
        BOOST_TEST(into_->sizes.erase(at) == 1U);
        new_source::deallocate(at, given);
    }
    [[nodiscard]] bool resize(void*, layout given, std::size_t size) noexcept {
        ++into_->resizes;
        return good_size(given) == good_size({size, given.align});
    }
    [[nodiscard]] bool owns(const void* at) const noexcept { return into_->sizes.contains(at); }
    [[nodiscard]] std::size_t usable_size(const void* at) const noexcept {
        return into_->sizes.at(at);
    }
    std::size_t trim() noexcept {
        ++into_->trims;
        return 100;
    }

private:
    log* into_;
};

struct over_able : slab<classes, probe, able, few> {
    over_able(ledger& book, able::log& log)
        : slab(std::piecewise_construct, std::tuple(probe{book}), std::tuple(able{log})) {}
};

} // namespace

static_assert(policy<slab<>> && rounding_policy<slab<>> && resizing_policy<slab<>> &&
              batching_policy<slab<>> && trimming_policy<slab<>> && accounting_policy<slab<>> &&
              binning_policy<slab<>> && composed_policy<slab<>>);
static_assert(!owning_policy<slab<>> && owning_policy<owner> && owning_policy<over_able>,
              "owns what its Large can tell too");
static_assert(!measuring_policy<slab<>> && !measuring_policy<owner> && measuring_policy<over_able>,
              "measures where its Large does");
static_assert(!zeroing_policy<slab<>> && !resettable_policy<slab<>> && !marking_policy<slab<>> &&
              !lockable_policy<slab<>> && !stateless_policy<slab<>>);
static_assert(!thread_safe_v<slab<>> && !migratory_v<slab<>> && !zero_fresh_v<slab<>>);
static_assert(!std::copy_constructible<slab<>> && !std::movable<slab<>>);
static_assert(std::is_nothrow_default_constructible_v<slab<>>);
static_assert(max_size_v<slab<>> == any_size && max_size_v<owner> == 128 &&
              max_size_v<over_able> == 5'000);
static_assert(owner::max_align == 128 && over_able::max_align == 4'096);
static_assert(sizeof(slab<>) == (2 * 128 + 5) * sizeof(void*), "stateless upstreams take no room");
static_assert(sizeof(detail::page) == 64, "a line of the cache");

constinit slab<> before_main; // construction acquires nothing

BOOST_AUTO_TEST_CASE(conforms_and_returns_all_to_its_upstreams) {
    ledger book;
    {
        small pages{book};
        test::conformance(pages, {300, 256});
        test::conformance(pages, {128, 8});
    }
    BOOST_TEST(book.live.empty());
    test::conformance(before_main, {1'500, 64});
    BOOST_TEST(before_main.trim() > 0U);
    BOOST_TEST(before_main.held() == 0U);
}

BOOST_AUTO_TEST_CASE(survives_every_failure_of_its_upstreams) {
    test::survives_every_failure<small>({160, 64});
    test::survives_every_failure<small>({128, 8}, 1'000, 11);
}

BOOST_AUTO_TEST_CASE(never_misaligns) {
    ledger book;
    small pages{book};
    test::never_misaligned(pages, 128);
    BOOST_TEST(owner{book}.allocate({8, 256}) == nullptr);
}

BOOST_AUTO_TEST_CASE(aligns_every_class_to_the_largest_power_of_two_that_divides_its_size) {
    ledger book;
    small pages{book};
    for (std::size_t size = 8; size <= 128; size += 8) {
        for (void* const each : take(pages, 2'000, {size, 1})) {
            BOOST_TEST_REQUIRE(detail::is_aligned(each, detail::lowest_bit(size)));
        }
    }
}

BOOST_AUTO_TEST_CASE(rounds_to_its_class_and_above_as_its_large_does) {
    ledger book;
    able::log log;
    const over_able pages{book, log};
    BOOST_TEST(pages.good_size({1, 1}) == 8U);
    BOOST_TEST(pages.good_size({17, 16}) == 32U);
    BOOST_TEST(pages.good_size({128, 128}) == 128U);
    BOOST_TEST(pages.good_size({129, 1}) == 256U);
    BOOST_TEST(pages.good_size({1, 256}) == 256U);
    BOOST_TEST(pages.good_size({unlimited, 1}) == unlimited);
}

BOOST_AUTO_TEST_CASE(takes_segments_aligned_to_their_size_and_ends_live_blocks_with_them) {
    ledger book;
    {
        small pages{book};
        BOOST_TEST(book.requests == 0U);
        static_cast<void>(take(pages, 3 * per_segment));
        BOOST_TEST(book.requests == 3U);
        for (const auto& [at, want] : book.live) {
            BOOST_TEST((want == layout{few.segment, few.segment}));
        }
        BOOST_TEST(pages.held() == book.bytes());
        static_cast<void>(take(pages, 1));
        BOOST_TEST(book.requests == 4U);
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(carves_a_segment_in_address_order) {
    ledger book;
    small pages{book};
    std::size_t last = 0;
    std::map<std::size_t, std::size_t> in_page;
    for (void* const each : take(pages, per_segment)) {
        BOOST_TEST_REQUIRE(detail::address(each) > last);
        last = detail::address(each);
        ++in_page[page_of(each) % pages_each];
    }
    BOOST_TEST(in_page[0] == in_first);
    for (std::size_t i = 1; i < pages_each; ++i) { BOOST_TEST(in_page[i] == per_page); }
}

BOOST_AUTO_TEST_CASE(hands_out_the_last_released_block_of_the_current_page_first) {
    ledger book;
    small pages{book};
    const std::vector<void*> all = take(pages, 5);
    pages.deallocate(all[1], node);
    pages.deallocate(all[3], {40, 16});
    void* const other = pages.allocate({40, 8});
    BOOST_TEST(page_of(other) != page_of(all[0]));
    BOOST_TEST(pages.allocate(node) == all[3]);
    BOOST_TEST(pages.allocate({33, 16}) == all[1]);
    BOOST_TEST((is_row({all[4], pages.allocate(node)})));
}

BOOST_AUTO_TEST_CASE(carves_an_emptied_page_anew_in_address_order) {
    ledger book;
    small pages{book};
    const std::vector<void*> first = take(pages, in_first);
    const std::vector<void*> second = take(pages, per_page);
    static_cast<void>(take(pages, 1)); // a third is current now
    give(pages, shuffled(second));
    give(pages, shuffled(first));
    static_cast<void>(take(pages, per_page - 1));
    BOOST_TEST((take(pages, in_first) == first)); // the lowest
    BOOST_TEST((take(pages, per_page) == second));
    BOOST_TEST(book.requests == 1U);
}

BOOST_AUTO_TEST_CASE(carves_its_current_page_anew_once_that_is_empty) {
    ledger book;
    small pages{book};
    const std::vector<void*> all = take(pages, 100);
    give(pages, shuffled(all));
    BOOST_TEST((take(pages, 100) == all));
    const std::vector<void*> rest = take(pages, in_first - 100);
    give(pages, shuffled(rest)); // one by one while it is current: a list
    const std::vector<void*> again = take(pages, in_first - 100);
    BOOST_TEST(again.front() == shuffled(rest).back());
    give(pages, shuffled(again));
    give(pages, shuffled(all));
    BOOST_TEST((take(pages, 100) == all));
}

BOOST_AUTO_TEST_CASE(carves_an_emptied_page_for_another_class) {
    ledger book;
    small pages{book};
    const std::vector<void*> blocks = take(pages, per_segment);
    const auto end = blocks.begin() + static_cast<std::ptrdiff_t>(in_first);
    give(pages, shuffled({blocks.begin(), end}));
    const std::size_t count =
        (few.page - detail::round_up(header, 64)) / (64 + 4 * detail::redzone);
    for (void* const each : take(pages, count, {64, 8})) {
        BOOST_TEST_REQUIRE(page_of(each) == page_of(blocks[0]));
    }
    BOOST_TEST(book.requests == 1U);
}

BOOST_AUTO_TEST_CASE(lets_a_page_rest_until_a_sixteenth_of_its_blocks_came_back) {
    ledger book;
    small pages{book};
    const std::vector<void*> first = take(pages, in_first);
    const std::vector<void*> second = take(pages, per_page);
    for (std::size_t i = 0; i + 1 < in_first / 16; ++i) { pages.deallocate(first[i], node); }
    const std::vector<void*> third = take(pages, per_page);
    BOOST_TEST(page_of(third[0]) == page_of(second[0]) + 1);
    pages.deallocate(first[in_first - 1], node);
    for (std::size_t i = 0; i < in_first / 16; ++i) {
        BOOST_TEST_REQUIRE(page_of(pages.allocate(node)) == page_of(first[0]));
    }
    BOOST_TEST(page_of(pages.allocate(node)) == page_of(third[0]) + 1);
}

BOOST_AUTO_TEST_CASE(goes_on_to_the_lowest_page_that_is_usable) {
    ledger book;
    small pages{book};
    const std::vector<void*> all = take(pages, per_segment);
    const auto block = [&](std::size_t page, std::size_t i) {
        return all[in_first + (page - 1) * per_page + i];
    };
    for (const std::size_t page : {5U, 2U, 6U, 3U}) {
        for (std::size_t i = 0; i < per_page / 16; ++i) { pages.deallocate(block(page, i), node); }
    }
    pages.deallocate(block(5, per_page - 1), node);
    for (const std::size_t page : {2U, 3U, 5U, 6U}) {
        const std::size_t n = per_page / 16 + (page == 5 ? 1 : 0);
        for (std::size_t i = 0; i < n; ++i) {
            BOOST_TEST_REQUIRE(page_of(pages.allocate(node)) == page_of(block(page, 0)));
        }
    }
    BOOST_TEST(book.requests == 1U);
}

BOOST_AUTO_TEST_CASE(wakes_a_page_that_rests_before_it_fails) {
    ledger book{.budget = 1};
    small pages{book};
    const std::vector<void*> all = take(pages, per_segment);
    BOOST_TEST(pages.allocate(node) == nullptr);
    for (const std::size_t i : {std::size_t{0}, in_first + 7, per_segment - 1}) {
        pages.deallocate(all[i], node);
        BOOST_TEST(pages.allocate({8, 8}) == nullptr);
        BOOST_TEST(pages.allocate(node) == all[i]);
        BOOST_TEST(pages.allocate(node) == nullptr);
    }
    give(pages, shuffled(all));
    BOOST_TEST(take(pages, per_page).front() == all[per_segment - per_page]); // was the current one
    BOOST_TEST((take(pages, in_first) == std::vector<void*>{all.begin(), all.begin() + in_first}));
}

BOOST_AUTO_TEST_CASE(takes_the_empty_page_of_another_class_before_it_asks_upstream) {
    ledger book;
    small pages{book};
    const std::vector<void*> all = take(pages, per_segment - per_page);
    void* const other = pages.allocate({8, 8});
    pages.deallocate(other, {8, 8});
    for (void* const each : take(pages, per_page)) {
        BOOST_TEST_REQUIRE(page_of(each) == page_of(other));
    }
    BOOST_TEST(book.requests == 1U);
    BOOST_TEST(page_of(pages.allocate({8, 8})) != page_of(other));
    BOOST_TEST(book.requests == 2U);
}

BOOST_AUTO_TEST_CASE(asks_upstream_first_and_leaves_everything_as_it_was_when_that_refuses) {
    ledger book{.budget = 0};
    small pages{book};
    BOOST_TEST(pages.allocate(node) == nullptr);
    BOOST_TEST((pages.account() == byte_account{}));
    book.budget = 1;
    const std::vector<void*> all = take(pages, per_segment);
    const byte_account before = pages.account();
    for (int i = 0; i < 1'000; ++i) { BOOST_TEST_REQUIRE(pages.allocate(node) == nullptr); }
    BOOST_TEST((pages.account() == before));
    book.budget = 1;
    BOOST_TEST(segment_of(pages.allocate(node)) != segment_of(all[0]));
}

namespace {

/// Two segments: all blocks of one stay, and none of the other.
struct two_segments {
    static constexpr std::size_t period = few.patience * 2 * pages_each;

    ledger book;
    small pages{book};
    std::vector<void*> live = take(pages, per_segment);

    two_segments() {
        const std::vector<void*> rest = take(pages, in_first + per_page);
        pages.deallocate(pages.allocate({8, 8}), {8, 8}); // whose current page is there too
        change_twice(0);                                  // and that of the others no longer
        give(pages, rest);
    }

    /// A page is woken, and the current one is used up.
    void change_twice(std::size_t round) {
        const auto from = live.begin() + static_cast<std::ptrdiff_t>(round % 2 * in_first);
        give(pages, {from, from + per_page / 16});
        const std::vector<void*> fresh = take(pages, per_page / 16);
        BOOST_TEST_REQUIRE(segment_of(fresh[0]) == segment_of(live[1]));
        std::copy(fresh.begin(), fresh.end(), from);
    }
};

} // namespace

BOOST_AUTO_TEST_CASE(gives_an_empty_segment_upstream_once_its_patience_ends) {
    two_segments all;
    std::size_t changes = 0;
    while (all.book.live.size() == 2U && changes < 1'000) {
        changes += 2;
        all.change_twice(changes / 2);
    }
    BOOST_TEST(all.book.live.size() == 1U);
    BOOST_TEST(changes >= two_segments::period);
    BOOST_TEST(changes <= 2 * two_segments::period);
    BOOST_TEST(segment_of(all.book.live.begin()->first) == segment_of(all.live[0]));
}

BOOST_AUTO_TEST_CASE(keeps_a_segment_that_is_used_now_and_then) {
    two_segments all;
    for (std::size_t changes = 0; changes < 1'000; changes += 2) {
        all.change_twice(1 + changes / 2);
        if (changes % (two_segments::period / 2) != 0) { continue; }
        const std::vector<void*> more = take(all.pages, 20 * per_page / 16, {64, 64});
        give(all.pages, more, {64, 64});
    }
    BOOST_TEST(all.book.requests == 2U);
}

BOOST_AUTO_TEST_CASE(keeps_segments_that_are_filled_and_emptied_in_turn) {
    ledger book;
    small pages{book};
    for (int round = 0; round < 50; ++round) {
        give(pages, shuffled(take(pages, 3 * per_segment)));
    }
    BOOST_TEST(book.requests == 3U);
}

BOOST_AUTO_TEST_CASE(needs_no_more_memory_after_a_thousand_rounds) {
    ledger book;
    small pages{book};
    std::size_t most = 0;
    for (int round = 0; round < 1'000; ++round) {
        const layout want{8 * static_cast<std::size_t>(1 + round % 16), 8};
        const std::vector<void*> all = take(pages, 1'000, want);
        give(pages, round % 2 == 0 ? shuffled(all) : all, want);
        if (round % 3 == 0) {
            const std::size_t held = pages.held();
            BOOST_TEST_REQUIRE(pages.trim() == held);
            BOOST_TEST_REQUIRE(book.live.empty());
        }
        most = std::max(most, book.bytes());
    }
    BOOST_TEST(most <= 5 * few.segment);
    BOOST_TEST(pages.trim() == pages.trim() + book.bytes());
}

BOOST_AUTO_TEST_CASE(trims_the_segments_without_a_live_block) {
    ledger book;
    small pages{book};
    BOOST_TEST(pages.trim() == 0U);
    BOOST_TEST(book.requests == 0U);
    std::vector<void*> all = take(pages, 5 * per_segment);
    std::set<std::size_t> pinned;
    std::erase_if(all, [&](void* at) {
        return segment_of(at) % 2 == 0 && pinned.insert(segment_of(at)).second;
    });
    give(pages, shuffled(all));
    BOOST_TEST(pages.trim() == (5 - pinned.size()) * few.segment);
    BOOST_TEST(book.live.size() == pinned.size());
    for (const auto& [at, want] : book.live) { BOOST_TEST(pinned.contains(segment_of(at))); }
    BOOST_TEST(pages.trim() == 0U);
    static_cast<void>(take(pages, per_segment));
    BOOST_TEST(book.live.size() <= pinned.size() + 1);
}

namespace {

/// A segment from the system, every block taken, and written to.
struct one_segment {
    static constexpr std::size_t period = few.patience * pages_each;

    slab<classes, pages<>, null_source, few> lazy;
    std::vector<void*> live = take(lazy, per_segment);
    const std::byte* const start =
        static_cast<const std::byte*>(live[0]) - detail::address(live[0]) % few.segment;

    one_segment() {
        for (void* const each : live) { std::memset(each, 7, node.size); }
    }

    /// The blocks of a page, but not of the first.
    [[nodiscard]] std::vector<void*> blocks(std::size_t page) const {
        const auto first =
            live.begin() + static_cast<std::ptrdiff_t>(in_first + (page - 1) * per_page);
        return {first, first + per_page};
    }

    [[nodiscard]] std::size_t resident(std::size_t page) const {
        return test::resident(start + page * few.page, few.page);
    }

    /// A page is woken, and the current one is used up.
    void change_twice(std::size_t round) {
        const auto from = live.begin() + static_cast<std::ptrdiff_t>(round % 2 * in_first);
        give(lazy, {from, from + per_page / 16});
        const std::vector<void*> fresh = take(lazy, per_page / 16);
        std::copy(fresh.begin(), fresh.end(), from);
    }
};

} // namespace

BOOST_AUTO_TEST_CASE(gives_the_memory_behind_an_empty_page_back_once_its_patience_ends) {
    one_segment all;
    give(all.lazy, all.blocks(4));
    std::size_t changes = 0;
    while (all.resident(4) != 0 && changes < 1'000) {
        changes += 2;
        all.change_twice(changes / 2);
    }
    BOOST_TEST(all.resident(4) == 0U);
    BOOST_TEST((changes >= one_segment::period && changes <= 2 * one_segment::period));
    BOOST_TEST(test::resident(all.start, few.segment) == few.segment - few.page);
    BOOST_TEST(all.lazy.account().fresh == few.page);
    for (void* const each : take(all.lazy, per_page)) {
        std::memset(each, 7, node.size);
        BOOST_TEST_REQUIRE(page_of(each) == page_of(all.blocks(4)[0]));
    }
    BOOST_TEST(all.resident(4) == few.page);
}

BOOST_AUTO_TEST_CASE(keeps_the_memory_behind_a_page_that_is_used_now_and_then) {
    one_segment all;
    std::vector<void*> page = all.blocks(4);
    for (std::size_t changes = 0; changes < 1'000; changes += 2) {
        give(all.lazy, page);
        all.change_twice(changes / 2);
        BOOST_TEST_REQUIRE(all.resident(4) == few.page);
        page = take(all.lazy, per_page);
    }
}

BOOST_AUTO_TEST_CASE(trims_the_memory_behind_empty_pages) {
    one_segment all;
    const std::vector<void*> page = all.blocks(2);
    auto* const kept = static_cast<unsigned char*>(page[1]);
    for (void* const each : all.live) {
        if (each != kept) { all.lazy.deallocate(each, node); }
    }
    const std::size_t system_page = pages<>::page_size();
    BOOST_TEST(test::resident(all.start, few.segment) == few.segment);
    BOOST_TEST(all.lazy.trim() == 0U); // no whole segment
    BOOST_TEST(test::resident(all.start, few.segment) == system_page + few.page);
    BOOST_TEST(all.lazy.account().fresh == few.segment - system_page - few.page);
    BOOST_TEST(all.lazy.trim() == 0U);
    BOOST_TEST(std::count(kept, kept + node.size, 7) == static_cast<std::ptrdiff_t>(node.size));
    for (void* const each : take(all.lazy, per_segment - 1)) {
        BOOST_TEST_REQUIRE((each != kept && segment_of(each) == segment_of(kept)));
        std::memset(each, 8, node.size);
    }
    BOOST_TEST(std::count(kept, kept + node.size, 7) == static_cast<std::ptrdiff_t>(node.size));
    BOOST_TEST(test::resident(all.start, few.segment) == few.segment);
}

BOOST_AUTO_TEST_CASE(trims_a_segment_under_current_pages_and_serves_again) {
    ledger book;
    small pages{book};
    for (std::size_t size = 8; size <= 56; size += 8) {
        give(pages, take(pages, 1, {size, 8}), {size, 8});
    }
    BOOST_TEST(pages.trim() == few.segment);
    BOOST_TEST(book.live.empty());
    for (std::size_t size = 8; size <= 56; size += 8) {
        BOOST_TEST(pages.allocate({size, 8}) != nullptr);
    }
    BOOST_TEST(book.requests == 2U);
}

BOOST_AUTO_TEST_CASE(lets_its_upstreams_trim_and_counts_only_what_left_itself) {
    ledger book;
    able::log log;
    over_able pages{book, log};
    give(pages, take(pages, 1));
    BOOST_TEST(pages.trim() == few.segment);
    BOOST_TEST(log.trims == 1);

    using blocks = bitmap<layout{few.segment, few.segment}, probe, 32 * few.segment>;
    slab<classes, blocks, able, few> above{std::piecewise_construct, std::tuple(probe{book}),
                                           std::tuple(able{log})};
    give(above, take(above, 1));
    BOOST_TEST(book.bytes() == 32 * few.segment);
    BOOST_TEST(above.trim() == few.segment);
    BOOST_TEST(book.live.empty());
    BOOST_TEST(log.trims == 2);
}

BOOST_AUTO_TEST_CASE(sends_what_has_no_class_to_its_large) {
    ledger book;
    ledger large;
    slab<classes, probe, probe, few> pages{std::piecewise_construct, std::tuple(probe{book}),
                                           std::tuple(probe{large})};
    for (const layout want : {layout{129, 1}, layout{1, 256}, layout{5'000, 64}}) {
        void* const at = pages.allocate(want);
        BOOST_TEST_REQUIRE(large.live.contains(at));
        BOOST_TEST((large.live.at(at) == want));
        pages.deallocate(at, want);
        BOOST_TEST(large.live.empty());
    }
    BOOST_TEST(book.requests == 0U);
    give(pages, take(pages, 1, {128, 128}), {128, 128});
    BOOST_TEST(large.requests == 3U);
}

BOOST_AUTO_TEST_CASE(resizes_within_a_class_and_where_its_large_can) {
    ledger book;
    able::log log;
    over_able pages{book, log};
    void* const at = pages.allocate({20, 8});
    BOOST_TEST(pages.resize(at, {20, 8}, 24));
    BOOST_TEST(pages.resize(at, {24, 8}, 17));
    BOOST_TEST(!pages.resize(at, {17, 8}, 16));
    BOOST_TEST(!pages.resize(at, {17, 8}, 25));
    BOOST_TEST(!pages.resize(at, {17, 8}, 129));
    BOOST_TEST(!pages.resize(at, {17, 8}, unlimited));
    BOOST_TEST(log.resizes == 0);
    pages.deallocate(at, {17, 8});
    void* const large = pages.allocate({200, 8});
    BOOST_TEST(pages.resize(large, {200, 8}, 256));
    BOOST_TEST(!pages.resize(large, {256, 8}, 257));
    BOOST_TEST(log.resizes == 2);
    BOOST_TEST(!pages.resize(large, {256, 8}, 128));
    BOOST_TEST(log.resizes == 2);
    pages.deallocate(large, {256, 8});

    small plain{book};
    void* const other = plain.allocate({200, 8});
    BOOST_TEST(!plain.resize(other, {200, 8}, 201));
    plain.deallocate(other, {200, 8});
}

BOOST_AUTO_TEST_CASE(leads_from_a_block_to_its_slab) {
    ledger book;
    owner one{book};
    owner two{book};
    for (int i = 0; i < 2'000; ++i) {
        owner& from = i % 3 == 0 ? one : two;
        const void* const at = from.allocate({static_cast<std::size_t>(1 + i % 128), 1});
        BOOST_TEST_REQUIRE(&owner::home_of(at) == &from);
    }
}

BOOST_AUTO_TEST_CASE(knows_its_own_blocks_and_those_of_its_large) {
    ledger book;
    able::log log;
    over_able pages{book, log};
    over_able other{book, log};
    void* const here = pages.allocate(node);
    void* const large = pages.allocate({300, 8});
    const void* const there = other.allocate(node);
    BOOST_TEST((pages.owns(here) && pages.owns(large) && !pages.owns(there)));
    BOOST_TEST((!other.owns(here) && other.owns(there) && !pages.owns(&book)));
    BOOST_TEST(!pages.owns(nullptr));
    BOOST_TEST(pages.usable_size(here) == 48U);
    BOOST_TEST(pages.usable_size(large) == 512U);
    pages.deallocate(large, {512, 8});
    pages.deallocate(here, {pages.usable_size(here), 16});
    BOOST_TEST(pages.trim() == few.segment);
    BOOST_TEST(!pages.owns(here));
}

BOOST_AUTO_TEST_CASE(knows_its_blocks_in_whichever_order_segments_come_and_go) {
    ledger book;
    owner pages{book};
    std::mt19937 random{42};
    std::map<std::size_t, std::vector<void*>> homes;
    std::vector<void*> gone;
    for (int round = 0; round < 30; ++round) {
        for (void* const each : take(pages, 1 + random() % (4 * per_segment))) {
            homes[segment_of(each)].push_back(each);
        }
        for (auto at = homes.begin(); at != homes.end();) {
            if (random() % 4 == 0) {
                ++at;
                continue;
            }
            give(pages, shuffled(at->second));
            gone.push_back(at->second[0]);
            at = homes.erase(at);
        }
        pages.trim();
        BOOST_TEST(book.live.size() == homes.size());
        for (const auto& [home, blocks] : homes) {
            BOOST_TEST_REQUIRE(std::all_of(blocks.begin(), blocks.end(),
                                           [&](void* at) { return pages.owns(at); }));
        }
        for (const void* const each : gone) {
            BOOST_TEST_REQUIRE(pages.owns(each) == homes.contains(segment_of(each)));
        }
    }
    BOOST_TEST(gone.size() > 20U);
}

BOOST_AUTO_TEST_CASE(takes_and_returns_batches) {
    ledger book{.budget = 1};
    small pages{book};
    std::vector<void*> all(per_segment + 5);
    BOOST_TEST(pages.allocate_batch(node, all.data(), all.size()) == per_segment);
    all.resize(per_segment);
    BOOST_TEST((std::set<void*>(all.begin(), all.end()).size() == per_segment));
    pages.deallocate_batch(all.data(), all.size(), node);
    BOOST_TEST(pages.trim() == few.segment);
}

BOOST_AUTO_TEST_CASE(loses_no_page_to_a_handler_that_releases_while_upstream_is_asked) {
    using source = test::interrupted<struct under_a_slab>;
    for (const std::size_t stay : {std::size_t{0}, std::size_t{1}, per_page / 2}) {
        slab<classes, source, null_source, few> pages;
        std::vector<void*> all = take(pages, per_segment);
        const auto last = all.end() - static_cast<std::ptrdiff_t>(per_page);
        const std::vector<void*> gone(last, all.end() - static_cast<std::ptrdiff_t>(stay));
        all.erase(last, last + static_cast<std::ptrdiff_t>(gone.size()));
        source::before_next = [&] { give(pages, gone); };
        all.push_back(pages.allocate(node)); // of the current page, which has blocks again
        BOOST_TEST(page_of(all.back()) == page_of(gone[0]));
        give(pages, all);
        pages.trim();
        BOOST_TEST(source::out == 0U);
    }
}

BOOST_AUTO_TEST_CASE(accounts_for_every_byte) {
    ledger book;
    small pages{book};
    std::mt19937 random{42};
    std::vector<std::pair<void*, std::size_t>> live;
    for (int step = 0; step < 40'000; ++step) {
        if (live.empty() || random() % 20 < (step / 5'000 % 2 == 0 ? 13U : 7U)) {
            const std::size_t size = 8 * (1 + random() % 16);
            live.emplace_back(pages.allocate({size, 8}), size);
        } else {
            std::swap(live[random() % live.size()], live.back());
            pages.deallocate(live.back().first, {live.back().second, 8});
            live.pop_back();
        }
        if (step % 500 != 0) { continue; }
        const byte_account sum = pages.account();
        std::size_t used = 0;
        std::map<std::size_t, std::size_t> segments;
        for (const auto& [at, size] : live) {
            used += size + detail::redzone;
            ++segments[segment_of(at)];
        }
        BOOST_TEST_REQUIRE(sum.taken == book.bytes());
        BOOST_TEST_REQUIRE(sum.used() == used);
        BOOST_TEST_REQUIRE(sum.metadata >= book.live.size() * header);
        BOOST_TEST_REQUIRE((sum.cached == 0 || segments.size() < book.live.size()));
        std::size_t listed = 0;
        for (std::size_t i = 0; i < small::bins; ++i) {
            BOOST_TEST_REQUIRE(pages.bin(i).size == 8 * (i + 1));
            listed += pages.bin(i).free * (pages.bin(i).size + detail::redzone);
        }
        BOOST_TEST_REQUIRE(listed <= sum.cached + sum.trapped);
    }
    for (const auto& [at, size] : live) { pages.deallocate(at, {size, 8}); }
    BOOST_TEST((pages.account().used() == 0U && pages.account().trapped == 0U));
}

BOOST_AUTO_TEST_CASE(tells_fresh_cached_and_trapped_bytes_apart) {
    ledger book;
    small pages{book};
    constexpr std::size_t unit = 48 + detail::redzone;
    const std::vector<void*> two = take(pages, 2);
    const byte_account first = pages.account();
    const std::size_t margin = (few.page - header) - in_first * unit;
    BOOST_TEST(first.metadata == header + margin);
    BOOST_TEST(first.fresh == (in_first - 2) * unit + (pages_each - 1) * few.page);
    BOOST_TEST((first.cached == 0U && first.trapped == 0U && first.used() == 2 * unit));
    pages.deallocate(two[0], node);
    BOOST_TEST(pages.account().trapped == unit);
    BOOST_TEST(pages.bin(5).free == 1U);
    BOOST_TEST(pages.bin(4).free == 0U);
    pages.deallocate(two[1], node);
    const byte_account last = pages.account();
    BOOST_TEST((last.trapped == 0U && last.cached == 2 * unit && last.used() == 0U));
    BOOST_TEST(last.fresh == first.fresh); // what was handed out before is no longer fresh
    BOOST_TEST(pages.bin(5).free == 0U);   // and stands in no list
}

BOOST_AUTO_TEST_CASE(counts_a_block_as_fresh_until_it_is_carved) {
    ledger book;
    small pages{book};
    for (int i = 0; i < 400; ++i) { // the last of a page ends with it
        BOOST_TEST_REQUIRE(pages.allocate({64, 64}) != nullptr);
        BOOST_TEST_REQUIRE(pages.bin(7).free == 0U);
        BOOST_TEST_REQUIRE(pages.account().trapped == 0U);
    }
}

BOOST_AUTO_TEST_CASE(finds_out_what_cannot_be_a_live_block) {
    ledger book;
    small pages{book};
    const std::vector<void*> all = take(pages, in_first + 10);
    const auto release = [&](const void* at, layout given) {
        pages.deallocate(const_cast<void*>(at), given); // NOLINT
    };
    auto* const first = static_cast<std::byte*>(all[in_first]);
    BOOST_TEST(!test::dies([&] { release(all[7], node); }));
    for (std::size_t i = 1; i < stride; i += 7) {
        BOOST_TEST(test::dies([&] { release(first + i, node); }));
    }
    BOOST_TEST(test::dies([&] { release(first + 10 * stride, node); })); // never handed out
    BOOST_TEST(test::dies([&] { release(first, {40, 8}); }));            // another class
    BOOST_TEST(test::dies([&] { release(first + few.page, node); }));    // a page of no class
    BOOST_TEST(test::dies([&] { release(all[0], {64, 64}); }));
    const std::size_t before = detail::address(all[0]) % few.segment;
    BOOST_TEST(test::dies([&] { release(static_cast<std::byte*>(all[0]) - before, node); }));
    BOOST_TEST(test::dies([&] { release(static_cast<std::byte*>(all[0]) - stride, node); }));
    BOOST_TEST(test::dies([&] { release(&book, node); }));
    BOOST_TEST(test::dies([&] { release(nullptr, node); }));
    give(pages, {all.begin() + in_first, all.end()});
    BOOST_TEST(test::dies([&] { release(first, node); })); // no block of the page is live
}

BOOST_AUTO_TEST_CASE(gives_segments_back_as_ordinary_memory) {
    static std::array<std::byte, 4 * few.segment> bytes;
    {
        slab<classes, test::shelf, null_source, few> pages{
            std::piecewise_construct, std::tuple(std::span<std::byte>{bytes}), std::tuple()};
        const std::vector<void*> blocks = take(pages, 2 * per_segment);
        give(pages, {blocks.begin(), blocks.begin() + 1'000});
        BOOST_TEST(pages.held() == 2 * few.segment);
    }
    BOOST_TEST(test::is_ordinary(bytes));
}

#if defined(ALLOY_HAS_ASAN) // meaningful in the `asan` preset only
BOOST_AUTO_TEST_CASE(poisons_what_it_keeps_and_the_gap_behind_every_block) {
    for (std::size_t size = 8; size <= 128; size += 8) {
        slab<> pages;
        const layout want{size, 1};
        const std::vector<void*> two = take(pages, 2, want);
        auto* const at = static_cast<std::byte*>(two[0]);
        BOOST_TEST(__asan_region_is_poisoned(at, size) == nullptr);
        for (std::size_t i = 0; i < detail::redzone; ++i) {
            BOOST_TEST_REQUIRE(__asan_address_is_poisoned(at + size + i) == 1);
        }
        pages.deallocate(at, want);
        for (std::size_t i = 0; i < size; ++i) {
            BOOST_TEST_REQUIRE(__asan_address_is_poisoned(at + i) == 1);
        }
        BOOST_TEST(test::dies([&] { pages.deallocate(at, want); }));
        pages.deallocate(two[1], want);
        BOOST_TEST(__asan_address_is_poisoned(two[1]) == 1);
        BOOST_TEST(__asan_region_is_poisoned(pages.allocate(want), size) == nullptr);
    }
}
#endif
