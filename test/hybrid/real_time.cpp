// SPDX-License-Identifier: BSL-1.0
// The worst call of `real_time` in ten million, in basic blocks executed: compiled with -O2
// -fno-unroll-loops -fsanitize-coverage=trace-pc, each of them calls the function below. No clock
// is read, so a busy machine changes nothing.
#include <alloy/hybrid.hpp>

#include "support/unit_test.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#if defined(__clang__)
#define ALLOY_UNCOUNTED __attribute__((no_sanitize("coverage")))
#else
#define ALLOY_UNCOUNTED __attribute__((no_sanitize_coverage))
#endif

namespace {

std::uint64_t blocks = 0; // basic blocks since the program began

} // namespace

extern "C" ALLOY_UNCOUNTED void __sanitizer_cov_trace_pc() { // NOLINT(*-reserved-identifier)
    ++blocks;
}

using namespace alloy;

namespace {

/// The most that one call of a kind took.
struct worst {
    std::uint64_t request = 0;
    std::uint64_t release = 0;
    std::uint64_t refusal = 0;
};

constexpr std::size_t unit = 64;
constexpr std::size_t gap = detail::redzone;
constexpr layout smallest{unit - gap, 8};

/// A heap of 2^`Levels` units under attack.
template <unsigned Levels>
class victim {
    using heap = real_time<range_options{.bytes = unit << Levels, .unit = unit, .align = unit},
                           reserved_pages>;

public:
    static constexpr std::size_t units = std::size_t{1} << Levels;

    victim() { deallocate({allocate(smallest), smallest}); }

    struct block {
        void* at;
        layout want;
    };

    /// Counts a call. @return Null if it was refused.
    void* allocate(layout want) {
        const std::uint64_t before = blocks;
        void* const at = heap_.allocate(want);
        const std::uint64_t steps = blocks - before;
        if (calls_++ == 0) { return at; } // takes the range, and is not bounded
        std::uint64_t& kind = at == nullptr ? most_.refusal : most_.request;
        kind = std::max(kind, steps);
        return at;
    }
    void deallocate(block gone) {
        const std::uint64_t before = blocks;
        heap_.deallocate(gone.at, gone.want);
        most_.release = std::max(most_.release, blocks - before);
        ++calls_;
    }

    /// Splits the whole for one unit and merges it again: every level, each time.
    void to_the_bottom_and_back(std::size_t times) {
        for (; times != 0; --times) { deallocate({allocate(smallest), smallest}); }
    }

    /// Fills the heap with units, and empties it in an order in which merges come late and long.
    void fill_and_empty(std::size_t times) {
        std::vector<block> live;
        live.reserve(units);
        for (; times != 0; --times) {
            while (void* const at = allocate(smallest)) { live.push_back({at, smallest}); }
            // Every other one, then every other of the rest: bit-reversed.
            for (std::size_t i = 0; i < live.size(); ++i) {
                std::size_t reversed = 0;
                for (unsigned bit = 0; bit < Levels; ++bit) {
                    reversed |= (i >> bit & 1U) << (Levels - 1 - bit);
                }
                if (reversed < live.size()) { deallocate(live[reversed]); }
            }
            live.clear();
        }
    }

    /// Any size and alignment, impossible ones among them, in a heap that is nearly full.
    void at_random(std::size_t times, std::uint64_t seed) {
        std::mt19937_64 random(seed);
        std::vector<block> live;
        for (; times != 0; --times) {
            const std::uint64_t draw = random();
            if (!live.empty() && draw % 64 < 30) {
                std::swap(live[draw / 64 % live.size()], live.back());
                deallocate(live.back());
                live.pop_back();
                continue;
            }
            const layout want{std::size_t{1} << (draw / 64 % (Levels + 8)),
                              std::size_t{1} << (draw / 8192 % 9)};
            if (void* const at = allocate(want)) { live.push_back({at, want}); }
        }
        for (const block& each : live) { deallocate(each); }
    }

    [[nodiscard]] std::size_t calls() const { return calls_; }
    [[nodiscard]] worst most() const { return most_; }

private:
    heap heap_;
    std::size_t calls_ = 0;
    worst most_;
};

/// About `calls` of them, of all kinds.
template <unsigned Levels>
worst attack(std::size_t calls) {
    const auto under = std::make_unique<victim<Levels>>();
    under->to_the_bottom_and_back(calls / 20);
    under->fill_and_empty(calls / 2 / (2 * under->units) + 1);
    under->at_random(calls / 2, 42);
    BOOST_TEST(under->calls() > calls * 9 / 10);
    const worst most = under->most();
    BOOST_TEST_MESSAGE(Levels << " levels: request " << most.request << ", release " << most.release
                              << ", refusal " << most.refusal);
    return most;
}

/// What the header promises, in basic blocks: so many a step, and so many a call beside the steps.
/// The widest that a supported compiler makes of either; under a sanitizer its checks are blocks
/// too.
constexpr std::uint64_t bound(std::uint64_t steps) {
    return (detail::has_asan ? 12 : 6) * steps + 24;
}

} // namespace

BOOST_AUTO_TEST_CASE(counts_every_step) {
    victim<10> heap;
    heap.to_the_bottom_and_back(1);
    BOOST_TEST(heap.most().request >= 20U); // else this file was compiled without the flag
    BOOST_TEST(heap.most().release >= 10U);
}

BOOST_AUTO_TEST_CASE(no_call_of_ten_million_takes_more_steps_than_it_may) {
    const worst most = attack<14>(10'000'000);
    BOOST_TEST(most.request <= bound(2 * 14));
    BOOST_TEST(most.release <= bound(14));
    BOOST_TEST(most.refusal <= bound(1));
}

BOOST_AUTO_TEST_CASE(a_range_a_thousand_times_as_large_doubles_the_steps) {
    const worst ten = attack<10>(1'000'000);
    const worst twenty = attack<20>(1'000'000);
    BOOST_TEST(twenty.request <= 2 * ten.request);
    BOOST_TEST(twenty.release <= 2 * ten.release);
    BOOST_TEST(std::max(ten.refusal, twenty.refusal) <= bound(1));
}

BOOST_AUTO_TEST_CASE(finds_out_who_puts_work_off) {
    constexpr range_options range{.bytes = unit << 14U, .unit = unit, .align = unit};
    using hot = listed_classes<std::array<std::size_t, 1>{unit}>;
    quick_fit<hot, range, reserved_pages> control;
    std::vector<void*> live;
    while (void* const at = control.allocate(smallest)) { live.push_back(at); }
    for (void* const at : live) { control.deallocate(at, smallest); }
    const std::uint64_t before = blocks;
    BOOST_TEST(control.allocate({range.bytes / 2, 8}) != nullptr);
    BOOST_TEST(blocks - before > 100 * bound(2 * 14));
}
