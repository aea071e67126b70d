// SPDX-License-Identifier: BSL-1.0
#include <alloy/core/bit_extent.hpp>

#include "support/extent_laws.hpp"

#include <array>
#include <cstdint>
#include <vector>

using namespace alloy;

namespace {
constexpr test::extent_manner bits{.runs_start_at_granted = false, .knows_runs = false};
} // namespace

static_assert(extent<bit_extent>);
static_assert(bit_extent::metadata_words(1) == 1 && bit_extent::metadata_words(32) == 1 &&
              bit_extent::metadata_words(33) == 2);
static_assert(bit_extent::metadata_words(UINT32_MAX) == std::size_t{1} << 27U, "nothing overflows");
static_assert(bit_extent::granted(7, 4) == 7, "nothing is rounded");

BOOST_AUTO_TEST_CASE(agrees_with_a_model_for_any_number_of_units) {
    for (const std::uint32_t units :
         {1U, 2U, 3U, 5U, 8U, 31U, 32U, 33U, 63U, 64U, 65U, 100U, 1000U, 4097U}) {
        test::extent_laws<bit_extent, bits>(units);
    }
}

BOOST_AUTO_TEST_CASE(agrees_with_a_model_on_every_sequence_of_eight_over_eight_units) {
    test::every_sequence<bit_extent, bits>(8, 8, 8);
}

BOOST_AUTO_TEST_CASE(takes_single_units_lowest_first_and_counts_the_free_ones) {
    std::array<std::uint32_t, 3> words{};
    bit_extent bits_of;
    bits_of.format(words, 70);
    BOOST_TEST(bits_of.units() == 70U);
    for (std::uint32_t i = 0; i < 70; ++i) {
        BOOST_TEST(bits_of.free() == 70 - i);
        BOOST_TEST(bits_of.take_one() == i);
    }
    BOOST_TEST(bits_of.free() == 0U);
    BOOST_TEST(bits_of.take(1, 1) == no_units);
    for (const std::uint32_t at : {69U, 40U, 3U}) { bits_of.give(at, 1); }
    for (const std::uint32_t at : {3U, 40U, 69U}) { BOOST_TEST(bits_of.take_one() == at); }
}

BOOST_AUTO_TEST_CASE(takes_from_a_word_on_and_leaves_what_lies_before_it) {
    std::array<std::uint32_t, 4> words{};
    bit_extent bits_of;
    bits_of.format(words, 100);
    std::vector<std::uint32_t> taken;
    const auto note = [&](std::uint32_t unit) { taken.push_back(unit); };
    std::uint32_t word = 1;
    bits_of.take_from(word, 4, 3, note);
    BOOST_TEST(taken == (std::vector<std::uint32_t>{32, 33, 34}));
    BOOST_TEST(word == 1U);
    bits_of.give(33, 1); // in the same word: comes again
    word = 1;
    taken.clear();
    bits_of.take_from(word, 4, 200, note);
    BOOST_TEST(taken.size() == 66U);
    BOOST_TEST(taken.front() == 33U);
    BOOST_TEST(taken.back() == 99U);
    BOOST_TEST(bits_of.free() == 32U);
    taken.clear();
    bits_of.take_from(word, 4, 1, note); // at the end
    BOOST_TEST(taken.empty());
    bits_of.give(50, 1);
    bits_of.take_from(word, 4, 1, note);
    BOOST_TEST(taken.empty());
    word = 0;
    bits_of.take_from(word, 1, 40, note);
    BOOST_TEST(taken.size() == 32U);
    BOOST_TEST(word == 1U);
    BOOST_TEST(bits_of.take_one() == 50U);
}

BOOST_AUTO_TEST_CASE(goes_on_with_words_that_another_object_left) {
    std::array<std::uint32_t, 3> words{};
    bit_extent first;
    first.format(words, 70);
    BOOST_TEST(first.take(40, 1) == 0U);
    first.give(5, 2);
    bit_extent second;
    second.attach(words, 70);
    BOOST_TEST(second.free() == 32U);
    BOOST_TEST(second.take_one() == 5U);
    BOOST_TEST(second.take(3, 1) == 40U);
    BOOST_TEST(second.take_one() == 6U);
}

BOOST_AUTO_TEST_CASE(finds_the_next_taken_unit) {
    std::array<std::uint32_t, 4> words{};
    bit_extent sparse;
    sparse.format(words, 100);
    BOOST_TEST(sparse.next_taken(0) == 100U);
    BOOST_TEST(sparse.take(100, 1) == 0U);
    sparse.give(0, 31);
    sparse.give(32, 67);
    BOOST_TEST(sparse.next_taken(0) == 31U);
    BOOST_TEST(sparse.next_taken(31) == 31U);
    BOOST_TEST(sparse.next_taken(32) == 99U);
    BOOST_TEST(sparse.next_taken(100) == 100U);
}

BOOST_AUTO_TEST_CASE(a_run_with_one_free_unit_is_not_taken) {
    std::array<std::uint32_t, 3> words{};
    bit_extent bits_of;
    bits_of.format(words, 80);
    BOOST_TEST(bits_of.take(80, 1) == 0U);
    BOOST_TEST(bits_of.is_taken(0, 80));
    BOOST_TEST(!bits_of.is_taken(0, 81));
    BOOST_TEST(!bits_of.is_taken(81, 1));
    BOOST_TEST(!bits_of.is_taken(no_units, 1));
    for (std::uint32_t hole = 0; hole < 80; ++hole) {
        bits_of.give(hole, 1);
        BOOST_TEST(!bits_of.is_taken(0, 80));
        BOOST_TEST(bits_of.is_taken(0, hole));
        BOOST_TEST(bits_of.is_taken(hole + 1, 79 - hole));
        BOOST_TEST(bits_of.take(1, 1) == hole);
    }
}
