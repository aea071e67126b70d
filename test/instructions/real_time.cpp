// SPDX-License-Identifier: BSL-1.0
// The longest pair of calls of `real_time`, which splits its whole range for one unit and merges it
// again, grows with the levels of the tree: a thousand times the range, twice the levels.
// EXPECT: twenty_levels <= 2.0 * ten_levels
// EXPECT: ten_levels <= 2.0 * five_levels
// EXPECT: refusal_of_twenty <= 0.5 * five_levels
#include <alloy/hybrid.hpp>

#include <cstddef>
#include <cstdlib>
#include <cstring>

namespace {

using namespace alloy;

template <unsigned Levels>
void repeat(long n, bool full) {
    constexpr std::size_t bytes = std::size_t{64} << Levels;
    real_time<range_options{.bytes = bytes, .align = 64}, reserved_pages> heap;
    const layout first{full ? bytes : 1, 1};
    void* const held = heap.allocate(first);
    if (held == nullptr) { std::abort(); }
    if (!full) { heap.deallocate(held, first); }
    for (long i = 0; i < n; ++i) {
        void* const at = heap.allocate({1, 1});
        if ((at == nullptr) != full) { std::abort(); }
        if (!full) { heap.deallocate(at, {1, 1}); }
    }
}

} // namespace

int main(int count, char** words) {
    if (count != 3) { return EXIT_FAILURE; }
    const long n = std::atol(words[2]);
    const auto is = [&](const char* name) { return std::strcmp(words[1], name) == 0; };
    if (is("five_levels")) {
        repeat<5>(n, false);
    } else if (is("ten_levels")) {
        repeat<10>(n, false);
    } else if (is("twenty_levels")) {
        repeat<20>(n, false);
    } else if (is("refusal_of_twenty")) {
        repeat<20>(n, true);
    } else {
        return EXIT_FAILURE;
    }
}
