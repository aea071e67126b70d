// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::observe`: where every byte of a composition is.
///
///     taken = requested + rounding + gaps      in blocks that are out
///           + metadata                         headers, tables, margins
///           + cached + trapped + fresh         free: kept, beside live blocks, never used
///
/// Each policy tells what became of the bytes that it took, and of which policies it is made; a
/// `counted` on top tells what was asked for. A snapshot adds that up, from where memory enters the
/// program to the blocks that are out, and keeps what every layer said.

#include <alloy/compose/counted.hpp>
#include <alloy/core/account.hpp>
#include <alloy/core/around.hpp>
#include <alloy/core/type_name.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace alloy::inline ALLOY_ABI {

/// Bytes, or differences of bytes, by what they are for: `taken` is the sum of the others.
template <class Number>
struct basic_byte_split {
    Number taken{};     ///< Where memory enters the program.
    Number requested{}; ///< In live blocks, as asked; without a `counted` on top all that is out.
    Number rounding{};  ///< In live blocks, beyond what was asked: good_size.
    Number gaps{};      ///< Around blocks: padding, affixes, and what an arena cannot use again.
    Number metadata{};
    Number cached{};
    Number trapped{};
    Number fresh{};

    /// Calls `visit(name, bytes)` for every part but `taken`.
    constexpr void for_each_part(auto visit) const {
        visit("requested", requested);
        visit("rounding", rounding);
        visit("gaps", gaps);
        visit("metadata", metadata);
        visit("cached", cached);
        visit("trapped", trapped);
        visit("fresh", fresh);
    }

    /// Bytes of all parts.
    [[nodiscard]] constexpr Number sum() const {
        Number all{};
        for_each_part([&](std::string_view /*name*/, Number part) { all += part; });
        return all;
    }

    friend constexpr bool operator==(const basic_byte_split&, const basic_byte_split&) = default;
};
using byte_split = basic_byte_split<std::size_t>;
using byte_change = basic_byte_split<std::ptrdiff_t>;

/// What became more, and what less.
[[nodiscard]] constexpr byte_change operator-(const byte_split& now,
                                              const byte_split& before) noexcept {
    const auto change = [](std::size_t a, std::size_t b) {
        return static_cast<std::ptrdiff_t>(a) - static_cast<std::ptrdiff_t>(b);
    };
    return {change(now.taken, before.taken),       change(now.requested, before.requested),
            change(now.rounding, before.rounding), change(now.gaps, before.gaps),
            change(now.metadata, before.metadata), change(now.cached, before.cached),
            change(now.trapped, before.trapped),   change(now.fresh, before.fresh)};
}

/// One policy of a composition.
struct layer_view {
    std::string_view name;
    unsigned depth = 0;           ///< Policies above it.
    byte_account account;         ///< All zero for one that keeps no bytes.
    reading counts;               ///< All zero for one that is no `counted`.
    std::size_t largest_free = 0; ///< Bytes of the largest block that it could hand out without
                                  ///< its upstream; 0 if that is unknown.
};

/// One size of blocks that a policy keeps apart.
struct bin_view {
    std::size_t layer = 0; ///< Index of the policy.
    std::size_t size = 0;  ///< Bytes of a block.
    std::size_t free = 0;  ///< Blocks.
};

/// A composition at one moment.
template <std::size_t Layers, std::size_t Bins>
struct snapshot {
    byte_split bytes;
    std::array<layer_view, Layers> layers; ///< Each followed by its upstreams.
    std::array<bin_view, Bins> bins;
    bool exact = true;    ///< Every source accounts for itself, or has a `counted` above it. If
                          ///< not, what passes all policies on its way there is missing.
    bool counted = false; ///< A `counted` on top told what was asked for.

    /// Of the bytes in live blocks, the share that nobody asked for.
    [[nodiscard]] constexpr double internal_fragmentation() const noexcept {
        return share(bytes.rounding + bytes.gaps, bytes.requested + bytes.rounding + bytes.gaps);
    }

    /// Of the free bytes, the share that the largest block which could be had leaves over; 0 if no
    /// policy is bounded.
    [[nodiscard]] constexpr double external_fragmentation() const noexcept {
        const std::size_t free = bytes.cached + bytes.trapped + bytes.fresh;
        const std::size_t largest = largest_free();
        return largest == 0 || largest > free ? 0 : share(free - largest, free);
    }

    /// Bytes of the largest block that could be had without a source; 0 if that is unknown.
    [[nodiscard]] constexpr std::size_t largest_free() const noexcept {
        std::size_t largest = 0;
        for (const layer_view& each : layers) { largest = std::max(largest, each.largest_free); }
        return largest;
    }

private:
    static constexpr double share(std::size_t part, std::size_t whole) noexcept {
        return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
    }
};

namespace detail {

template <class P>
inline constexpr std::size_t own_bins = 0;
template <binning_policy P>
inline constexpr std::size_t own_bins<P> = P::bins;

/// How many policies there are in `P`, itself included, and how many bins.
struct extent_of_tree {
    std::size_t layers = 1;
    std::size_t bins = 0;
};
template <class P>
consteval extent_of_tree tree_of();
template <policy... P>
consteval extent_of_tree tree_below(policies<P...> /*upstreams*/) {
    return {(tree_of<P>().layers + ... + 0), (tree_of<P>().bins + ... + 0)};
}
template <class P>
consteval extent_of_tree tree_of() {
    extent_of_tree all{0, 0};
    if constexpr (composed_policy<P>) { all = tree_below(typename P::upstreams{}); }
    return {all.layers + 1, all.bins + own_bins<P>};
}

/// Fills a snapshot, policy by policy.
template <class Snapshot>
class surveyor {
public:
    explicit surveyor(Snapshot& result) noexcept : result_(result) {}

    template <class P>
    void survey_all(P& whole) noexcept {
        flow out = survey(whole, 0, true);
        byte_split& bytes = result_.bytes;
        result_.exact = out.known;
        if (!result_.counted) {
            bytes.requested = static_cast<std::size_t>(out.bytes);
            return;
        }
        enter_up_to(granted_, out);
        bytes.rounding = granted_ - bytes.requested;
        bytes.gaps = static_cast<std::size_t>(out.bytes) - granted_;
    }

private:
    /// What a policy has out; less than nothing, if what that is part of was counted elsewhere.
    struct flow {
        std::ptrdiff_t bytes = 0; ///< As far as it is known.
        bool known = true;        ///< That is all.
        bool kept = false;        ///< Some policy keeps bytes on the way.
    };

    template <class P>
    flow survey(P& p, unsigned depth, bool on_top) noexcept {
        constexpr extent_of_tree tree = tree_of<std::remove_const_t<P>>();
        constexpr bool counts = requires { requires P::counts_bytes; };
        constexpr bool keeps = accounting_policy<P>;
        layer_view& view = result_.layers[layer_];
        view.name = layer_name<P>;
        view.depth = depth;
        if (was_seen(p)) { // through another handle
            layer_ += tree.layers;
            bin_ += tree.bins;
            return {};
        }
        list_bins(p);
        ++layer_;
        if constexpr (requires { p.largest_free(); }) { view.largest_free = p.largest_free(); }
        flow out{0, composed_policy<P>, keeps};
        if constexpr (composed_policy<P>) {
            p.each_upstream([&](auto&& upstream) noexcept {
                const flow one = survey(upstream, depth + 1, on_top && !counts && !keeps);
                out = {out.bytes + one.bytes, out.known && one.known, out.kept || one.kept};
            });
        }
        if constexpr (counts) {
            view.counts = p.read();
            pass_gauge(view.counts.live(), on_top, out);
        }
        if constexpr (keeps) {
            view.account = p.account();
            pass_account(view.account, out);
            if constexpr (!composed_policy<P>) { out.known = true; }
        }
        return out;
    }

    void pass_gauge(const traffic& live, bool on_top, flow& out) noexcept {
        if (on_top) {
            result_.counted = true;
            result_.bytes.requested = live.requested;
            granted_ = live.granted;
        }
        if (out.kept) { return; }
        enter_up_to(live.granted, out);
        out.known = true;
    }

    void pass_account(const byte_account& own, flow& out) noexcept {
        byte_split& bytes = result_.bytes;
        bytes.metadata += own.metadata + own.aside;
        bytes.cached += own.cached;
        bytes.trapped += own.trapped;
        bytes.fresh += own.fresh;
        bytes.taken += own.aside;
        enter_up_to(own.taken, out);
        out.bytes -= static_cast<std::ptrdiff_t>(own.taken - own.used());
    }

    /// What is out though no source told of it entered the program unseen.
    void enter_up_to(std::size_t bytes, flow& out) noexcept {
        const auto least = static_cast<std::ptrdiff_t>(bytes);
        if (out.known || out.bytes >= least) { return; }
        result_.bytes.taken += static_cast<std::size_t>(least - out.bytes);
        out.bytes = least;
    }

    /// True if this very object was looked at before; remembers it.
    template <class P>
    bool was_seen([[maybe_unused]] const P& p) noexcept {
        if constexpr (!std::is_empty_v<P>) {
            const identity mine{&p, type_name<P>.data()};
            const auto end = seen_.begin() + layer_;
            if (std::find(seen_.begin(), end, mine) != end) { return true; }
            seen_[layer_] = mine;
        }
        return false;
    }

    template <class P>
    void list_bins([[maybe_unused]] P& p) noexcept {
        if constexpr (binning_policy<P>) {
            for (std::size_t i = 0; i < P::bins; ++i) {
                const bin_account one = p.bin(i);
                result_.bins[bin_++] = {layer_, one.size, one.free};
            }
        }
    }

    /// A policy may begin where the one does that it is part of: the type tells them apart.
    struct identity {
        const void* at = nullptr;
        const char* type = nullptr;
        friend constexpr bool operator==(const identity&, const identity&) = default;
    };

    Snapshot& result_;
    std::array<identity, std::tuple_size_v<decltype(Snapshot::layers)>> seen_{};
    std::size_t layer_ = 0;
    std::size_t bin_ = 0;
    std::size_t granted_ = 0;
};

} // namespace detail

/// Looks at a policy, or through a handle, and at all that it is made of. For the owner; what has a
/// lock is locked while it is looked at. Takes no memory.
///
/// @return Bytes that add up, and those of each layer. Exact while nobody else is inside.
/// @complexity O(n log n) in the free blocks, whose lists it may leave in address order.
template <policy P>
[[nodiscard]] auto observe(P& whole) noexcept {
    constexpr detail::extent_of_tree tree = detail::tree_of<std::remove_const_t<P>>();
    snapshot<tree.layers, tree.bins> result;
    detail::surveyor(result).survey_all(whole);
    return result;
}

} // namespace alloy::inline ALLOY_ABI
