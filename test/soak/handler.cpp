// SPDX-License-Identifier: BSL-1.0
// Random operations beside a model, on every policy of the zoo that has no lock, over a source that
// calls a handler before it answers: that one releases blocks of the policy to make room, takes a
// few, and lets it trim.
// EXPECT: a policy that overwrites what came back is found
// EXPECT: no policy minds what a handler does
#include "model.hpp"
#include "zoo.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>

using namespace alloy;
using namespace alloy::test;

namespace {

using source = metered<false>; // of the planted flaw

/// Keeps a stack of one size, and forgets that it may have grown while upstream was asked.
class forgetful {
public:
    static constexpr std::size_t max_align = 16;
    forgetful() = default;
    forgetful(const forgetful&) = delete;
    forgetful& operator=(const forgetful&) = delete;
    ~forgetful() {
        while (count_ != 0) { source::deallocate(kept_[--count_], node); }
    }
    static std::size_t good_size(layout want) noexcept {
        return want.fits_in(node) ? 64 : want.size;
    }
    [[nodiscard]] void* allocate(layout want) noexcept {
        if (!want.fits_in(node)) { return nullptr; }
        if (count_ == 0) {
            void* const fresh = source::allocate(node);
            count_ = 0;
            return fresh;
        }
        return kept_[--count_];
    }
    void deallocate(void* at, layout /*given*/) noexcept {
        if (count_ == kept_.size()) { return source::deallocate(at, node); }
        kept_[count_++] = at;
    }

private:
    std::array<void*, 64> kept_{};
    std::size_t count_ = 0;
};

template <class Exhibit, class Source>
outcome run(std::uint64_t steps) {
    return in_child([&] {
        {
            typename Exhibit::policy policy;
            model<Exhibit> beside(policy, seed());
            std::uint64_t calls = 0;
            Source::book.handler = [&] {
                for (int i = 0; i < 8; ++i) { beside.release_another(++calls); }
                for (int i = 0; i < 2; ++i) { beside.take_another(++calls); }
                if constexpr (trimming_policy<typename Exhibit::policy>) {
                    if (calls % 64 == 0) { policy.trim(); }
                }
            };
            for (std::uint64_t n = 0; n < steps; ++n) { beside.step(n); }
            Source::book.handler = nullptr;
            beside.finish();
        }
        require_book(Source::book.live.empty(), "a block never went back upstream\n");
    });
}

/// True for what takes a lock, on its own or below.
template <class P>
inline constexpr bool waits = lockable_policy<P>;
template <class... P>
inline constexpr bool waits<policies<P...>> = (waits<P> || ...);
template <composed_policy P>
inline constexpr bool waits<P> = lockable_policy<P> || waits<typename P::upstreams>;

struct tally {
    std::size_t policies = 0;
    std::size_t sound = 0;
};

template <class Source>
void run_all(tally& all) {
    for_each_exhibit(zoo<Source>::all, [&]<class Exhibit>(const Exhibit& each) {
        if constexpr (!waits<typename Exhibit::policy>) { // else it would wait for itself
            progress(each.name, ++all.policies);
            const outcome end = run<Exhibit, Source>(thinned(500'000) * soak());
            all.sound += end.clean() ? 1U : 0U;
            if (end.clean()) { return; }
            std::fprintf(stderr, "%s, seed %llu: %s\n", each.name,
                         static_cast<unsigned long long>(seed()), end.printed);
        }
    });
}

} // namespace

int main() {
    const outcome planted = run<exhibit<forgetful, node>, source>(10'000);
    if (planted.says("never went back")) {
        std::puts("a policy that overwrites what came back is found");
    }
    tally all;
    run_all<metered<false>>(all);
    run_all<metered<true>>(all);
    std::printf("seed %llu: %zu of %zu policies\n", static_cast<unsigned long long>(seed()),
                all.sound, all.policies);
    if (all.sound != all.policies) { return 1; }
    std::puts("no policy minds what a handler does");
}
