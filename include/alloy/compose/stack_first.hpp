// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::stack_first`: blocks from bytes of its own while they last, then from upstream.
///
///     want --> [ block | block |  free  ]      Bytes, inside the object
///          \-> upstream                        what no longer fits: a spill
///
/// The inline bytes are a `buffer`: the newest block there may grow, shrink and come back; those
/// of an older one stay used.
///
/// Choose it for what is nearly always small and short-lived: the containers of one function call.
/// Avoid it for what lives long: the bytes are not used a second time.

#include <alloy/core/ability.hpp>
#include <alloy/core/fact.hpp>
#include <alloy/core/member.hpp>
#include <alloy/source/buffer.hpp>
#include <alloy/source/new.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// Serves from `Bytes` bytes in place, and from `Upstream` what does not fit. Reached by `ref`.
///
/// @tparam Bytes    Room in the object; alignment and, under AddressSanitizer, gaps come off it.
/// @tparam Upstream null_source for no more than that.
/// @threads None.
template <std::size_t Bytes, policy Upstream = new_source>
class stack_first {
    static_assert(Bytes > 0, "alloy::stack_first: no bytes to serve from first");

public:
    static constexpr std::size_t max_align = Upstream::max_align; ///< Bytes.
    static constexpr std::size_t max_size = std::max(Bytes, max_size_v<Upstream>);

    /// Constructs the upstream in place from `args`; acquires nothing.
    template <class... Args>
        requires std::constructible_from<Upstream, Args...> &&
                 (!std::same_as<std::remove_cvref_t<Args>, stack_first> && ...)
    constexpr explicit(sizeof...(Args) == 1)
        stack_first(Args&&... args) noexcept(std::is_nothrow_constructible_v<Upstream, Args...>)
        : upstream_(std::in_place, std::forward<Args>(args)...) {}

    stack_first(const stack_first&) = delete;
    stack_first& operator=(const stack_first&) = delete;

    /// Ends the blocks in place; what was spilled stays the caller's to release first.
    ~stack_first() = default;

    /// @return A block in place, else of upstream, else null. @complexity O(1) in place.
    [[nodiscard]] void* allocate(layout want) noexcept {
        if (want.align > max_align) [[unlikely]] { return nullptr; }
        void* const at = here_.allocate(want);
        if (at != nullptr) [[likely]] { return at; }
        ++spills_;
        return upstream_.get().allocate(want);
    }

    /// @pre `at` came from allocate() on this object and is still live.
    void deallocate(void* at, layout given) noexcept {
        if (here_.owns(at)) { return here_.deallocate(at, given); }
        upstream_.get().deallocate(at, given);
    }

    /// Within the inline bytes for the newest block there, or where upstream can do it.
    [[nodiscard]] bool resize(void* at, layout given, std::size_t size) noexcept {
        if (here_.owns(at)) { return here_.resize(at, given, size); }
        if constexpr (resizing_policy<Upstream>) { return upstream_.get().resize(at, given, size); }
        return false;
    }

    /// True for a block in place, or one of upstream's.
    [[nodiscard]] bool owns(const void* at) const noexcept
        requires owning_policy<Upstream>
    {
        return here_.owns(at) || upstream_.get().owns(at);
    }

    /// Ends every block, in place and upstream.
    void reset() noexcept
        requires resettable_policy<Upstream>
    {
        here_.reset();
        upstream_.get().reset();
    }

    /// Lets upstream trim. @return Bytes that left it.
    std::size_t trim() noexcept // NOLINT(modernize-use-nodiscard): called for its effect
        requires trimming_policy<Upstream>
    {
        return upstream_.get().trim();
    }

    /// Requests that went upstream, met or not: zero, if `Bytes` was enough.
    [[nodiscard]] std::size_t spills() const noexcept { return spills_; }

private:
    inline_buffer<Bytes> here_;
    std::size_t spills_ = 0;
    [[no_unique_address]] detail::member<Upstream, stack_first> upstream_;
};

static_assert(resizing_policy<stack_first<64>> && !owning_policy<stack_first<64>>);

} // namespace alloy::inline ALLOY_ABI
