// SPDX-License-Identifier: BSL-1.0
// Where are the bytes of a pool, and what should be done about it?
// EXPECT: requested:  40000 bytes, all in 1000 blocks
// EXPECT: the parts add up to what was taken: yes
// EXPECT: afterwards: Call trim() when the load is over, or bound the cache.
// EXPECT: after trim(): 0 bytes taken
// EXPECT: who lost it: a leak of 1 blocks, 24 bytes
#include <alloy/adapt/allocator.hpp>
#include <alloy/compose/counted.hpp>
#include <alloy/gauge/doctor.hpp>
#include <alloy/gauge/observe.hpp>
#include <alloy/gauge/print.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/malloc.hpp>

#include <cstdio>
#include <optional>
#include <vector>

namespace {

/// A gauge above the pool tells what is asked for, one below it what the pool takes.
constexpr alloy::counted_options in_bytes{.reads = alloy::gauge::bytes};
using source = alloy::counted<alloy::malloc_source, in_bytes>;
using pool = alloy::counted<alloy::pool16<source>, in_bytes>;

} // namespace

int main() {
    std::optional<pool> nodes(std::in_place);
    std::vector<void*> live;
    for (int i = 0; i < 1000; ++i) { live.push_back(nodes->allocate({40, 8})); }

    const auto full = alloy::observe(*nodes);
    std::printf("requested:  %zu bytes, all in %zu blocks\n", full.bytes.requested,
                static_cast<std::size_t>(full.layers[0].counts.live().blocks));
    std::printf("the parts add up to what was taken: %s\n",
                full.bytes.sum() == full.bytes.taken ? "yes" : "no");
    std::fputs(alloy::to_text(full).c_str(), stdout); // and to_json(), and to_prometheus()

    for (void* const each : live) { nodes->deallocate(each, {40, 8}); }
    const alloy::diagnosis found = alloy::doctor(alloy::observe(*nodes));
    std::printf("afterwards: %s\n", found.advice.data());
    nodes->trim();
    std::printf("after trim(): %zu bytes taken\n", alloy::observe(*nodes).bytes.taken);

    alloy::on_misuse([](const alloy::incident& what) noexcept {
        std::printf("who lost it: a %s of %zu blocks, %zu bytes\n",
                    alloy::name_of(what.kind).data(), static_cast<std::size_t>(what.blocks),
                    what.known.size);
    });
    static_cast<void>(nodes->allocate({24, 8}));
    nodes.reset();
}
