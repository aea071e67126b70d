// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::rack`: a stack of free blocks for each size class, of one thread.
///
///     tops    [ count limit | count limit | ... ]     all that a hit looks at
///     slots   [ p | p | p |   |   |   ]  class 0      what is pointed to is never touched
///             [ p |   |   |   |   |   ]  class 1
///                ^ count        ^ limit
///
/// A stack starts short and doubles its limit whenever it runs out or over, as long as all limits
/// stay within the bytes that the rack may hold; a stack that has come to rest is halved to make
/// room for others.

#include <alloy/core/layout.hpp>
#include <alloy/core/sanitize.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace alloy::inline ALLOY_ABI::detail {

/// The fill of one stack. The count is read by others, and written by the rack's thread alone; by
/// builtins, since a std::atomic is called without optimisation.
struct rack_top {
    [[nodiscard, gnu::always_inline]] std::uint32_t count() const noexcept {
        return __atomic_load_n(&count_, __ATOMIC_RELAXED);
    }
    [[gnu::always_inline]] void set_count(std::uint32_t count) noexcept {
        __atomic_store_n(&count_, count, __ATOMIC_RELAXED);
    }

    std::uint32_t limit = 0;

private:
    std::uint32_t count_ = 0;
};

/// Puts a batch on a stack, but for its first block: the second is popped next. There is too little
/// room up to `limit` only if upstream's handler released blocks there; what is left goes back.
/// @return How many are on the stack then.
template <class Upstream>
std::size_t pile_up(Upstream&& upstream, std::span<void* const> batch, layout block, void** stack,
                    std::size_t count, std::size_t limit) noexcept {
    const std::size_t more = std::min(batch.size() - 1, limit - count);
    for (std::size_t i = more; i > 0; --i) {
        poison(batch[i], block.size);
        stack[count++] = batch[i];
    }
    const std::span<void* const> rest = batch.subspan(1 + more);
    if (!rest.empty()) [[unlikely]] { upstream.deallocate_batch(rest.data(), rest.size(), block); }
    poison(batch[0], block.size);
    return count;
}

/// The tops of the stacks of all classes, and which of a rack's two a release pushes to. By
/// themselves they are a rack without slots: every stack is empty, and full.
template <class Classes>
struct rack_tops {
    constexpr rack_tops() noexcept { into.fill(this); }

    std::array<rack_top, Classes::count> tops{};
    std::array<rack_tops*, Classes::count> into;
};

/// A stack for each class.
template <class Classes, std::uint32_t Slots>
struct rack_stacks : rack_tops<Classes> {
    std::array<std::array<void*, Slots>, Classes::count> slots; // what lies below each count
};

/// @tparam Slots Blocks of a stack at most.
/// @tparam Bytes In blocks of all stacks at most; what they start with, at least.
/// @threads Its own; others may read counts.
template <class Classes, std::uint32_t Slots, std::size_t Bytes, std::size_t Ordered>
class rack : public rack_stacks<Classes, Slots> {
    static constexpr std::uint32_t first_limit = std::min<std::uint32_t>(4, Slots);
    static constexpr std::uint32_t patience = 64; // batches between two looks for stacks at rest
    static constexpr std::size_t ordered_size = 128; // neighbours of that size share lines

public:
    using stacks = rack_stacks<Classes, Slots>;
    using stacks::into;
    using stacks::slots;
    using stacks::tops;

    rack() noexcept {
        for (std::size_t i = 0; i < Classes::count; ++i) {
            tops[i].limit = first_limit;
            granted_ += first_limit * Classes::at(i).size;
        }
    }

    rack(const rack&) = delete;
    rack& operator=(const rack&) = delete;
    ~rack() = default;

    /// Free blocks of a class.
    [[nodiscard]] std::size_t kept(std::size_t index) const noexcept {
        return tops[index].count() + returned_.tops[index].count();
    }

    /// Takes half a stack from upstream, and hands one block of it out. @return Null if upstream is
    /// out, and nobody released a block of the class meanwhile.
    template <class Upstream>
    [[nodiscard]] void* refill(Upstream&& upstream, std::size_t index) noexcept {
        const layout block = Classes::at(index);
        std::array<void*, (Slots + 1) / 2> fresh;
        const std::size_t n =
            upstream.allocate_batch(block, fresh.data(), (wider(*this, index) + 1) / 2);
        rack_top& top = tops[index];
        if (n == 0) { return last_resort(index); }
        live_[index] += static_cast<std::ptrdiff_t>(n);
        const std::size_t count = pile_up(upstream, {fresh.data(), n}, block, slots[index].data(), top.count(), top.limit);
        top.set_count(static_cast<std::uint32_t>(count));
        widen(upstream, *this, index); // not before: a request that fails changes nothing
        choose(upstream, index);
        return fresh[0];
    }

    /// Makes room in a stack that is full.
    template <class Upstream>
    void make_room(Upstream&& upstream, std::size_t index) noexcept {
        stacks& full = static_cast<stacks&>(*into[index]);
        widen(upstream, full, index);
        rack_top& top = full.tops[index];
        if (top.count() == top.limit) {
            flush(upstream, full, index, &full == this ? top.limit / 2 : 0);
            choose(upstream, index);
        }
    }

    /// Returns the oldest blocks of a stack upstream, but for `keep`. @return Bytes.
    template <class Upstream>
    std::size_t flush(Upstream&& upstream, stacks& from, std::size_t index, std::uint32_t keep) noexcept {
        const std::uint32_t count = from.tops[index].count();
        if (count <= keep) { return 0; }
        const std::uint32_t gone = count - keep;
        const layout block = Classes::at(index);
        void** const stack = from.slots[index].data();
        for (std::uint32_t i = 0; i < gone; ++i) { unpoison(stack[i], block.size); }
        upstream.deallocate_batch(stack, gone, block);
        std::copy(stack + gone, stack + count, stack);
        from.tops[index].set_count(keep);
        live_[index] -= static_cast<std::ptrdiff_t>(gone);
        return gone * block.size;
    }

    /// Returns every block upstream. @return Bytes.
    template <class Upstream>
    std::size_t flush_all(Upstream&& upstream) noexcept {
        std::size_t bytes = 0;
        for (std::size_t i = 0; i < Classes::count; ++i) {
            bytes += flush(upstream, *this, i, 0) + flush(upstream, returned_, i, 0);
        }
        return bytes;
    }

private:
    void* last_resort(std::size_t index) noexcept {
        stacks& any = tops[index].count() != 0 ? *this : returned_;
        rack_top& top = any.tops[index];
        if (top.count() == 0) { return nullptr; }
        top.set_count(top.count() - 1); // what upstream's handler released, or waits to go there
        return any.slots[index][top.count()];
    }

    template <class Upstream>
    void choose(Upstream&& upstream, std::size_t index) noexcept {
        const layout block = Classes::at(index);
        if (block.size > ordered_size) { return; }
        const std::ptrdiff_t bytes = live_[index] * static_cast<std::ptrdiff_t>(block.size);
        if (into[index] == this) {
            if (bytes > static_cast<std::ptrdiff_t>(Ordered)) {
                into[index] = &returned_;
                if (returned_.tops[index].limit == 0) {
                    returned_.tops[index].limit = first_limit;
                    granted_ += first_limit * block.size;
                }
            }
        } else if (2 * bytes < static_cast<std::ptrdiff_t>(Ordered)) {
            into[index] = this;
            flush(upstream, returned_, index, 0);
        }
    }

    /// The limit of a stack that is doubled, if there is room for that.
    [[nodiscard]] std::uint32_t wider(const stacks& of, std::size_t index) const noexcept {
        const std::uint32_t limit = of.tops[index].limit;
        const std::uint32_t wanted = std::min(2 * limit, Slots);
        return granted_ + (wanted - limit) * Classes::at(index).size <= Bytes ? wanted : limit;
    }

    /// Doubles the limit of a stack that has run out or over, if others can make room for it.
    template <class Upstream>
    void widen(Upstream&& upstream, stacks& of, std::size_t index) noexcept {
        std::uint32_t& limit = of.tops[index].limit;
        if (++batches_ % patience == 0) { narrow(upstream, index); }
        const std::uint32_t wanted = wider(of, index);
        granted_ += (wanted - limit) * Classes::at(index).size;
        limit = wanted;
    }

    /// Halves the stacks that are as they were at the last look, but for the one in use.
    template <class Upstream>
    void narrow(Upstream&& upstream, std::size_t in_use) noexcept {
        for (std::size_t i = 0; i < Classes::count; ++i) {
            rack_top& top = tops[i];
            if (i != in_use && top.count() == seen_[i] && top.limit > first_limit) {
                const std::uint32_t half = top.limit / 2;
                flush(upstream, *this, i, half);
                granted_ -= (top.limit - half) * Classes::at(i).size;
                top.limit = half;
            }
            seen_[i] = top.count();
        }
    }

    std::array<std::uint32_t, Classes::count> seen_{}; // each count at the last look
    std::array<std::ptrdiff_t, Classes::count> live_{}; // blocks that came, but for those that went
    std::size_t granted_ = 0;                          // bytes that the limits add up to
    std::uint32_t batches_ = 0;
    stacks returned_;
};

} // namespace alloy::inline ALLOY_ABI::detail
