// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::test::random_policy`: a composition drawn by a number, layer upon layer.

#include <alloy/alloy.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
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

/// Where memory comes from in the end: nothing, or what brings its own.
template <std::size_t Kind>
struct bottom;
template <>
struct bottom<0> {
    using type = new_source;
};
template <>
struct bottom<1> {
    using type = malloc_source;
};
template <>
struct bottom<2> {
    using type = pages<>;
};
template <>
struct bottom<3> {
    using type = buddy<>;
};
template <>
struct bottom<4> {
    using type = growing<region>;
};
template <>
struct bottom<5> {
    using type = bump<>;
};
inline constexpr std::size_t bottoms = 6;

/// A layer above `P`; what needs a second policy takes `Q`.
template <std::size_t Kind, class P, class Q>
struct layered;
template <class P, class Q>
struct layered<0, P, Q> {
    using type = locked<P>;
};
template <class P, class Q>
struct layered<1, P, Q> { // a reset with live blocks is what `counted` does not allow
    using type = std::conditional_t<resettable_policy<P>, watched<P>, counted<P>>;
};
template <class P, class Q>
struct layered<2, P, Q> {
    using type = aligned<32, P>;
};
template <class P, class Q>
struct layered<3, P, Q> {
    using type = zeroed<P>;
};
template <class P, class Q>
struct layered<4, P, Q> {
    using type = wiped<P>;
};
template <class P, class Q>
struct layered<5, P, Q> {
    using type = measured<P>;
};
template <class P, class Q>
struct layered<6, P, Q> {
    using type = watched<P>;
};
template <class P, class Q>
struct layered<7, P, Q> {
    using type = failing<P>;
};
template <class P, class Q>
struct layered<8, P, Q> {
    using type = limited<1U << 22U, P>;
};
template <class P, class Q>
struct layered<9, P, Q> {
    using type = quantize<multiples_of<48>, P>;
};
template <class P, class Q>
struct layered<10, P, Q> {
    using type = quantize<powers_of_two<16>, P>;
};
template <class P, class Q>
struct layered<11, P, Q> {
    using type = affix<P, int>;
};
template <class P, class Q>
struct layered<12, P, Q> {
    using type = affix<P, void, char>;
};
template <class P, class Q>
struct layered<13, P, Q> {
    using type = affix<P, char, long>;
};
template <class P, class Q>
struct layered<14, P, Q> {
    using type = pool16<P>;
};
template <class P, class Q>
struct layered<15, P, Q> {
    using type = fallback<inline_buffer<2'000>, P>;
};
template <class P, class Q>
struct layered<16, P, Q> {
    using type = fallback<region, P>;
};
template <class P, class Q>
struct layered<17, P, Q> {
    using type = segregate<tier<layout{64, 16}, P>, Q>;
};
template <class P, class Q>
struct layered<18, P, Q> {
    using type = segregate<tier<layout{32, 8}, P>, tier<layout{256, 64}, pool16<>>, Q>;
};
template <class P, class Q>
struct layered<19, P, Q> {
    using type = size_classes<eight, listed_bin, P>;
};
template <class P, class Q>
struct layered<20, P, Q> {
    using type = size_classes<uneven, mapped_bin, P>;
};
template <class P, class Q>
struct layered<21, P, Q> {
    using type = size_classes<eight, locked_bin, P>;
};
template <class P, class Q>
struct layered<22, P, Q> {
    using type = checked<P>;
};
template <class P, class Q>
struct layered<23, P, Q> {
    using type = retrying<P>;
};
inline constexpr std::size_t layers = 24;

/// `Depth` layers above a bottom, all drawn from `Seed`.
template <std::uint64_t Seed, std::size_t Depth>
struct random_policy {
    using type = typename layered<draw(Seed) % layers,
                                  typename random_policy<draw(Seed, 2), Depth - 1>::type,
                                  typename random_policy<draw(Seed, 3), Depth / 2>::type>::type;
};
template <std::uint64_t Seed>
struct random_policy<Seed, 0> {
    using type = typename bottom<draw(Seed) % bottoms>::type;
};

/// A number for the composition's type: others for other layers, in other orders.
constexpr std::uint64_t shape_of(std::uint64_t seed, std::size_t depth) noexcept {
    if (depth == 0) { return detail::scattered(1 + draw(seed) % bottoms); }
    const std::uint64_t layer = draw(seed) % layers;
    const bool takes_two = layer == 17 || layer == 18;
    const std::uint64_t below = shape_of(draw(seed, 2), depth - 1);
    const std::uint64_t beside = takes_two ? shape_of(draw(seed, 3), depth / 2) : 0;
    return detail::scattered(detail::scattered(below + layer + 100) + beside);
}

} // namespace alloy::test
