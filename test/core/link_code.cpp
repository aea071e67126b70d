// SPDX-License-Identifier: BSL-1.0
#include <alloy/core/link_code.hpp>

#include "support/forgery.hpp"
#include "support/unit_test.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <optional>
#include <random>
#include <string>
#include <type_traits>
#include <vector>

using namespace alloy;
using detail::encoded_links;
using block = detail::link;

static_assert(std::is_empty_v<detail::link_code<links::plain, 8>>);
static_assert(sizeof(detail::link_code<links::encoded, 8>) == 40);

namespace {

/// Sixty-four blocks in a row that a code was told of.
struct blocks {
    static constexpr std::size_t size = 48;

    blocks() { code.admit(bytes.data(), bytes.size()); }

    block* at(std::size_t index) { return reinterpret_cast<block*>(bytes.data() + index * size); }

    std::vector<void*> all() {
        std::vector<void*> every;
        for (std::size_t i = 0; i < 64; ++i) { every.push_back(at(i)); }
        return every;
    }

    /// The word by which `from` leads to `to`.
    std::size_t word(block* from, const block* to) {
        code.write(from, to);
        return test::link_word(from);
    }

    alignas(16) std::array<std::byte, 64 * size> bytes{};
    encoded_links<16> code;
};

/// Sets ALLOY_SEED for a while, or takes it away.
class seeded {
public:
    explicit seeded(const char* seed) {
        if (const char* const before = std::getenv("ALLOY_SEED")) { before_ = before; }
        seed != nullptr ? ::setenv("ALLOY_SEED", seed, 1) : ::unsetenv("ALLOY_SEED");
    }
    seeded(const seeded&) = delete;
    seeded& operator=(const seeded&) = delete;
    ~seeded() { before_ ? ::setenv("ALLOY_SEED", before_->c_str(), 1) : ::unsetenv("ALLOY_SEED"); }

private:
    std::optional<std::string> before_;
};

} // namespace

BOOST_AUTO_TEST_CASE(reads_the_links_that_it_wrote_and_null) {
    for (int key = 0; key < 20; ++key) {
        blocks some;
        block* next = nullptr;
        for (std::size_t from = 0; from < 64; ++from) {
            for (std::size_t to = 0; to < 64; ++to) {
                if (from == to) { continue; }
                some.code.write(some.at(from), some.at(to));
                BOOST_TEST_REQUIRE(some.code.read(some.at(from), next));
                BOOST_TEST_REQUIRE(next == some.at(to));
            }
            some.code.write(some.at(from), nullptr);
            BOOST_TEST_REQUIRE(some.code.read(some.at(from), next));
            BOOST_TEST_REQUIRE(next == nullptr);
        }
    }
}

BOOST_AUTO_TEST_CASE(tells_whatever_else_is_written_there) {
    for (int key = 0; key < 20; ++key) {
        blocks some;
        for (std::size_t i = 0; i < 63; ++i) { some.code.write(some.at(i), some.at(i + 1)); }
        some.code.write(some.at(63), nullptr);
        for (const std::size_t index : {0U, 1U, 31U, 62U, 63U}) {
            const std::size_t before = test::link_word(some.at(index));
            block* next = nullptr;
            for (const std::size_t word : test::forgeries(some.at(index), some.all())) {
                test::forge(some.at(index), word);
                BOOST_TEST_REQUIRE(!some.code.read(some.at(index), next));
            }
            test::forge(some.at(index), before);
            BOOST_TEST_REQUIRE(some.code.read(some.at(index), next));
        }
    }
}

BOOST_AUTO_TEST_CASE(misses_no_more_than_it_says_if_blocks_may_lie_anywhere) {
    // 2^57 bytes: of 2^6 forgeries one may be missed, more than will ever be the case.
    constexpr std::size_t span = std::size_t{1} << 57U;
    std::size_t missed = 0;
    std::size_t planted = 0;
    for (int key = 0; key < 100; ++key) {
        blocks some;
        some.code.admit(reinterpret_cast<void*>(std::size_t{16}), span);
        for (std::size_t i = 0; i < 63; ++i) { some.code.write(some.at(i), some.at(i + 1)); }
        for (const std::size_t word : test::forgeries(some.at(7), some.all())) {
            test::forge(some.at(7), word);
            block* next = nullptr;
            missed += some.code.read(some.at(7), next) ? 1U : 0U;
            ++planted;
        }
    }
    BOOST_TEST(missed > 0U);
    BOOST_TEST(missed <= planted / 64);
}

BOOST_AUTO_TEST_CASE(leads_nowhere_but_to_aligned_places_in_what_it_was_told_of) {
    blocks some;
    const auto leads_to = [&](std::size_t address) {
        block* next = nullptr;
        some.code.write(some.at(3), std::bit_cast<block*>(address));
        return some.code.read(some.at(3), next) && detail::address(next) == address;
    };
    const std::size_t first = detail::address(some.bytes.data());
    const std::size_t end = first + some.bytes.size();
    BOOST_TEST((leads_to(first) && leads_to(end - 16)));
    BOOST_TEST(!(leads_to(first - 16) || leads_to(end) || leads_to(first + 8) ||
                 leads_to(first + 1) || leads_to(first + (std::size_t{1} << 63U))));
    some.code.admit(std::bit_cast<void*>(end + 64), 32); // and in all between
    BOOST_TEST((leads_to(first) && leads_to(end + 80) && leads_to(end)));
    BOOST_TEST(!(leads_to(first - 16) || leads_to(end + 96)));
    some.code.admit(std::bit_cast<void*>(first - 64), 32);
    BOOST_TEST((leads_to(first - 64) && leads_to(end + 80)));
    BOOST_TEST(!(leads_to(first - 80) || leads_to(end + 96)));
    some.code.admit(std::bit_cast<void*>(first), 16); // never less
    BOOST_TEST((leads_to(first - 64) && leads_to(end + 80)));
}

BOOST_AUTO_TEST_CASE(keeps_the_key_when_it_is_told_of_more) {
    blocks some;
    const std::size_t before = some.word(some.at(1), some.at(2));
    some.code.admit(std::bit_cast<void*>(detail::address(some.bytes.data()) - 64), 32);
    BOOST_TEST(some.word(some.at(1), some.at(2)) == before);
}

BOOST_AUTO_TEST_CASE(has_a_key_of_its_own_in_every_instance) {
    const seeded fixed{"7"};
    std::vector<std::unique_ptr<blocks>> all;
    std::vector<std::size_t> steps;
    for (int i = 0; i < 100; ++i) {
        blocks& one = *all.emplace_back(std::make_unique<blocks>());
        // 48 / factor: the offset and where the block is have no part in it.
        steps.push_back(one.word(one.at(1), one.at(3)) - one.word(one.at(1), one.at(2)));
    }
    std::sort(steps.begin(), steps.end());
    BOOST_TEST((std::adjacent_find(steps.begin(), steps.end()) == steps.end()));
}

BOOST_AUTO_TEST_CASE(draws_the_same_key_from_the_same_seed_in_the_same_place) {
    alignas(blocks) std::array<std::byte, sizeof(blocks)> place{};
    const auto word = [&](const char* seed) {
        const seeded fixed{seed};
        auto* const some = new (place.data()) blocks;
        const std::size_t drawn = some->word(some->at(1), some->at(2));
        some->~blocks();
        return drawn;
    };
    BOOST_TEST(word("7") == word("7"));
    BOOST_TEST(word("7") != word("8"));
    BOOST_TEST(word(nullptr) != word(nullptr));
}

BOOST_AUTO_TEST_CASE(writes_words_in_which_every_bit_is_random) {
    const seeded none{nullptr};
    alignas(blocks) std::array<std::byte, sizeof(blocks)> place{};
    std::size_t ever = 0;
    std::size_t always = ~std::size_t{0};
    for (int i = 0; i < 200; ++i) {
        auto* const some = new (place.data()) blocks;
        const std::size_t drawn = some->word(some->at(1), i % 2 == 0 ? some->at(2) : nullptr);
        ever |= drawn;
        always &= drawn;
        some->~blocks();
    }
    BOOST_TEST(ever == ~std::size_t{0});
    BOOST_TEST(always == 0U);
}
