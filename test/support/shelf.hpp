// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::test::shelf`: an upstream whose bytes can be looked at when all is over.

#include <alloy/core/layout.hpp>
#include <alloy/core/sanitize.hpp>

#include <algorithm>
#include <cstddef>
#include <span>

namespace alloy::test {

/// Hands out a caller's bytes in order, each once, and neither writes nor poisons them.
class shelf {
public:
    static constexpr std::size_t max_align = any_align;

    explicit shelf(std::span<std::byte> bytes) noexcept : rest_(bytes) {}

    [[nodiscard]] void* allocate(layout want) noexcept {
        const std::size_t from = detail::address(rest_.data());
        const std::size_t pad = detail::round_up(from, want.align) - from;
        if (pad > rest_.size() || want.size > rest_.size() - pad) { return nullptr; }
        void* const at = rest_.data() + pad;
        rest_ = rest_.subspan(pad + want.size);
        return at;
    }

    void deallocate(void* /*at*/, layout /*given*/) noexcept {}

private:
    std::span<std::byte> rest_;
};

/// True if every byte may be used again: what comes back upstream comes back unpoisoned.
[[nodiscard]] inline bool is_ordinary([[maybe_unused]] std::span<std::byte> bytes) {
#if defined(ALLOY_HAS_ASAN)
    return __asan_region_is_poisoned(bytes.data(), bytes.size()) == nullptr;
#else
    return true;
#endif
}

} // namespace alloy::test
