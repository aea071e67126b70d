// SPDX-License-Identifier: BSL-1.0
#include <alloy/core/chain.hpp>

#include "support/forgery.hpp"
#include "support/unit_test.hpp"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <random>
#include <set>
#include <vector>

using namespace alloy;
using detail::chain;

namespace {

constexpr std::size_t block = 32;

/// Adjacent blocks, numbered from 0, that are ordinary memory again when the test ends.
class blocks {
public:
    explicit blocks(std::size_t count) : bytes_(count * block) {
        detail::poison(bytes_.data(), bytes_.size());
    }
    blocks(const blocks&) = delete;
    blocks& operator=(const blocks&) = delete;
    ~blocks() { detail::unpoison(bytes_.data(), bytes_.size()); }

    void* at(std::size_t index) { return bytes_.data() + index * block; }
    std::size_t index_of(const void* at) const {
        return (detail::address(at) - detail::address(bytes_.data())) / block;
    }
    /// Keeps the blocks in `order`, so that the last one comes out first.
    chain chained(const std::vector<std::size_t>& order) {
        chain all;
        for (const std::size_t index : order) { all.keep(at(index)); }
        return all;
    }
    /// Empties `all` and says which blocks came out, in order.
    std::vector<std::size_t> drained(chain& all) const {
        std::vector<std::size_t> order;
        while (!all.empty()) { order.push_back(index_of(all.unlink())); }
        return order;
    }

private:
    std::vector<std::byte> bytes_;
};

std::vector<std::size_t> ascending(std::size_t count) {
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), 0U);
    return order;
}

} // namespace

BOOST_AUTO_TEST_CASE(hands_out_the_newest_block_first) {
    blocks all{3};
    chain kept = all.chained({0, 1});
    kept.push(kept.adopt(all.at(2), block), block);
    BOOST_TEST(kept.pop(block) == all.at(2));
    BOOST_TEST(kept.pop(block) == all.at(1));
    BOOST_TEST(kept.pop(block) == all.at(0));
    BOOST_TEST(kept.empty());
    detail::close_pool(&kept);
}

BOOST_AUTO_TEST_CASE(sorts_every_order_of_up_to_seven_blocks) {
    for (std::size_t count = 0; count <= 7; ++count) {
        blocks all{count};
        std::vector<std::size_t> order = ascending(count);
        do {
            chain kept = all.chained(order);
            kept.sort();
            const std::vector<std::size_t> out = all.drained(kept);
            BOOST_TEST_REQUIRE((out == ascending(count)));
        } while (std::next_permutation(order.begin(), order.end()));
    }
}

BOOST_AUTO_TEST_CASE(sorts_many_blocks) {
    constexpr std::size_t count = 10'007;
    blocks all{count};
    std::vector<std::size_t> order = ascending(count);
    std::shuffle(order.begin(), order.end(), std::mt19937_64{42});
    chain kept = all.chained(order);
    kept.sort();
    BOOST_TEST((all.drained(kept) == ascending(count)));
}

BOOST_AUTO_TEST_CASE(drops_exactly_what_it_is_told_to_and_keeps_the_order) {
    constexpr std::size_t count = 6;
    blocks all{count};
    for (unsigned dropped = 0; dropped < 1U << count; ++dropped) {
        const auto drops = [&](std::size_t index) { return (dropped >> index & 1U) != 0; };
        std::vector<std::size_t> expected = ascending(count);
        std::reverse(expected.begin(), expected.end());
        std::erase_if(expected, drops);

        std::vector<std::size_t> asked;
        chain kept = all.chained(ascending(count));
        kept.remove_if([&](void* at) {
            asked.push_back(all.index_of(at));
            return drops(all.index_of(at));
        });
        BOOST_TEST_REQUIRE(asked.size() == count);
        BOOST_TEST_REQUIRE((all.drained(kept) == expected));
    }
}

BOOST_AUTO_TEST_CASE(may_lose_a_block_to_another_owner_while_it_drops_it) {
    blocks all{2};
    chain kept = all.chained({0, 1});
    kept.remove_if([](void* at) {
        detail::write_kept(static_cast<void**>(at), static_cast<void*>(nullptr));
        return true;
    });
    BOOST_TEST(kept.empty());
}

BOOST_AUTO_TEST_CASE(answers_null_when_it_is_empty) {
    const test::listener guard;
    chain none;
    BOOST_TEST(none.pop(block) == nullptr);
    BOOST_TEST(none.unlink() == nullptr);
    none.give_up();
    BOOST_TEST(guard.count() == 0U);
}

BOOST_AUTO_TEST_CASE(hands_out_the_newest_block_first_by_any_code) {
    blocks all{3};
    detail::encoded_links<8> code;
    code.admit(all.at(0), 3 * block);
    chain kept;
    kept.keep(all.at(0), code);
    kept.keep(all.at(1), code);
    kept.push(kept.adopt(all.at(2), block), block, code);
    BOOST_TEST(kept.pop(block, code) == all.at(2));
    BOOST_TEST(kept.unlink(code) == all.at(1));
    BOOST_TEST(kept.pop(block, code) == all.at(0));
    BOOST_TEST(kept.empty());
    detail::close_pool(&kept);
}

BOOST_AUTO_TEST_CASE(keeps_a_block_with_a_forged_link_until_it_is_given_up) {
    const test::listener guard;
    blocks all{3};
    detail::encoded_links<8> code;
    code.admit(all.at(0), 3 * block);
    chain kept;
    for (std::size_t i = 0; i < 3; ++i) { kept.keep(all.at(i), code); }
    test::forge(all.at(2), 0);
    BOOST_TEST(kept.pop(block, code) == nullptr);
    BOOST_TEST(!kept.empty());
    BOOST_TEST(guard.count() == 0U);
    kept.give_up();
    BOOST_TEST(guard.heard_of(all.at(2)));
    BOOST_TEST(kept.empty());

    for (std::size_t i = 0; i < 3; ++i) { kept.keep(all.at(i), code); }
    test::forge(all.at(2), 0);
    BOOST_TEST(kept.unlink(code) == nullptr);
    BOOST_TEST(guard.heard_of(all.at(2)));
    BOOST_TEST(kept.empty());
}

BOOST_AUTO_TEST_CASE(makes_its_links_plain_and_back_up_to_a_forged_one) {
    constexpr std::size_t count = 6;
    for (std::size_t forged = 0; forged <= count; ++forged) { // from the newest; `count` is none
        const test::listener guard;
        blocks all{count};
        detail::encoded_links<8> code;
        code.admit(all.at(0), count * block);
        chain kept;
        for (std::size_t i = count; i-- > 0;) { kept.keep(all.at(i), code); }
        std::vector<std::size_t> before;
        for (std::size_t i = 0; i < forged; ++i) { before.push_back(test::link_word(all.at(i))); }
        if (forged < count) { test::forge(all.at(forged), detail::address(all.at(1))); }
        BOOST_TEST(kept.decode(code) == forged);
        if (forged < count) { BOOST_TEST(guard.heard_of(all.at(forged))); }
        BOOST_TEST(guard.count() == 0U);
        for (std::size_t i = 0; i + 1 < forged; ++i) {
            BOOST_TEST(test::link_word(all.at(i)) == detail::address(all.at(i + 1)));
        }
        kept.encode(code);
        for (std::size_t i = 0; i + 1 < forged; ++i) {
            BOOST_TEST(test::link_word(all.at(i)) == before[i]);
        }
        for (std::size_t i = 0; i < forged; ++i) { BOOST_TEST(kept.unlink(code) == all.at(i)); }
        BOOST_TEST(kept.unlink(code) == nullptr);
        BOOST_TEST(guard.count() == 0U);
    }
}

BOOST_AUTO_TEST_CASE(tells_a_block_that_came_twice_when_it_makes_its_links_plain) {
    const test::listener guard;
    blocks all{2};
    detail::encoded_links<8> code;
    code.admit(all.at(0), 2 * block);
    chain kept;
    for (const std::size_t i : {0U, 1U, 0U}) { kept.keep(all.at(i), code); }
    BOOST_TEST(kept.decode(code) == 2U);
    BOOST_TEST(guard.heard_of(all.at(0)));
    BOOST_TEST((all.drained(kept) == std::vector<std::size_t>{0, 1}));
}

BOOST_AUTO_TEST_CASE(forgets_all_at_once) {
    blocks all{2};
    chain kept = all.chained({0, 1});
    BOOST_TEST(!kept.empty());
    kept.clear();
    BOOST_TEST(kept.empty());
}

#if defined(ALLOY_HAS_ASAN) // meaningful in the `asan` preset only
BOOST_AUTO_TEST_CASE(opens_a_block_whole_and_closes_it_whole) {
    blocks all{1};
    chain kept;
    auto* const at = static_cast<std::byte*>(kept.adopt(all.at(0), block));
    BOOST_TEST(__asan_region_is_poisoned(at, block) == nullptr);
    kept.push(at, block);
    for (std::size_t i = 0; i < block; ++i) { BOOST_TEST(__asan_address_is_poisoned(at + i) == 1); }
    BOOST_TEST(kept.pop(block) == at);
    BOOST_TEST(__asan_region_is_poisoned(at, block) == nullptr);
}
#endif
