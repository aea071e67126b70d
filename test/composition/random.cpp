// SPDX-License-Identifier: BSL-1.0
// A share of 240 compositions drawn at random, each held to every law of a policy. The build says
// which share: ALLOY_TEST_SHARE of ALLOY_TEST_SHARES.
#include "random.hpp"

#include <alloy/check/conforms.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <utility>

namespace {

using namespace alloy;

constexpr std::size_t all = 240;
constexpr std::size_t count = all / ALLOY_TEST_SHARES;
constexpr conformance_options options{.largest = {300, 64}, .steps = 2'000};

/// The seed of a composition, and of the operations on it.
constexpr std::size_t seed_of(std::size_t i) { return 1 + ALLOY_TEST_SHARE * count + i; }

template <std::size_t I>
using nth = typename test::random_policy<seed_of(I), 1 + seed_of(I) % 4>::type;

template <std::size_t I>
bool keeps_the_laws() {
    nth<I> policy;
    const report found = check_conformance<options>(policy, seed_of(I));
    if (!found.ok()) { std::printf("composition %zu: %s\n", seed_of(I), found.text().c_str()); }
    return found.ok();
}

/// Of all compositions, how many there are.
constexpr std::size_t distinct() {
    std::array<std::uint64_t, all> seen{};
    std::size_t n = 0;
    for (std::size_t i = 1; i <= all; ++i) {
        const std::uint64_t shape = test::shape_of(i, 1 + i % 4);
        if (std::find(seen.begin(), seen.begin() + n, shape) == seen.begin() + n) {
            seen[n++] = shape;
        }
    }
    return n;
}
static_assert(distinct() >= 200);

} // namespace

int main() {
    return []<std::size_t... I>(std::index_sequence<I...>) {
        const std::size_t sound = (std::size_t{keeps_the_laws<I>()} + ...);
        std::printf("%zu of %zu compositions keep every law; in all shares there are %zu kinds\n",
                    sound, count, distinct());
        return sound == count ? 0 : 1;
    }(std::make_index_sequence<count>{});
}
