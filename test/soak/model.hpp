// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::test::model`: random operations on a policy beside a model of what must be true.
///
///     slots_   [ A | - | B | C | - | ... ]          each empty or a live block, filled with a
///     stamp taken_   1110011100...                         a bit a byte: nobody gets one twice
///
/// The nth operation follows from the seed and n alone, and from which slots are empty. So any
/// selection of operations is a run too, and a run that fails can be made short.

#include "byte_map.hpp"
#include "soak.hpp"
#include "stamped_block.hpp"

#include <alloy/check/churn.hpp>
#include <alloy/core/ability.hpp>
#include <alloy/core/fact.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace alloy::test {

/// What became of an operation: it was done, or null, or a resize that could not be.
enum class result : unsigned char { done, refused, declined };

/// A policy beside its model. A law that is broken ends the process: run it in_child().
template <class Exhibit>
class model {
    using P = typename Exhibit::policy;
    using block = stamped_block;

public:
    model(P& target, std::uint64_t seed, bool loud = false)
        : target_(target), seed_(seed), step_(noted().step), loud_(loud) {}
    model(const model&) = delete;
    model& operator=(const model&) = delete;

    /// Upstream refuses from now on, or no more: then null is an answer.
    void may_be_refused(bool may) { may_be_refused_ = may; }

    /// The nth operation.
    result step(std::uint64_t n) {
        step_ = n;
        dice random(seed_, n);
        const std::size_t rare = random.below(16'384);
        if (rare < 16) { return something_rare(rare, random); }
        if constexpr (resettable_policy<P>) {
            if (rare < 80) { return reset(); }
        }
        if constexpr (marking_policy<P>) {
            if (rare < 160) { return episode(random); }
        }
        const std::size_t index = random.below(slots_.size());
        block& slot = slots_[index];
        if (slot.at == nullptr) { return take(index, random); }
        if constexpr (resizing_policy<P>) {
            if (random.below(8) == 0) { return resize(slot, random); }
        }
        return release(index, random);
    }

    /// Releases a block that the operation in hand is not about, as a handler may that it calls.
    void release_another(std::uint64_t n) {
        dice random(seed_, ~n);
        const std::size_t index = random.below(slots_.size());
        if (slots_[index].at != nullptr && !in_hand(index) && !in_episode_) {
            release(index, random);
        }
    }

    /// Takes a block that the operation in hand is not about, as a handler may that it calls.
    void take_another(std::uint64_t n) {
        dice random(seed_, ~n);
        const std::size_t index = random.below(slots_.size());
        if (slots_[index].at == nullptr && !in_hand(index) && !in_episode_) { take(index, random); }
    }

    /// Verifies every live block.
    void verify() {
        for (const block& each : slots_) {
            if (each.at != nullptr) { verify(each, each.size); }
        }
    }

    /// Releases every block; then there is room for another.
    void finish() {
        dice random(seed_);
        for (std::size_t i = 0; i < slots_.size(); ++i) {
            if (slots_[i].at != nullptr) { release(i, random); }
        }
        const layout least{1, 1};
        void* const at = target_.allocate(least);
        expect(at != nullptr || may_be_refused_, "refused by one that is empty", {nullptr, least});
        if (at != nullptr) { target_.deallocate(at, least); }
    }

private:
    void expect(bool holds, const char* law, const block& of) {
        if (holds) [[likely]] { return; }
        std::fprintf(stderr, "%s: step %llu, a block for {%zu, %zu}, usable %zu, at %p\n", law,
                     static_cast<unsigned long long>(step_), of.want.size, of.want.align, of.size,
                     static_cast<void*>(of.at));
        std::_Exit(1);
    }

    void say(const char* what, std::size_t index, layout of, std::size_t n = 1) const {
        if (!loud_) [[likely]] { return; }
        std::fprintf(stderr, "  step %llu: %s {%zu, %zu}, slot %zu, %zu blocks\n",
                     static_cast<unsigned long long>(step_), what, of.size, of.align, index, n);
    }

    result something_rare(std::size_t which, dice& random) {
        if (which < 4) {
            if constexpr (trimming_policy<P>) {
                say("trim", 0, {});
                target_.trim(); // no live block may notice
            }
        } else if (which < 8) {
            const layout never{any_size + 1 + random.below(100), 1};
            expect(target_.allocate(never) == nullptr, "impossible size", {nullptr, never});
            if constexpr (P::max_align < any_align) {
                const layout stronger{1, 2 * P::max_align};
                expect(target_.allocate(stronger) == nullptr, "impossible alignment",
                       {nullptr, stronger});
            }
        } else if (which < 12) {
            if constexpr (owning_policy<P>) {
                expect(!target_.owns(this), "owns a stranger's", {});
            }
        } else if (which == 12) {
            finish();
        }
        return result::done;
    }

    /// What an operation is about, from one slot up to another: nobody else's while upstream is
    /// asked.
    struct slots {
        std::size_t from = 0;
        std::size_t to = 0;
    };
    [[nodiscard]] bool in_hand(std::size_t index) const {
        return index >= in_hand_.from && index < in_hand_.to;
    }

    layout draw(dice& random) {
        constexpr layout largest = Exhibit::largest;
        constexpr std::array usual{std::min<std::size_t>(64, largest.size),
                                   std::min<std::size_t>(256, largest.size), largest.size};
        const std::size_t kind = random.below(64);
        const std::size_t most = usual[kind % 16 < 12 ? 0 : kind % 16 < 15 ? 1 : 2];
        constexpr auto aligns = static_cast<std::size_t>(std::bit_width(largest.align));
        const std::size_t bits =
            random.below(kind < 56 ? std::min<std::size_t>(aligns, 5) : aligns);
        return {1 + random.below(most), std::size_t{1} << bits};
    }

    result take(std::size_t index, dice& random) {
        const layout want = draw(random);
        const std::size_t size = good_size(target_, want);
        bool zero = zero_fresh_v<P>;
        if constexpr (batching_policy<P>) {
            if (random.below(8) == 0) { return take_batch(index, want, size, random); }
        }
        const slots before = std::exchange(in_hand_, {index, index + 1});
        void* at = nullptr;
        if (zeroing_policy<P> && random.below(4) == 0) {
            if constexpr (zeroing_policy<P>) {
                say("allocate_zeroed", index, want);
                at = target_.allocate_zeroed(want);
                zero = true;
            }
        } else {
            say("allocate", index, want);
            at = target_.allocate(want);
        }
        in_hand_ = before;
        return adopt(slots_[index], at, want, size, zero, random);
    }

    result take_batch(std::size_t index, layout want, std::size_t size, dice& random)
        requires batching_policy<P>
    {
        std::array<void*, 8> out{};
        std::array<block*, 8> into{};
        std::size_t n = 0;
        for (std::size_t i = index; i < std::min(index + out.size(), slots_.size()); ++i) {
            if (slots_[i].at == nullptr && !in_hand(i)) { into[n++] = &slots_[i]; }
        }
        say("allocate_batch", index, want, n);
        const slots before = std::exchange(in_hand_, {index, index + out.size()});
        const std::size_t done = target_.allocate_batch(want, out.data(), n);
        in_hand_ = before;
        expect(done <= n, "a batch too large", {nullptr, want});
        result all = result::done;
        for (std::size_t i = 0; i < n; ++i) {
            all = adopt(*into[i], i < done ? out[i] : nullptr, want, size, zero_fresh_v<P>, random);
            if (i == done) { break; }
        }
        return done == 0 ? all : result::done;
    }

    result adopt(block& slot, void* at, layout want, std::size_t size, bool zero, dice& random) {
        const block fresh{static_cast<unsigned char*>(at), want, size,
                          static_cast<unsigned char>(1 + random.below(255))};
        if (at == nullptr) {
            expect(Exhibit::bounded || may_be_refused_, "refused", fresh);
            return result::refused;
        }
        expect(detail::is_aligned(at, want.align), "misaligned", fresh);
        expect(taken_.claim(at, size), "overlaps a live block", fresh);
        if (zero) { expect(detail::all_are(fresh.at, size, 0), "not zeroed", fresh); }
        fill(slot = fresh);
        return result::done;
    }

    void fill(const block& of) {
        of.fill();
        if constexpr (measuring_policy<P>) {
            expect(target_.usable_size(of.at) == of.size, "usable_size is not good_size", of);
        }
    }

    void verify(const block& of, std::size_t bytes) {
        expect(of.holds(bytes), "written by somebody else", of);
    }
    result resize(block& slot, dice& random)
        requires resizing_policy<P>
    {
        const layout want{draw(random).size, slot.want.align};
        const std::size_t size = good_size(target_, want);
        const auto index = static_cast<std::size_t>(&slot - slots_.data());
        say("resize to", index, want);
        in_hand_ = {index, index + 1};
        const bool done = target_.resize(slot.at, slot.legal(random), want.size);
        in_hand_ = {};
        if (!done) {
            verify(slot, slot.size);
            return result::declined;
        }
        verify(slot, std::min(size, slot.size));
        taken_.vacate(slot.at, slot.size);
        slot.want = want;
        slot.size = size;
        expect(taken_.claim(slot.at, size), "grew into a live block", slot);
        fill(slot);
        return result::done;
    }

    result release(std::size_t index, dice& random) {
        const layout want = slots_[index].want;
        const layout given = slots_[index].legal(random);
        std::array<void*, 8> in{};
        std::size_t n = 1;
        in[0] = forget(slots_[index]);
        if constexpr (batching_policy<P>) {
            if (random.below(8) == 0) {
                const std::size_t end = std::min(index + in.size(), slots_.size());
                for (std::size_t i = index + 1; i < end; ++i) {
                    if (slots_[i].at != nullptr && slots_[i].want == want && !in_hand(i)) {
                        in[n++] = forget(slots_[i]);
                    }
                }
                say("deallocate_batch", index, given, n);
                target_.deallocate_batch(in.data(), n, given);
                return result::done;
            }
        }
        say("deallocate", index, given);
        target_.deallocate(in[0], given);
        return result::done;
    }

    void* forget(block& slot) {
        verify(slot, slot.size);
        if constexpr (owning_policy<P>) { expect(target_.owns(slot.at), "owns not its own", slot); }
        taken_.vacate(slot.at, slot.size);
        return std::exchange(slot, {}).at;
    }

    result reset()
        requires resettable_policy<P>
    {
        say("reset", 0, {});
        for (block& each : slots_) {
            if (each.at != nullptr) { forget(each); }
        }
        target_.reset();
        return result::done;
    }

    /// A mark, some blocks, and back again.
    result episode(dice& random)
        requires marking_policy<P>
    {
        say("mark, eight blocks, rewind", 0, {});
        const auto then = target_.mark();
        in_episode_ = true; // nothing older may end in it
        std::array<block, 8> young{};
        result any = result::refused;
        for (block& each : young) {
            const layout want = draw(random);
            void* const at = target_.allocate(want);
            const std::size_t size = good_size(target_, want);
            const result one = adopt(each, at, want, size, zero_fresh_v<P>, random);
            if (one == result::done) { any = one; }
        }
        for (block& each : young) {
            if (each.at != nullptr) { forget(each); }
        }
        target_.rewind(then);
        in_episode_ = false;
        return any;
    }

    P& target_;
    std::uint64_t seed_;
    volatile std::uint64_t& step_;
    bool loud_;
    bool may_be_refused_ = false;
    bool in_episode_ = false;
    slots in_hand_;
    std::array<block, 128> slots_{};
    byte_map taken_;
};

} // namespace alloy::test
