// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::test::random_policy`: a composition drawn by a number, layer upon layer.

#include <alloy/alloy.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <type_traits>

namespace alloy::test {

/// The nth draw of a seed.
constexpr std::uint64_t draw(std::uint64_t seed, std::uint64_t n = 1) noexcept {
    return detail::scattered(seed + n * detail::golden);
}

template <layout Node>
using listed_bin = freelist<Node>;
template <layout Node>
using mapped_bin = bitmap<Node>;
template <layout Node>
using locked_bin = locked<freelist<Node>>;

using eight = linear_classes<8, 16>;
using uneven = listed_classes<std::array<std::size_t, 5>{16, 48, 64, 120, 256}>;
inline constexpr range_options small_range{
    .bytes = 65'536, .unit = 64, .largest = 512, .align = 4096};
using region = buddy<small_range, inline_buffer<81'920>>;

/// Where memory comes from in the end.
using bottom = std::tuple<new_source*, malloc_source*, pages<>*, buddy<>*, growing<region>*,
                          bump<>*, reap<>*, pages<pages_options{.guard = true, .tight = true}>*>;
inline constexpr std::size_t bottoms = std::tuple_size_v<bottom>;

/// `Guard`, which is of rank `Rank`, above `P`, or where the order forbids that a limit of its own.
template <class P, guard_rank Rank, class Guard>
using in_order =
    std::conditional_t<(outermost_guard_v<P> <= Rank), Guard,
                       limited<(std::size_t{1} << 22U) + static_cast<std::size_t>(Rank), P>>;

/// A gauge, where no reset ends the blocks that it counts.
template <class P, gauge Reads>
using gauged =
    std::conditional_t<resettable_policy<P>, watched<P>,
                       in_order<P, guard_rank::count, counted<P, counted_options{.reads = Reads}>>>;

/// Every layer that can stand above `P`; the last ones take `Q` as well.
template <class P, class Q>
using layers_above = std::tuple<
    locked<P>*, gauged<P, gauge::blocks>*, gauged<P, gauge::sizes>*, aligned<32, P>*, zeroed<P>*,
    in_order<P, guard_rank::wipe, wiped<P>>*, measured<P>*, watched<P>*, failing<P>*,
    limited<1U << 22U, P>*, quantize<multiples_of<48>, P>*, quantize<powers_of_two<16>, P>*,
    affix<P, int>*, affix<P, void, char>*, affix<P, char, long>*, pool16<P>*,
    pool16<P, links::encoded>*, fallback<inline_buffer<2'000>, P>*, fallback<region, P>*,
    size_classes<eight, listed_bin, P>*, size_classes<uneven, mapped_bin, P>*,
    size_classes<eight, locked_bin, P>*, in_order<P, guard_rank::check, checked<P>>*, retrying<P>*,
    sealed<P>*, passthrough<P>*, hooked<heaptrack_hooks, P>*,
    in_order<P, guard_rank::canary, canaried<P>>*,
    in_order<P, guard_rank::cache, delayed<eight, P, 16>>*,
    in_order<P, guard_rank::cache, shuffled<eight, P>>*,
    in_order<P, guard_rank::cache, retaining<4096, P>>*, segregate<tier<layout{64, 16}, P>, Q>*,
    segregate<tier<layout{32, 8}, P>, tier<layout{256, 64}, pool16<>>, Q>*>;
inline constexpr std::size_t layers = std::tuple_size_v<layers_above<new_source, new_source>>;
inline constexpr std::size_t layers_of_two = 2;

/// `Depth` layers above a bottom, all drawn from `Seed`.
template <std::uint64_t Seed, std::size_t Depth>
struct random_policy {
    using type = std::remove_pointer_t<std::tuple_element_t<
        draw(Seed) % layers, layers_above<typename random_policy<draw(Seed, 2), Depth - 1>::type,
                                          typename random_policy<draw(Seed, 3), Depth / 2>::type>>>;
};
template <std::uint64_t Seed>
struct random_policy<Seed, 0> {
    using type = std::remove_pointer_t<std::tuple_element_t<draw(Seed) % bottoms, bottom>>;
};

/// A number for the composition's type: others for other layers, in other orders.
constexpr std::uint64_t shape_of(std::uint64_t seed, std::size_t depth) noexcept {
    if (depth == 0) { return detail::scattered(1 + draw(seed) % bottoms); }
    const std::uint64_t layer = draw(seed) % layers;
    const bool takes_two = layer >= layers - layers_of_two;
    const std::uint64_t below = shape_of(draw(seed, 2), depth - 1);
    const std::uint64_t beside = takes_two ? shape_of(draw(seed, 3), depth / 2) : 0;
    return detail::scattered(detail::scattered(below + layer + 100) + beside);
}

} // namespace alloy::test
