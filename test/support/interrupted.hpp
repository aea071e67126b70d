// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::test::interrupted`: a source that does something else before it answers, as an
/// out-of-memory handler may.

#include <alloy/core/ability.hpp>
#include <alloy/source/new.hpp>

#include <cstddef>
#include <functional>
#include <utility>

namespace alloy::test {

/// Memory of operator new, which all of one `Tag` share. @threads One.
template <class Tag>
struct interrupted {
    static constexpr std::size_t max_align = new_source::max_align;
    static constexpr bool thread_safe = true;          // for those who ask: here is one thread
    static constexpr bool migratory = true;            ///< There is one operator new.
    static inline std::function<void()> before_next{}; ///< Called once, by the next request.
    static inline bool refuses = false;                ///< Whatever is asked.
    static inline std::size_t out = 0;                 ///< Blocks.

    [[nodiscard]] static void* allocate(layout want) noexcept {
        if (before_next) { std::exchange(before_next, nullptr)(); }
        if (refuses) { return nullptr; }
        void* const at = new_source::allocate(want);
        out += at != nullptr ? 1 : 0;
        return at;
    }
    static void deallocate(void* at, layout given) noexcept {
        --out;
        new_source::deallocate(at, given);
    }
    [[nodiscard]] static std::size_t allocate_batch(layout want, void** to,
                                                    std::size_t n) noexcept {
        return detail::allocate_each(interrupted{}, want, to, n);
    }
    static void deallocate_batch(void* const* in, std::size_t n, layout given) noexcept {
        detail::deallocate_each(interrupted{}, in, n, given);
    }
};

} // namespace alloy::test
