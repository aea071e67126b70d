// SPDX-License-Identifier: BSL-1.0
//
// One run of one contender: peers_<id> WORKLOAD THREADS DIVISOR prints its outcome as JSON.
//
// Compiled once for each line of contenders.def, which says what ALLOY_PEERS_HEADER and
// ALLOY_PEERS_KIT are: a program of its own, so that no contender's inlining, libraries or
// thread-local state depend on another's.

#include ALLOY_PEERS_HEADER

#include "aged.hpp"
#include "alignment.hpp"
#include "arenas/json_text.hpp"
#include "arenas/syntax_tree.hpp"
#include "churn.hpp"
#include "containers.hpp"
#include "fill.hpp"
#include "footprint.hpp"
#include "fresh.hpp"
#include "hand_over.hpp"
#include "keyed.hpp"
#include "latency.hpp"
#include "memory.hpp"
#include "programs/event_simulation.hpp"
#include "programs/identifier_index.hpp"
#include "programs/kd_tree.hpp"
#include "programs/lru_cache.hpp"
#include "programs/order_book.hpp"
#include "queue.hpp"
#include "support/kit.hpp"
#include "support/neutral.hpp"

#include <cinttypes>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <type_traits>
#include <unistd.h>

#ifndef __OPTIMIZE__
#error "without optimisation this measures nothing: build with CMAKE_BUILD_TYPE=Release"
#endif

namespace alloy::bench {
namespace {

using kit = ALLOY_PEERS_KIT;

template <class Allocator>
struct workloads {
    using node = nodes<Allocator, 40>;
    static constexpr std::size_t many = std::size_t{1} << 15U;

    static constexpr auto pairs = pairs_of<node::bytes, Allocator>;
    static constexpr auto replace = replace_of<node::bytes, many, Allocator>;
    static constexpr auto hand_over = hand_over_of<node, Allocator>;
    static constexpr auto hand_over_mixed = hand_over_of<arrays<Allocator>, Allocator>;
    static constexpr auto queue_remote = queue_of<released::remote, node, Allocator>;
    static constexpr auto queue_local = queue_of<released::local, node, Allocator>;
    static constexpr auto queue_kept = queue_of<released::kept, node, Allocator>;
    static constexpr auto pairs_48 = pairs_of<48, Allocator>;
    static constexpr auto replace_48 = replace_of<48, many, Allocator>;
    static constexpr auto forward = fill_of<64, many, order::forward, Allocator>;
    static constexpr auto reverse = fill_of<64, many, order::reverse, Allocator>;
    static constexpr auto shuffled = fill_of<64, many, order::shuffled, Allocator>;
    static constexpr auto size_16 = replace_of<16, many, Allocator>;
    static constexpr auto size_64 = replace_of<64, many, Allocator>;
    static constexpr auto size_128 = replace_of<128, many, Allocator>;
    static constexpr auto size_256 = replace_of<256, many, Allocator>;
    static constexpr auto size_1024 = replace_of<1024, many, Allocator>;
    static constexpr auto live_1k = replace_of<64, 1'000, Allocator>;
    static constexpr auto live_10k = replace_of<64, 10'000, Allocator>;
    static constexpr auto live_200k = replace_of<64, 200'000, Allocator>;
    static constexpr auto live_1m = replace_of<64, 1'000'000, Allocator>;
    static constexpr auto live_10m = replace_of<64, 10'000'000, Allocator>;
    static constexpr auto latency_median = latency_of<500'000, Allocator>;
    static constexpr auto latency_99 = latency_of<10'000, Allocator>;
    static constexpr auto latency_999 = latency_of<1'000, Allocator>;
    static constexpr auto latency_9999 = latency_of<100, Allocator>;
    static constexpr auto latency_most = latency_of<0, Allocator>;
    static constexpr auto list_queue = list_queue_of<Allocator>;
    static constexpr auto map_churn = map_churn_of<Allocator>;
    static constexpr auto aged_walk = aged_walk_of<Allocator>;
    static constexpr auto bounded_queue = bounded_queue_of<node, Allocator>;
    static constexpr auto free_only = free_only_of<node, Allocator>;
    static constexpr auto many_threads = many_threads_of<node, Allocator>;
    static constexpr auto fresh_list = fresh_list_of<Allocator>;
    static constexpr auto fresh_map = fresh_keys_of<tree_map<Allocator>, 100'000, 2, Allocator>;
    static constexpr auto fresh_set = fresh_keys_of<tree_set<Allocator>, 100'000, 2, Allocator>;
    static constexpr auto fresh_hash = fresh_keys_of<hash_map<Allocator>, 100'000, 3, Allocator>;
    static constexpr auto fresh_deque = fresh_deque_of<Allocator>;
    static constexpr auto fresh_vector = fresh_vector_of<Allocator>;
    static constexpr auto fresh_strings = fresh_strings_of<Allocator>;
    static constexpr auto fresh_flat = fresh_keys_of<flat_map<Allocator>, 250, 4'000, Allocator>;
    static constexpr auto aged_search = aged_search_of<Allocator>;
    static constexpr auto aged_hash = aged_hash_of<Allocator>;
    static constexpr auto littered_walk = littered_walk_of<Allocator>;
    static constexpr auto footprint_peak = footprint_peak_of<Allocator>;
    static constexpr auto footprint_after = footprint_after_of<Allocator>;
    static constexpr auto footprint_returned = footprint_returned_of<Allocator>;
    static constexpr auto json_document = json_text_of<kit>;
    static constexpr auto lru_cache = lru_cache_of<Allocator>;
    static constexpr auto order_book = order_book_of<Allocator>;
    static constexpr auto event_simulation = event_simulation_of<Allocator>;
    static constexpr auto kd_tree = kd_tree_of<Allocator>;
    static constexpr auto identifier_index = identifier_index_of<Allocator>;
    static constexpr auto syntax_tree = syntax_tree_of<kit>;
    static constexpr auto json_text = json_text_of<kit>;
};

// The loader only warns of a library that it cannot preload.
void check_preloaded() {
    const char* const library = std::getenv("LD_PRELOAD");
    if (library != nullptr && *library != '\0' &&
        ::dlopen(library, RTLD_LAZY | RTLD_NOLOAD) == nullptr) {
        throw std::runtime_error("the library was not preloaded");
    }
}

/// What frees a tree as the kit does is given the kit; all others, its allocator.
template <class Workload>
outcome call(Workload work, kit& home, const task& asked) {
    outcome found;
    if constexpr (std::is_invocable_v<Workload, kit&, const task&>) {
        found = work(home, asked);
    } else {
        found = work(home.allocator(), asked);
    }
    found.alignment = common_alignment(home.allocator()); // by now nothing is measured
    return found;
}

outcome run(std::string_view name, const task& asked) {
    static kit home; // no thread's blocks outlive it
    using all = workloads<kit::allocator_type>;
#define ALLOY_PEERS_TABLE(...)
#define ALLOY_PEERS_WORKLOAD(id, ...)                                                              \
    if (name == #id) { return call(all::id, home, asked); }
#include "workloads.def"
#undef ALLOY_PEERS_WORKLOAD
#undef ALLOY_PEERS_TABLE
    throw std::runtime_error("no such workload");
}

} // namespace
} // namespace alloy::bench

int main(int argc, char** argv) {
    constexpr unsigned seconds_at_most = 600; // a damaged list may be endless
    if (argc != 4) { return EXIT_FAILURE; }
    try {
        ::alarm(seconds_at_most);
        alloy::bench::check_preloaded();
        const alloy::bench::outcome found =
            alloy::bench::run(argv[1], {static_cast<unsigned>(std::atoi(argv[2])),
                                        std::strtoull(argv[3], nullptr, 10)});
        std::printf("{\"value\": %.17g, \"checksum\": %" PRIu64 ", \"alignment\": %" PRIu64 "}\n",
                    found.value, found.checksum, found.alignment);
        return EXIT_SUCCESS;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "%s: %s\n", argv[0], error.what());
        return EXIT_FAILURE;
    }
}
