// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::test::churn`: random operations on a policy, checked against what must be true.

#include <alloy/core/ability.hpp>

#include "unit_test.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>

namespace alloy::test {

/// 64 slots, each empty or a live block: aligned, filled over its whole good_size with a stamp, and
/// found unchanged when it is resized or released, with a size drawn from [asked, good_size].
template <policy P>
class churn {
    struct live_block {
        unsigned char* at = nullptr;
        layout want{0, 1};
        std::size_t size = 0;
        unsigned char stamp = 0;
    };

public:
    churn(P& target, layout largest, std::uint64_t seed)
        : target_(target), largest_(largest), random_(seed) {}

    churn(const churn&) = delete;
    churn& operator=(const churn&) = delete;

    /// Releases the block of a random slot, or resizes it where `P` can, or fills the slot.
    /// @return False if a request was refused.
    bool step() {
        live_block& slot = slots_[below(slots_.size())];
        if (slot.at == nullptr) { return fill(slot); }
        if constexpr (resizing_policy<P>) {
            if (below(4) == 0) {
                resize(slot);
                return true;
            }
        }
        release(slot);
        return true;
    }

    /// Releases every block.
    void finish() {
        for (live_block& slot : slots_) {
            if (slot.at != nullptr) { release(slot); }
        }
    }

    /// Requests met.
    [[nodiscard]] int served() const { return served_; }

private:
    std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }

    bool fill(live_block& slot) {
        const auto align_bits = static_cast<std::size_t>(std::bit_width(largest_.align));
        const layout want{1 + below(largest_.size), std::size_t{1} << below(align_bits)};
        const std::size_t size = good_size(target_, want);
        void* const at = request(want, size);
        if (at == nullptr) { return false; }
        ++served_;
        BOOST_TEST_REQUIRE(std::bit_cast<std::uintptr_t>(at) % want.align == 0);
        slot = {static_cast<unsigned char*>(at), want, size, static_cast<unsigned char>(random_())};
        std::memset(at, slot.stamp, size);
        return true;
    }

    void* request(layout want, std::size_t size) {
        if constexpr (zeroing_policy<P>) {
            if (below(2) == 0) {
                auto* const at = static_cast<unsigned char*>(target_.allocate_zeroed(want));
                BOOST_TEST_REQUIRE((at == nullptr || all_are(at, size, 0)));
                return at;
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

    void resize(live_block& slot)
        requires resizing_policy<P>
    {
        const layout want{1 + below(largest_.size), slot.want.align};
        if (!target_.resize(slot.at, legal(slot), want.size)) { return; }
        const std::size_t size = good_size(target_, want);
        BOOST_TEST_REQUIRE(all_are(slot.at, std::min(size, slot.size), slot.stamp));
        std::memset(slot.at, slot.stamp, size);
        slot.want = want;
        slot.size = size;
    }

    void release(live_block& slot) {
        BOOST_TEST_REQUIRE(all_are(slot.at, slot.size, slot.stamp));
        if constexpr (owning_policy<P>) { BOOST_TEST_REQUIRE(target_.owns(slot.at)); }
        const layout given = legal(slot);
        if constexpr (batching_policy<P>) {
            void* const at = slot.at;
            if (below(2) == 0) {
                target_.deallocate_batch(&at, 1, given);
                slot = {};
                return;
            }
        }
        target_.deallocate(slot.at, given);
        slot = {};
    }

    /// Any layout that the block may come back with.
    layout legal(const live_block& slot) {
        return {slot.want.size + below(slot.size - slot.want.size + 1), slot.want.align};
    }

    static bool all_are(const unsigned char* at, std::size_t size, unsigned char value) {
        return at[0] == value && std::memcmp(at, at + 1, size - 1) == 0; // each as the one before
    }

    P& target_;
    layout largest_;
    std::mt19937_64 random_;
    std::array<live_block, 64> slots_{};
    int served_ = 0;
};

} // namespace alloy::test
