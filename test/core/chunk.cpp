// SPDX-License-Identifier: BSL-1.0
#include <alloy/core/chunk.hpp>

#include "support/probe.hpp"
#include "support/unit_test.hpp"

#include <array>
#include <cstddef>
#include <vector>

using namespace alloy;
using detail::chain;
using detail::chunk;
using detail::chunk_list;
using test::ledger;
using test::probe;

BOOST_AUTO_TEST_CASE(takes_chunks_newest_first_and_gives_them_all_back) {
    ledger book;
    probe upstream{book};
    chunk_list list;
    chunk* const a = list.acquire(upstream, 256);
    chunk* const b = list.acquire(upstream, 512);
    BOOST_TEST_REQUIRE((a != nullptr && b != nullptr));
    BOOST_TEST(list.newest() == b);
    BOOST_TEST((a->bytes == 256U && a->idle == sizeof(chunk)));
    BOOST_TEST(a->end() - a->begin() == static_cast<std::ptrdiff_t>(256 - sizeof(chunk)));
    BOOST_TEST(list.bytes() == 768U);
    BOOST_TEST(book.bytes() == 768U);
    BOOST_TEST(list.release(upstream) == 768U);
    BOOST_TEST(list.bytes() == 0U);
    BOOST_TEST(list.newest() == nullptr);
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(changes_nothing_when_upstream_refuses) {
    ledger book{.budget = 1};
    probe upstream{book};
    chunk_list list;
    chunk* const only = list.acquire(upstream, 256);
    BOOST_TEST(list.acquire(upstream, 256) == nullptr);
    BOOST_TEST(list.newest() == only);
    BOOST_TEST(list.bytes() == 256U);
    list.release(upstream);
}

BOOST_AUTO_TEST_CASE(holds_its_bytes_and_no_others) {
    ledger book;
    probe upstream{book};
    chunk_list list;
    chunk* const one = list.acquire(upstream, 256);
    const auto* const at = reinterpret_cast<const std::byte*>(one);
    BOOST_TEST((one->holds(at) && one->holds(at + 255)));
    BOOST_TEST(!(one->holds(at - 1) || one->holds(at + 256)));
    list.release(upstream);
}

BOOST_AUTO_TEST_CASE(releases_exactly_the_chunks_it_is_told_to) {
    constexpr std::size_t count = 5;
    for (unsigned chosen = 0; chosen < 1U << count; ++chosen) {
        ledger book;
        probe upstream{book};
        chunk_list list;
        std::array<chunk*, count> all{};
        for (std::size_t i = 0; i < count; ++i) {
            all[i] = list.acquire(upstream, std::size_t{64} << i);
        }
        const std::size_t released =
            list.release_if(upstream, [&](chunk& each) { return (chosen * 64 & each.bytes) != 0; });
        BOOST_TEST_REQUIRE(released == chosen * 64);
        BOOST_TEST_REQUIRE(list.bytes() == 64 * (31 - chosen));
        for (std::size_t i = 0; i < count; ++i) {
            BOOST_TEST_REQUIRE(book.live.contains(all[i]) == ((chosen >> i & 1U) == 0));
        }
        BOOST_TEST_REQUIRE(list.release(upstream) == 64 * (31 - chosen));
        BOOST_TEST_REQUIRE(book.live.empty());
    }
}

BOOST_AUTO_TEST_CASE(hands_over_the_newest_chunk_that_is_large_enough) {
    ledger book;
    probe upstream{book};
    chunk_list from;
    chunk_list to;
    chunk* const large = from.acquire(upstream, 512);
    chunk* const middle = from.acquire(upstream, 256);
    chunk* const small = from.acquire(upstream, 128);
    BOOST_TEST(from.hand_over(to, 513) == nullptr);
    BOOST_TEST(from.hand_over(to, 129) == middle);
    BOOST_TEST(from.hand_over(to, 512) == large);
    BOOST_TEST(to.newest() == large);
    BOOST_TEST((from.bytes() == 128U && to.bytes() == 768U));
    BOOST_TEST(from.newest() == small);
    BOOST_TEST(from.hand_over(to, 0) == small);
    BOOST_TEST(from.newest() == nullptr);
    BOOST_TEST(to.release(upstream) == 896U);
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(finds_the_chunk_of_every_block) {
    ledger book;
    probe upstream{book};
    chunk_list list;
    std::array<chunk*, 8> all{};
    for (chunk*& each : all) { each = list.acquire(upstream, 128); }
    list.sort();
    for (chunk* const each : all) {
        BOOST_TEST(&list.find(each->begin()) == each);
        BOOST_TEST(&list.find(each->end() - 1) == each);
    }
    list.release(upstream);
}

BOOST_AUTO_TEST_CASE(finds_spare_chunks_whatever_is_free_and_in_whatever_order) {
    // Two chunks of two blocks, and one of a block and 32 bytes that no chain holds: every set of
    // free blocks, pushed forwards and backwards.
    constexpr std::size_t stride = 32;
    constexpr std::size_t bytes = sizeof(chunk) + 2 * stride;
    for (unsigned free = 0; free < 1U << 5U; ++free) {
        for (const bool backwards : {false, true}) {
            ledger book;
            probe upstream{book};
            chunk_list list;
            std::array<chunk*, 3> all{};
            for (chunk*& each : all) { each = list.acquire(upstream, bytes); }
            std::vector<void*> blocks;
            for (unsigned i = 0; i < 5; ++i) {
                const unsigned index = backwards ? 4 - i : i;
                if ((free >> index & 1U) == 0) { continue; }
                blocks.push_back(all[index / 2]->begin() + index % 2 * stride);
            }
            chain kept;
            for (void* const at : blocks) { kept.keep(at); }
            detail::find_spare(
                list, [&](auto visit) { visit(kept, stride); }, all[2]->begin() + stride, stride);

            const std::array<bool, 3> spare{(free & 3U) == 3U, (free >> 2U & 3U) == 3U,
                                            (free >> 4U & 1U) == 1U};
            std::size_t left = 0;
            for (std::size_t i = 0; i < 3; ++i) {
                BOOST_TEST_REQUIRE(all[i]->spare() == spare[i]);
                if (!spare[i]) { BOOST_TEST_REQUIRE(all[i]->idle == sizeof(chunk)); }
            }
            const void* last = nullptr;
            for (; !kept.empty(); ++left) {
                void* const at = kept.unlink();
                BOOST_TEST_REQUIRE(detail::address(last) < detail::address(at));
                BOOST_TEST_REQUIRE(!list.find(at).spare());
                last = at;
            }
            const std::size_t gone =
                (spare[0] ? 2U : 0U) + (spare[1] ? 2U : 0U) + (spare[2] ? 1U : 0U);
            BOOST_TEST_REQUIRE(left == blocks.size() - gone);
            list.release(upstream);
        }
    }
}

#if defined(ALLOY_HAS_ASAN) // meaningful in the `asan` preset only
BOOST_AUTO_TEST_CASE(keeps_everything_but_the_header_off_limits) {
    ledger book;
    probe upstream{book};
    chunk_list list;
    chunk* const one = list.acquire(upstream, 256);
    BOOST_TEST(__asan_region_is_poisoned(one, sizeof(chunk)) == nullptr);
    BOOST_TEST(__asan_address_is_poisoned(one->begin()) == 1);
    BOOST_TEST(__asan_address_is_poisoned(one->end() - 1) == 1);
    list.release(upstream);
}
#endif
