// SPDX-License-Identifier: BSL-1.0
// 1,000 sets of blocks, times ALLOY_SOAK, of which some are never released: a guard that ends names
// each of those once, with its layout, and no other; a gauge that ends says how many they are.
// EXPECT: each leak was told once, and nothing else
#include "soak.hpp"

#include <alloy/compose/checked.hpp>
#include <alloy/compose/counted.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/policy/bitmap.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/pool16.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <utility>
#include <vector>

using namespace alloy;
using test::dice;

namespace {

using block = std::pair<const void*, std::size_t>; ///< Its address and size.

std::vector<block> told;
std::uint64_t told_by_number = 0;
bool other = false;

void listen(const incident& what) noexcept {
    if (what.kind != misuse::leak) {
        other = true;
    } else if (what.blocks != 0) {
        told_by_number += what.blocks;
    } else {
        told.emplace_back(what.at, what.known.size);
    }
}

/// One set: true if all that was lost was told, and no more.
template <class Upstream>
bool tells_its_leaks(dice random) {
    told.clear();
    told_by_number = 0;
    std::vector<block> lost;
    {
        std::optional<Upstream> upstream(std::in_place);
        std::optional<counted<checked<ref<Upstream>>>> guard(std::in_place, *upstream);
        for (std::size_t n = random.below(60); n > 0; --n) {
            const layout want{1 + random.below(400), std::size_t{1} << random.below(4)};
            void* const at = guard->allocate(want);
            if (at == nullptr) { return false; }
            if (random.below(3) == 0) {
                lost.emplace_back(at, want.size);
            } else {
                guard->deallocate(at, want);
            }
        }
        guard.reset();
    }
    std::sort(told.begin(), told.end());
    std::sort(lost.begin(), lost.end());
    return told == lost && told_by_number == lost.size() && !other;
}

} // namespace

int main() {
    on_misuse(listen);
    const std::uint64_t sets = 1000 * test::soak();
    std::uint64_t sound = 0;
    for (std::uint64_t i = 0; i < sets; ++i) {
        const dice random(test::seed(), i);
        const bool told_right = i % 4 == 0   ? tells_its_leaks<pool16<bump<>>>(random)
                                : i % 4 == 1 ? tells_its_leaks<bitmap<layout{16, 16}>>(random)
                                : i % 4 == 2
                                    ? tells_its_leaks<bump<>>(random)
                                    : tells_its_leaks<pool16<bump<>, links::encoded>>(random);
        sound += told_right ? 1 : 0;
        if (!told_right) {
            std::fprintf(stderr, "set %llu, ALLOY_SEED=%llu\n", static_cast<unsigned long long>(i),
                         static_cast<unsigned long long>(test::seed()));
        }
        test::progress("sets", i);
    }
    std::printf("seed %llu: %llu of %llu sets\n", static_cast<unsigned long long>(test::seed()),
                static_cast<unsigned long long>(sound), static_cast<unsigned long long>(sets));
    if (sound != sets) { return 1; }
    std::puts("each leak was told once, and nothing else");
}
