// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::slots`: numbered places of one layout, each with a count of its uses.
///
///     chunks_[0]  [ 1 | 2 | 5 | 0 ]  [ used |      | used |      ]
///     chunks_[1]  [ 3 | 4 | 1 | 0 | ...  ]  [ used |      | used |      | ...  ]   twice as many
///                 '- generations -'  '---------- slots ---------'
///
/// A slot's generation counts up when it becomes live and again when it is vacated: odd is live.
/// Chunks double, so that the highest bit of an index tells the chunk, and the rest the slot. A
/// chunk that was given back leaves its highest generation behind, where its successor goes on.

#include <alloy/core/bits.hpp>
#include <alloy/core/exact.hpp>
#include <alloy/core/fail.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/core/sanitize.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <new>
#include <utility>

namespace alloy::inline ALLOY_ABI::detail {

/// Slots of layout `Slot` in chunks of `Handle`; each is retired after `Lives` uses.
/// @source A. Brodnik et al., "Resizable Arrays in Optimal Time and Space", WADS 1999.
template <layout Slot, std::uint32_t Lives, handle_policy Handle>
class slots {
    struct state {
        std::uint32_t generation;
        std::uint32_t next; // the free slot after this one, while this one is free
    };
    struct chunk {
        state* states = nullptr;    // the start of its block, or null
        std::uint32_t youngest = 0; // no slot that it had was older
    };
    struct place {
        std::size_t chunk;
        std::size_t slot;
    };

public:
    /// No index of a slot.
    static constexpr std::uint32_t none = UINT32_MAX;

    constexpr explicit slots(const Handle& handle) noexcept : handle_(handle) {}
    slots(const slots&) = delete;
    slots& operator=(const slots&) = delete;

    /// Gives every chunk back. @pre No slot is in use.
    ~slots() {
        for (std::size_t i = 0; i < most_chunks; ++i) {
            if (chunks_[i].states != nullptr) { release(i); }
        }
    }

    [[nodiscard]] constexpr const Handle& handle() const noexcept { return handle_; }

    /// Slots that are live.
    [[nodiscard]] std::size_t size() const noexcept { return size_; }

    /// A free slot, open for use but not live. @throws std::bad_alloc.
    [[nodiscard]] std::uint32_t take() {
        while (free_ == none) [[unlikely]] { add_chunk(); }
        const std::uint32_t index = free_;
        free_ = state_of(index).next;
        unpoison(at(index), Slot.size);
        ++open_;
        return index;
    }

    /// Makes a slot live that take() gave.
    void settle(std::uint32_t index) noexcept {
        ++state_of(index).generation;
        ++size_;
        --open_;
    }

    /// Makes a live slot dead; it stays open for use until give().
    void unsettle(std::uint32_t index) noexcept {
        ++state_of(index).generation;
        --size_;
        ++open_;
    }

    /// Takes back a slot that is open and not live.
    void give(std::uint32_t index) noexcept {
        take_back(nullptr, at(index), Slot.size);
        set_free(index);
        --open_;
    }

    [[nodiscard]] void* at(std::uint32_t index) const noexcept {
        const place where = place_of(index);
        return start_of(where.chunk) + where.slot * stride;
    }

    /// How often the slot became live or dead; zero for what is no slot.
    [[nodiscard]] std::uint32_t generation(std::uint32_t index) const noexcept {
        const place where = place_of(index);
        const state* const states = chunks_[where.chunk].states;
        return states == nullptr ? 0 : states[where.slot].generation;
    }

    [[nodiscard]] bool is_live(std::uint32_t index) const noexcept {
        return generation(index) % 2 != 0;
    }

    /// The index of the slot that starts at `at`, or none. @complexity O(1) expected: there are at
    /// most 32 chunks, and the largest is searched first.
    [[nodiscard]] std::uint32_t find(const void* at) const noexcept {
        for (std::size_t i = most_chunks; i-- > 0;) {
            if (chunks_[i].states == nullptr) { continue; }
            const std::size_t offset = address(at) - address(start_of(i));
            if (offset >= count(i) * stride) { continue; }
            return offset % stride == 0 ? index_of({i, offset / stride}) : none;
        }
        return none;
    }

    /// The first live slot from number `from` on, or none. @complexity O(slots passed over).
    [[nodiscard]] std::uint32_t next_live(std::size_t from) const noexcept {
        for (place at = place_of(from); at.chunk < most_chunks; at = {at.chunk + 1, 0}) {
            const state* const states = chunks_[at.chunk].states;
            if (states == nullptr) { continue; }
            for (; at.slot < count(at.chunk); ++at.slot) {
                if (states[at.slot].generation % 2 != 0) { return index_of(at); }
            }
        }
        return none;
    }

    /// Gives the chunks back that have no slot in use and none retired, and sorts the free slots.
    /// @return Their bytes; none while a slot is open for use. @complexity O(slots).
    std::size_t trim() noexcept {
        if (open_ != 0) { return 0; }
        std::size_t bytes = 0;
        free_ = none;
        for (std::size_t i = most_chunks; i-- > 0;) {
            const state* const states = chunks_[i].states;
            if (states == nullptr) { continue; }
            const auto keeps = [](const state& of) {
                return of.generation % 2 != 0 || of.generation == retired;
            };
            if (std::none_of(states, states + count(i), keeps)) {
                bytes += release(i);
                continue;
            }
            for (std::size_t slot = count(i); slot-- > 0;) {
                if (!keeps(states[slot])) { set_free(index_of({i, slot})); }
            }
        }
        return bytes;
    }

private:
    static constexpr std::uint32_t retired = 2 * Lives;
    static constexpr std::size_t align = std::max(Slot.align, alignof(state));
    static constexpr std::size_t stride = round_up(Slot.size + redzone, Slot.align);
    static constexpr std::size_t first =
        std::bit_floor(std::max<std::size_t>(4096 / (stride + sizeof(state)), 1));
    static constexpr std::size_t most_chunks = 33 - std::size_t{std::bit_width(first)};

    static constexpr std::size_t count(std::size_t i) noexcept { return first << i; }
    static constexpr std::size_t header(std::size_t i) noexcept {
        return round_up(count(i) * sizeof(state), align);
    }
    static constexpr layout layout_of_chunk(std::size_t i) noexcept {
        if (count(i) > (any_size - header(i)) / stride) { return {unlimited, align}; }
        return {header(i) + count(i) * stride, align};
    }

    static constexpr place place_of(std::size_t index) noexcept {
        const std::size_t nth = index + first;
        const auto i = static_cast<std::size_t>(std::bit_width(nth) - std::bit_width(first));
        return {i, nth - count(i)};
    }
    static constexpr std::uint32_t index_of(place at) noexcept {
        return static_cast<std::uint32_t>(count(at.chunk) + at.slot - first);
    }

    [[nodiscard]] state& state_of(std::uint32_t index) const noexcept {
        const place where = place_of(index);
        return chunks_[where.chunk].states[where.slot];
    }
    [[nodiscard]] std::byte* start_of(std::size_t i) const noexcept {
        return reinterpret_cast<std::byte*>(chunks_[i].states) + header(i);
    }

    void set_free(std::uint32_t index) noexcept {
        state& vacant = state_of(index);
        if (vacant.generation != retired) { vacant.next = std::exchange(free_, index); }
    }

    [[gnu::noinline, gnu::cold]] void add_chunk() {
        std::size_t i = 0;
        while (chunks_[i].states != nullptr) { ++i; }
        if (i == most_chunks) { fail_bad_alloc(); }
        void* const fresh = detail::take(handle_, layout_of_chunk(i));
        if (chunks_[i].states != nullptr) { // its handler came back
            return give_back(handle_, fresh, layout_of_chunk(i));
        }
        chunks_[i].states = static_cast<state*>(fresh);
        for (std::size_t slot = count(i); slot-- > 0;) {
            ::new (chunks_[i].states + slot) state{chunks_[i].youngest, none};
            set_free(index_of({i, slot}));
        }
        poison(start_of(i), count(i) * stride);
    }

    std::size_t release(std::size_t i) noexcept {
        chunk& gone = chunks_[i];
        for (std::size_t slot = 0; slot < count(i); ++slot) {
            gone.youngest = std::max(gone.youngest, gone.states[slot].generation);
        }
        unpoison(start_of(i), count(i) * stride);
        give_back(handle_, std::exchange(gone.states, nullptr), layout_of_chunk(i));
        return layout_of_chunk(i).size;
    }

    [[no_unique_address]] Handle handle_;
    std::array<chunk, most_chunks + 1> chunks_{}; // the last stays null, for the index of nobody
    std::uint32_t free_ = none;
    std::size_t size_ = 0;
    std::size_t open_ = 0; // taken and not live yet, or not live and not given yet
};

} // namespace alloy::inline ALLOY_ABI::detail
