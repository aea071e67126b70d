// SPDX-License-Identifier: BSL-1.0
// Every kind of misuse that `checked` tells, for blocks of nine sizes, over every strategy and
// through every adapter: each in a process of its own, which must say what it was and abort.
// EXPECT: a clean use of every strategy and adapter says nothing
// EXPECT: every misuse is told
#include "doors.hpp"
#include "soak.hpp"

#include <alloy/alloy.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

using namespace alloy;
using namespace alloy::test;

namespace {

constexpr std::array<std::size_t, 9> sizes{1, 3, 8, 24, 40, 64, 100, 1000, 5000};

/// Writes another value than is there, even where AddressSanitizer would not let it.
void spoil(void* at, std::ptrdiff_t offset) {
    auto* const byte = static_cast<std::byte*>(at) + offset;
    detail::write_kept(byte, ~detail::read_kept(byte));
}

struct kind {
    const char* name;
    misuse told;
    void* (*elsewhere)(void* at, std::size_t size) = nullptr; ///< What is released instead.
    layout (*said)(layout asked) = nullptr;                   ///< As what it is released.
    std::ptrdiff_t (*wrong)(std::size_t size) = nullptr;      ///< The byte that is written,
    enum { live, released } then = live;                      ///< and when.
    int traffic = -1;       ///< Released twice, with so many blocks taken between.
    bool forgotten = false; ///< Out of quarantine by then.
};

std::byte statics[64]; // NOLINT(*-avoid-c-arrays)
guarded others;

void* offset_by(void* at, std::size_t n) { return static_cast<std::byte*>(at) + n; }

constexpr std::array kinds{
    kind{.name = "none", .told = {}},
    kind{.name = "released twice", .told = misuse::double_release, .traffic = 0},
    kind{.name = "released twice, one between", .told = misuse::double_release, .traffic = 1},
    kind{.name = "released twice, fifty between", .told = misuse::double_release, .traffic = 50},
    kind{.name = "released twice, after quarantine",
         .told = misuse::foreign_release,
         .traffic = 0,
         .forgotten = true},
    kind{.name = "a stack object",
         .told = misuse::foreign_release,
         .elsewhere = [](void*, std::size_t) -> void* { return __builtin_frame_address(0); }},
    kind{.name = "a static object",
         .told = misuse::foreign_release,
         .elsewhere = [](void*, std::size_t) -> void* { return statics; }},
    kind{.name = "a wild address",
         .told = misuse::foreign_release,
         .elsewhere = [](void*, std::size_t) -> void* {
             return reinterpret_cast<void*>(std::uintptr_t{0xDEAD0000}); // NOLINT
         }},
    kind{.name = "another policy's",
         .told = misuse::foreign_release,
         .elsewhere = [](void*, std::size_t n) -> void* { return others.allocate({n, 16}); }},
    kind{.name = "inside, at its middle",
         .told = misuse::foreign_release,
         .elsewhere = [](void* at, std::size_t n) { return offset_by(at, n / 2 + 1); }},
    kind{.name = "inside, behind its start",
         .told = misuse::foreign_release,
         .elsewhere = [](void* at, std::size_t) { return offset_by(at, 1); }},
    kind{.name = "a byte less",
         .told = misuse::wrong_size,
         .said = [](layout of) { return layout{of.size - 1, of.align}; }},
    kind{.name = "a byte more",
         .told = misuse::wrong_size,
         .said = [](layout of) { return layout{of.size + 1, of.align}; }},
    kind{.name = "twice the size",
         .told = misuse::wrong_size,
         .said = [](layout of) { return layout{2 * of.size, of.align}; }},
    kind{.name = "no size",
         .told = misuse::wrong_size,
         .said = [](layout of) { return layout{0, of.align}; }},
    kind{.name = "half the alignment",
         .told = misuse::wrong_align,
         .said = [](layout of) { return layout{of.size, of.align / 2}; }},
    kind{.name = "twice the alignment",
         .told = misuse::wrong_align,
         .said = [](layout of) { return layout{of.size, of.align * 2}; }},
    kind{.name = "overflow by a byte",
         .told = misuse::overflow,
         .wrong = [](std::size_t n) { return static_cast<std::ptrdiff_t>(n); }},
    kind{.name = "overflow by the eighth byte",
         .told = misuse::overflow,
         .wrong = [](std::size_t n) { return static_cast<std::ptrdiff_t>(n) + 7; }},
    kind{.name = "overflow by the last of the margin",
         .told = misuse::overflow,
         .wrong = [](std::size_t n) { return static_cast<std::ptrdiff_t>(n) + 15; }},
    kind{.name = "overflow by a zero", .told = misuse::overflow},
    kind{.name = "underflow by a byte",
         .told = misuse::underflow,
         .wrong = [](std::size_t) -> std::ptrdiff_t { return -1; }},
    kind{.name = "underflow by the eighth byte",
         .told = misuse::underflow,
         .wrong = [](std::size_t) -> std::ptrdiff_t { return -8; }},
    kind{.name = "write after release, first byte",
         .told = misuse::write_after_release,
         .wrong = [](std::size_t) -> std::ptrdiff_t { return 0; },
         .then = kind::released},
    kind{.name = "write after release, middle",
         .told = misuse::write_after_release,
         .wrong = [](std::size_t n) { return static_cast<std::ptrdiff_t>(n / 2); },
         .then = kind::released},
    kind{.name = "write after release, last byte",
         .told = misuse::write_after_release,
         .wrong = [](std::size_t n) { return static_cast<std::ptrdiff_t>(n) - 1; },
         .then = kind::released},
    kind{.name = "leak", .told = misuse::leak},
};

/// The strongest alignment up to 8 that `size` allows, and half of it for a kind that doubles it.
template <class Door>
layout asked_for(const kind& one, std::size_t size) {
    if constexpr (requires { Door::usual; }) { return {size, Door::usual}; }
    if (one.told == misuse::wrong_size) { return {size, 1}; }
    const std::size_t align = std::min<std::size_t>(detail::lowest_bit(size), 16);
    return {size, one.said != nullptr && one.said({1, 1}).align == 2 ? std::max(align / 2, 1UL)
                                                                     : std::min(align, 8UL)};
}

/// False for what this kind, size and adapter together cannot do wrong.
template <class Door>
bool possible(const kind& one, layout asked) {
    if (one.told == misuse::leak && !Door::ends) { return false; }
    if (one.said == nullptr) { return Door::can(asked, asked); }
    const layout given = one.said(asked);
    if (std::max(given.size, std::size_t{1}) == asked.size && given.align == asked.align) {
        return false; // an adapter makes one byte of none
    }
    return given.align != 0 && Door::can(asked, given);
}

template <class Door>
void commit(const kind& one, layout asked) {
    std::optional<Door> door(std::in_place);
    void* const older = door->take(asked);
    void* const at = door->take(asked);
    void* const newer = door->take(asked);
    std::memset(at, 0x5A, asked.size);
    if (one.wrong != nullptr && one.then == kind::live) { spoil(at, one.wrong(asked.size)); }
    if (one.name == std::string_view("overflow by a zero")) {
        detail::write_kept(static_cast<std::byte*>(at) + asked.size, std::byte{});
    }
    if (one.elsewhere != nullptr) {
        door->give(one.elsewhere(at, asked.size), {asked.size, asked.align});
    }
    if (one.told != misuse::leak) { door->give(at, one.said != nullptr ? one.said(asked) : asked); }
    if (one.wrong != nullptr && one.then == kind::released) { spoil(at, one.wrong(asked.size)); }
    if (one.traffic >= 0) {
        for (int i = 0; i < one.traffic; ++i) { door->give(door->take(asked), asked); }
        if (one.forgotten) { door->trim(); }
        door->give(at, asked);
    }
    door->give(older, asked);
    door->give(newer, asked);
    door->trim();
}

struct tally {
    std::size_t doors = 0;
    std::size_t cases = 0;
    std::size_t told = 0;
    std::size_t impossible = 0;
    std::size_t quiet = 0;
};

template <class Door>
void commit_all(tally& all) {
    const std::string name(Door::name);
    ++all.doors;
    for (const kind& one : kinds) {
        for (const std::size_t size : sizes) {
            const layout asked = asked_for<Door>(one, size);
            if (!possible<Door>(one, asked)) {
                ++all.impossible;
                continue;
            }
            const outcome end = in_child([&] { commit<Door>(one, asked); }, 60);
            if (&one == kinds.begin()) {
                all.quiet += end.clean() ? 1U : 0U;
                continue;
            }
            const std::string line = "alloy: " + std::string(name_of(one.told)) + " at 0x";
            // There the adapter touches the block first, as any user would.
            const bool sanitized = detail::has_asan && end.says("AddressSanitizer");
            const bool good = sanitized ? end.status != 0 : end.aborted() && end.says(line.c_str());
            all.told += good ? 1U : 0U;
            progress(name.c_str(), ++all.cases);
            if (good) { continue; }
            std::fprintf(stderr, "%s: %s, {%zu, %zu}: status %d, printed: %s\n", name.c_str(),
                         one.name, asked.size, asked.align, end.status, end.printed);
        }
    }
}

/// Nodes with room for the largest size and its margins.
constexpr layout node{8192, 64};

template <policy... Strategy>
void commit_over(tally& all) {
    (commit_all<by_policy<Strategy>>(all), ...);
}

int reports = 0;

/// Random values written at random places of released blocks. @return The share that is told.
double told_at_random() {
    const auto trials = static_cast<int>(thinned(1'000'000) * soak());
    on_misuse([](const incident&) noexcept { ++reports; });
    guarded policy;
    int written = 0;
    for (int i = 0; i < trials; ++i) {
        dice random(seed(), static_cast<std::uint64_t>(i));
        const layout want{1 + random.below(100), 8};
        auto* const at = static_cast<std::byte*>(policy.allocate(want));
        policy.deallocate(at, want);
        if (i % 10 == 0) {
            ++written;
            detail::write_kept(at + random.below(want.size), std::byte(random.below(256)));
        }
    }
    policy.trim();
    on_misuse(nullptr);
    return double(reports) / double(written);
}

} // namespace

int main() {
    tally all;
    commit_over<freelist<node>, bitmap<node, new_source, std::size_t{1} << 20U>,
                next_fit<node, new_source, std::size_t{1} << 20U>, buddy<>, pool16<>, slab<>,
                bump<>, lock_free_buddy<>, lock_free_pool<node, 1024>>(all);
    const std::size_t strategies = all.doors;
    commit_all<by_allocator>(all);
    commit_all<by_resource>(all);
    commit_all<by_owner>(all);
    commit_all<by_class>(all);
    const double share = told_at_random();
    std::printf(
        "%zu kinds, %zu sizes, %zu strategies, %zu adapters: %zu of %zu told; %zu cannot be "
        "written\n",
        kinds.size() - 1, sizes.size(), strategies, all.doors - strategies, all.told, all.cases,
        all.impossible);
    std::printf("seed %llu: of random writes after release %.2f %% told\n",
                static_cast<unsigned long long>(seed()), 100 * share);
    if (all.quiet == all.doors * sizes.size()) {
        std::puts("a clean use of every strategy and adapter says nothing");
    }
    if (all.told != all.cases || share < 0.99) { return 1; }
    std::puts("every misuse is told");
}
