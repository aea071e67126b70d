// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::test::fewest`: a run that fails, made as short as it gets.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace alloy::test {

/// The numbers of some operations, rising.
using selection = std::vector<std::uint64_t>;

/// Fewest of `all` that still fail: none of them can be left out.
/// @param fails True for `all`.
/// @source A. Zeller and R. Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", IEEE
///         Transactions on Software Engineering 28(2), 2002.
template <class Fails>
[[nodiscard]] selection fewest(selection all, Fails fails) {
    for (std::size_t part = std::max<std::size_t>(all.size() / 2, 1);; part = (part + 1) / 2) {
        bool fewer = false;
        for (std::size_t from = 0; from < all.size();) {
            selection less = all;
            const auto begin = less.begin() + static_cast<std::ptrdiff_t>(from);
            const std::size_t to = std::min(from + part, all.size());
            less.erase(begin, less.begin() + static_cast<std::ptrdiff_t>(to));
            if (fails(less)) {
                all = std::move(less);
                fewer = true;
            } else {
                from = to;
            }
        }
        if (part == 1 && !fewer) { return all; }
    }
}

/// The last operations up to `last` that fail without those before them, made fewer.
template <class Fails>
[[nodiscard]] selection shortened(std::uint64_t last, Fails fails) {
    for (std::uint64_t n = 16;; n *= 4) {
        selection window;
        for (std::uint64_t i = last - std::min(n - 1, last); i <= last; ++i) {
            window.push_back(i);
        }
        if (n > last || fails(window)) { return fewest(std::move(window), fails); }
    }
}

} // namespace alloy::test
