// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::rack`: stacks of free blocks for each size class, of one thread.
///
///     tops    [ newest limit | newest limit | ... ]    all that a request looks at
///     slots   [ 0 | p | p | p |   |   |   ]  class 0   what is pointed to is never touched
///             [ 0 | p |   |   |   |   |   ]  class 1
///                   ^ newest            ^ limit
///
/// A stack starts short and doubles its limit whenever it runs out or over, as long as all limits
/// stay within the bytes that the rack may hold; a stack that has come to rest is halved to make
/// room for others.
///
/// A request gets the newest block, still in the processor's cache, until more of its class is out
/// than that holds. From then on `into` leads releases to a stack of their own, which goes upstream
/// whole: so upstream says which is next, and nodes asked for in turn lie side by side (ADR 21).

#include <alloy/core/layout.hpp>
#include <alloy/core/sanitize.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace alloy::inline ALLOY_ABI::detail {

/// Where a stack ends. What lies on it is counted by others, and changed by the rack's thread
/// alone; by builtins, since a std::atomic is called without optimisation.
struct rack_top {
    rack_top() = default;
    constexpr explicit rack_top(void** nothing) noexcept : limit(nothing), newest_(nothing) {}

    /// The newest block's slot; a null lies below the oldest.
    [[nodiscard, gnu::always_inline]] void** newest() const noexcept {
        return __atomic_load_n(&newest_, __ATOMIC_RELAXED);
    }
    [[gnu::always_inline]] void set_newest(void** slot) noexcept {
        __atomic_store_n(&newest_, slot, __ATOMIC_RELAXED);
    }

    /// @return Null if there is none.
    [[nodiscard, gnu::always_inline]] void* pop() noexcept {
        void** const slot = newest();
        void* const block = *slot;
        if (block == nullptr) [[unlikely]] { return nullptr; }
        set_newest(slot - 1);
        return block;
    }

    /// @return False if there is no slot left.
    [[nodiscard, gnu::always_inline]] bool push(void* block) noexcept {
        void** const slot = newest();
        if (slot == limit) [[unlikely]] { return false; }
        slot[1] = block;
        set_newest(slot + 1);
        return true;
    }

    void** limit = nullptr; ///< The last slot.

private:
    void** newest_ = nullptr;
};

/// Puts a batch on a stack, but for its first block: the second is popped next. What finds no room,
/// since upstream's handler released blocks there, goes back. @return How many are there then.
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

/// The tops of a stack for each class, and which one releases go to. By themselves they are a rack
/// without slots: every stack is empty, and full.
template <class Classes>
struct rack_tops {
    constexpr rack_tops() noexcept {
        for (std::size_t i = 0; i < Classes::count; ++i) {
            tops[i] = rack_top(&nothing);
            into[i] = &tops[i];
        }
    }
    rack_tops(const rack_tops&) = delete;
    rack_tops& operator=(const rack_tops&) = delete;

    std::array<rack_top, Classes::count> tops{};
    std::array<rack_top*, Classes::count> into{};
    void* nothing = nullptr;
};

/// The same with slots. A stack has none before open().
template <class Classes, std::size_t Slots>
struct rack_stacks : rack_tops<Classes> {
    /// Blocks on a stack. @threads Any.
    [[nodiscard]] std::size_t count(std::size_t index) const noexcept {
        return slots_to(index, this->tops[index].newest());
    }
    void set_count(std::size_t index, std::size_t count) noexcept {
        this->tops[index].set_newest(slots[index].data() + count);
    }

    /// Blocks that there is room for.
    [[nodiscard]] std::size_t limit(std::size_t index) const noexcept {
        return slots_to(index, this->tops[index].limit);
    }
    void set_limit(std::size_t index, std::size_t limit) noexcept {
        this->tops[index].limit = slots[index].data() + limit;
    }

    void open(std::size_t index, std::size_t limit) noexcept {
        slots[index][0] = nullptr;
        set_count(index, 0);
        set_limit(index, limit);
    }

    /// The blocks of a stack, the oldest first.
    [[nodiscard]] void** blocks(std::size_t index) noexcept { return slots[index].data() + 1; }

    std::array<std::array<void*, Slots + 1>, Classes::count> slots; // a null below each stack
    std::array<std::size_t, Classes::count> seen{};                 // each count at the last look

private:
    std::size_t slots_to(std::size_t index, void* const* slot) const noexcept {
        return slot == &this->nothing ? 0 : static_cast<std::size_t>(slot - slots[index].data());
    }
};

/// @tparam Slots   Blocks of a stack at most.
/// @tparam Bytes   In blocks of all stacks at most; what they start with, at least.
/// @tparam Ordered Bytes of a class that are out above which upstream says which block is next.
/// @threads Its own; others may read counts.
template <class Classes, std::size_t Slots, std::size_t Bytes, std::size_t Ordered>
class rack : public rack_stacks<Classes, Slots> {
    static constexpr std::size_t first_limit = std::min<std::size_t>(4, Slots);
    static constexpr std::uint32_t patience = 64; // batches between two looks for stacks at rest
    static constexpr std::size_t near = 128;      // bytes; it matters less where larger blocks lie

    using stacks = rack_stacks<Classes, Slots>;

public:
    using stacks::into;
    using stacks::tops;

    /// Free blocks of a class. @threads Any.
    [[nodiscard]] std::size_t kept(std::size_t index) const noexcept {
        return this->count(index) + returned_.count(index);
    }

    /// Takes half a stack from upstream, and hands one block of it out. @return Null if upstream is
    /// out, no block of the class waits to go back, and nobody released one meanwhile.
    template <class Upstream>
    [[nodiscard]] void* refill(Upstream&& upstream, std::size_t index) noexcept {
        if (this->limit(index) == 0) { this->open(index, first_limit); }
        const layout block = Classes::at(index);
        std::array<void*, std::min<std::size_t>((Slots + 1) / 2, 512)> fresh;
        const std::size_t n = upstream.allocate_batch(
            block, fresh.data(), std::min((wider(*this, index) + 1) / 2, fresh.size()));
        if (n == 0) { return last_resort(index); }
        const std::size_t before = this->count(index);
        const std::size_t now = pile_up(upstream, {fresh.data(), n}, block, this->blocks(index),
                                        before, this->limit(index));
        this->set_count(index, now);
        out_[index] += static_cast<std::ptrdiff_t>((1 + now - before) * block.size);
        widen(upstream, *this, index); // not before: a request that fails changes nothing
        choose(index);
        return fresh[0];
    }

    /// Makes room in the stack for releases, which is full.
    template <class Upstream>
    void make_room(Upstream&& upstream, std::size_t index) noexcept {
        const bool ordered = is_ordered(index);
        stacks& full = ordered ? returned_ : *this;
        if (full.limit(index) == 0) { return full.open(index, first_limit); }
        widen(upstream, full, index);
        if (full.count(index) == full.limit(index)) {
            flush(upstream, full, index, ordered ? 0 : full.limit(index) / 2);
            choose(index);
        }
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
    [[nodiscard]] bool is_ordered(std::size_t index) const noexcept {
        return into[index] != &tops[index];
    }

    /// Upstream is out: what its handler released here, or what waits to go back. See ADR 19.
    void* last_resort(std::size_t index) noexcept {
        if (this->count(index) == 0) {
            const std::size_t waiting = returned_.count(index);
            const std::size_t some = std::min(waiting, this->limit(index));
            std::copy_n(returned_.blocks(index) + (waiting - some), some, this->blocks(index));
            if (some != 0) { returned_.set_count(index, waiting - some); }
            this->set_count(index, some);
        }
        return tops[index].pop();
    }

    /// Returns the oldest blocks of a stack upstream, but for `keep`. @return Bytes.
    template <class Upstream>
    std::size_t flush(Upstream&& upstream, stacks& from, std::size_t index,
                      std::size_t keep) noexcept {
        const std::size_t count = from.count(index);
        if (count <= keep) { return 0; }
        const std::size_t gone = count - keep;
        const layout block = Classes::at(index);
        void** const oldest = from.blocks(index);
        for (std::size_t i = 0; i < gone; ++i) { unpoison(oldest[i], block.size); }
        upstream.deallocate_batch(oldest, gone, block);
        std::copy(oldest + gone, oldest + count, oldest);
        from.set_count(index, keep);
        out_[index] -= static_cast<std::ptrdiff_t>(gone * block.size);
        return gone * block.size;
    }

    /// From now on upstream says which block of a class is next, or no longer does, once nothing
    /// waits to go back: there is a factor of two between, so that batches do not change it back.
    void choose(std::size_t index) noexcept {
        constexpr auto most = static_cast<std::ptrdiff_t>(std::min(Ordered, unlimited / 2));
        const std::size_t size = Classes::at(index).size;
        const std::ptrdiff_t live = out_[index] - static_cast<std::ptrdiff_t>(kept(index) * size);
        if (is_ordered(index)) {
            if (live <= most / 2 && returned_.count(index) == 0) { into[index] = &tops[index]; }
        } else if (live > most && size <= near) {
            if (returned_.limit(index) == 0) {
                if (granted_ + first_limit * size > Bytes) { return; }
                granted_ += first_limit * size;
                returned_.open(index, first_limit);
            }
            into[index] = &returned_.tops[index];
        }
    }

    /// The limit of a stack that is doubled, if there is room for that.
    [[nodiscard]] std::size_t wider(const stacks& in, std::size_t index) const noexcept {
        const std::size_t limit = in.limit(index);
        const std::size_t wanted = std::min(2 * limit, Slots);
        return granted_ + (wanted - limit) * Classes::at(index).size <= Bytes ? wanted : limit;
    }

    /// Doubles the limit of a stack that has run out or over, if others can make room for it.
    template <class Upstream>
    void widen(Upstream&& upstream, stacks& in, std::size_t index) noexcept {
        if (++batches_ % patience == 0) { narrow(upstream, index); }
        const std::size_t wanted = wider(in, index);
        granted_ += (wanted - in.limit(index)) * Classes::at(index).size;
        in.set_limit(index, wanted);
    }

    /// Halves the stacks that are as they were at the last look, but for the class in use.
    template <class Upstream>
    void narrow(Upstream&& upstream, std::size_t in_use) noexcept {
        for (stacks* each : {static_cast<stacks*>(this), &returned_}) {
            for (std::size_t i = 0; i < Classes::count; ++i) {
                const std::size_t limit = each->limit(i);
                if (i != in_use && each->count(i) == each->seen[i] && limit > first_limit) {
                    flush(upstream, *each, i, limit / 2);
                    granted_ -= (limit - limit / 2) * Classes::at(i).size;
                    each->set_limit(i, limit / 2);
                }
                each->seen[i] = each->count(i);
            }
        }
    }

    stacks returned_; // what was released in classes that are ordered
    std::array<std::ptrdiff_t, Classes::count> out_{}; // bytes that came, less those that went back
    std::size_t granted_ = [] {                        // bytes that the limits add up to
        std::size_t bytes = 0;
        for (std::size_t i = 0; i < Classes::count; ++i) {
            bytes += first_limit * Classes::at(i).size;
        }
        return bytes;
    }();
    std::uint32_t batches_ = 0;
};

} // namespace alloy::inline ALLOY_ABI::detail
