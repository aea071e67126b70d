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
#include <alloy/core/handle.hpp>
#include <alloy/core/type_name.hpp>
#include <alloy/gauge/snapshot.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace alloy::inline ALLOY_ABI {

namespace detail {

template <class P>
inline constexpr std::size_t own_bins = 0;
template <binning_policy P>
inline constexpr std::size_t own_bins<P> = P::bins;

/// How many policies there are in `P`, itself included, and how many bins.
struct tree_size {
    std::size_t layers = 1;
    std::size_t bins = 0;
};
template <class P>
consteval tree_size tree_of();
template <policy... P>
consteval tree_size tree_below(policies<P...> /*upstreams*/) {
    return {(tree_of<P>().layers + ... + 0), (tree_of<P>().bins + ... + 0)};
}
template <class P>
consteval tree_size tree_of() {
    tree_size all{0, 0};
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
        result_.counted = out.counted;
        if (!out.counted) { // or only some of what is out was
            bytes.requested = granted_ = static_cast<std::size_t>(std::max(out.bytes, {}));
        }
        out.known = out.known && out.bytes >= static_cast<std::ptrdiff_t>(granted_);
        result_.exact = out.known;
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
        bool counted = false;     ///< A gauge on top told what was asked for.
    };

    template <class P>
    flow survey(P& p, unsigned depth, bool on_top) noexcept {
        constexpr tree_size tree = tree_of<std::remove_const_t<P>>();
        const std::size_t me = layer_;
        constexpr bool counts = requires { requires P::counts_bytes; };
        constexpr bool keeps = accounting_policy<P>;
        layer_view& view = result_.layers[layer_];
        view.name = layer_name<std::remove_const_t<P>>;
        view.depth = depth;
        if (const flow* const before = seen_before(p); before != nullptr) {
            layer_ += tree.layers;
            bin_ += tree.bins;
            return {.known = before->known, .counted = before->counted};
        }
        list_bins(p);
        if constexpr (keeps) { view.account = p.account(); } // what it passes on has upstream next
        ++layer_;
        if constexpr (requires { p.largest_free(); }) { view.largest_free = p.largest_free(); }
        flow out{0, false, keeps, false};
        if constexpr (composed_policy<P>) {
            bool first = true;
            p.each_upstream([&](auto&& upstream) noexcept {
                const flow one = survey(upstream, depth + 1, on_top && !counts && !keeps);
                out = {out.bytes + one.bytes, one.known && (first || out.known),
                       one.kept || out.kept, one.counted && (first || out.counted)};
                first = false;
            });
            layer_ = me + tree.layers; // even if not all were shown
            if constexpr (requires { requires P::shows_part; }) { out.known = false; }
        }
        if constexpr (requires {
                          { p.read() } -> std::same_as<reading>;
                      }) {
            view.counts = p.read();
            if constexpr (counts) { pass_gauge(view.counts.live(), on_top, out); }
        }
        if constexpr (keeps) {
            pass_account(view.account, out);
            if constexpr (!composed_policy<P>) { out.known = true; }
        }
        if constexpr (keeps || !composed_policy<P>) { out.counted = false; }
        seen_[me].out = out;
        return out;
    }

    void pass_gauge(const traffic& live, bool on_top, flow& out) noexcept {
        if (on_top) {
            out.counted = true;
            result_.bytes.requested += live.requested;
            granted_ += live.granted;
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

    /// What was found if this very object was looked at before, or null; remembers the object.
    template <class P>
    const flow* seen_before([[maybe_unused]] const P& p) noexcept {
        if constexpr (!std::is_empty_v<P>) {
            const std::string_view type = type_name<P>;
            for (std::size_t i = 0; i < layer_; ++i) {
                if (seen_[i].at == &p && seen_[i].type == type) { return &seen_[i].out; }
            }
            seen_[layer_] = {&p, type, {}};
        }
        return nullptr;
    }

    template <class P>
    void list_bins([[maybe_unused]] P& p) noexcept {
        if constexpr (binning_policy<P>) {
            for (std::size_t i = 0; i < P::bins; ++i) {
                const bin_account one = p.bin(i);
                result_.bins[bin_++] = {layer_, one.size, one.free, one.live};
            }
        }
    }

    /// A policy may begin where the one does that it is part of: the type tells them apart.
    struct looked_at {
        const void* at = nullptr;
        std::string_view type;
        flow out;
    };

    Snapshot& result_;
    std::array<looked_at, std::tuple_size_v<decltype(Snapshot::layers)>> seen_{};
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
/// @threads As the owner's calls; any, for what has a lock.
template <policy P>
[[nodiscard]] auto observe(P& whole) noexcept {
    constexpr detail::tree_size tree = detail::tree_of<std::remove_const_t<P>>();
    snapshot<tree.layers, tree.bins> result;
    detail::surveyor(result).survey_all(whole);
    return result;
}

/// Looks through a handle that was made for this.
template <handle_policy Handle>
[[nodiscard]] auto observe(const Handle&& handle) noexcept {
    return observe(handle);
}

} // namespace alloy::inline ALLOY_ABI
