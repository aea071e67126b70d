// SPDX-License-Identifier: BSL-1.0
// Every sequence of so many requests and releases over tiny arenas, with at most four blocks live.
// After each step: aligned, disjoint, contents kept; and where the model knows the free runs, the
// answer is the lowest that fits, or null exactly if there is none.
// EXPECT: every sequence keeps every law
#include "soak.hpp"

#include <alloy/alloy.hpp>
#include <alloy/check/churn.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

using namespace alloy;
using namespace alloy::test;

namespace {

/// Upstream of everything here: lends so many blocks, and counts them.
template <std::size_t Most>
struct scarce {
    static constexpr std::size_t max_align = any_align;
    static inline std::size_t out = 0;
    [[nodiscard]] static void* allocate(layout want) noexcept {
        void* const at = out < Most ? new_source::allocate(want) : nullptr;
        out += at != nullptr ? 1 : 0;
        return at;
    }
    static void deallocate(void* at, layout given) noexcept {
        --out;
        new_source::deallocate(at, given);
    }
};

constexpr std::size_t most_live = 4;
constexpr std::size_t unit = 64;

/// A layout of `n` units, with the gap that a sanitizer's build keeps behind each block.
constexpr layout units(std::size_t n, std::size_t align = 1) {
    return {n * unit - detail::redzone, align};
}

/// Knows no free runs: any answer will do.
struct no_model {
    static constexpr std::uint32_t anywhere = no_units - 1;
    static std::uint32_t take(layout /*want*/) { return anywhere; }
    static void give(std::uint32_t /*at*/, layout /*given*/) {}
};

/// Which of `Units` units are free; a request takes the lowest run that there is. With `Buddy` a
/// run is a power of two, and so is where it starts.
template <std::uint32_t Units, bool Buddy>
class run_model {
public:
    std::uint32_t take(layout want) {
        const std::uint32_t n = length(want);
        const auto align = static_cast<std::uint32_t>(std::max(want.align / unit, std::size_t{1}));
        const std::uint32_t step = Buddy ? n : align;
        for (std::uint32_t at = 0; at + n <= Units; at += step) {
            if ((taken_ & mask(at, n)) == 0) {
                taken_ |= mask(at, n);
                return at;
            }
        }
        return no_units;
    }
    void give(std::uint32_t at, layout given) { taken_ &= ~mask(at, length(given)); }

private:
    static std::uint32_t length(layout want) {
        const auto n = static_cast<std::uint32_t>((want.size + detail::redzone + unit - 1) / unit);
        const auto align = static_cast<std::uint32_t>(want.align / unit);
        return Buddy ? std::bit_ceil(std::max(n, align)) : n;
    }
    static std::uint32_t mask(std::uint32_t at, std::uint32_t n) { return ((1U << n) - 1) << at; }

    std::uint32_t taken_ = 0;
};

/// One sequence of steps on a new policy and a new model.
template <class P, class Source, class Model, std::size_t Requests>
class trial {
    struct block {
        unsigned char* at = nullptr;
        layout want{0, 1};
        std::size_t size = 0;
        std::uint32_t run = 0;
        unsigned char stamp = 0;
    };

public:
    explicit trial(const std::array<layout, Requests>& requests, bool loud = false)
        : requests_(requests), loud_(loud) {}

    /// Ways to go on: each request while there may be one more block, each release.
    [[nodiscard]] std::size_t ways() const {
        return live_ + (live_ < most_live ? Requests : std::size_t{0});
    }

    /// Takes the nth way.
    bool step(std::size_t way) {
        const bool back = way < live_;
        const layout of = back ? blocks_[way].want : requests_[way - live_];
        if (loud_) {
            std::fprintf(stderr, "  %s {%zu, %zu}\n", back ? "release" : "request", of.size,
                         of.align);
        }
        return back ? release(way) : request(of);
    }

    /// Every law of the state.
    [[nodiscard]] bool sound() const {
        return std::all_of(blocks_.begin(), blocks_.begin() + live_, [](const block& each) {
            return detail::all_are(each.at, each.size, each.stamp);
        });
    }

    /// Releases all: nothing may have been written, and upstream gets back what it lent.
    [[nodiscard]] bool finish() {
        bool good = true;
        while (live_ != 0) { good = release(live_ - 1) && good; }
        detail::trim_if_able(*policy_);
        policy_.reset();
        return good && Source::out == 0;
    }

private:
    bool request(layout want) {
        const std::uint32_t run = model_.take(want);
        auto* const at = static_cast<unsigned char*>(policy_->allocate(want));
        if (at == nullptr) { return run == no_units || run == no_model::anywhere; }
        const std::size_t size = good_size(*policy_, want);
        if (base_ == nullptr) { base_ = at; } // the lowest place of all, which comes first
        const bool exact = run == no_model::anywhere || at == base_ + run * unit;
        const auto apart = [&](const block& other) {
            return detail::address(at) + size <= detail::address(other.at) ||
                   detail::address(other.at) + other.size <= detail::address(at);
        };
        if (!exact || !detail::is_aligned(at, want.align) ||
            !std::all_of(blocks_.begin(), blocks_.begin() + live_, apart)) {
            return false;
        }
        blocks_[live_++] = {at, want, size, run, ++stamp_};
        std::memset(at, stamp_, size);
        return true;
    }

    bool release(std::size_t index) {
        const block gone = blocks_[index];
        std::copy(blocks_.begin() + index + 1, blocks_.begin() + live_, blocks_.begin() + index);
        --live_;
        model_.give(gone.run, gone.want);
        const bool kept = detail::all_are(gone.at, gone.size, gone.stamp);
        policy_->deallocate(gone.at, {gone.size, gone.want.align}); // as large as is legal
        return kept;
    }

    const std::array<layout, Requests>& requests_;
    bool loud_;
    std::optional<P> policy_{std::in_place};
    Model model_;
    std::array<block, most_live> blocks_{};
    std::size_t live_ = 0;
    unsigned char* base_ = nullptr;
    unsigned char stamp_ = 0;
};

/// The ways that a sequence takes, each in four bits, so that they can be noted.
constexpr std::size_t nth_way(std::uint64_t noted_ways, std::size_t step) {
    return noted_ways >> 4 * step & 15U;
}

/// Walks through all sequences as an odometer runs; each starts where the one before differs.
/// @return How many, or none after one that broke a law.
template <class Trial, class Requests>
std::uint64_t walk(const char* name, const Requests& requests, std::size_t length) {
    std::vector<std::size_t> turn(length, 0); // the way taken at each step
    std::vector<std::size_t> ways(length, 0);
    std::size_t fresh = 0; // steps before it were checked with the sequence before
    noted().step = length;
    for (std::uint64_t sequences = 1;; ++sequences) {
        std::uint64_t all = 0;
        for (std::size_t i = length; i-- > 0;) { all = all << 4U | turn[i]; }
        noted().run = all;
        Trial one(requests);
        for (std::size_t i = 0; i < length; ++i) {
            ways[i] = one.ways();
            if (!one.step(turn[i]) || (i >= fresh && !one.sound())) { return 0; }
        }
        if (!one.finish()) { return 0; }
        if (sequences % 100'000 == 0) { progress(name, sequences); }
        std::size_t last = length;
        while (last > 0 && turn[last - 1] + 1 == ways[last - 1]) { turn[--last] = 0; }
        if (last == 0) { return sequences; }
        ++turn[last - 1];
        fresh = last - 1;
    }
}

/// All sequences of one step, of two, and so on: the first that breaks a law is a shortest.
template <class P, class Source, class Model = no_model, std::size_t Requests>
bool explore(const char* name, const std::array<layout, Requests>& requests, std::size_t length) {
    using one_trial = trial<P, Source, Model, Requests>;
    static_assert(Requests + most_live <= 16);
    for (std::size_t n = 1; n <= length; ++n) {
        const auto seconds = static_cast<unsigned>(120 * soak()); // it may run in circles
        const outcome end = in_child(
            [&] {
                const std::uint64_t sequences = walk<one_trial>(name, requests, n);
                if (sequences == 0) { ::_exit(1); }
                if (n == length) {
                    std::printf("%s: %llu sequences of %zu steps\n", name,
                                static_cast<unsigned long long>(sequences), n);
                }
            },
            seconds);
        if (end.status == 0) {
            std::fputs(end.printed, stdout);
            continue;
        }
        const outcome again = in_child(
            [&] {
                one_trial one(requests, true);
                for (std::size_t i = 0; i < end.last.step; ++i) {
                    static_cast<void>(one.step(nth_way(end.last.run, i)));
                }
            },
            10);
        std::fprintf(stderr, "%s: broken, status %d, by\n%s", name, end.status, again.printed);
        return false;
    }
    return true;
}

template <layout Node>
using tiny_list = freelist<Node, scarce<8>, unlimited, 2>;
using listed = size_classes<linear_classes<32, 4>, tiny_list, scarce<8>>;
constexpr range_options sixteen{.bytes = 16 * unit, .unit = unit, .align = 1024};
constexpr range_options eight{.bytes = 8 * unit, .unit = unit, .align = 512};
constexpr range_options four{.bytes = 4 * unit, .unit = unit, .align = 256};
constexpr layout node = units(1, 16);
using nodes = bitmap<node, scarce<1>, 1024>;

} // namespace

int main() {
    const std::size_t length = soak() > 1 ? 10 : 8;
    const std::size_t wide = length - (thinned(100) == 100 ? 0U : thinned(100) == 10 ? 1U : 2U);
    constexpr std::array runs{units(1), units(2), units(4), units(8)};
    constexpr std::array some{units(1), units(2), units(5), units(1, 128)};
    constexpr std::array rows{units(1), units(2), units(3), units(8)};
    constexpr std::array few{layout{8, 8}, layout{64, 16}};
    constexpr std::array sizes{layout{8, 8}, layout{64, 64}, layout{120, 8}};
    bool good = true;
    const auto all = [&](bool one) { good = one && good; };
    all(explore<ranged<buddy_extent, sixteen, scarce<2>>, scarce<2>, run_model<16, true>>(
        "buddy of 16 leaves", runs, wide));
    all(explore<ranged<bit_extent, eight, scarce<2>>, scarce<2>, run_model<8, false>>(
        "bitmap of 8 units", some, wide));
    all(explore<nodes, scarce<1>>("bitmap of a chunk", rows, wide));
    all(explore<freelist<node, scarce<3>, 2>, scarce<3>>("freelist that keeps 2", few, length));
    all(explore<tiny_list<node>, scarce<8>>("freelist in chunks of 2", few, length));
    all(explore<pool16<scarce<1>>, scarce<1>>("pool16 of a region", sizes, wide));
    all(explore<pool16<scarce<8>>, scarce<8>>("pool16", few, length));
    all(explore<magazine<linear_classes<32, 4>, listed, 2>, scarce<8>>("magazine of 2", sizes,
                                                                       wide));
    all(explore<depot<node, freelist<node, scarce<8>>, depot_options{.slots = 2, .ordered = 100}>,
                scarce<8>>("depot of 2", few, length));
    all(explore<growing<buddy<four, inline_buffer<1024>>, scarce<2>>, scarce<2>>(
        "growing from 4 units to 8", few, length));
    all(explore<fallback<buddy<four, inline_buffer<1024>>, freelist<units(4), scarce<2>>>,
                scarce<2>>("fallback", few, length));
    if (!good) { return 1; }
    std::puts("every sequence keeps every law");
}
