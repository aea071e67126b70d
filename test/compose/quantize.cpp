// SPDX-License-Identifier: BSL-1.0
#include <alloy/compose/quantize.hpp>

#include <alloy/adapt/allocator.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/compose/measured.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/source/null.hpp>
#include <alloy/source/pages.hpp>

#include "support/conformance.hpp"
#include "support/probe.hpp"
#include "support/rich.hpp"

#include <array>
#include <concepts>
#include <cstddef>
#include <cstring>
#include <tuple>
#include <type_traits>
#include <vector>

namespace alloy::test { // not unnamed: GCC warns of a header's type with such a base

/// Rounds to a number of bytes, up to `Largest`, and remembers what it was asked.
template <std::size_t Step, std::size_t Largest = any_size / 2>
struct rounding {
    static constexpr std::size_t max_align = 4096;
    static constexpr std::size_t max_size = Largest;
    static inline layout asked{};
    static void* allocate(layout want) noexcept {
        asked = want;
        return nullptr;
    }
    static void deallocate(void* /*at*/, layout /*given*/) noexcept {}
    [[nodiscard]] static constexpr std::size_t good_size(layout want) noexcept {
        if (want.size > Largest) { return want.size; }
        const std::size_t good = (want.size + Step - 1) / Step * Step;
        return good > Largest ? want.size : good;
    }
};

} // namespace alloy::test

using namespace alloy;
using namespace alloy::test;

namespace {

using lines = multiples_of<64>;

static_assert(size_rule<lines> && size_rule<multiples_of<1>> && size_rule<powers_of_two<>>);
static_assert(!size_rule<int> && !size_rule<new_source>);

static_assert(stateless_policy<quantize<lines>> && handle_policy<quantize<lines>>);
static_assert(rounding_policy<quantize<lines>> && resizing_policy<quantize<lines>>,
              "whatever upstream can do");
static_assert(!batching_policy<quantize<lines>> && !zeroing_policy<quantize<lines>> &&
              !owning_policy<quantize<lines>> && !trimming_policy<quantize<lines>> &&
              !measuring_policy<quantize<lines>> && !resettable_policy<quantize<lines>> &&
              !marking_policy<quantize<lines>> && !lockable_policy<quantize<lines>>);
static_assert(batching_policy<quantize<lines, rich>> && zeroing_policy<quantize<lines, rich>> &&
              owning_policy<quantize<lines, rich>> &&
              measuring_policy<quantize<lines, measured<new_source>>> &&
              trimming_policy<quantize<lines, pool16<>>> &&
              marking_policy<quantize<lines, bump<>>> &&
              resettable_policy<quantize<lines, bump<>>> &&
              lockable_policy<quantize<lines, locked<pool16<>>>>);
static_assert(thread_safe_v<quantize<lines>> && migratory_v<quantize<lines>> &&
              !thread_safe_v<quantize<lines, pool16<>>> && zero_fresh_v<quantize<lines, pages<>>>);
static_assert(max_size_v<quantize<lines, pages<>>> == max_size_v<pages<>> &&
              quantize<lines, rich>::max_align == rich::max_align);
static_assert(!std::copy_constructible<quantize<lines, pool16<>>> &&
              handle_policy<quantize<lines, ref<pool16<>>>> &&
              std::convertible_to<pool16<>&, quantize<lines, ref<pool16<>>>>);
static_assert(sizeof(quantize<lines, pool16<>>) == sizeof(pool16<>));

constinit quantize<lines, pool16<>> before_main; // construction acquires nothing

static_assert(multiples_of<48>::rounded(1) == 48 && multiples_of<48>::rounded(48) == 48 &&
              multiples_of<48>::rounded(49) == 96 && multiples_of<48>::cut(95) == 48 &&
              multiples_of<48>::cut(47) == 0);
static_assert(powers_of_two<16>::rounded(1) == 16 && powers_of_two<16>::rounded(17) == 32 &&
              powers_of_two<16>::rounded(64) == 64 && powers_of_two<16>::cut(63) == 32 &&
              powers_of_two<16>::cut(15) == 0);
static_assert(powers_of_two<>::rounded(any_size / 2) == any_size / 2 + 1 &&
              powers_of_two<>::rounded(any_size / 2 + 2) == any_size / 2 + 2);

static_assert(parts_to_a_doubling<8>::rounded(1) == 1 &&
              parts_to_a_doubling<8>::rounded(17) == 18 &&
              parts_to_a_doubling<8>::rounded(1'025) == 1'152 &&
              parts_to_a_doubling<8>::rounded(1'024) == 1'024 &&
              parts_to_a_doubling<8>::cut(1'151) == 1'024 &&
              parts_to_a_doubling<8, 1'024>::rounded(1'023) == 1'024 &&
              parts_to_a_doubling<8, 1'024>::rounded(1'025) == 1'025);

using rules = std::tuple<multiples_of<1>, multiples_of<48>, lines, multiples_of<any_size>,
                         multiples_of<SIZE_MAX>, powers_of_two<>, powers_of_two<256>,
                         powers_of_two<any_align>, parts_to_a_doubling<8>, parts_to_a_doubling<1>,
                         parts_to_a_doubling<4, 1'024>>;

} // namespace

BOOST_AUTO_TEST_CASE(leaves_alone_what_nobody_can_align) {
    const quantize<multiples_of<64>, pages<>> pool;
    BOOST_TEST(pool.good_size({1, 2 * pages<>::max_align}) == 1U);
}

BOOST_AUTO_TEST_CASE(conforms_and_returns_all_to_its_upstream) {
    ledger book;
    {
        quantize<multiples_of<48>, pool16<probe>> odd{book};
        test::conformance(odd, {300, 64});
        quantize<powers_of_two<32>, probe> powers{book};
        test::conformance(powers, {300, 64});
    }
    BOOST_TEST(book.live.empty());
    test::survives_every_failure<quantize<multiples_of<48>, pool16<probe>>>({200, 64});
    rich::record record;
    quantize<multiples_of<48>, rich> coarser{record};
    test::conformance(coarser, {400, 256});
    quantize<multiples_of<8>, rich> finer{record};
    test::conformance(finer, {400, 256});
    BOOST_TEST(record.live.empty());
    test::conformance(before_main, {300, 64});
    test::never_misaligned(before_main);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_rule_is_a_closure_and_its_cut_undoes_it_up_to_the_end_of_all_sizes,
                              Rule, rules) {
    for (const std::size_t from : {std::size_t{1}, any_size - 2'000, SIZE_MAX - 4'001}) {
        for (std::size_t n = from + 1; n <= from + 4'000; ++n) {
            const std::size_t up = Rule::rounded(n);
            const std::size_t down = Rule::cut(n);
            BOOST_TEST_REQUIRE((up >= n && up >= Rule::rounded(n - 1) && up == Rule::rounded(up)));
            BOOST_TEST_REQUIRE((down <= n && down >= Rule::cut(n - 1) && down == Rule::cut(down)));
            BOOST_TEST_REQUIRE((up == n || (up <= any_size && up == Rule::cut(up))));
            BOOST_TEST_REQUIRE((down == 0 || down > any_size || down == Rule::rounded(down)));
        }
    }
    BOOST_TEST(Rule::rounded(SIZE_MAX) == SIZE_MAX);
}

BOOST_AUTO_TEST_CASE(answers_a_closure_whatever_its_upstream_rounds_to) {
    test::good_size_laws(quantize<multiples_of<48>, rounding<64>>{}, {1'000, 8});
    test::good_size_laws(quantize<multiples_of<64>, rounding<48>>{}, {1'000, 8});
    test::good_size_laws(quantize<multiples_of<7>, rounding<1'000>>{}, {3'000, 8});
    test::good_size_laws(quantize<powers_of_two<16>, rounding<48>>{}, {1'000, 8});
    test::good_size_laws(quantize<multiples_of<48>, rounding<64, 200>>{}, {1'000, 8});
    test::good_size_laws(quantize<powers_of_two<>, rounding<10, 100>>{}, {1'000, 8});
    test::good_size_laws(quantize<multiples_of<64>, null_source>{}, {1'000, 8});
    const quantize<multiples_of<48>, rounding<64>> policy;
    BOOST_TEST(policy.good_size({1, 8}) == 48U); // not 64, which goes upstream as 96
    BOOST_TEST(policy.good_size({49, 8}) == 96U);
    BOOST_TEST(policy.good_size({97, 8}) == 192U);
    BOOST_TEST((quantize<lines, rounding<4'096>>{}.good_size({1, 8}) == 4'096U));
}

BOOST_AUTO_TEST_CASE(asks_for_sizes_of_its_rule_alone) {
    ledger book;
    quantize<multiples_of<48>, probe> policy{book};
    for (std::size_t size = 1; size <= 300; ++size) {
        void* const at = policy.allocate({size, 8});
        const layout want = book.live.begin()->second;
        BOOST_TEST(want.size % 48 == 0U);
        BOOST_TEST((want.size >= size && want.size - size < 48));
        BOOST_TEST(want.align == 8U);
        BOOST_TEST(policy.good_size({size, 8}) == want.size);
        policy.deallocate(at, {size, 8});
    }
}

BOOST_AUTO_TEST_CASE(rounds_nothing_beyond_what_upstream_may_serve) {
    using bounded = rounding<1, 200>;
    const quantize<lines, bounded> policy;
    const auto asks = [&](std::size_t size) {
        BOOST_TEST(policy.allocate({size, 8}) == nullptr);
        return bounded::asked.size;
    };
    BOOST_TEST(asks(129) == 192U);
    BOOST_TEST(asks(193) == 193U); // 256 nobody has
    BOOST_TEST(asks(200) == 200U);
    BOOST_TEST(asks(201) == 201U);
    BOOST_TEST(asks(SIZE_MAX) == SIZE_MAX);
    BOOST_TEST(policy.good_size({193, 8}) == 193U);
    const quantize<lines, freelist<layout{200, 8}>> nodes;
    void* const at = nodes.allocate({200, 8});
    BOOST_TEST(at != nullptr);
    nodes.deallocate(at, {200, 8});
}

BOOST_AUTO_TEST_CASE(resizes_within_a_quantum_without_asking_upstream) {
    ledger book; // whose probe resizes nothing
    quantize<lines, probe> policy{book};
    void* const at = policy.allocate({65, 8});
    BOOST_TEST(policy.resize(at, {65, 8}, 128));
    BOOST_TEST(policy.resize(at, {128, 8}, 100));
    BOOST_TEST(!policy.resize(at, {100, 8}, 129));
    BOOST_TEST(!policy.resize(at, {100, 8}, 64));
    BOOST_TEST(!policy.resize(at, {100, 8}, SIZE_MAX));
    policy.deallocate(at, {100, 8});
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(asks_upstream_to_resize_by_quanta) {
    rich::record record;
    const quantize<lines, rich> policy{record};
    void* const at = policy.allocate({60, 8});
    BOOST_TEST((record.live[at] == layout{64, 8}));
    BOOST_TEST(policy.resize(at, {60, 8}, 64));
    BOOST_TEST(policy.resize(at, {64, 8}, 130));
    BOOST_TEST((record.live[at] == layout{192, 8}));
    BOOST_TEST(policy.resize(at, {150, 8}, 3));
    BOOST_TEST((record.live[at] == layout{64, 8}));
    BOOST_TEST(!policy.resize(at, {64, 8}, 1'000));
    BOOST_TEST((record.live[at] == layout{64, 8}));
    policy.deallocate(at, {33, 8});
}

BOOST_AUTO_TEST_CASE(rounds_in_every_operation) {
    rich::record record; // which compares the sizes
    const quantize<lines, rich> policy{record};
    void* const zeroed = policy.allocate_zeroed({40, 8});
    BOOST_TEST((record.last == layout{64, 8}));
    BOOST_TEST(record.zeroings == 1U);
    BOOST_TEST(policy.owns(zeroed));
    policy.deallocate(zeroed, {40, 8});
    std::array<void*, 3> batch{};
    BOOST_TEST(policy.allocate_batch({130, 8}, batch.data(), batch.size()) == 3U);
    BOOST_TEST((record.last == layout{192, 8}));
    policy.deallocate_batch(batch.data(), batch.size(), {130, 8});
    BOOST_TEST(record.live.empty());
}

BOOST_AUTO_TEST_CASE(measures_the_whole_quantum) {
    const quantize<lines, measured<new_source>> policy;
    void* const at = policy.allocate({40, 8});
    BOOST_TEST(policy.usable_size(at) == 64U);
    BOOST_TEST(policy.usable_size(at) == policy.good_size({40, 8}));
    policy.deallocate(at, {policy.usable_size(at), 8});
    struct generous : new_source {
        static std::size_t usable_size(const void* /*at*/) noexcept { return 100; }
    };
    BOOST_TEST((quantize<lines, generous>{}.usable_size(nullptr) == 64U));
}

BOOST_AUTO_TEST_CASE(serves_containers_through_a_handle_or_without_one) {
    std::vector<char, allocator<char, quantize<lines>>> stateless(100, 'x');
    stateless.insert(stateless.end(), 200, 'y');
    BOOST_TEST(stateless.back() == 'y');
    pool16<> pool;
    using in_pool = allocator<int, quantize<lines, ref<pool16<>>>>;
    std::vector<int, in_pool> vector(in_pool{pool});
    for (int i = 0; i < 100; ++i) { vector.push_back(i); }
    BOOST_TEST(vector.back() == 99);
    BOOST_TEST(pool.held() != 0U);
}
