// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::seal`: bytes that nobody may write, filled so that it shows if somebody
/// did.
///
///     secret ----+-->  first word  -->  | 3b | f1 | 09 | c7 | 55 | 8d | e3 | 1f |   always odd
///     address ---'     and a step  -->  | 51 | 6d | 55 | 47 | 0f | 07 | 1b | bf |   and so on
///
/// The bytes of a range follow from a secret, its block, and where it begins there: no copy of
/// other bytes can stand for them. The zero that ends a string one byte too far always breaks them,
/// as every even byte does. Of odd ones that are written, one in 128 is the right one by chance.

#include <alloy/core/bits.hpp>
#include <alloy/core/sanitize.hpp>

#include <cstddef>
#include <cstdint>

namespace alloy::inline ALLOY_ABI::detail {

/// Fills ranges of bytes of one block, and sees which one was written since. It may touch what is
/// poisoned.
class seal {
public:
    /// One that begins at `origin`, with the word `first`.
    [[gnu::always_inline]] seal(std::uint64_t first, const std::byte* origin) noexcept
        : origin_(origin), first_(first) {}

    /// That of the block at `origin`: no two blocks have more in common than chance gives.
    /// `secret` is odd, and all its bits are random.
    [[nodiscard, gnu::always_inline]] static seal of(std::uint64_t secret,
                                                     const std::byte* origin) noexcept {
        return {folded(folded(address(origin), secret), secret), origin};
    }

    /// Another one: where both seal a range, they have no byte in common.
    [[nodiscard]] seal other() const noexcept {
        seal different = *this;
        different.first_ = ~first_;
        different.step_ = ~step_ + 1;
        return different;
    }

    /// Seals the bytes from `from` up to `to`. @pre `from` is not in front of the block.
    [[gnu::always_inline]] void put(std::byte* from, const std::byte* to) const noexcept {
        each(from, to,
             [](auto* at, auto sealed) __attribute__((always_inline)) { write_kept(at, sealed); });
    }

    /// True if all bytes are as put() left them. @pre put() began at `from`, too.
    [[nodiscard, gnu::always_inline]] bool intact(const std::byte* from,
                                                  const std::byte* to) const noexcept {
        words wrong{};
        each(from, to, [&](const auto* at, auto sealed) __attribute__((always_inline)) {
            wrong |= difference(read_kept(at), sealed);
        });
        return (wrong[0] | wrong[1]) == 0;
    }

    /// The first byte that is not as put() left it, or null. @pre As that of intact().
    [[nodiscard, gnu::always_inline]] const std::byte* broken(const std::byte* from,
                                                              const std::byte* to) const noexcept {
        return intact(from, to) ? nullptr : first_wrong(starting(from), from, to);
    }

private:
    static constexpr std::uint64_t odd = 0x0101'0101'0101'0101U;
    using words [[gnu::vector_size(16)]] = std::uint64_t;

    /// Eight bytes, or sixteen, at any address and whatever they are otherwise.
    template <class T>
    struct [[gnu::packed, gnu::may_alias]] some {
        T value;
    };

    /// What a range is sealed with: words that are one step apart.
    struct sequence {
        std::uint64_t first;
        std::uint64_t step;

        [[nodiscard]] std::uint64_t word(std::size_t index) const noexcept {
            return (first + index * step) | odd;
        }
        /// The word that begins at byte `offset`: parts of two, maybe.
        [[nodiscard, gnu::always_inline]] std::uint64_t at(std::size_t offset) const noexcept {
            const std::size_t bits = 8 * (offset % 8);
            const std::uint64_t next = word(offset / 8 + 1);
            return word(offset / 8) >> bits | next << 1U << (63 - bits);
        }
    };

    /// That of a range: as many steps on as it begins bytes behind the block.
    [[nodiscard, gnu::always_inline]] sequence starting(const std::byte* from) const noexcept {
        return {first_ + static_cast<std::uint64_t>(from - origin_) * step_, step_};
    }

    /// Calls `visit(at, sealed)` for sixteen bytes at a time, for eight in a range shorter than
    /// that, or else for each; the last step may overlap the one before.
    template <class Byte, class Visit>
    [[gnu::always_inline]] void each(Byte* from, const std::byte* to, Visit visit) const noexcept {
        const auto count = static_cast<std::size_t>(to - from);
        const sequence sealed = starting(from);
        if (count >= 16) {
            words next{sealed.first, sealed.first + sealed.step};
            Byte* const last = from + (count - 16);
            for (; from < last; from += 16) {
                visit(as<words>(from), some<words>{next | odd});
                next += 2 * sealed.step;
            }
            if (from != last) { next = words{sealed.at(count - 16), sealed.at(count - 8)}; }
            visit(as<words>(last), some<words>{next | odd});
        } else if (count >= 8) {
            visit(as<std::uint64_t>(from), some<std::uint64_t>{sealed.at(0)});
            visit(as<std::uint64_t>(from + (count - 8)), some<std::uint64_t>{sealed.at(count - 8)});
        } else {
            for (std::size_t i = 0; i < count; ++i) {
                visit(from + i, static_cast<std::byte>(sealed.at(i)));
            }
        }
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

    [[nodiscard, gnu::noinline, gnu::cold]] static const std::byte*
    first_wrong(sequence sealed, const std::byte* from, const std::byte* to) noexcept {
        for (std::size_t i = 0; from + i != to; ++i) {
            if (read_kept(from + i) != static_cast<std::byte>(sealed.at(i))) { return from + i; }
        }
        return nullptr; // written again meanwhile, by a thread
    }

    const std::byte* origin_;
    std::uint64_t first_;
    std::uint64_t step_ = golden;
};

} // namespace alloy::inline ALLOY_ABI::detail
