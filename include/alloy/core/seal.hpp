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
    const char* const said = ::secure_getenv("ALLOY_SEED"); // NOLINT(concurrency-mt-unsafe)
    if (said != nullptr) { std::from_chars(said, said + std::strlen(said), seed); }
    if (seed == 0 && ::getrandom(&seed, sizeof seed, GRND_NONBLOCK) < 0) { seed = address(&seed); }
    return seed != 0 ? seed : 1;
}

/// Seals bytes, and sees which one was written since. It may touch what is poisoned.
/// @source Finding zero bytes: H. S. Warren, Hacker's Delight, 6-1.
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

    /// The eight bytes from a multiple of 8 on, none of them zero.
    [[nodiscard]] std::uint64_t word_at(const std::byte* at) const noexcept {
        const std::uint64_t drawn = scattered(key_ + address(at) / 8);
        constexpr std::uint64_t low_bits = 0x7F7F'7F7F'7F7F'7F7F;
        const std::uint64_t zeros = ~(((drawn & low_bits) + low_bits) | drawn | low_bits);
        return drawn | zeros >> 7U; // the highest bit of a zero byte becomes its lowest
    }

    [[nodiscard]] std::byte byte_at(const std::byte* at) const noexcept {
        const std::byte* const whole = at - address(at) % 8;
        return static_cast<std::byte>(word_at(whole) >> 8 * (address(at) % 8));
    }

    std::uint64_t key_;
};

} // namespace alloy::inline ALLOY_ABI::detail
