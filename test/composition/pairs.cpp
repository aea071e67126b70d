// SPDX-License-Identifier: BSL-1.0
// Every ordered pair of layers that the order of guards allows, each above another strategy in
// turn, held to every law of a policy: whatever two layers do to each other shows here. The build
// says which share: ALLOY_TEST_SHARE of ALLOY_TEST_SHARES.
#include <alloy/alloy.hpp>
#include <alloy/check/conforms.hpp>

#include <cstddef>
#include <cstdio>
#include <tuple>
#include <type_traits>
#include <utility>

namespace {

using namespace alloy;

using sizes = linear_classes<8, 16>;
template <layout Node>
using node_list = freelist<Node>;
template <layout Node>
using node_map = bitmap<Node>;

using strategies =
    std::tuple<pool16<>, size_classes<sizes, node_list, new_source>,
               size_classes<sizes, node_map, new_source>, buddy<>, pool16<bump<>, links::encoded>>;
constexpr std::size_t n_strategies = std::tuple_size_v<strategies>;

/// The layers, by number, above `P`.
template <std::size_t I, class P>
using layer = std::remove_pointer_t<std::tuple_element_t<
    I, std::tuple<counted<P>*, counted<P, counted_options{.reads = gauge::bytes}>*, checked<P>*,
                  wiped<P>*, zeroed<P>*, shuffled<sizes, P>*, limited<(1U << 22U), P>*, locked<P>*,
                  failing<P>*, hooked<heaptrack_hooks, P>*, measured<P>*, affix<P, long, char>*,
                  quantize<multiples_of<48>, P>*, passthrough<P>*, canaried<P>*,
                  delayed<sizes, P, 16>*>>>;
constexpr std::size_t n_layers = 16;
constexpr std::size_t n_pairs = n_layers * n_layers;

/// The ranks of those that have one.
constexpr guard_rank rank_of(std::size_t i) {
    switch (i) {
    case 0:
    case 1:
        return guard_rank::count;
    case 2:
        return guard_rank::check;
    case 3:
        return guard_rank::wipe;
    case 5:
    case 15:
        return guard_rank::cache;
    case 9:
        return guard_rank::hook;
    case 14:
        return guard_rank::canary;
    default:
        return guard_rank::none;
    }
}
constexpr bool allowed(std::size_t outer, std::size_t inner) {
    return rank_of(outer) == guard_rank::none || rank_of(inner) <= rank_of(outer);
}
/// Which strategy a pair stands above; one that can be reset is not for a count, which does not
/// allow that its blocks end unseen.
constexpr std::size_t strategy_below(std::size_t outer, std::size_t inner) {
    const std::size_t turn = (outer + inner) % n_strategies;
    const bool counts = outer < 2 || inner < 2;
    return counts && turn == n_strategies - 1 ? 0 : turn;
}

template <std::size_t Pair>
bool keeps_the_laws() {
    constexpr std::size_t outer = Pair / n_layers;
    constexpr std::size_t inner = Pair % n_layers;
    if constexpr (!allowed(outer, inner)) {
        return true;
    } else {
        using below = std::tuple_element_t<strategy_below(outer, inner), strategies>;
        layer<outer, layer<inner, below>> policy;
        constexpr conformance_options options{.largest = {300, 64}, .steps = 1'000};
        const report found = check_conformance<options>(policy, 1 + Pair);
        if (!found.ok()) {
            std::printf("layer %zu above layer %zu: %s\n", outer, inner, found.text().c_str());
        }
        return found.ok();
    }
}

constexpr std::size_t first = n_pairs * ALLOY_TEST_SHARE / ALLOY_TEST_SHARES;
constexpr std::size_t last = n_pairs * (ALLOY_TEST_SHARE + 1) / ALLOY_TEST_SHARES;

} // namespace

int main() {
    return []<std::size_t... I>(std::index_sequence<I...>) {
        const std::size_t sound = (std::size_t{keeps_the_laws<first + I>()} + ...);
        std::printf("%zu of %zu pairs keep every law, or are forbidden\n", sound, last - first);
        return sound == last - first ? 0 : 1;
    }(std::make_index_sequence<last - first>{});
}
