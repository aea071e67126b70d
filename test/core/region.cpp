// SPDX-License-Identifier: BSL-1.0
#include <alloy/core/region.hpp>

#include "support/unit_test.hpp"

#include <algorithm>
#include <array>
#include <cstddef>

using namespace alloy;
using detail::redzone;
using detail::region;

namespace {

constexpr std::size_t width = 64;

/// Bytes that a region may poison, and that are ordinary memory again when the test ends.
struct range {
    alignas(64) std::array<std::byte, width> bytes{};

    range() = default;
    range(const range&) = delete;
    range& operator=(const range&) = delete;
    ~range() { detail::unpoison(bytes.data(), width); }

    std::byte* at(std::size_t offset) { return bytes.data() + offset; }
    region from(std::size_t offset) { return {at(offset), at(width)}; }
};

} // namespace

BOOST_AUTO_TEST_CASE(takes_the_first_aligned_bytes_that_fit_and_otherwise_changes_nothing) {
    range here;
    for (std::size_t start = 0; start <= width; ++start) {
        for (std::size_t align = 1; align <= width; align *= 2) {
            for (std::size_t size = 1; size <= width + 1; ++size) {
                region free = here.from(start);
                const std::size_t expected = detail::round_up(start, align);
                void* const at = free.take({size, align});
                if (expected + size + redzone <= width) {
                    BOOST_TEST_REQUIRE(at == here.at(expected));
                    BOOST_TEST_REQUIRE(free.at() == here.at(expected + size + redzone));
                } else {
                    BOOST_TEST_REQUIRE(at == nullptr);
                    BOOST_TEST_REQUIRE(free.at() == here.at(start));
                }
                BOOST_TEST_REQUIRE(free.end() == here.at(width));
                BOOST_TEST_REQUIRE(free.rest() ==
                                   detail::address(free.end()) - detail::address(free.at()));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(refuses_what_no_address_space_holds) {
    range here;
    region free = here.from(0);
    for (const std::size_t size :
         {SIZE_MAX, SIZE_MAX - 63, any_size + 1, any_size, any_size - 16}) {
        for (const std::size_t align :
             {std::size_t{1}, std::size_t{64}, any_align / 2, any_align}) {
            BOOST_TEST(free.take({size, align}) == nullptr);
        }
    }
    BOOST_TEST(free.take({1, any_align}) == nullptr);
    BOOST_TEST(free.at() == here.at(0));
}

BOOST_AUTO_TEST_CASE(has_nothing_to_give_before_it_has_a_range) {
    region none;
    BOOST_TEST(none.take({1, 1}) == nullptr);
    BOOST_TEST(none.rest() == 0U);
    BOOST_TEST((none.at() == nullptr && none.end() == nullptr));
}

BOOST_AUTO_TEST_CASE(knows_the_newest_block_by_its_size_and_takes_only_that_back) {
    range here;
    region free = here.from(0);
    void* const a = free.take({8, 8});
    BOOST_TEST(free.is_newest(a, 8));
    BOOST_TEST(!free.is_newest(a, 7));
    void* const b = free.take({5, 1});
    BOOST_TEST(!free.is_newest(a, 8));
    BOOST_TEST(free.is_newest(b, 5));
    free.give(b);
    BOOST_TEST(free.at() == b);
    BOOST_TEST(free.is_newest(a, 8));
}

BOOST_AUTO_TEST_CASE(resizes_the_newest_block_to_every_size_that_fits_and_no_other) {
    for (std::size_t before = 1; before + redzone <= width; ++before) {
        for (std::size_t after = 1; after <= width + 1; ++after) {
            range here;
            region free = here.from(0);
            void* const at = free.take({before, 1});
            const bool fits = after + redzone <= width;
            BOOST_TEST_REQUIRE(free.resize(at, before, after) == fits);
            BOOST_TEST_REQUIRE(free.at() == here.at((fits ? after : before) + redzone));
        }
    }
}

BOOST_AUTO_TEST_CASE(resizes_no_older_block_and_to_no_absurd_size) {
    range here;
    region free = here.from(0);
    void* const a = free.take({8, 8});
    void* const b = free.take({8, 8});
    std::byte* const before = free.at();
    BOOST_TEST(!free.resize(a, 8, 4));
    BOOST_TEST(!free.resize(a, 8, 9));
    for (const std::size_t size : {SIZE_MAX, SIZE_MAX - redzone, any_size}) {
        BOOST_TEST(!free.resize(b, 8, size));
    }
    BOOST_TEST(free.at() == before);
}

#if defined(ALLOY_HAS_ASAN) // meaningful in the `asan` preset only
BOOST_AUTO_TEST_CASE(opens_what_a_block_gains_and_closes_what_it_loses) {
    const auto open = [](const std::byte* from, const std::byte* to) {
        return std::all_of(
            from, to, [](const std::byte& byte) { return __asan_address_is_poisoned(&byte) == 0; });
    };
    range here;
    detail::poison(here.at(0), width);
    region free = here.from(0);
    auto* const at = static_cast<std::byte*>(free.take({16, 8}));
    detail::unpoison(at, 16);
    BOOST_TEST(free.resize(at, 16, 21));
    BOOST_TEST((open(at, at + 21) && !open(at + 21, at + 22)));
    BOOST_TEST(free.resize(at, 21, 10));
    BOOST_TEST((open(at, at + 10) && !open(at + 10, at + 11)));
}
#endif
