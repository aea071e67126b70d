// SPDX-License-Identifier: BSL-1.0
#include <alloy/gauge/snapshot.hpp>

#include "support/unit_test.hpp"

#include <cstddef>
#include <set>
#include <string_view>

using namespace alloy;

namespace {

constexpr byte_split one_each{.taken = 127,
                              .requested = 1,
                              .rounding = 2,
                              .gaps = 4,
                              .metadata = 8,
                              .cached = 16,
                              .trapped = 32,
                              .fresh = 64};
static_assert(one_each.sum() == one_each.taken && byte_split{}.sum() == 0);

} // namespace

BOOST_AUTO_TEST_CASE(visits_every_part_once_by_a_name_of_its_own) {
    std::set<std::string_view> names;
    std::size_t bytes = 0;
    one_each.for_each_part([&](std::string_view name, std::size_t part) {
        BOOST_TEST(names.insert(name).second);
        bytes += part;
    });
    BOOST_TEST(names.size() == 7U);
    BOOST_TEST(bytes == 127U);
}

BOOST_AUTO_TEST_CASE(a_difference_has_a_sign_in_every_part) {
    constexpr byte_change more = one_each - byte_split{};
    constexpr byte_change less = byte_split{} - one_each;
    BOOST_TEST(more.taken == 127);
    BOOST_TEST(more.sum() == 127);
    BOOST_TEST(less.taken == -127);
    BOOST_TEST(less.sum() == -127);
    BOOST_TEST(less.trapped == -32);
    BOOST_TEST((one_each - one_each == byte_change{}));
}

BOOST_AUTO_TEST_CASE(fragmentation_is_a_share_inside_blocks_and_a_share_between_them) {
    snapshot<2, 1> seen;
    BOOST_TEST(seen.internal_fragmentation() == 0);
    BOOST_TEST(seen.external_fragmentation() == 0);
    seen.bytes = {.taken = 400, .requested = 75, .rounding = 15, .gaps = 10, .trapped = 300};
    BOOST_TEST(seen.internal_fragmentation() == 0.25);
    BOOST_TEST(seen.external_fragmentation() == 0); // nobody is bounded
    seen.layers[0].largest_free = 30;
    seen.layers[1].largest_free = 75;
    BOOST_TEST(seen.largest_free() == 75U);
    BOOST_TEST(seen.external_fragmentation() == 0.75);
    seen.layers[1].largest_free = 1000; // that would come from elsewhere
    BOOST_TEST(seen.external_fragmentation() == 0);
}
