// SPDX-License-Identifier: BSL-1.0
// Programs without a mistake, under every layer and some stacks of them: nothing is reported and
// nothing printed, by one thread or by several at once.
// EXPECT: a program with a mistake is told
// EXPECT: no layer raised a false alarm
#include "programs.hpp"
#include "soak.hpp"

#include <alloy/alloy.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

using namespace alloy;
using namespace alloy::test;

namespace {

/// A set of layers with a name.
template <class P>
struct layers {
    using policy = P;
    const char* name;
};

using pool = pool16<>;
constexpr std::size_t plenty = std::size_t{1} << 28U;
constexpr checked_options wide{.redzone = 128, .quarantine = 40'000};
constexpr checked_options narrow{.redzone = 0, .quarantine = 0};

constexpr std::tuple sets{
    layers<checked<pool>>{"checked"},
    layers<checked<pool, wide>>{"checked with wide margins"},
    layers<checked<new_source, narrow>>{"checked without margins"},
    layers<checked<bitmaps>>{"checked bitmaps"},
    layers<zeroed<pool>>{"zeroed"},
    layers<wiped<pool>>{"wiped"},
    layers<counted<pool>>{"counted"},
    layers<limited<plenty, pool>>{"limited"},
    layers<failing<pool>>{"failing with no plan"},
    layers<measured<pool>>{"measured"},
    layers<watched<retrying<pool>>>{"watched, retrying"},
    layers<quantize<multiples_of<48>, aligned<32, pool>>>{"quantize, aligned"},
    layers<checked<zeroed<pool>>>{"checked, zeroed"},
    layers<zeroed<checked<pool, wide>>>{"zeroed, checked"},
    layers<checked<wiped<zeroed<wiped<pool>>>>>{"checked, wiped, zeroed, wiped"},
    layers<canaried<pool>>{"canaried"},
    layers<guarded_pool<>>{"guarded_pool"},
    layers<hardened_pool<1>>{"hardening<1>"},
    layers<hardened_pool<3>>{"hardening<3>"},
    layers<hardened_pool<4>>{"hardening<4>"},
    layers<checked<shuffled<linear_classes<8, 16>, pool>>>{"checked, shuffled"},
    layers<hooked<heaptrack_hooks, passthrough<sealed<pool>>>>{"hooked, passthrough, sealed"},
    layers<counted<checked<measured<pool>>>>{"counted, checked, measured"},
    layers<measured<checked<limited<plenty, pool>>>>{"measured, checked, limited"},
    layers<affix<checked<affix<pool, char, long>>, long, char>>{"affix, checked, affix"},
    layers<checked<checked<pool>>>{"checked twice"},
    layers<counted<checked<failing<bump<>>, wide>>>{"counted, checked, failing"},
};

/// Three threads take, pass on and release blocks of one policy.
template <class P>
void run_threads(P& policy, std::uint64_t round) {
    struct parcel {
        void* body;
        layout want;
    };
    std::array<std::vector<parcel>, 3> passed_on;
    std::array<std::mutex, 3> doors;
    const auto work = [&](std::size_t self) {
        dice random(seed() + round, self);
        for (int i = 0; i < 200; ++i) {
            const layout want{1 + random.below(300), std::size_t{1} << random.below(5)};
            void* const body = policy.allocate(want);
            require_right(body != nullptr, "threads");
            std::memset(body, i, want.size);
            const std::size_t to = random.below(3);
            const std::scoped_lock hold(doors[to]);
            passed_on[to].push_back({body, want});
            if (to != self) { continue; }
            for (const parcel& each : std::exchange(passed_on[to], {})) {
                policy.deallocate(each.body, each.want);
            }
        }
    };
    std::array<std::thread, 3> threads;
    for (std::size_t i = 0; i < threads.size(); ++i) { threads[i] = std::thread(work, i); }
    for (std::thread& each : threads) { each.join(); }
    for (const auto& rest : passed_on) {
        for (const parcel& each : rest) { policy.deallocate(each.body, each.want); }
    }
}

/// All programs in one process; a new policy each round, or one for them all.
template <class P>
void run_all(std::uint64_t rounds) {
    const auto kept = std::make_unique<P>();
    for (std::uint64_t round = 0; round < rounds; ++round) {
        const auto fresh = std::make_unique<P>();
        for (std::size_t which = 0; which < programs::count; ++which) {
            noted().run = round;
            noted().step = which;
            programs(reached(round % 2 == 0 ? *fresh : *kept), dice(seed() + round, which))
                .run(which);
        }
        const auto shared = std::make_unique<locked<P>>();
        run_threads(*shared, round);
    }
}

/// Forgets a block.
struct forgetful : checked<pool> {
    void deallocate(void* at, layout given) noexcept {
        if (given.size != 240) { checked<pool>::deallocate(at, given); }
    }
};

} // namespace

int main() {
    const std::uint64_t rounds = (thinned(100) == 1 ? 4 : 20) * soak();
    std::size_t count = 0;
    std::size_t quiet = 0;
    const auto visit = [&]<class P>(const layers<P>& set) {
        const outcome end = in_child([&] { run_all<P>(rounds); });
        quiet += end.clean() ? 1U : 0U;
        progress(set.name, ++count);
        if (end.clean()) { return; }
        std::fprintf(stderr, "%s, ALLOY_SEED=%llu, round %llu, program %llu, status %d:\n%s\n",
                     set.name, static_cast<unsigned long long>(seed()),
                     static_cast<unsigned long long>(end.last.run),
                     static_cast<unsigned long long>(end.last.step), end.status, end.printed);
    };
    std::apply([&](const auto&... each) { (visit(each), ...); }, sets);
    std::printf(
        "seed %llu: %zu programs and threads, %llu rounds, under %zu of %zu sets of layers\n",
        static_cast<unsigned long long>(seed()), programs::count + 1,
        static_cast<unsigned long long>(rounds), quiet, count);
    const outcome told = in_child([] {
        forgetful policy;
        policy.deallocate(policy.allocate({240, 8}), {240, 8});
    });
    if (told.says("alloy: leak")) { std::puts("a program with a mistake is told"); }
    if (quiet != count) { return 1; }
    std::puts("no layer raised a false alarm");
}
