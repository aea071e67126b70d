// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::hardening`: guards around any policy, in five tiers.
///
/// | tier | for        | guards                                       | tells                 |
/// |------|------------|----------------------------------------------|-----------------------|
/// | 0    | speed      | none                                         | nothing               |
/// | 1    | production | a record of every block                      | wrong releases, leaks |
/// | 2    | tests      | and margins, 1 MiB of quarantine             | and stray writes      |
/// | 3    | an inquest | and who asked, who released; 64 MiB of it    | and by whom           |
/// | 4    | secrets    | as 2; wiped, and 64 MiB of it                | as 2                  |
///
/// Without a quarantine a second release is told if the address was not handed out again meanwhile.
///
/// guarded_pool stands between tiers one and two: canaries for margins and a delay for a
/// quarantine, at a quarter of tier two's price. What each guard costs is in src/doc/guards.md.
///
/// A policy with lists of free blocks takes `links::encoded` besides: hardened_pool does. To share
/// one among threads, put `locked` around it.

#include <alloy/compose/canaried.hpp>
#include <alloy/compose/checked.hpp>
#include <alloy/compose/delayed.hpp>
#include <alloy/compose/wiped.hpp>
#include <alloy/core/size_class.hpp>
#include <alloy/policy/pool16.hpp>

#include <cstddef>

namespace alloy::inline ALLOY_ABI {

namespace detail {

inline constexpr std::size_t long_quarantine = std::size_t{1} << 26U;

template <int Tier, policy P>
struct hardened {
    static_assert(Tier >= 0 && Tier <= 4, "alloy::hardening: tiers go from 0 to 4");
};
template <policy P>
struct hardened<0, P> {
    using type = P;
};
template <policy P>
struct hardened<1, P> {
    using type = checked<P, checked_options{.redzone = 0, .quarantine = 0}>;
};
template <policy P>
struct hardened<2, P> {
    using type = checked<P>;
};
template <policy P>
struct hardened<3, P> {
    using type = checked<P, checked_options{.quarantine = long_quarantine, .origins = true}>;
};
template <policy P>
struct hardened<4, P> {
    using type = checked<wiped<P>, checked_options{.quarantine = long_quarantine}>;
};

} // namespace detail

/// `P`, guarded as the tier says; with tier 0, `P` itself.
///
/// @threads None; with tier 0, as `P`.
template <int Tier, policy P>
using hardening = typename detail::hardened<Tier, P>::type;

/// A guarded pool of small blocks. @threads None.
template <int Tier, policy Upstream = new_source>
using hardened_pool = hardening<Tier, pool16<Upstream, Tier == 0 ? links::plain : links::encoded>>;

/// One that production can afford to guard: a record of every block as in tier one, a canary on
/// either side, encoded links, and each block rests until 256 more of its size were released.
/// Tells what tier one does, the stray writes that hit a canary or a link, and none that hit a
/// block at rest. @threads None.
template <policy Upstream = new_source>
using guarded_pool =
    hardening<1, canaried<delayed<linear_classes<8, 16>, pool16<Upstream, links::encoded>>>>;

} // namespace alloy::inline ALLOY_ABI
