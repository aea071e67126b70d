// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::churn`: random operations on a policy, each checked against its laws.
///
///     slots_  [ A A A A | - | B B | C C C C C C | - | ... ]     64, empty or a live block
///
/// A live block is filled with a stamp over its whole good_size, and must hold it until it is
/// released or resized. A new one is compared with all others *before* it is written to, so that a
/// broken policy is reported where it would otherwise crash.

#include <alloy/check/report.hpp>
#include <alloy/core/ability.hpp>
#include <alloy/core/fact.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace alloy::inline ALLOY_ABI::detail {

/// True if all `size` bytes at `at` are `value`.
[[nodiscard]] inline bool all_are(const unsigned char* at, std::size_t size, unsigned char value) {
    return size == 0 || (*at == value && std::memcmp(at, at + 1, size - 1) == 0);
}

/// Exercises one policy, for one thread.
template <policy P>
class churn {
    struct block {
        unsigned char* at = nullptr;
        layout want{0, 1};
        std::size_t size = 0; ///< Usable: good_size.
        unsigned char stamp = 0;
    };

public:
    churn(P& target, layout largest, std::uint64_t seed, report& found)
        : target_(target), largest_{largest.size, std::min(largest.align, P::max_align)},
          random_(seed), found_(found) {}

    churn(const churn&) = delete;
    churn& operator=(const churn&) = delete;

    /// Takes `steps` random steps, then releases every block. At the first violation it stops and
    /// lets the blocks be, since a broken policy might crash on them. @return True if there was
    /// none.
    bool run(int steps) {
        for (; sound_ && steps > 0; --steps) { step(); }
        for (block& slot : slots_) {
            if (sound_ && slot.at != nullptr) { release(slot); }
        }
        if (sound_) {
            expect(served_, "service", "none of the random requests up to ", largest_,
                   " was served");
        }
        return sound_;
    }

private:
    template <class... Parts>
    bool expect(bool holds, const Parts&... parts) {
        sound_ &= found_.expect(holds, parts...);
        return holds;
    }

    std::size_t below(std::size_t n) {
        return static_cast<std::size_t>(scattered(random_ += golden) % n);
    }

    void step() {
        block& slot = slots_[below(slots_.size())];
        if (slot.at == nullptr) { return fill(slot); }
        if constexpr (resizing_policy<P>) {
            if (below(4) == 0) { return resize(slot); }
        }
        if constexpr (trimming_policy<P>) {
            if (below(512) == 0) { target_.trim(); } // no live block may notice
        }
        release(slot);
    }

    /// Half of the requests are for a few bytes: one object, or less than a pointer.
    std::size_t any_of(std::size_t largest) {
        return 1 + below(below(2) == 0 ? largest : std::min<std::size_t>(largest, 32));
    }

    void fill(block& slot) {
        const auto aligns = static_cast<std::size_t>(std::bit_width(largest_.align));
        const layout want{any_of(largest_.size), std::size_t{1} << below(aligns)};
        const std::size_t size = good_size(target_, want);
        bool zeroed = zero_fresh_v<P>;
        auto* const at = static_cast<unsigned char*>(request(want, zeroed));
        if (at == nullptr) { return; }
        served_ = true;
        if (!found_.expect(is_aligned(at, want.align), "alignment", "a block for ", want, " is at ",
                           at, ", which is no multiple of its alignment")) {
            return target_.deallocate(at, want); // it is of no use, and of no danger
        }
        if (!disjoint(slot, at, size)) { return; }
        if (zeroed) {
            expect(all_are(at, size, 0), "zeroed", "a block for ", want, " with ", size,
                   " bytes that should be zero has one that is not");
        }
        adopt(slot, at, want, size);
    }

    void* request(layout want, bool& zeroed) {
        if constexpr (zeroing_policy<P>) {
            if (below(2) == 0) {
                zeroed = true;
                return target_.allocate_zeroed(want);
            }
        }
        if constexpr (batching_policy<P>) {
            if (below(2) == 0) {
                void* at = nullptr;
                return target_.allocate_batch(want, &at, 1) == 1 ? at : nullptr;
            }
        }
        return target_.allocate(want);
    }

    /// True if no live block but `self` lies in the `size` bytes at `at`.
    bool disjoint(const block& self, const unsigned char* at, std::size_t size) {
        return std::all_of(slots_.begin(), slots_.end(), [&](const block& other) {
            const bool apart = &other == &self || other.at == nullptr ||
                               address(at) + size <= address(other.at) ||
                               address(other.at) + other.size <= address(at);
            return expect(apart, "overlap", size, " bytes at ", at, " overlap a live block of ",
                          other.size, " bytes at ", other.at);
        });
    }

    void adopt(block& slot, unsigned char* at, layout want, std::size_t size) {
        slot = {at, want, size, static_cast<unsigned char>(1 + below(255))};
        std::memset(at, slot.stamp, size);
        if constexpr (measuring_policy<P>) {
            expect(target_.usable_size(at) == size, "usable_size", "usable_size of a block for ",
                   want, " is ", target_.usable_size(at), ", its good_size ", size);
        }
    }

    void resize(block& slot)
        requires resizing_policy<P>
    {
        const layout want{any_of(largest_.size), slot.want.align};
        if (!target_.resize(slot.at, legal(slot), want.size)) { return; }
        const std::size_t size = good_size(target_, want);
        if (disjoint(slot, slot.at, size) &&
            expect(all_are(slot.at, std::min(size, slot.size), slot.stamp), "resize",
                   "resize from ", slot.want, " to ", want.size, " changed what the block held")) {
            adopt(slot, slot.at, want, size);
        }
    }

    void release(block& slot) {
        if (!expect(all_are(slot.at, slot.size, slot.stamp), "contents",
                    "somebody wrote to a live block for ", slot.want, " at ", slot.at)) {
            return;
        }
        if constexpr (owning_policy<P>) {
            expect(target_.owns(slot.at), "owns", "owns is false for a live block at ", slot.at);
        }
        const layout given = legal(slot);
        void* const at = slot.at;
        slot = {};
        if constexpr (batching_policy<P>) {
            if (below(2) == 0) { return target_.deallocate_batch(&at, 1, given); }
        }
        target_.deallocate(at, given);
    }

    /// Any layout that the block may come back with.
    layout legal(const block& of) {
        return {of.want.size + below(of.size - of.want.size + 1), of.want.align};
    }

    P& target_;
    layout largest_;
    std::uint64_t random_;
    report& found_;
    std::array<block, 64> slots_{};
    bool sound_ = true;
    bool served_ = false;
};

} // namespace alloy::inline ALLOY_ABI::detail
