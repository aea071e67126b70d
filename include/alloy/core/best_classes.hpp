// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::best_classes`: the size classes that waste least on the sizes a program asks for.
///
///     asked   24 x 900   40 x 50   48 x 700   200 x 3      two classes: 48, 200
///     waste   24 * 900 + 8 * 50 + 0 + 0                    = 22000 bytes, and no pair wastes less
///
/// An optimal choice ends each class at a size that is asked for, so it is a walk through those:
/// what the first j of them cost in k classes follows from what fewer cost in k - 1.

#include <alloy/core/assert.hpp>
#include <alloy/core/bits.hpp>
#include <alloy/core/layout.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace alloy::inline ALLOY_ABI {

/// How many blocks of one size a program asks for.
struct size_count {
    std::size_t size;    ///< Bytes.
    std::uint64_t count; ///< Blocks.
};

/// Classes, and what they waste.
template <std::size_t K>
struct class_fit {
    std::array<std::size_t, K> sizes{}; ///< Bytes; rising.
    std::uint64_t waste = 0;            ///< Bytes beyond what is asked, over all blocks.
};

/// The `K` class sizes, multiples of `step`, that serve all of `asked` with the least waste.
///
/// In a constant expression the result is a list for listed_classes:
///
///     constexpr auto fit = best_classes<4>(histogram);
///     using pool = size_classes<listed_classes<fit.sizes>, bin, large>;
///
/// @param asked By rising size; in at least `K` different multiples of `step`, once rounded up.
/// @param step  Bytes; a power of two.
/// @complexity Time O(K N^2), space O(K N).
/// @source Dynamic programming after W. D. Fisher, On Grouping for Maximum Homogeneity, JASA 1958.
template <std::size_t K, std::size_t N>
    requires(K > 0 && K <= N)
[[nodiscard]] constexpr class_fit<K> best_classes(const std::array<size_count, N>& asked,
                                                  std::size_t step = 8) noexcept {
    ALLOY_ASSERT(std::has_single_bit(step));
    constexpr std::uint64_t never = ~std::uint64_t{0};

    // Of the first i sizes: how many blocks, and how many bytes they ask for together.
    std::array<std::uint64_t, N + 1> blocks{};
    std::array<std::uint64_t, N + 1> bytes{};
    for (std::size_t i = 0; i < N; ++i) {
        blocks[i + 1] = blocks[i] + asked[i].count;
        bytes[i + 1] = bytes[i] + asked[i].count * asked[i].size;
    }
    const auto rounded = [&](std::size_t i) { return detail::round_up(asked[i].size, step); };

    // least[k][i]: waste of the first i sizes in k classes; from[k][i]: where the last one begins.
    std::array<std::array<std::uint64_t, N + 1>, K + 1> least{};
    std::array<std::array<std::size_t, N + 1>, K + 1> from{};
    for (std::size_t k = 0; k <= K; ++k) {
        for (std::size_t i = 0; i <= N; ++i) {
            least[k][i] = k == 0 && i == 0 ? 0 : never;
            const bool may_end = i == N || (i > 0 && rounded(i) != rounded(i - 1));
            for (std::size_t j = 0; k > 0 && may_end && j < i; ++j) {
                if (least[k - 1][j] == never) { continue; }
                const std::uint64_t waste = least[k - 1][j] +
                                            (blocks[i] - blocks[j]) * rounded(i - 1) -
                                            (bytes[i] - bytes[j]);
                if (waste < least[k][i]) {
                    least[k][i] = waste;
                    from[k][i] = j;
                }
            }
        }
    }
    ALLOY_ASSERT(least[K][N] != never); // else fewer than K sizes differ

    class_fit<K> fit;
    fit.waste = least[K][N];
    for (std::size_t k = K, i = N; k > 0; --k) {
        fit.sizes[k - 1] = rounded(i - 1);
        i = from[k][i];
    }
    return fit;
}

} // namespace alloy::inline ALLOY_ABI
