// SPDX-License-Identifier: BSL-1.0
// Random operations on every strategy, combinator and preset, beside a model. A run that fails is
// made as short as it gets, and can be repeated:
//     ALLOY_SEED=7 ALLOY_POLICY=pool16 ALLOY_STEPS=12,815,816 test_soak_model
// EXPECT: a planted flaw is found, and its run made short
// EXPECT: every policy agrees with its model
#include "model.hpp"
#include "shrink.hpp"
#include "zoo.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

using namespace alloy;
using namespace alloy::test;

namespace {

using source = metered<false>;

constexpr std::uint64_t operations = 10'000'000;

/// Misplaces what is aligned to more than 16 bytes, from its third block on.
class flawed {
public:
    static constexpr std::size_t max_align = pool16<>::max_align;
    [[nodiscard]] void* allocate(layout want) noexcept {
        auto* const at = static_cast<std::byte*>(pool_.allocate({want.size + 8, want.align}));
        return at == nullptr || ++blocks_ < 3 || want.align < 32 ? at : at + 8;
    }
    void deallocate(void* at, layout given) noexcept {
        auto* const byte = static_cast<std::byte*>(at);
        const bool moved = detail::address(at) % given.align != 0;
        pool_.deallocate(moved ? byte - 8 : byte, {given.size + 8, given.align});
    }

private:
    pool16<> pool_;
    std::size_t blocks_ = 0;
};

/// Runs the operations that `next(n)` names, for n from 0 until it says none.
template <class Exhibit, class Next>
outcome run(Next next, bool loud = false, unsigned seconds = 0) {
    return in_child(
        [&] {
            {
                typename Exhibit::policy policy;
                model<Exhibit> beside(policy, seed(), loud);
                std::uint64_t step = 0;
                for (std::uint64_t n = 0; next(n, step); ++n) { beside.step(step); }
                beside.finish();
            }
            require_book(source::book.live.empty(), "a block never went back upstream\n");
        },
        seconds);
}

template <class Exhibit>
bool fails(const selection& some) {
    const auto next = [&](std::uint64_t n, std::uint64_t& step) {
        if (n == some.size()) { return false; }
        step = some[n];
        return true;
    };
    return run<Exhibit>(next, false, 60).status != 0;
}

template <class Exhibit>
void print_failure(const char* name, const outcome& end) {
    std::fprintf(stderr, "%s: %s", name, end.characters != 0 ? end.printed : "killed\n");
    const selection few = shortened(end.last.step, fails<Exhibit>);
    std::fprintf(stderr, "ALLOY_SEED=%llu ALLOY_POLICY='%s' ALLOY_STEPS=",
                 static_cast<unsigned long long>(seed()), name);
    for (const std::uint64_t each : few) {
        std::fprintf(stderr, "%llu,", static_cast<unsigned long long>(each));
    }
    const auto next = [&](std::uint64_t n, std::uint64_t& step) {
        if (n == few.size()) { return false; }
        step = few[n];
        return true;
    };
    std::fprintf(stderr, "\n%s", run<Exhibit>(next, true, 60).printed);
}

/// The operations of ALLOY_STEPS.
selection said_steps() {
    selection some;
    const char* at = std::getenv("ALLOY_STEPS"); // NOLINT(concurrency-mt-unsafe)
    while (at != nullptr && *at != '\0') {
        char* end = nullptr;
        some.push_back(std::strtoull(at, &end, 10));
        at = *end == ',' ? end + 1 : end;
    }
    return some;
}

template <class Exhibit>
bool agrees(const char* name, std::uint64_t amount) {
    const auto next = [&](std::uint64_t n, std::uint64_t& step) {
        step = n;
        return n < amount;
    };
    const outcome end = run<Exhibit>(next);
    if (end.status != 0) { print_failure<Exhibit>(name, end); }
    return end.status == 0;
}

bool finds_a_planted_flaw() {
    using exhibit_of = exhibit<flawed, mixed>;
    const auto next = [](std::uint64_t n, std::uint64_t& step) {
        step = n;
        return n < 10'000;
    };
    const outcome end = run<exhibit_of>(next);
    return end.says("misaligned") && shortened(end.last.step, fails<exhibit_of>).size() == 3;
}

} // namespace

int main() {
    const selection some = said_steps();
    const char* const only = std::getenv("ALLOY_POLICY"); // NOLINT(concurrency-mt-unsafe)
    const std::uint64_t amount = thinned(operations) * soak();
    std::size_t policies = 0;
    std::size_t sound = 0;
    const auto visit_for = [&]<class Exhibit>(const Exhibit& each, std::uint64_t steps) {
        if (only != nullptr && std::string_view(only) != each.name) { return; }
        ++policies;
        if (some.empty()) {
            progress(each.name, policies);
            sound += agrees<Exhibit>(each.name, steps) ? 1U : 0U;
        } else {
            const auto next = [&](std::uint64_t n, std::uint64_t& step) {
                if (n == some.size()) { return false; }
                step = some[n];
                return true;
            };
            std::fputs(run<Exhibit>(next, true).printed, stderr);
        }
    };
    const auto visit = [&](const auto& each) { visit_for(each, amount); };
    std::printf("seed %llu, %llu operations a policy\n", static_cast<unsigned long long>(seed()),
                static_cast<unsigned long long>(amount));
    if (only == nullptr && finds_a_planted_flaw()) {
        std::puts("a planted flaw is found, and its run made short");
    }
    for_each_exhibit(zoo<source>::all, visit);
    // Nothing of it is used again, so that more of it takes more memory.
    visit_for(exhibit<affix<bump<bump_options{}, source>, void, int>, mixed>{"affix on bump"},
              thinned(operations));
    visit(exhibit<bitmaps, mixed>{"bitmaps"});
    visit(exhibit<buddy<>, layout{2048, 4096}>{"buddy of the system's pages"});
    std::printf("%zu of %zu policies\n", sound, policies);
    if (policies == 0) {
        std::fprintf(stderr, "ALLOY_POLICY: there is no \"%s\"; test/soak/zoo.hpp names them\n",
                     only);
        return 2;
    }
    if (sound != policies) { return 1; }
    std::puts("every policy agrees with its model");
}
