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
    constexpr seal() = default;
    explicit constexpr seal(std::uint64_t seed) noexcept : key_(scattered(seed + golden)) {}

    /// Another one, which has no byte in common with it but by chance.
    [[nodiscard]] constexpr seal other() const noexcept {
        seal different;
        different.key_ = ~key_;
        return different;
    }

    /// Seals the bytes from `from` up to `to`.
    void put(std::byte* from, const std::byte* to) const noexcept {
        each(from, to, [](auto* at, auto sealed) { write_kept(at, sealed); });
    }

    /// The first byte of them that is not as put() left it, or null.
    [[nodiscard]] const std::byte* broken(const std::byte* from,
                                          const std::byte* to) const noexcept {
        words wrong{};
        each(from, to,
             [&](const auto* at, auto sealed) { wrong |= difference(read_kept(at), sealed); });
        return (wrong[0] | wrong[1]) == 0 ? nullptr : first_wrong(from, to);
    }

private:
    using words [[gnu::vector_size(16)]] = std::uint64_t;

    /// Eight bytes, or sixteen, at any address and whatever they are otherwise.
    template <class T>
    struct [[gnu::packed, gnu::may_alias]] some {
        T value;
    };

    /// Calls `visit(at, sealed)` for each byte, for eight or for sixteen at once.
    template <class Byte, class Visit>
    [[gnu::always_inline]] void each(Byte* at, const std::byte* to, Visit visit) const noexcept {
        for (; at != to && address(at) % 8 != 0; ++at) { visit(at, byte_at(at)); }
        const std::uint64_t first = product(at);
        words next{first, first + golden};
        for (Byte* const last = at + ((to - at) & ~15); at != last; at += 16) {
            visit(as<words>(at), some<words>{folded(next)});
            next += 2 * golden;
        }
        if (to - at >= 8) {
            visit(as<std::uint64_t>(at), some<std::uint64_t>{folded(next[0])});
            at += 8;
        }
        for (; at != to; ++at) { visit(at, byte_at(at)); }
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

    [[nodiscard]] std::uint64_t product(const std::byte* at) const noexcept {
        return key_ + address(at) / 8 * golden;
    }

    /// All odd bytes. The low half of a product depends on low bits alone, so the high one helps.
    template <class Product>
    [[nodiscard]] static Product folded(Product of) noexcept {
        return (of ^ (of >> 32U)) | 0x0101'0101'0101'0101U;
    }

    [[nodiscard]] std::byte byte_at(const std::byte* at) const noexcept {
        return static_cast<std::byte>(folded(product(at)) >> 8 * (address(at) % 8));
    }

    [[nodiscard, gnu::noinline, gnu::cold]] const std::byte*
    first_wrong(const std::byte* from, const std::byte* to) const noexcept {
        for (; from != to; ++from) {
            if (read_kept(from) != byte_at(from)) { return from; }
        }
        return nullptr; // written again meanwhile, by a thread
    }

    std::uint64_t key_ = 0;
};

} // namespace alloy::inline ALLOY_ABI::detail
