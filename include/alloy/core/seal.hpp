// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::seal`: bytes that nobody may write, filled so that it shows if somebody
/// did.
///
///     seed ---+--> word --> | 3b | f1 | 09 | c7 | 55 | 8d | e3 | 1f | 3b | f1 | ...     always odd
///     block --'
///
/// Eight bytes that repeat follow from a block's address and a secret: no copy of what stands at
/// another block can stand for them, and the zero that ends a string one byte too far always breaks
/// them, as every even byte does. Of odd ones that are written, one in 128 is right by chance.

#include <alloy/core/bits.hpp>
#include <alloy/core/sanitize.hpp>

#include <bit>
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

/// Fills a range of bytes, and sees which one was written since. It may touch what is poisoned.
class seal {
public:
    /// The one of `block`.
    seal(std::uint64_t seed, const void* block) noexcept
        : word_(folded((seed + address(block)) * golden) | odd) {}

    /// Another one, which has no byte in common with it.
    [[nodiscard]] seal other() const noexcept {
        seal different = *this;
        different.word_ = ~word_ | odd;
        return different;
    }

    /// Seals the bytes from `from` up to `to`.
    [[gnu::always_inline]] void put(std::byte* from, const std::byte* to) const noexcept {
        each(from, to, [](auto* at, auto sealed) { write_kept(at, sealed); });
    }

    /// The first byte that is not as put() of the same range left it, or null.
    [[nodiscard, gnu::always_inline]] const std::byte* broken(const std::byte* from,
                                                              const std::byte* to) const noexcept {
        words wrong{};
        each(from, to,
             [&](const auto* at, auto sealed) { wrong |= difference(read_kept(at), sealed); });
        return (wrong[0] | wrong[1]) == 0 ? nullptr : first_wrong(word_, from, to);
    }

private:
    static constexpr std::uint64_t odd = 0x0101'0101'0101'0101U;
    using words [[gnu::vector_size(16)]] = std::uint64_t;

    /// Eight bytes, or sixteen, at any address and whatever they are otherwise.
    template <class T>
    struct [[gnu::packed, gnu::may_alias]] some {
        T value;
    };

    /// Calls `visit(at, sealed)` for sixteen bytes at a time, or for eight if there are no more, or
    /// for each; the last ones may have come before.
    template <class Byte, class Visit>
    [[gnu::always_inline]] void each(Byte* from, const std::byte* to, Visit visit) const noexcept {
        const std::ptrdiff_t count = to - from;
        if (count >= 16) {
            each_of<words>(from, count, visit);
        } else if (count >= 8) {
            each_of<std::uint64_t>(from, count, visit);
        } else {
            for (std::ptrdiff_t i = 0; i < count; ++i) { visit(from + i, byte(word_, i)); }
        }
    }

    template <class T, class Byte, class Visit>
    [[gnu::always_inline]] void each_of(Byte* from, std::ptrdiff_t count,
                                        Visit visit) const noexcept {
        constexpr auto step = static_cast<std::ptrdiff_t>(sizeof(T));
        Byte* const last = from + (count - step);
        for (; from < last; from += step) { visit(as<T>(from), some<T>{T{} | word_}); }
        visit(as<T>(last), some<T>{T{} | turned(word_, count)});
    }

    template <class T>
    static auto as(std::byte* at) noexcept {
        return reinterpret_cast<some<T>*>(at);
    }
    template <class T>
    static auto as(const std::byte* at) noexcept {
        return reinterpret_cast<const some<T>*>(at);
    }

    static words difference(std::byte a, std::byte b) noexcept {
        return words{static_cast<std::uint64_t>(a ^ b)};
    }
    template <class T>
    static words difference(some<T> a, some<T> b) noexcept {
        return words{} | (a.value ^ b.value);
    }

    /// The low half of a product depends on low bits alone, so the high one helps.
    [[nodiscard]] static constexpr std::uint64_t folded(std::uint64_t product) noexcept {
        return product ^ (product >> 32U);
    }

    /// The word that stands `by` bytes further on.
    [[nodiscard]] static constexpr std::uint64_t turned(std::uint64_t word,
                                                        std::ptrdiff_t by) noexcept {
        return std::rotr(word, static_cast<int>(8 * (by % 8)));
    }
    [[nodiscard]] static constexpr std::byte byte(std::uint64_t word, std::ptrdiff_t at) noexcept {
        return static_cast<std::byte>(turned(word, at));
    }

    [[nodiscard, gnu::noinline, gnu::cold]] static const std::byte*
    first_wrong(std::uint64_t word, const std::byte* from, const std::byte* to) noexcept {
        for (std::ptrdiff_t i = 0; i < to - from; ++i) {
            if (read_kept(from + i) != byte(word, i)) { return from + i; }
        }
        return nullptr; // written again meanwhile, by a thread
    }

    std::uint64_t word_;
};

} // namespace alloy::inline ALLOY_ABI::detail
