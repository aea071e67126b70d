// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::seal`: bytes that nobody may write, filled so that it shows if somebody
/// did.
///
///     seed --> key --+--> byte --> | 3b | f0 | 09 | c6 | ...      never zero
///         address ---'
///
/// Each byte follows from its address and a secret: no copy of other bytes can stand for it, and
/// the zero that ends a string one byte too far always breaks it. Of other bytes that are written,
/// one in 256 is the right one by chance.

#include <alloy/core/bits.hpp>
#include <alloy/core/sanitize.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include <sys/random.h>
#include <unistd.h>

namespace alloy::inline ALLOY_ABI::detail {

/// What a guard's random choices follow from: the environment variable ALLOY_SEED in decimal, so
/// that a run at the same addresses can be repeated, or else the system's randomness. Never zero.
/// @threads Any.
/// @source Linux getrandom(2).
[[nodiscard, gnu::noinline, gnu::cold]] inline std::uint64_t draw_seed() noexcept {
    std::uint64_t seed = 0;
    const char* const said = std::getenv("ALLOY_SEED"); // NOLINT(concurrency-mt-unsafe)
    if (said != nullptr) { std::from_chars(said, said + std::strlen(said), seed); }
    if (seed == 0 && ::getrandom(&seed, sizeof seed, GRND_NONBLOCK) < 0) { seed = address(&seed); }
    return seed != 0 ? seed : 1;
}

/// Seals bytes, and sees which one was written since. It may touch what is poisoned.
class seal {
public:
    explicit constexpr seal(std::uint64_t seed) noexcept : key_(scattered(seed + golden)) {}

    /// Seals the bytes from `from` up to `to`.
    void put(std::byte* from, const std::byte* to) const noexcept {
        for (; from != to; ++from) { write_kept(from, byte_at(from)); }
    }

    /// The first byte of them that is not as put() left it, or null.
    [[nodiscard]] const std::byte* broken(const std::byte* from,
                                          const std::byte* to) const noexcept {
        for (; from != to; ++from) {
            if (read_kept(from) != byte_at(from)) { return from; }
        }
        return nullptr;
    }

private:
    [[nodiscard]] std::byte byte_at(const std::byte* at) const noexcept {
        const std::uint64_t word = scattered(key_ + address(at) / 8);
        const auto byte = static_cast<std::uint8_t>(word >> 8 * (address(at) % 8));
        return byte != 0 ? std::byte{byte} : std::byte{1};
    }

    std::uint64_t key_;
};

} // namespace alloy::inline ALLOY_ABI::detail
