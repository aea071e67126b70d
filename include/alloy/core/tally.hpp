// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::tally`: the counters behind a gauge.
///
///     one thread     came | went | of each size | peak
///     all threads    came | went | of each size       16 times, each on cache lines of its own
///
/// A release never writes what a request does, so that neither waits for the other's stores; what
/// is live is a difference.

#include <alloy/core/assert.hpp>
#include <alloy/core/reading.hpp>
#include <alloy/core/thread_number.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace alloy::inline ALLOY_ABI::detail {

/// Counts as much as `Options` say; what is not counted is not there.
///
/// @threads As `Options` say.
template <counted_options Options>
class tally {
    static constexpr bool in_bytes = Options.reads >= gauge::bytes;
    static constexpr bool by_size = Options.reads == gauge::sizes;
    static constexpr bool keeps_peak = in_bytes && !Options.shared;

public:
    /// Sizes are told apart in steps of 16 bytes to 1 KiB, and above by powers of two.
    static constexpr std::size_t sizes = 64 + 38;
    /// The largest size that counts as the `i`-th.
    static constexpr std::size_t size_at(std::size_t i) noexcept {
        return i < 64 ? 16 * (i + 1) : std::size_t{2048} << (i - 64);
    }

    /// `n` blocks came, each asked for with `size` bytes and granted `good`.
    void came(std::size_t n, std::size_t size, std::size_t good) noexcept {
        counters& mine = here();
        count(mine.came, {n, n * size, n * good});
        if constexpr (by_size) { increase(mine.of_size[index_of(size)], n); }
        note_peak(mine);
    }

    /// `n` such blocks went.
    void went(std::size_t n, std::size_t size, std::size_t good) noexcept {
        counters& mine = here();
        count(mine.went, {n, n * size, n * good});
        if constexpr (!Options.shared) { // else a block comes back twice
            ALLOY_ASSERT(mine.went.blocks.load(relaxed) <= mine.came.blocks.load(relaxed));
        }
    }

    /// A block is another size now; it is no other block.
    void changed(const traffic& from, const traffic& to) noexcept {
        if constexpr (in_bytes) {
            counters& mine = here();
            count(mine.went, from);
            count(mine.came, to);
            note_peak(mine);
        }
    }

    /// All that came has gone.
    void settle() noexcept {
        for (counters& each : counters_) { settle(each); }
    }

    /// @complexity O(1), or O(16) if shared. @threads If shared, any: what is read is all that was
    /// written before, and some of what others write meanwhile.
    [[nodiscard]] reading read() const noexcept {
        reading sum; // first what went: it has come before
        for (const counters& each : counters_) { add(sum.went, each.went); }
        for (const counters& each : counters_) { add(sum.came, each.came); }
        if constexpr (keeps_peak) { sum.peak = peak_.bytes; }
        return sum;
    }

    /// Blocks that came and were of the `i`-th size.
    [[nodiscard]] std::uint64_t of_size(std::size_t i) const noexcept
        requires by_size
    {
        std::uint64_t sum = 0;
        for (const counters& each : counters_) { sum += each.of_size[i].load(relaxed); }
        return sum;
    }

private:
    static constexpr auto relaxed = std::memory_order_relaxed;
    using number = std::atomic<std::uint64_t>;

    struct blocks_alone {
        number blocks{0};
    };
    struct with_bytes : blocks_alone {
        number requested{0};
        number granted{0};
    };
    using path = std::conditional_t<in_bytes, with_bytes, blocks_alone>;
    struct nothing {};
    struct most {
        std::uint64_t bytes = 0;
    };
    struct alignas(Options.shared ? 64 : alignof(number)) counters {
        path came;
        path went;
        [[no_unique_address]] std::conditional_t<by_size, std::array<number, sizes>, nothing>
            of_size{};
    };

    [[nodiscard]] counters& here() noexcept {
        if constexpr (Options.shared) { return counters_[thread_number() % counters_.size()]; }
        return counters_[0];
    }

    static void increase(number& by, std::uint64_t n) noexcept {
        if constexpr (Options.shared) {
            by.fetch_add(n, std::memory_order_release); // whoever reads it reads what came before
        } else {
            by.store(by.load(relaxed) + n, relaxed);
        }
    }

    static void count(path& way, const traffic& more) noexcept {
        if (more.blocks != 0) { increase(way.blocks, more.blocks); }
        if constexpr (in_bytes) {
            increase(way.requested, more.requested);
            increase(way.granted, more.granted);
        }
    }

    static void add(traffic& sum, const path& way) noexcept {
        constexpr auto order = std::memory_order_acquire;
        sum.blocks += way.blocks.load(order);
        if constexpr (in_bytes) {
            sum.requested += way.requested.load(order);
            sum.granted += way.granted.load(order);
        }
    }

    static void settle(counters& all) noexcept {
        all.went.blocks.store(all.came.blocks.load(relaxed), relaxed);
        if constexpr (in_bytes) {
            all.went.requested.store(all.came.requested.load(relaxed), relaxed);
            all.went.granted.store(all.came.granted.load(relaxed), relaxed);
        }
    }

    void note_peak([[maybe_unused]] const counters& mine) noexcept {
        if constexpr (keeps_peak) {
            const std::uint64_t live =
                mine.came.granted.load(relaxed) - mine.went.granted.load(relaxed);
            peak_.bytes = std::max(peak_.bytes, live);
        }
    }

    static constexpr std::size_t index_of(std::size_t size) noexcept {
        if (size <= 1024) { return (size - 1) / 16; }
        const auto above = static_cast<std::size_t>(std::bit_width(size - 1)) - 11;
        return std::min(64 + above, sizes - 1);
    }

    std::array<counters, Options.shared ? 16 : 1> counters_{};
    [[no_unique_address]] std::conditional_t<keeps_peak, most, nothing> peak_;
};

} // namespace alloy::inline ALLOY_ABI::detail
