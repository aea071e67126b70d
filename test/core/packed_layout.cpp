// SPDX-License-Identifier: BSL-1.0
#include <alloy/core/packed_layout.hpp>

#include "support/unit_test.hpp"

#include <array>
#include <cstddef>

using alloy::any_align;
using alloy::any_size;
using alloy::layout;
using alloy::unlimited;
using alloy::detail::packed_layout;

namespace {

constexpr std::size_t huge = std::size_t{1} << 57U;
constexpr std::array all{layout{1, 1},         layout{64, 4},
                         layout{64, 8},        layout{65, 1},
                         layout{64, 16},       layout{64, 32},
                         layout{65, 16},       layout{16, 64},
                         layout{4096, 4096},   layout{huge - 2, 1},
                         layout{huge - 2, 8},  layout{1, any_align},
                         layout{any_align, 1}, layout{huge - 2, any_align}};

static_assert(sizeof(packed_layout) == 8);

} // namespace

BOOST_AUTO_TEST_CASE(is_equal_exactly_if_the_layouts_are) {
    for (const layout a : all) {
        for (const layout b : all) {
            BOOST_TEST((packed_layout(a) == packed_layout(b)) == (a == b));
        }
    }
}

BOOST_AUTO_TEST_CASE(gives_back_what_was_packed) {
    for (const layout each : all) {
        if (each.size < huge) { BOOST_TEST((packed_layout(each).unpacked() == each)); }
    }
}

BOOST_AUTO_TEST_CASE(what_was_released_is_known_and_equal_to_none) {
    for (const layout each : all) {
        packed_layout known(each);
        BOOST_TEST(!known.released());
        known.release();
        BOOST_TEST(known.released());
        BOOST_TEST((known.unpacked() == packed_layout(each).unpacked()));
        for (const layout other : all) { BOOST_TEST((known != packed_layout(other))); }
    }
}

BOOST_AUTO_TEST_CASE(what_no_block_has_is_equal_to_none_that_one_has) {
    for (const layout wrong :
         {layout{huge, 1}, layout{huge + 64, 16}, layout{any_size, 8}, layout{unlimited, 16},
          layout{64, 0}, layout{64, 12}, layout{64, 24}, layout{64, unlimited}}) {
        BOOST_TEST(!packed_layout(wrong).released());
        for (const layout each : all) {
            if (each.size >= huge) { continue; }
            BOOST_TEST((packed_layout(wrong) != packed_layout(each)));
        }
    }
}
