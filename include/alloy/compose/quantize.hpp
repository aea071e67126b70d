// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::quantize`: few sizes instead of many.
///
///     asked      1 ... 64   65 ... 128   129 ... 192        quantize<multiples_of<64>>
///     upstream      64         128           192
///
/// Every size goes upstream rounded up, to what a rule allows; good_size is upstream's, rounded
/// down to what the rule allows, so that a block comes home as a size that upstream knows.
///
/// Choose it in front of what keeps a list or a bin a size, and for strings and vectors that grow
/// by little: within its quantum a block grows where it is. Avoid it where blocks are many and
/// small: half a quantum of each is wasted on average.

#include <alloy/core/layer.hpp>
#include <alloy/source/new.hpp>

#include <bit>
#include <concepts>
#include <cstddef>
#include <type_traits>

namespace alloy::inline ALLOY_ABI {

/// Which sizes there are. `R::rounded(n)` is the least that is at least `n`, or `n` itself if there
/// is none up to any_size; `R::cut(n)` is the greatest that is at most `n`, or 0.
template <class R>
concept size_rule = requires(std::size_t n) {
    { R::rounded(n) } noexcept -> std::same_as<std::size_t>;
    { R::cut(n) } noexcept -> std::same_as<std::size_t>;
};

/// `Step`, 2 `Step`, 3 `Step` and so on, in bytes; not only for a power of two.
template <std::size_t Step>
struct multiples_of {
    static_assert(Step > 0, "alloy::multiples_of: Step is zero");

    [[nodiscard]] static constexpr std::size_t cut(std::size_t n) noexcept { return n - n % Step; }
    [[nodiscard]] static constexpr std::size_t rounded(std::size_t n) noexcept {
        return n > cut(any_size) ? n : cut(n + (Step - 1));
    }
};

/// `Least`, twice that, four times that and so on, in bytes.
template <std::size_t Least = 1>
struct powers_of_two {
    static_assert(std::has_single_bit(Least), "alloy::powers_of_two: Least is not a power of two");

    [[nodiscard]] static constexpr std::size_t cut(std::size_t n) noexcept {
        return n < Least ? 0 : std::bit_floor(n);
    }
    [[nodiscard]] static constexpr std::size_t rounded(std::size_t n) noexcept {
        if (n > cut(any_size)) { return n; }
        return n < Least ? Least : std::bit_ceil(n);
    }
};

/// `Parts` sizes to a doubling, so that less than one part in `Parts` of a block is lost; every
/// size above `Largest` bytes, and below `Parts`.
template <std::size_t Parts, std::size_t Largest = any_size / 2 + 1>
struct parts_to_a_doubling {
    static_assert(std::has_single_bit(Parts) && std::has_single_bit(Largest),
                  "alloy::parts_to_a_doubling: not powers of two");

    [[nodiscard]] static constexpr std::size_t cut(std::size_t n) noexcept {
        return n - n % step_at(n);
    }
    [[nodiscard]] static constexpr std::size_t rounded(std::size_t n) noexcept {
        return detail::round_up(n, step_at(n));
    }

private:
    static constexpr std::size_t step_at(std::size_t n) noexcept {
        return n < Parts || n > Largest ? 1 : std::bit_floor(n) / Parts;
    }
};

/// Asks `Upstream` for sizes of `Rule` alone, as long as it has them: what lies between the largest
/// of them that it may serve and its `max_size` goes as it is.
///
/// @tparam Rule     multiples_of, powers_of_two, parts_to_a_doubling, or a size_rule of your own.
/// @tparam Upstream Where every operation goes. Above a handle this is a handle, and empty above
///                  what is empty.
/// @threads As `Upstream`.
template <size_rule Rule, policy Upstream = new_source>
class quantize : public detail::layer<quantize<Rule, Upstream>, Upstream> {
    friend detail::forwarding<quantize, Upstream>;

public:
    using detail::layer<quantize, Upstream>::layer;

    /// The sizes of the rule that upstream's good_size has room for.
    [[nodiscard]] constexpr std::size_t good_size(layout want) const noexcept {
        if (want.align > Upstream::max_align) [[unlikely]] { return want.size; }
        // Uncut, 48 bytes from multiples of 64 would be 64, and come home rounded to 96. What is
        // cut is its own quantum, so every legal size goes home as one that upstream calls legal.
        return cut(alloy::good_size(this->upstream(), rounded(want)));
    }

    /// Within the quantum without asking upstream, beyond it where upstream can do it.
    [[nodiscard]] bool resize([[maybe_unused]] void* at, layout given,
                              std::size_t size) const noexcept {
        const layout before = rounded(given);
        const layout after = rounded({size, given.align});
        if (after == before) { return true; }
        if constexpr (resizing_policy<Upstream>) {
            return this->upstream().resize(at, before, after.size);
        }
        return false;
    }

private:
    /// The largest size of the rule that upstream may serve.
    static constexpr std::size_t last = Rule::cut(max_size_v<Upstream>);

    static constexpr layout rounded(layout asked) noexcept {
        return {asked.size > last ? asked.size : Rule::rounded(asked.size), asked.align};
    }
    static constexpr std::size_t cut(std::size_t size) noexcept {
        return size > last ? size : Rule::cut(size);
    }

    [[nodiscard]] std::size_t forward(const op::usable_size& asked) const noexcept {
        return cut(asked(this->upstream()));
    }

    template <class Op>
    decltype(auto) forward(Op asked) const noexcept {
        if constexpr (requires { asked.want; }) { asked.want = rounded(asked.want); }
        if constexpr (requires { asked.given; }) { asked.given = rounded(asked.given); }
        return asked(this->upstream());
    }
};

static_assert(stateless_policy<quantize<multiples_of<64>>> &&
              resizing_policy<quantize<multiples_of<64>>>);

} // namespace alloy::inline ALLOY_ABI
