// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::secret`: what a guard's bytes follow from, and nobody else knows.
///
///     ALLOY_SEED, or the system's randomness --> seed --> number, odd, all its bits mixed

#include <alloy/core/bits.hpp>

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include <sys/random.h>

namespace alloy::inline ALLOY_ABI::detail {

/// What a guard's random choices follow from: the environment variable ALLOY_SEED in decimal, so
/// that a run at the same addresses can be repeated, or else the system's randomness. Never zero.
/// @threads Any.
/// @source Linux getrandom(2).
[[nodiscard, gnu::noinline, gnu::cold]] inline std::uint64_t draw_seed() noexcept {
    std::uint64_t seed = 0;
    const char* const said = ::secure_getenv("ALLOY_SEED"); // NOLINT(concurrency-mt-unsafe)
    if (said != nullptr) { std::from_chars(said, said + std::strlen(said), seed); }
    if (seed == 0 && ::getrandom(&seed, sizeof seed, GRND_NONBLOCK) < 0) { seed = address(&seed); }
    return seed != 0 ? seed : 1;
}

/// A number that is drawn when it is first needed, and stays. @threads None.
class secret {
public:
    /// The one that follows from a seed.
    [[nodiscard]] static constexpr std::uint64_t of(std::uint64_t seed) noexcept {
        return scattered(seed) | 1U;
    }

    /// Odd; or 0, if it was not drawn yet.
    [[nodiscard, gnu::always_inline]] std::uint64_t known() const noexcept { return number_; }

    /// Draws it, if it was not drawn yet.
    [[gnu::always_inline]] std::uint64_t number() noexcept {
        if (number_ == 0) [[unlikely]] { draw(); }
        return number_;
    }

    /// What it was drawn from, for reports.
    [[nodiscard]] std::uint64_t seed() const noexcept { return seed_; }

private:
    [[gnu::noinline, gnu::cold]] void draw() noexcept {
        seed_ = draw_seed();
        number_ = of(seed_);
    }

    std::uint64_t number_ = 0;
    std::uint64_t seed_ = 0;
};

} // namespace alloy::inline ALLOY_ABI::detail
