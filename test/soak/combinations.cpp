// SPDX-License-Identifier: BSL-1.0
// Every set of nine layers, in the order that the guards allow, above each of five strategies: held
// to every law of a policy, and run beside a model. A test does this for every pair of layers; all
// of them take minutes to compile, so that a soak alone builds this, in shares.
#include "model.hpp"

#include <alloy/alloy.hpp>
#include <alloy/check/conforms.hpp>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <tuple>
#include <type_traits>
#include <utility>

using namespace alloy;
using namespace alloy::test;

namespace {

using sixteen = linear_classes<8, 16>;
template <layout Node>
using listed_bin = freelist<Node>;
template <layout Node>
using mapped_bin = bitmap<Node>;

using strategies =
    std::tuple<pool16<new_source, links::encoded>*, size_classes<sixteen, listed_bin, new_source>*,
               size_classes<sixteen, mapped_bin, new_source>*, buddy<>*, slab<>*>;
constexpr std::size_t n_strategies = std::tuple_size_v<strategies>;

/// The layers, from the inside out.
template <class P>
using layers = std::tuple<shuffled<sixteen, P>*, wiped<P>*, quantize<multiples_of<48>, P>*,
                          checked<P>*, measured<P>*, limited<(std::size_t{1} << 26U), P>*,
                          counted<P, counted_options{.reads = gauge::sizes}>*,
                          hooked<heaptrack_hooks, P>*, locked<P>*>;
constexpr std::size_t n_layers = std::tuple_size_v<layers<new_source>>;
constexpr std::size_t n_sets = std::size_t{1} << n_layers;

/// Those of `Set` above `P`, from layer `I` on.
template <std::size_t Set, class P, std::size_t I = 0>
struct composed : composed<Set, P, I + 1> {};
template <std::size_t Set, class P, std::size_t I>
    requires(I < n_layers && (Set >> I & 1U) != 0)
struct composed<Set, P, I>
    : composed<Set, std::remove_pointer_t<std::tuple_element_t<I, layers<P>>>, I + 1> {};
template <std::size_t Set, class P>
struct composed<Set, P, n_layers> {
    using type = P;
};

/// What a composition can do, so that laws and model are compiled once for all of them.
struct doings {
    void* (*make)();
    void (*end)(void* p);
    void* (*allocate)(void* p, layout want) noexcept;
    void* (*allocate_zeroed)(void* p, layout want) noexcept;
    void (*deallocate)(void* p, void* at, layout given) noexcept;
    bool (*resize)(void* p, void* at, layout given, std::size_t size) noexcept;
    std::size_t (*good_size)(const void* p, layout want) noexcept;
};

template <class P>
constexpr doings doings_of{
    []() -> void* { return new P; },
    [](void* p) { delete static_cast<P*>(p); },
    [](void* p, layout want) noexcept { return static_cast<P*>(p)->allocate(want); },
    [](void* p, layout want) noexcept {
        return detail::allocate_zeroed(*static_cast<P*>(p), want);
    },
    [](void* p, void* at, layout given) noexcept { static_cast<P*>(p)->deallocate(at, given); },
    [](void* p, void* at, layout given, std::size_t size) noexcept {
        if constexpr (resizing_policy<P>) { return static_cast<P*>(p)->resize(at, given, size); }
        return false;
    },
    [](const void* p, layout want) noexcept {
        return alloy::good_size(*static_cast<const P*>(p), want);
    },
};

/// Any of them.
class composition {
public:
    static constexpr std::size_t max_align = any_align; // more than any is asked for
    explicit composition(const doings& of) : of_(&of), policy_(of.make()) {}
    composition(const composition&) = delete;
    composition& operator=(const composition&) = delete;
    ~composition() { of_->end(policy_); }

    [[nodiscard]] void* allocate(layout want) noexcept { return of_->allocate(policy_, want); }
    [[nodiscard]] void* allocate_zeroed(layout want) noexcept {
        return of_->allocate_zeroed(policy_, want);
    }
    void deallocate(void* at, layout given) noexcept { of_->deallocate(policy_, at, given); }
    [[nodiscard]] bool resize(void* at, layout given, std::size_t size) noexcept {
        return of_->resize(policy_, at, given, size);
    }
    [[nodiscard]] std::size_t good_size(layout want) const noexcept {
        return of_->good_size(policy_, want);
    }

private:
    const doings* of_;
    void* policy_;
};

struct exhibit_of_any {
    using policy = composition;
    static constexpr layout largest{300, 16};
    static constexpr bool bounded = false;
};

constexpr std::size_t n_all = n_sets * n_strategies;
constexpr std::size_t first = n_all * ALLOY_TEST_SHARE / ALLOY_TEST_SHARES;
constexpr std::size_t last = n_all * (ALLOY_TEST_SHARE + 1) / ALLOY_TEST_SHARES;

template <std::size_t N>
constexpr const doings& nth =
    doings_of<typename composed<N / n_strategies, std::remove_pointer_t<std::tuple_element_t<
                                                      N % n_strategies, strategies>>>::type>;

bool is_sound(const doings& of, std::size_t n) {
    const outcome end = in_child([&] {
        {
            constexpr conformance_options options{.largest = exhibit_of_any::largest,
                                                  .steps = 1'000};
            composition policy(of);
            const report found = check_conformance<options>(policy, seed() + n);
            std::fputs(found.ok() ? "" : found.text().c_str(), stderr);
        }
        composition policy(of);
        model<exhibit_of_any> beside(policy, seed() + n);
        for (std::uint64_t i = 0; i < thinned(10'000) * soak(); ++i) { beside.step(i); }
        beside.finish();
    });
    if (end.clean()) { return true; }
    std::fprintf(stderr, "layers %zu above strategy %zu, seed %llu: %s\n", n / n_strategies,
                 n % n_strategies, static_cast<unsigned long long>(seed()), end.printed);
    return false;
}

} // namespace

int main() {
    static constexpr auto all = []<std::size_t... I>(std::index_sequence<I...>) {
        return std::array{&nth<first + I>...};
    }(std::make_index_sequence<last - first>{});
    std::size_t sound = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
        progress("combinations", i);
        sound += is_sound(*all[i], first + i) ? 1U : 0U;
    }
    std::printf("seed %llu: %zu of %zu combinations are sound\n",
                static_cast<unsigned long long>(seed()), sound, all.size());
    return sound == all.size() ? 0 : 1;
}
