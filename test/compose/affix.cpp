// SPDX-License-Identifier: BSL-1.0
#include <alloy/compose/affix.hpp>

#include <alloy/adapt/allocator.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/compose/measured.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/buffer.hpp>
#include <alloy/source/new.hpp>
#include <alloy/source/pages.hpp>

#include "support/conformance.hpp"
#include "support/probe.hpp"
#include "support/rich.hpp"

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <list>
#include <type_traits>
#include <utility>
#include <vector>

namespace alloy::test { // not unnamed: GCC warns of a header's type with such a base

/// Counts how many there are, and knows where it was made; one type a number.
template <int Which, std::size_t Align = 8>
struct alignas(Align) tag {
    static inline int live = 0;
    tag() noexcept { ++live; }
    tag(tag&& other) noexcept : value(std::exchange(other.value, 0)) { ++live; }
    tag& operator=(tag&&) = delete;
    ~tag() {
        BOOST_TEST((self == this && value != 0xDB));
        --live;
    }
    const tag* self = this;
    std::uint32_t value = 7;
};

/// Stays where it is.
struct fixed {
    fixed() = default;
    fixed(const fixed&) = delete;
    fixed& operator=(const fixed&) = delete;
    ~fixed() = default;
    int value = 5;
};

/// Rounds to a number of bytes, up to `Largest`, and remembers what it was asked.
template <std::size_t Step, std::size_t Largest = any_size / 2>
struct rounding {
    static constexpr std::size_t max_align = any_align;
    static constexpr std::size_t max_size = Largest;
    static inline layout asked{};
    static void* allocate(layout want) noexcept {
        asked = want;
        return nullptr;
    }
    static void deallocate(void* /*at*/, layout /*given*/) noexcept {}
    [[nodiscard]] static constexpr std::size_t good_size(layout want) noexcept {
        if (want.size > Largest) { return want.size; }
        return (want.size + Step - 1) / Step * Step; // above Largest too: not every policy knows
    }
};

} // namespace alloy::test

using namespace alloy;
using namespace alloy::test;

namespace {

using front = tag<0>;
using back = tag<1>;
using both = affix<rich, front, back>;

static_assert(rounding_policy<affix<new_source, front>> && rounding_policy<both>);
static_assert(resizing_policy<both> && !resizing_policy<affix<new_source, front, back>>);
static_assert(resizing_policy<affix<rich, fixed>> && !resizing_policy<affix<rich, front, fixed>>,
              "a suffix that cannot be moved holds its block to its size");
static_assert(zeroing_policy<both> && trimming_policy<affix<pool16<>, front>> &&
              lockable_policy<affix<locked<pool16<>>, front>>);
static_assert(!zeroing_policy<affix<new_source, front>> &&
              !trimming_policy<affix<new_source, front>>);
static_assert(owning_policy<affix<buffer, void, back>> && !owning_policy<affix<buffer, front>> &&
                  !owning_policy<affix<new_source, void, back>>,
              "an address alone does not tell how long a front is");
static_assert(!batching_policy<both> && !resettable_policy<affix<bump<>, front>> &&
              !marking_policy<affix<bump<>, front>> &&
              !measuring_policy<affix<measured<new_source>, void, back>>);
static_assert(thread_safe_v<affix<new_source, front>> && migratory_v<affix<new_source, front>> &&
              zero_fresh_v<affix<pages<>, front>> && !thread_safe_v<affix<pool16<>, front>>);
static_assert(affix<rich, front>::max_align == rich::max_align &&
              max_size_v<affix<freelist<layout{64, 16}>, front, back>> ==
                  64 - sizeof(front) - sizeof(back) &&
              max_size_v<affix<freelist<layout{64, 16}>, void, back>> == 64 - sizeof(back));
static_assert(stateless_policy<affix<new_source, front>> &&
              handle_policy<affix<new_source, front>> &&
              handle_policy<affix<ref<pool16<>>, front>>);
static_assert(!std::copy_constructible<affix<pool16<>, front>> &&
              sizeof(affix<pool16<>, front, back>) == sizeof(pool16<>));

template <class P>
concept prefixed = requires(void* at) { P::prefix_of(at); };
template <class P>
concept suffixed = requires(const P& p, void* at, layout given) { p.suffix_of(at, given); };
static_assert(prefixed<both> && suffixed<both>);
static_assert(prefixed<affix<new_source, int>> && !suffixed<affix<new_source, int>>);
static_assert(!prefixed<affix<new_source, void, int>> && suffixed<affix<new_source, void, int>>);

constinit affix<pool16<>, front, back> before_main; // construction acquires nothing

bool none_left() { return front::live == 0 && back::live == 0; }

/// Conforms over a pool, and over `rich`.
template <class Prefix, class Suffix>
void conforms() {
    ledger book;
    {
        affix<probe, Prefix, Suffix> plain{book};
        test::conformance(plain, {300, 256}, 4'000);
        affix<pool16<probe>, Prefix, Suffix> pool{book};
        test::conformance(pool, {200, 64}, 4'000);
    }
    BOOST_TEST(book.live.empty());
    rich::record record;
    affix<rich, Prefix, Suffix> all{record};
    test::conformance(all, {300, 256});
    BOOST_TEST(record.live.empty());
}

/// Good sizes lead to themselves and to one suffix, whatever upstream's do.
template <class Prefix, class Suffix>
void closes() {
    test::good_size_laws(affix<rounding<1>, Prefix, Suffix>{}, {1'000, 256});
    test::good_size_laws(affix<rounding<7>, Prefix, Suffix>{}, {1'000, 256});
    test::good_size_laws(affix<rounding<48>, Prefix, Suffix>{}, {1'000, 256});
    test::good_size_laws(affix<rounding<4096>, Prefix, Suffix>{}, {5'000, 256});
    test::good_size_laws(affix<rounding<48, 500>, Prefix, Suffix>{}, {1'000, 256});
    test::good_size_laws(affix<new_source, Prefix, Suffix>{}, {1'000, 256});
}

} // namespace

BOOST_AUTO_TEST_CASE(leaves_alone_what_nobody_can_align) {
    const affix<pages<>, void, long> pool;
    BOOST_TEST(pool.good_size({1, 2 * pages<>::max_align}) == 1U);
}

BOOST_AUTO_TEST_CASE(conforms_and_returns_all_to_its_upstream) {
    conforms<front, void>();
    conforms<void, back>();
    conforms<front, back>();
    conforms<char, char>();
    conforms<char, tag<2, 64>>();
    conforms<tag<2, 64>, char>();
    BOOST_TEST((none_left() && tag<2, 64>::live == 0));
    test::survives_every_failure<affix<probe, front, back>>({200, 64});
    test::survives_every_failure<affix<pool16<probe>, front, back>>({100, 64});
    BOOST_TEST(none_left());
}

BOOST_AUTO_TEST_CASE(never_misaligns) {
    test::never_misaligned(before_main);
    BOOST_TEST(none_left());
}

BOOST_AUTO_TEST_CASE(answers_a_closure_whatever_its_upstream_rounds_to) {
    closes<front, void>();
    closes<void, back>();
    closes<front, back>();
    closes<char, tag<2, 64>>();
    closes<tag<2, 64>, char>();
    closes<std::array<char, 3>, std::array<char, 5>>();
}

BOOST_AUTO_TEST_CASE(finds_both_affixes_of_a_block_from_any_size_that_it_may_come_back_with) {
    rich::record record;
    const both policy{record};
    for (std::size_t align = 1; align <= 256; align *= 2) {
        for (std::size_t size = 1; size <= 300; size += 7) {
            auto* const at = static_cast<std::byte*>(policy.allocate({size, align}));
            const std::size_t good = policy.good_size({size, align});
            front& prefix = both::prefix_of(at);
            back& suffix = policy.suffix_of(at, {size, align});
            BOOST_TEST((prefix.self == &prefix && suffix.self == &suffix));
            BOOST_TEST(detail::address(&prefix + 1) == detail::address(at));
            BOOST_TEST(detail::address(&suffix) == detail::address(at + good));
            std::memset(at, 0xDB, good);
            for (std::size_t given = size; given <= good; ++given) {
                BOOST_TEST_REQUIRE(&policy.suffix_of(at, {given, align}) == &suffix);
            }
            BOOST_TEST((prefix.value == 7U && suffix.value == 7U));
            policy.deallocate(at, {size + good % (good - size + 1), align});
        }
    }
    BOOST_TEST((record.live.empty() && none_left()));
}

BOOST_AUTO_TEST_CASE(makes_the_affixes_with_the_block_and_ends_them_with_it) {
    void* const a = before_main.allocate({10, 8});
    BOOST_TEST((front::live == 1 && back::live == 1));
    void* const b = before_main.allocate({10, 8});
    BOOST_TEST((front::live == 2 && back::live == 2));
    before_main.prefix_of(b).value = 8;
    BOOST_TEST(before_main.prefix_of(a).value == 7U);
    before_main.deallocate(a, {10, 8});
    BOOST_TEST((front::live == 1 && back::live == 1));
    before_main.deallocate(b, {10, 8});
    BOOST_TEST(none_left());
    BOOST_TEST(before_main.allocate({SIZE_MAX, 8}) == nullptr);
    BOOST_TEST(none_left());
}

BOOST_AUTO_TEST_CASE(value_initialises_what_has_no_constructor) {
    rich::record record; // whose bytes are dirty
    const affix<rich, std::uint64_t, std::uint16_t> policy{record};
    void* const at = policy.allocate({10, 1});
    BOOST_TEST(policy.prefix_of(at) == 0U);
    BOOST_TEST(policy.suffix_of(at, {10, 1}) == 0U);
    policy.deallocate(at, {10, 1});
}

BOOST_AUTO_TEST_CASE(asks_for_the_block_and_its_affixes_and_no_more) {
    const auto asks = [](const auto& policy, layout want) {
        BOOST_TEST(policy.allocate(want) == nullptr);
        return rounding<1>::asked;
    };
    const affix<rounding<1>, std::uint64_t> head;
    BOOST_TEST((asks(head, {10, 1}) == layout{18, 8}));
    BOOST_TEST((asks(head, {10, 16}) == layout{26, 16}));
    BOOST_TEST((asks(head, {10, 64}) == layout{74, 64}));
    const affix<rounding<1>, void, std::uint64_t> tail;
    BOOST_TEST((asks(tail, {10, 1}) == layout{24, 8}));
    BOOST_TEST((asks(tail, {16, 64}) == layout{24, 64}));
    const affix<rounding<1>, std::uint16_t, tag<2, 64>> wide;
    BOOST_TEST((asks(wide, {10, 1}) == layout{128, 64})); // the block starts at 2
    BOOST_TEST(wide.good_size({10, 1}) == 62U);
}

BOOST_AUTO_TEST_CASE(asks_for_what_nobody_has_where_upstream_has_no_room_for_the_sum) {
    using bounded = rounding<1, 100>;
    const affix<bounded, std::uint64_t, std::uint64_t> policy;
    const auto asks = [&](layout want) {
        BOOST_TEST(policy.allocate(want) == nullptr);
        return bounded::asked.size;
    };
    BOOST_TEST(asks({80, 1}) == 96U);
    BOOST_TEST(policy.good_size({80, 1}) == 80U);
    BOOST_TEST(asks({81, 1}) == SIZE_MAX); // 8 + 81 + 8, but the suffix is aligned: 104
    BOOST_TEST(policy.good_size({81, 1}) == 81U);
    BOOST_TEST(asks({SIZE_MAX, 1}) == SIZE_MAX);
    BOOST_TEST(asks({SIZE_MAX - 12, 1}) == SIZE_MAX);
    BOOST_TEST(asks({1, 64}) == 80U);
    BOOST_TEST(asks({1, 128}) == SIZE_MAX);
    BOOST_TEST(asks({1, any_align}) == SIZE_MAX);
    BOOST_TEST((policy.good_size({1, any_align}) == 1U));
}

BOOST_AUTO_TEST_CASE(moves_the_suffix_when_a_block_is_resized) {
    rich::record record;
    const both policy{record};
    void* const at = policy.allocate({100, 32});
    both::prefix_of(at).value = 1;
    policy.suffix_of(at, {100, 32}).value = 2;
    const auto intact = [&](layout given) {
        const back& suffix = policy.suffix_of(at, given);
        const auto* const end = static_cast<std::byte*>(at) + policy.good_size(given);
        return both::prefix_of(at).value == 1 && suffix.value == 2 && suffix.self == &suffix &&
               detail::address(&suffix) == detail::address(end) && front::live == 1 &&
               back::live == 1;
    };
    BOOST_TEST(intact({100, 32}));
    std::memset(at, 3, policy.good_size({100, 32}));
    BOOST_TEST(policy.resize(at, {100, 32}, 300));
    BOOST_TEST(intact({300, 32}));
    BOOST_TEST(policy.resize(at, {300, 32}, 20));
    BOOST_TEST(intact({20, 32}));
    BOOST_TEST(policy.resize(at, {20, 32}, 100));
    std::memset(at, 3, policy.good_size({100, 32}));
    for (const std::size_t impossible : {std::size_t{10'000}, any_size, SIZE_MAX - 8, SIZE_MAX}) {
        BOOST_TEST(!policy.resize(at, {100, 32}, impossible));
        BOOST_TEST(intact({100, 32}));
    }
    const auto* const bytes = static_cast<const unsigned char*>(at);
    BOOST_TEST(std::all_of(bytes, bytes + policy.good_size({100, 32}),
                           [](unsigned char byte) { return byte == 3; }));
    policy.deallocate(at, {100, 32});
    BOOST_TEST((none_left() && record.live.empty()));
}

BOOST_AUTO_TEST_CASE(leaves_the_block_and_its_suffix_as_they_were_where_upstream_refuses_to_cut) {
    struct stubborn : new_source {
        static bool resize(void* /*at*/, layout /*given*/, std::size_t /*size*/) noexcept {
            return false;
        }
    };
    const affix<stubborn, front, back> policy;
    auto* const at = static_cast<unsigned char*>(policy.allocate({100, 8}));
    std::memset(at, 3, 100);
    policy.suffix_of(at, {100, 8}).value = 2;
    BOOST_TEST(!policy.resize(at, {100, 8}, 10));
    BOOST_TEST(policy.suffix_of(at, {100, 8}).value == 2U);
    BOOST_TEST(std::all_of(at, at + 100, [](unsigned char byte) { return byte == 3; }));
    policy.deallocate(at, {100, 8});
    BOOST_TEST(none_left());
}

BOOST_AUTO_TEST_CASE(zeroes_the_block_and_makes_the_affixes) {
    rich::record record;
    const both policy{record};
    auto* const at = static_cast<unsigned char*>(policy.allocate_zeroed({50, 8}));
    const std::size_t good = policy.good_size({50, 8});
    BOOST_TEST(std::all_of(at, at + good, [](unsigned char byte) { return byte == 0; }));
    BOOST_TEST((policy.prefix_of(at).value == 7U && policy.suffix_of(at, {50, 8}).value == 7U));
    BOOST_TEST(record.zeroings == 1U);
    policy.deallocate(at, {good, 8});
}

BOOST_AUTO_TEST_CASE(owns_the_blocks_that_have_no_prefix) {
    rich::record record;
    const affix<rich, void, back> policy{record};
    const int other = 0;
    void* const at = policy.allocate({50, 64});
    BOOST_TEST(policy.owns(at));
    BOOST_TEST(!policy.owns(&other));
    policy.deallocate(at, {50, 64});
    BOOST_TEST(!policy.owns(at));
}

BOOST_AUTO_TEST_CASE(trims_its_upstream) {
    ledger book;
    const affix<pool16<probe>, front> pool{book};
    pool.deallocate(pool.allocate({40, 8}), {40, 8});
    const std::size_t held = book.bytes();
    BOOST_TEST(held > 0U);
    BOOST_TEST(pool.trim() == held);
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(serves_containers_through_a_handle_or_without_one) {
    {
        std::vector<int, allocator<int, affix<new_source, front>>> vector(100, 7);
        BOOST_TEST(front::live == 1);
        BOOST_TEST((affix<new_source, front>::prefix_of(vector.data()).value == 7U));
        pool16<> pool;
        using in_pool = allocator<int, affix<ref<pool16<>>, front, back>>;
        const std::list<int, in_pool> list({1, 2, 3}, in_pool{pool});
        BOOST_TEST((front::live == 4 && back::live == 3));
        BOOST_TEST(list.back() == 3);
    }
    BOOST_TEST(none_left());
}
