// SPDX-License-Identifier: BSL-1.0
// Fill, empty, trim, a thousand times: no policy holds more of its upstream afterwards than after
// the first time. Only a range that was reserved stays.
// EXPECT: a policy that keeps a block each time is found
// EXPECT: no policy holds more after the last time than after the first
#include "soak.hpp"
#include "zoo.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

using namespace alloy;
using namespace alloy::test;

namespace {

using source = metered<false>;

/// A hundred where all is slow.
constexpr std::uint64_t rounds = std::min<std::uint64_t>(1000, thinned(10'000));

/// Loses a block with each trim().
class leaking {
public:
    static constexpr std::size_t max_align = source::max_align;
    [[nodiscard]] static void* allocate(layout want) noexcept { return source::allocate(want); }
    static void deallocate(void* at, layout given) noexcept { source::deallocate(at, given); }
    static std::size_t trim() noexcept {
        static_cast<void>(source::allocate({8, 8}));
        return 0;
    }
};

/// Up to 200 blocks of sizes that differ each time, released in another order. What cannot trim
/// keeps what it needed once: it needs the most the first time.
template <class Exhibit>
void fill_and_empty(typename Exhibit::policy& policy, dice random, bool first) {
    constexpr layout largest = Exhibit::largest;
    std::array<std::pair<void*, layout>, 200> live;
    std::size_t n = 0;
    const bool all = first && !trimming_policy<typename Exhibit::policy>;
    const std::size_t most = all ? live.size() : 20 + random.below(live.size() - 20);
    const std::size_t bound = random.below(4) == 0 ? largest.size : std::min(largest.size, 200UL);
    for (std::size_t i = 0; i < most; ++i) {
        const auto bits = random.below(static_cast<std::size_t>(std::bit_width(largest.align)));
        const layout want{1 + random.below(bound), std::size_t{1} << bits};
        void* const at = policy.allocate(want);
        if (at != nullptr) { live[n++] = {at, want}; }
    }
    for (std::size_t i = n; i-- > 1;) { std::swap(live[i], live[random.below(i + 1)]); }
    for (std::size_t i = 0; i < n; ++i) { policy.deallocate(live[i].first, live[i].second); }
}

/// Ends the process after a message if a policy holds ever more.
template <class Exhibit>
void must_stay() {
    using P = typename Exhibit::policy;
    std::size_t first = 0;
    std::size_t held = 0;
    {
        P policy;
        for (std::uint64_t round = 0; round < rounds * soak() && held <= first; ++round) {
            noted().step = round;
            fill_and_empty<Exhibit>(policy, dice(seed(), round), round == 0);
            if constexpr (resettable_policy<P>) { policy.reset(); }
            detail::trim_if_able(policy);
            held = source::book.bytes;
            if (round == 0) { first = held; }
        }
    }
    if (held <= first && source::book.bytes == 0) { return; }
    std::fprintf(stderr, "%zu bytes, %zu after the first, %zu when it has ended\n", held, first,
                 source::book.bytes);
    std::_Exit(1);
}

} // namespace

int main() {
    std::size_t policies = 0;
    std::size_t sound = 0;
    for_each_exhibit(zoo<source>::all, [&]<class Exhibit>(const Exhibit& each) {
        const outcome end = in_child([] { must_stay<Exhibit>(); });
        sound += end.status == 0 ? 1U : 0U;
        progress(each.name, ++policies);
        if (end.status == 0) { return; }
        std::fprintf(stderr, "%s, ALLOY_SEED=%llu, round %llu, status %d: %s\n", each.name,
                     static_cast<unsigned long long>(seed()),
                     static_cast<unsigned long long>(end.last.step), end.status, end.printed);
    });
    const outcome planted = in_child([] { must_stay<exhibit<leaking, mixed>>(); });
    if (planted.says("16 bytes, 8 after the first")) {
        std::puts("a policy that keeps a block each time is found");
    }
    std::printf("seed %llu, %llu rounds: %zu of %zu policies\n",
                static_cast<unsigned long long>(seed()),
                static_cast<unsigned long long>(rounds * soak()), sound, policies);
    if (sound != policies) { return 1; }
    std::puts("no policy holds more after the last time than after the first");
}
