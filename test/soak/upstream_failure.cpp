// SPDX-License-Identifier: BSL-1.0
// Every request to upstream refused in turn, alone and with all later ones, under every policy: for
// a block, a zeroed block, a batch, and a block that grows. What was asked of the policy then
// either worked all the same or changed nothing; asked again it works, and all goes on.
// EXPECT: a policy that forgets what it took is found
// EXPECT: a policy that a refusal changes is found
// EXPECT: every failure of an upstream leaves all as it was
#include "model.hpp"
#include "shrink.hpp"
#include "zoo.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <type_traits>

using namespace alloy;
using namespace alloy::test;

namespace {

/// Takes two blocks for each, and when there is no second forgets the first.
class forgetful {
    using source = metered<false>;

public:
    static constexpr std::size_t max_align = source::max_align;
    [[nodiscard]] static void* allocate(layout want) noexcept {
        void* const first = source::allocate(want);
        void* const second = first != nullptr ? source::allocate({8, 8}) : nullptr;
        if (second == nullptr) { return nullptr; }
        source::deallocate(second, {8, 8});
        return first;
    }
    static void deallocate(void* at, layout given) noexcept { source::deallocate(at, given); }
};

/// Writes a note of each block before it knows that there is one.
class hasty {
    using source = metered<false>;
    using notebook = bump<bump_options{}, new_source>;

public:
    static constexpr std::size_t max_align = source::max_align;
    [[nodiscard]] void* allocate(layout want) noexcept {
        return notes_.allocate({8, 8}) == nullptr ? nullptr : source::allocate(want);
    }
    static void deallocate(void* at, layout given) noexcept { source::deallocate(at, given); }

    using upstreams = policies<notebook>;
    void each_upstream(auto visit) noexcept { visit(notes_); }

private:
    notebook notes_;
};

/// Every byte where it was; or some layer keeps less, one that empties its lists before it refuses.
template <class Snapshot>
bool as_before(const Snapshot& now, const Snapshot& before) {
    bool emptied = false;
    for (std::size_t i = 0; i < now.layers.size(); ++i) {
        emptied |= now.layers[i].account.cached < before.layers[i].account.cached;
    }
    return now == before || (emptied && now.bytes.taken <= before.bytes.taken);
}

void require(bool holds, const char* what) {
    if (holds) { return; }
    std::fprintf(stderr, "%s, at step %llu\n", what, static_cast<unsigned long long>(noted().step));
    std::_Exit(1);
}

/// The operations of a run, while upstream keeps to `plan`, and again when it refuses nothing.
/// @return False if the plan refused nothing.
template <class Exhibit, class Source>
bool run(const selection& steps, std::uint64_t from, const failure_plan& plan) {
    books& book = Source::book;
    bool met = false;
    {
        typename Exhibit::policy policy;
        model<Exhibit> beside(policy, from);
        beside.may_be_refused(true);
        book.fail(plan);
        for (const std::uint64_t n : steps) {
            const auto before = observe(policy); // first: it empties what was put aside
            const std::size_t refused = book.refused;
            const std::size_t bytes = book.bytes;
            const std::size_t blocks = book.live.size();
            const result one = beside.step(n);
            if (book.refused == refused) {
                require(one != result::refused || Exhibit::bounded,
                        "null, though upstream refused nothing");
                continue;
            }
            met = true;
            beside.verify();
            if (one == result::done) { continue; } // there was another way
            require(book.bytes == bytes && book.live.size() == blocks,
                    "it keeps what it took for a request that failed");
            require(as_before(observe(policy), before), "a request that failed changed it");
            book.plan = {};
            beside.may_be_refused(false);
            static_cast<void>(beside.step(n)); // the same again
            beside.may_be_refused(true);
            book.plan = plan;
        }
        book.fail({});
        beside.may_be_refused(false);
        for (const std::uint64_t n : steps) { static_cast<void>(beside.step(n + 1'000'000)); }
        beside.finish();
    }
    require(book.live.empty() && book.bytes == 0, "upstream did not get all back");
    return met;
}

/// Both modes at each request of a run. Notes the points.
template <class Exhibit, class Source>
outcome each_failure(const selection& steps, std::uint64_t from) {
    return in_child(
        [&] {
            for (std::size_t n = 1; run<Exhibit, Source>(steps, from, failure_plan::only(n)); ++n) {
                run<Exhibit, Source>(steps, from, failure_plan::from(n));
                noted().run = 2 * n;
            }
        },
        60);
}

/// @return Points; none if one went wrong.
template <class Exhibit, class Source>
std::size_t points(const char* name, const selection& steps, std::uint64_t from) {
    const outcome end = each_failure<Exhibit, Source>(steps, from);
    if (end.status == 0) {
        if (end.last.run == 0) { std::fprintf(stderr, "%s never asked upstream\n", name); }
        return end.last.run;
    }
    std::fprintf(stderr, "%s, seed %llu, request %llu refused: %s", name,
                 static_cast<unsigned long long>(from),
                 static_cast<unsigned long long>(end.last.run / 2 + 1), end.printed);
    const selection few = fewest(steps, [&](const selection& some) {
        return each_failure<Exhibit, Source>(some, from).status != 0;
    });
    std::fprintf(stderr, "of %zu operations these are enough:", steps.size());
    for (const std::uint64_t n : few) {
        std::fprintf(stderr, " %llu", static_cast<unsigned long long>(n));
    }
    std::fputs("\n", stderr);
    return 0;
}

struct tally {
    std::size_t points = 0;
    std::size_t policies = 0;
    std::size_t sound = 0;
};

template <class Source>
void fail_all(tally& all, const selection& steps, std::uint64_t from) {
    for_each_exhibit(zoo<Source>::all, [&]<class Exhibit>(const Exhibit& each) {
        const std::size_t n = points<Exhibit, Source>(each.name, steps, from);
        all.points += n;
        all.sound += n != 0 ? 1U : 0U;
        progress(each.name, ++all.policies);
    });
}

} // namespace

int main() {
    selection steps(300);
    std::iota(steps.begin(), steps.end(), std::uint64_t{0});
    const auto finds = [&]<class Flawed>(std::type_identity<Flawed> /*planted*/, const char* law) {
        return each_failure<exhibit<Flawed, mixed>, metered<false>>(steps, seed()).says(law);
    };
    if (finds(std::type_identity<forgetful>{}, "it keeps what it took")) {
        std::puts("a policy that forgets what it took is found");
    }
    if (finds(std::type_identity<hasty>{}, "changed it")) {
        std::puts("a policy that a refusal changes is found");
    }
    tally all;
    for (std::uint64_t round = 0; round < soak(); ++round) {
        fail_all<metered<false>>(all, steps, seed() + round);
        fail_all<metered<true>>(all, steps, seed() + round);
    }
    std::printf("seed %llu: %zu points in %zu of %zu policies\n",
                static_cast<unsigned long long>(seed()), all.points, all.sound, all.policies);
    if (all.sound != all.policies || all.points < 2000) { return 1; }
    std::puts("every failure of an upstream leaves all as it was");
}
