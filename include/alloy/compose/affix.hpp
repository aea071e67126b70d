// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::affix`: an object in front of each block, and one behind it.
///
///     | padding | Prefix |  block ...  | Suffix | rest |
///     '----- front ------'                             '-- good_size of upstream
///     ^ from upstream    ^ handed out                  good_size: from there to the suffix
///
/// They are made with the block and end with it. The suffix stands as far back as it can, where it
/// is found again from any size that the block may come back with.
///
/// Choose it to keep what belongs to a block beside it: a count, a tag, a link, a word that tells
/// whether somebody wrote too far. Avoid it for blocks that are aligned to much more than their
/// size: the front is a multiple of the alignment.

#include <alloy/core/layer.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <new>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

namespace detail {

/// What an affix is to the bytes around a block; `void` is none.
template <class T>
struct affixed {
    static constexpr layout room = layout_of<T>;
    static constexpr bool safe =
        std::is_nothrow_default_constructible_v<T> && std::is_nothrow_destructible_v<T>;
    static constexpr bool movable = std::is_nothrow_move_constructible_v<T>;
};
template <>
struct affixed<void> {
    static constexpr layout room{0, 1};
    static constexpr bool safe = true;
    static constexpr bool movable = true;
};

/// The `T` that was made at `at`.
template <class T>
[[nodiscard]] T& object_at(void* at) noexcept {
    return *std::launder(static_cast<T*>(at));
}

} // namespace detail

/// Puts a `Prefix` in front of each block of `Upstream`, and a `Suffix` behind it. They are
/// value-initialised.
///
/// There are no batches, whose addresses belong to the caller and cannot be moved back; no reset()
/// and no rewind(), which would end blocks without their affixes; and no owns() below a prefix: an
/// address does not tell where the front begins, which is as long as the alignment.
///
/// @tparam Upstream Where blocks and their affixes come from.
/// @tparam Prefix   Nothrow default-constructible and destructible; `void` for none.
/// @tparam Suffix   The same; resize() is there only if it can be moved without an exception.
/// @threads As `Upstream`.
/// @source  The AffixAllocator of A. Alexandrescu, "std::allocator is to allocation what
///          std::vector is to vexation", CppCon 2015.
template <policy Upstream, class Prefix, class Suffix = void>
class affix : public detail::layer<affix<Upstream, Prefix, Suffix>, Upstream> {
    using before = detail::affixed<Prefix>;
    using behind = detail::affixed<Suffix>;
    static constexpr bool has_prefix = !std::is_void_v<Prefix>;
    static constexpr bool has_suffix = !std::is_void_v<Suffix>;
    static_assert(has_prefix || has_suffix, "alloy::affix: neither a Prefix nor a Suffix");
    static_assert(before::safe,
                  "alloy::affix: a Prefix must be made and destroyed without throwing");
    static_assert(behind::safe,
                  "alloy::affix: a Suffix must be made and destroyed without throwing");
    static_assert(std::max(before::room.align, behind::room.align) <= Upstream::max_align,
                  "alloy::affix: Upstream cannot align the Prefix or the Suffix");
    static_assert(before::room.size + behind::room.size < max_size_v<Upstream>,
                  "alloy::affix: Upstream has no room for a Prefix and a Suffix");
    friend detail::forwarding<affix, Upstream>;

public:
    using detail::layer<affix, Upstream>::layer;

    static constexpr std::size_t max_size =
        max_size_v<Upstream> - before::room.size - behind::room.size;

    void allocate_batch() = delete;
    void deallocate_batch() = delete;
    void usable_size() = delete;
    void reset() = delete;
    void mark() = delete;
    void rewind() = delete;

    /// Bytes from the block to its suffix.
    [[nodiscard]] constexpr std::size_t good_size(layout want) const noexcept {
        // A block of this size asks upstream for at least what `want` does, and at most for the
        // good_size of that. Upstream's answer is therefore the same, and so is the suffix's place;
        // for any size in between too.
        const layout whole = whole_for(want);
        return whole.size == unlimited ? want.size : end_of(whole) - front_for(want.align);
    }

    /// True for every block that starts where upstream's does.
    [[nodiscard]] bool owns(const void* at) const noexcept
        requires(owning_policy<Upstream> && !has_prefix)
    {
        return this->upstream().owns(at);
    }

    /// Grows or shrinks a block where it is, if upstream can; its suffix moves.
    [[nodiscard]] bool resize(void* at, layout given, std::size_t size) const noexcept
        requires(resizing_policy<Upstream> && behind::movable)
    {
        const layout old = whole_for(given);
        const layout now = whole_for({size, given.align});
        std::byte* const whole = static_cast<std::byte*>(at) - front_for(given.align);
        const auto resized = [&] { return this->upstream().resize(whole, old, now.size); };
        if constexpr (has_suffix) {
            // Out of the way before upstream cuts its bytes off, and not yet where the block ends.
            Suffix& there = suffix_of(at, given);
            Suffix kept(std::move(there));
            there.~Suffix();
            const bool done = resized();
            ::new (static_cast<void*>(whole + end_of(done ? now : old))) Suffix(std::move(kept));
            return done;
        } else {
            return resized();
        }
    }

    /// The prefix of the live block at `at`. @complexity O(1).
    [[nodiscard]] static auto& prefix_of(void* at) noexcept
        requires has_prefix
    {
        return detail::object_at<Prefix>(static_cast<std::byte*>(at) - sizeof(Prefix));
    }

    /// The suffix of the live block at `at`, which was asked for with `given.align` and any size
    /// from what was asked to good_size. @complexity O(1).
    [[nodiscard]] auto& suffix_of(void* at, layout given) const noexcept
        requires has_suffix
    {
        std::byte* const whole = static_cast<std::byte*>(at) - front_for(given.align);
        return detail::object_at<Suffix>(whole + end_of(whole_for(given)));
    }

private:
    /// Bytes in front of a block: the prefix, at their end, and what keeps the block aligned. A
    /// multiple of the prefix's alignment too, since its size is one.
    static constexpr std::size_t front_for(std::size_t align) noexcept {
        return detail::round_up(before::room.size, align);
    }

    /// Where a block ends at the latest, so that behind it the suffix has room in `bytes`.
    static constexpr std::size_t end_in(std::size_t bytes) noexcept {
        return (bytes - behind::room.size) & ~(behind::room.align - 1);
    }

    /// What to ask upstream; for what it has no room for, what nobody can serve.
    static constexpr layout whole_for(layout asked) noexcept {
        constexpr std::size_t last = end_in(max_size_v<Upstream>);
        const std::size_t front = front_for(asked.align);
        const std::size_t align = std::max({asked.align, before::room.align, behind::room.align});
        if (asked.align > Upstream::max_align || front > last || asked.size > last - front)
            [[unlikely]] {
            return {unlimited, align};
        }
        const std::size_t end = detail::round_up(front + asked.size, behind::room.align);
        return {end + behind::room.size, align};
    }

    /// Where a block in `whole` ends and its suffix begins, in bytes from the start of `whole`.
    [[nodiscard]] constexpr std::size_t end_of(layout whole) const noexcept {
        return end_in(std::min(alloy::good_size(this->upstream(), whole), max_size_v<Upstream>));
    }

    template <class Op>
        requires std::same_as<Op, op::allocate> || std::same_as<Op, op::allocate_zeroed>
    [[nodiscard]] void* forward(const Op& asked) const noexcept {
        const layout want = whole_for(asked.want);
        auto* const whole = static_cast<std::byte*>(Op{want}(this->upstream()));
        if (whole == nullptr) [[unlikely]] { return nullptr; }
        std::byte* const at = whole + front_for(asked.want.align);
        if constexpr (has_prefix) { ::new (static_cast<void*>(at - sizeof(Prefix))) Prefix(); }
        if constexpr (has_suffix) { ::new (static_cast<void*>(whole + end_of(want))) Suffix(); }
        return at;
    }

    void forward(const op::deallocate& asked) const noexcept {
        if constexpr (has_suffix) { suffix_of(asked.at, asked.given).~Suffix(); }
        if constexpr (has_prefix) { prefix_of(asked.at).~Prefix(); }
        void* const whole = static_cast<std::byte*>(asked.at) - front_for(asked.given.align);
        this->upstream().deallocate(whole, whole_for(asked.given));
    }

    template <class Op>
    decltype(auto) forward(const Op& asked) const noexcept {
        return asked(this->upstream());
    }
};

} // namespace alloy::inline ALLOY_ABI
