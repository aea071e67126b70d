// SPDX-License-Identifier: BSL-1.0
#include <alloy/core/layout.hpp>

#include "support/unit_test.hpp"

#include <bit>
#include <cstddef>

using namespace alloy;

namespace {
struct alignas(32) wide {
    std::byte bytes[96]; // NOLINT(*-avoid-c-arrays)
};
} // namespace

static_assert(layout_of<wide> == layout{96, 32});
static_assert(layout_for<wide>(3) == layout{288, 32});
static_assert(any_size == static_cast<std::size_t>(PTRDIFF_MAX));
static_assert(std::has_single_bit(any_align) && any_align > any_size);

BOOST_AUTO_TEST_CASE(is_valid_only_with_a_power_of_two) {
    BOOST_TEST((layout{1, 1}.valid() && layout{7, 8}.valid() && layout{7, any_align}.valid()));
    BOOST_TEST(!(layout{8, 0}.valid() || layout{8, 3}.valid() || layout{8, 12}.valid()));
}

BOOST_AUTO_TEST_CASE(fits_in_what_is_as_large_and_as_aligned) {
    BOOST_TEST((layout{24, 8}.fits_in({24, 8})));
    BOOST_TEST((layout{1, 1}.fits_in({24, 8})));
    BOOST_TEST(!(layout{25, 8}.fits_in({24, 8})));
    BOOST_TEST(!(layout{1, 16}.fits_in({24, 8})));
}

BOOST_AUTO_TEST_CASE(gives_no_objects_one_byte) {
    BOOST_TEST((layout_for<int>(0) == layout{1, alignof(int)}));
}

BOOST_AUTO_TEST_CASE(makes_of_too_many_objects_what_nobody_serves) {
    const std::size_t most = any_size / sizeof(wide);
    BOOST_TEST(layout_for<wide>(most).size == most * sizeof(wide));
    BOOST_TEST(layout_for<wide>(most + 1).size == unlimited);
    BOOST_TEST(layout_for<wide>(SIZE_MAX / sizeof(wide) + 2).size == unlimited); // would wrap
    BOOST_TEST(layout_for<char>(any_size).size == any_size);
    BOOST_TEST(layout_for<char>(any_size + 1).size == unlimited);
    BOOST_TEST(layout_for<wide>(SIZE_MAX).align == alignof(wide));
}

BOOST_AUTO_TEST_CASE(covers_two_layouts_by_the_smallest_stride_for_both) {
    for (std::size_t a = 1; a <= 40; ++a) {
        for (std::size_t b = 1; b <= 40; ++b) {
            for (std::size_t align = 1; align <= 16; align *= 2) {
                const layout both = cover({a, align}, {b, 4});
                BOOST_TEST_REQUIRE((layout{a, align}.fits_in(both) && layout{b, 4}.fits_in(both)));
                BOOST_TEST_REQUIRE(both.align == std::max<std::size_t>(align, 4));
                BOOST_TEST_REQUIRE(both.size % both.align == 0U);
                BOOST_TEST_REQUIRE(both.size < std::max(a, b) + both.align);
                BOOST_TEST_REQUIRE((both == cover({b, 4}, {a, align})));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(rounds_up_to_the_next_multiple) {
    for (std::size_t step = 1; step <= 64; step *= 2) {
        for (std::size_t n = 0; n <= 200; ++n) {
            const std::size_t rounded = detail::round_up(n, step);
            BOOST_TEST_REQUIRE(rounded % step == 0U);
            BOOST_TEST_REQUIRE((rounded >= n && rounded - n < step));
        }
    }
    BOOST_TEST(detail::round_up(any_size, any_align) == any_align);
}

BOOST_AUTO_TEST_CASE(finds_the_largest_power_of_two_that_divides) {
    BOOST_TEST(detail::lowest_bit(0) == 0U);
    BOOST_TEST(detail::lowest_bit(any_align) == any_align);
    for (std::size_t n = 1; n <= 1000; ++n) {
        std::size_t expected = 1;
        while (n % (2 * expected) == 0) { expected *= 2; }
        BOOST_TEST_REQUIRE(detail::lowest_bit(n) == expected);
    }
}

BOOST_AUTO_TEST_CASE(tells_an_aligned_address) {
    alignas(64) std::byte bytes[128]; // NOLINT(*-avoid-c-arrays)
    for (std::size_t offset = 0; offset < 64; ++offset) {
        for (std::size_t align = 1; align <= 64; align *= 2) {
            const bool aligned = detail::is_aligned(bytes + offset, align);
            BOOST_TEST_REQUIRE(aligned == (offset % align == 0));
        }
    }
}
