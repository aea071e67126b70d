// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::seal`: bytes that nobody may write, filled so that it shows if somebody
/// did.
///
///     seed --> key --+--> byte --> | 3b | f1 | 09 | c7 | ...      always odd
///         address ---'
///
/// Each byte follows from its address and a secret: no copy of other bytes can stand for it, and
/// the zero that ends a string one byte too far always breaks it, as every even byte does. Of odd
/// ones that are written, one in 128 is the right one by chance.

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
    const char* const said = ::secure_getenv("ALLOY_SEED"); // NOLINT(concurrency-mt-unsafe)
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
        for (; from != to && address(from) % 8 != 0; ++from) { write_kept(from, byte_at(from)); }
        for (; to - from >= 8; from += 8) {
            write_kept(reinterpret_cast<word*>(from), word{word_at(from)});
        }
        for (; from != to; ++from) { write_kept(from, byte_at(from)); }
    }

    /// The first byte of them that is not as put() left it, or null.
    [[nodiscard]] const std::byte* broken(const std::byte* from,
                                          const std::byte* to) const noexcept {
        for (; from != to && address(from) % 8 != 0; ++from) {
            if (read_kept(from) != byte_at(from)) { return from; }
        }
        while (to - from >= 8 &&
               read_kept(reinterpret_cast<const word*>(from)).value == word_at(from)) {
            from += 8;
        }
        for (; from != to; ++from) {
            if (read_kept(from) != byte_at(from)) { return from; }
        }
        return nullptr;
    }

private:
    /// Eight bytes, whatever they are otherwise.
    struct [[gnu::may_alias]] word {
        std::uint64_t value;
    };

    /// The eight bytes from a multiple of 8 on, all odd.
    [[nodiscard]] std::uint64_t word_at(const std::byte* at) const noexcept {
        return scattered(key_ + address(at) / 8) | 0x0101'0101'0101'0101;
    }

    [[nodiscard]] std::byte byte_at(const std::byte* at) const noexcept {
        const std::byte* const whole = at - address(at) % 8;
        return static_cast<std::byte>(word_at(whole) >> 8 * (address(at) % 8));
    }

    std::uint64_t key_;
};

} // namespace alloy::inline ALLOY_ABI::detail
