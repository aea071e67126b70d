// SPDX-License-Identifier: BSL-1.0
#include <alloy/core/best_classes.hpp>

#include <alloy/compose/size_classes.hpp>
#include <alloy/core/size_class.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/source/malloc.hpp>

#include "support/conformance.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

using namespace alloy;

namespace alloy::test {

template <layout Node>
using fitted_bin = freelist<Node>;

} // namespace alloy::test

namespace {

constexpr std::array<size_count, 4> program{{{24, 900}, {40, 50}, {48, 700}, {200, 3}}};
constexpr class_fit<2> two = best_classes<2>(program);
static_assert(two.sizes == std::array<std::size_t, 2>{48, 200} && two.waste == 22'000);
static_assert(best_classes<1>(program).sizes[0] == 200);
static_assert(best_classes<4>(program).waste == 0);
constexpr class_fit<3> three = best_classes<3>(program);
static_assert(three.sizes == std::array<std::size_t, 3>{24, 48, 200});

constexpr std::array<size_count, 4> idle{{{17, 0}, {24, 0}, {32, 0}, {40, 0}}};
constexpr class_fit<3> unasked = best_classes<3>(idle);
static_assert(unasked.sizes == std::array<std::size_t, 3>{24, 32, 40},
              "no class comes twice, even where none is needed");

using fitted = size_classes<listed_classes<two.sizes>, test::fitted_bin, malloc_source>;

/// What `classes` waste on `asked`.
template <std::size_t N>
std::uint64_t waste(const std::vector<std::size_t>& classes,
                    const std::array<size_count, N>& asked) {
    std::uint64_t sum = 0;
    for (const size_count& each : asked) {
        sum +=
            each.count * (*std::lower_bound(classes.begin(), classes.end(), each.size) - each.size);
    }
    return sum;
}

/// The least that any K multiples of `step` waste, by trying them all.
template <std::size_t K, std::size_t N>
std::uint64_t least_waste(const std::array<size_count, N>& asked, std::size_t step) {
    const std::size_t top = detail::round_up(asked.back().size, step);
    std::uint64_t least = ~std::uint64_t{0};
    std::vector<std::size_t> classes{top};
    const auto extend = [&](const auto& self, std::size_t below) -> void {
        if (classes.size() == K) {
            std::vector<std::size_t> rising(classes.rbegin(), classes.rend());
            least = std::min(least, waste(rising, asked));
            return;
        }
        for (std::size_t next = step; next < below; next += step) {
            classes.push_back(next);
            self(self, next);
            classes.pop_back();
        }
    };
    extend(extend, top);
    return least;
}

template <std::size_t K>
void wastes_no_more_than_any_other_choice() {
    std::mt19937_64 random(K);
    for (int round = 0; round < 40; ++round) {
        for (const std::size_t step : {1U, 8U}) {
            std::array<size_count, 9> asked{};
            std::size_t size = 0;
            for (size_count& each : asked) {
                size += step == 1 ? 1 + random() % 4 : 3 + random() % 12;
                each = {size, random() % 4};
            }
            const class_fit<K> fit = best_classes<K>(asked, step);
            BOOST_TEST_REQUIRE(fit.waste == (least_waste<K>(asked, step)));
            const std::vector<std::size_t> classes(fit.sizes.begin(), fit.sizes.end());
            BOOST_TEST_REQUIRE(waste(classes, asked) == fit.waste);
            for (std::size_t i = 0; i < K; ++i) {
                BOOST_TEST_REQUIRE(classes[i] % step == 0U);
                BOOST_TEST_REQUIRE((i == 0 || classes[i - 1] < classes[i]));
            }
        }
    }
}

} // namespace

BOOST_AUTO_TEST_CASE(no_other_choice_wastes_less) {
    wastes_no_more_than_any_other_choice<1>();
    wastes_no_more_than_any_other_choice<2>();
    wastes_no_more_than_any_other_choice<3>();
}

BOOST_AUTO_TEST_CASE(makes_a_policy_of_what_it_found) {
    fitted pool;
    test::conformance(pool, {300, 64});
    BOOST_TEST(pool.good_size({24, 8}) == 48U);
    BOOST_TEST(pool.good_size({49, 8}) == 200U);
    BOOST_TEST(pool.good_size({24, 32}) == 24U, "no class is so strongly aligned");
}
