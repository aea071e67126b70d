// SPDX-License-Identifier: BSL-1.0
// Exits with blocks cached in every preset, and with live nodes that alone point to memory of
// malloc's: no leak. With `lost`, the last pointer to such a node is gone, and LeakSanitizer must
// say so.   leaks cached|lost
#include <alloy/preset.hpp>

#include <list>
#include <string>
#include <string_view>

namespace {

using namespace std::literals;

constexpr auto too_long_for_the_string_itself =
    "a text that needs memory of its own, from malloc"sv;

template <template <class> class Allocator>
auto& filled() {
    using strings = std::list<std::string, Allocator<std::string>>;
    auto& kept = *new strings; // never destroyed: reachable to the end
    for (int i = 0; i < 1000; ++i) { kept.emplace_back(too_long_for_the_string_itself); }
    for (int i = 0; i < 500; ++i) { kept.pop_front(); } // cached now
    return kept;
}

const void* reachable[5]; // NOLINT(*-avoid-c-arrays)

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) { return 2; }
    reachable[0] = &filled<alloy::pool_allocator>();
    reachable[1] = &filled<alloy::local_pool_allocator>();
    reachable[2] = &filled<alloy::bitmap_allocator>();
    reachable[3] = &filled<alloy::local_bitmap_allocator>();
    reachable[4] = &filled<alloy::buddy_allocator>();
    if (argv[1] == "lost"sv) {
        for (const void*& each : reachable) { each = nullptr; }
        for (int i = 0; i < 10; ++i) { // beyond what a stale register or stack slot could hide
            static_cast<void>(new std::string(too_long_for_the_string_itself));
        }
    }
}
