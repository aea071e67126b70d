// SPDX-License-Identifier: BSL-1.0
#include <alloy/core/size_class.hpp>

#include "support/unit_test.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

using namespace alloy;

using sgi = linear_classes<8, 16>;
using doubling = geometric_classes<8, 8, 1024>;
using few = listed_classes<std::array<std::size_t, 4>{24, 64, 104, 256}>;
using fine = listed_classes<std::array<std::size_t, 3>{3, 4, 30}, 1>;

static_assert(sgi::count == 16 && sgi::largest == 128);
static_assert(sgi::index(layout_of<char>) == 0 && sgi::index({128, 8}) == 15);
static_assert(sgi::at(0) == layout{8, 8} && sgi::at(2) == layout{24, 8} &&
              sgi::at(15) == layout{128, 128});

static_assert(detail::is_size_map<sgi>() && detail::is_size_map<few>() &&
              detail::is_size_map<fine>());
static_assert(detail::is_size_map<doubling>() &&
              detail::is_size_map<geometric_classes<16, 1, 512>>());
static_assert(doubling::count == 40 && doubling::at(15) == layout{128, 128} &&
              doubling::at(16) == layout{144, 16} && doubling::at(39) == layout{1024, 1024});
static_assert(few::count == 4 && few::largest == 256 && few::at(2) == layout{104, 8});

namespace {

/// Maps that break one law each.
struct too_large : sgi {
    static constexpr std::size_t largest = 136;
};
struct shifted : sgi {
    static constexpr std::size_t index(layout want) noexcept { return sgi::index(want) / 2 * 2; }
};
struct misaligned : sgi {
    static constexpr layout at(std::size_t i) noexcept { return {sgi::at(i).size, 16}; }
};
struct generous : sgi {
    static constexpr bool serves(layout /*any*/) noexcept { return true; }
};
struct short_of_a_byte : sgi {
    static constexpr std::size_t rounded(layout want) noexcept { return sgi::rounded(want) - 1; }
};
struct falling : sgi {
    static constexpr layout at(std::size_t i) noexcept { return sgi::at(15 - i); }
};
struct late : sgi { // what begins a class belongs to the first
    static constexpr std::size_t index(layout want) noexcept {
        return want.size % 8 == 1 ? 0 : sgi::index(want);
    }
};
struct wasteful : sgi { // what begins a class is rounded to the next
    static constexpr std::size_t rounded(layout want) noexcept {
        return sgi::rounded(want) + (want.size % 8 == 1 ? 8 : 0);
    }
};
struct deaf : sgi { // to alignment
    static constexpr std::size_t rounded(layout want) noexcept {
        return sgi::rounded({want.size, 1});
    }
    static constexpr std::size_t index(layout want) noexcept { return sgi::index({want.size, 1}); }
    static constexpr layout at(std::size_t i) noexcept { return {sgi::at(i).size, 16}; }
};
static_assert(!detail::is_size_map<late>() && !detail::is_size_map<wasteful>() &&
              !detail::is_size_map<deaf>());
static_assert(!detail::is_size_map<too_large>() && !detail::is_size_map<shifted>() &&
              !detail::is_size_map<misaligned>() && !detail::is_size_map<generous>() &&
              !detail::is_size_map<short_of_a_byte>() && !detail::is_size_map<falling>());

/// What the header says a class is: the first one whose blocks can hold the request.
template <class Classes>
std::size_t first_fit(layout want) {
    std::size_t index = 0;
    while (index < Classes::count && !want.fits_in(Classes::at(index))) { ++index; }
    return index;
}

template <class Classes>
void every_request_gets_the_first_class_that_can_hold_it() {
    for (std::size_t align = 1; align <= 4 * Classes::largest; align *= 2) {
        for (std::size_t size = 1; size <= 2 * Classes::largest; ++size) {
            const layout want{size, align};
            const std::size_t expected = first_fit<Classes>(want);
            BOOST_TEST_REQUIRE(Classes::serves(want) == (expected < Classes::count));
            if (!Classes::serves(want)) { continue; }
            BOOST_TEST_REQUIRE(Classes::index(want) == expected);
            BOOST_TEST_REQUIRE(Classes::rounded(want) == Classes::at(expected).size);
        }
    }
}

} // namespace

BOOST_AUTO_TEST_CASE(every_request_gets_the_smallest_class_that_serves_it) {
    every_request_gets_the_first_class_that_can_hold_it<sgi>();
    every_request_gets_the_first_class_that_can_hold_it<linear_classes<8, 3>>();
    every_request_gets_the_first_class_that_can_hold_it<linear_classes<16, 5>>();
    every_request_gets_the_first_class_that_can_hold_it<linear_classes<1, 7>>();
    every_request_gets_the_first_class_that_can_hold_it<doubling>();
    every_request_gets_the_first_class_that_can_hold_it<geometric_classes<8, 4, 256>>();
    every_request_gets_the_first_class_that_can_hold_it<geometric_classes<16, 1, 512>>();
    every_request_gets_the_first_class_that_can_hold_it<few>();
    every_request_gets_the_first_class_that_can_hold_it<fine>();
}

BOOST_AUTO_TEST_CASE(aligns_a_class_to_what_divides_its_size) {
    for (std::size_t i = 0; i < sgi::count; ++i) {
        BOOST_TEST(sgi::at(i).valid());
        BOOST_TEST(sgi::at(i).size % sgi::at(i).align == 0U);
        BOOST_TEST(sgi::at(i).size % (2 * sgi::at(i).align) != 0U);
    }
}

BOOST_AUTO_TEST_CASE(a_geometric_class_loses_less_than_a_part_of_its_block) {
    for (std::size_t size = 65; size <= doubling::largest; ++size) {
        BOOST_TEST_REQUIRE(8 * (doubling::rounded({size, 1}) - size) <
                           doubling::rounded({size, 1}));
    }
}

BOOST_AUTO_TEST_CASE(says_no_to_what_would_overflow) {
    BOOST_TEST(!sgi::serves({SIZE_MAX, 1}));
    BOOST_TEST(!sgi::serves({SIZE_MAX, any_align}));
    BOOST_TEST(!sgi::serves({1, any_align}));
    BOOST_TEST(!sgi::serves({any_size, 8}));
    BOOST_TEST(!doubling::serves({SIZE_MAX, 1}));
    BOOST_TEST(!doubling::serves({1, any_align}));
    BOOST_TEST(!few::serves({SIZE_MAX, 1}));
    BOOST_TEST(!few::serves({1, any_align}));
}
