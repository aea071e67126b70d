// SPDX-License-Identifier: BSL-1.0
// What every guard and gauge costs above the same pool. The prices are in src/doc/guards.md, and
// this program is held to them: `guards NAME bytes` prints the bytes that a live block of 64 takes
// beyond what the pool alone takes, and `guards NAME N` allocates and releases one N times.
// EXPECT: TABLE src/doc/guards.md
#include <alloy/compose/affix.hpp>
#include <alloy/compose/canaried.hpp>
#include <alloy/compose/checked.hpp>
#include <alloy/compose/counted.hpp>
#include <alloy/compose/delayed.hpp>
#include <alloy/compose/failing.hpp>
#include <alloy/compose/hooked.hpp>
#include <alloy/compose/limited.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/compose/measured.hpp>
#include <alloy/compose/passthrough.hpp>
#include <alloy/compose/sealed.hpp>
#include <alloy/compose/shuffled.hpp>
#include <alloy/compose/watched.hpp>
#include <alloy/compose/wiped.hpp>
#include <alloy/compose/zeroed.hpp>
#include <alloy/core/size_class.hpp>
#include <alloy/gauge/observe.hpp>
#include <alloy/hardening.hpp>
#include <alloy/policy/bitmap.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/malloc.hpp>

#include "pairs.hpp"

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace alloy;

namespace {

constexpr counted_options in_bytes{.reads = gauge::bytes};
using source = counted<malloc_source, in_bytes>;
using pool = pool16<source>;
using sizes = linear_classes<8, 16>;
constexpr layout block{64, 16};

/// Bytes taken for blocks that are out, each with all that belongs to it.
template <policy P>
std::size_t bytes_of(P& all, std::size_t blocks) {
    static std::array<void*, 10000> out;
    for (std::size_t i = 0; i < blocks; ++i) { out[i] = all.allocate(block); }
    const byte_split bytes = observe(all).bytes;
    for (std::size_t i = 0; i < blocks; ++i) { all.deallocate(out[i], block); }
    return bytes.requested + bytes.rounding + bytes.gaps + bytes.metadata;
}

/// After so many pairs nothing is new: what holds blocks back holds all that it may.
template <policy P, long Warm = 1000>
int price(const char* what) {
    static constinit P priced;
    if (std::strcmp(what, "bytes") == 0) {
        static constinit pool alone;
        constexpr std::size_t blocks = 10000;
        const std::size_t more = bytes_of(priced, blocks) - bytes_of(alone, blocks);
        std::printf("%zu\n", (more + blocks / 2) / blocks);
        return EXIT_SUCCESS;
    }
    test::pairs<block>(priced, Warm + std::atol(what));
    return EXIT_SUCCESS;
}

struct listener {
    std::size_t came = 0;
    std::size_t went = 0;
    void allocated(void* /*at*/, layout /*has*/) { ++came; }
    void released(void* /*at*/, layout /*has*/) { ++went; }
};

struct priced {
    const char* name;
    int (*run)(const char* what);
};
constexpr std::array guards{
    priced{"pool", price<pool>},
    priced{"counted_none", price<counted<pool, counted_options{.reads = gauge::none}>>},
    priced{"counted_blocks", price<counted<pool>>},
    priced{"counted_bytes", price<counted<pool, in_bytes>>},
    priced{"counted_sizes", price<counted<pool, counted_options{.reads = gauge::sizes}>>},
    priced{"locked", price<locked<pool>>},
    priced{"locked_counted_shared",
           price<counted<locked<pool>, counted_options{.reads = gauge::bytes, .shared = true}>>},
    priced{"hooked", price<hooked<listener, pool>>},
    priced{"heaptrack_absent", price<hooked<heaptrack_hooks, pool>>},
    priced{"watched", price<watched<pool>>},
    priced{"limited", price<limited<unlimited, pool>>},
    priced{"sealed", price<sealed<pool>>},
    priced{"failing_none", price<failing<pool>>},
    priced{"passthrough_unset", price<passthrough<pool>>},
    priced{"measured", price<measured<pool>>},
    priced{"affix_word", price<affix<pool, std::size_t>>},
    priced{"encoded_links", price<pool16<source, links::encoded>>},
    priced{"shuffled", price<shuffled<sizes, pool>>},
    priced{"zeroed", price<zeroed<pool>>},
    priced{"wiped", price<wiped<pool>>},
    priced{"canaried", price<canaried<pool>>},
    priced{"delayed", price<delayed<sizes, pool>>},
    priced{"guarded_pool", price<guarded_pool<source>>},
    priced{"hardening_one", price<hardening<1, pool>>},
    priced{"hardening_two", price<hardening<2, pool>, 20'000>},
    priced{"hardening_three", price<hardening<3, pool>, 1'000'000>},
    priced{"hardening_four", price<hardening<4, pool>, 1'000'000>},
};

} // namespace

int main(int count, char** words) {
    for (const priced& each : guards) {
        if (count == 3 && std::strcmp(words[1], each.name) == 0) { return each.run(words[2]); }
    }
    std::fputs("usage: guards NAME bytes|N, with a NAME of:\n", stderr);
    for (const priced& each : guards) { std::fprintf(stderr, "  %s\n", each.name); }
    return EXIT_FAILURE;
}
