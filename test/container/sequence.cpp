// SPDX-License-Identifier: BSL-1.0
#include "support/families.hpp"

#include <algorithm>
#include <deque>
#include <forward_list>
#include <list>
#include <memory>
#include <numeric>
#include <queue>
#include <stack>
#include <utility>
#include <vector>

using namespace alloy::test;

BOOST_AUTO_TEST_CASE_TEMPLATE(serves_vector_and_deque, Family, families) {
    Family family;
    std::vector<int, typename Family::template of<int>> numbers(family.template make<int>());
    std::deque<int, typename Family::template of<int>> queue(family.template make<int>());
    for (int i = 0; i < 20 * many; ++i) {
        numbers.push_back(i);
        queue.push_back(i);
        queue.push_front(-i);
        if (i % 3 == 0) { queue.pop_back(); }
    }
    BOOST_TEST(numbers.size() == 20U * many);
    BOOST_TEST(std::accumulate(numbers.begin(), numbers.end(), 0LL) ==
               10LL * many * (20 * many - 1));
    BOOST_TEST(queue.front() == -(20 * many - 1));
    numbers.resize(10);
    numbers.shrink_to_fit();
    numbers.insert(numbers.begin() + 5, 3, 77);
    BOOST_TEST(numbers[6] == 77);
    BOOST_TEST(numbers.back() == 9);

    auto copy = queue;
    BOOST_TEST((copy == queue));
    auto moved = std::move(copy);
    BOOST_TEST((moved == queue));
    queue.clear();
    queue = moved;
    BOOST_TEST(queue.size() == moved.size());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(serves_the_vector_of_bits, Family, families) {
    Family family;
    std::vector<bool, typename Family::template of<bool>> bits(family.template make<bool>());
    for (int i = 0; i < 10 * many; ++i) { bits.push_back(i % 3 == 0); }
    bits.insert(bits.begin(), 100, true);
    bits.flip();
    BOOST_TEST(std::count(bits.begin(), bits.end(), false) == 100 + 10 * many / 3 + 1);
    const auto copy = bits;
    bits.clear();
    bits.shrink_to_fit();
    bits = copy;
    BOOST_TEST((bits == copy));
    BOOST_TEST(bits[101]);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(serves_lists, Family, families) {
    Family family;
    using ints = typename Family::template of<int>;
    std::list<int, ints> list(family.template make<int>());
    std::list<int, ints> other(family.template make<int>());
    std::forward_list<int, ints> forward(family.template make<int>());
    for (int i = 0; i < many; ++i) {
        list.push_back(shuffled(i));
        other.push_front(i);
        forward.push_front(shuffled(i));
    }
    list.sort();
    forward.sort();
    BOOST_TEST(std::equal(list.begin(), list.end(), forward.begin(), forward.end()));
    list.splice(list.begin(), other);
    BOOST_TEST(list.size() == 2U * many);
    BOOST_TEST(list.front() == many - 1);
    list.remove_if([](int n) { return n % 2 == 0; });
    BOOST_TEST(list.size() == 1U * many);
    forward.reverse();
    forward.remove(0);
    BOOST_TEST(forward.front() == many - 1);
    std::list<int, ints> half({1, 3, 5}, family.template make<int>());
    list.sort();
    list.merge(half);
    BOOST_TEST(list.size() == many + 3U);
    const auto copy = list;
    const auto moved = std::move(list);
    BOOST_TEST((copy == moved));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(serves_adaptors, Family, families) {
    Family family;
    using ints = typename Family::template of<int>;
    const ints alloc = family.template make<int>();
    std::stack<int, std::vector<int, ints>> stack(alloc);
    std::queue<int, std::deque<int, ints>> queue(alloc);
    std::queue<int, std::list<int, ints>> linked(alloc);
    std::priority_queue<int, std::vector<int, ints>> heap(alloc);
    for (int i = 0; i < many; ++i) {
        stack.push(i);
        queue.push(i);
        linked.push(i);
        heap.push(shuffled(i));
        if (i % 4 == 3) {
            stack.pop();
            queue.pop();
            linked.pop();
        }
    }
    BOOST_TEST(stack.top() == many - 2);
    BOOST_TEST(queue.front() == many / 4);
    BOOST_TEST(linked.front() == many / 4);
    for (int i = many - 1; i >= 0; --i) {
        BOOST_TEST_REQUIRE(heap.top() == i);
        heap.pop();
    }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(serves_shared_pointers, Family, families) {
    Family family;
    using string = text<Family>;
    std::weak_ptr<string> weak;
    {
        const auto alloc = family.template make<string>();
        const auto first = std::allocate_shared<string>(alloc, long_text(family, 1));
        const std::shared_ptr<string> second = first;
        weak = second;
        const std::shared_ptr<int> with_deleter(new int(3), std::default_delete<int>{},
                                                family.template make<int>());
        BOOST_TEST((*second == long_text(family, 1)));
        BOOST_TEST(*with_deleter == 3);
    }
    BOOST_TEST(weak.expired());
}

BOOST_AUTO_TEST_CASE_TEMPLATE(serves_containers_inside_containers, Family, families) {
    Family family;
    using row = std::vector<int, typename Family::template of<int>>;
    std::list<row, typename Family::template of<row>> rows(family.template make<row>());
    for (int i = 0; i < 100; ++i) {
        rows.emplace_back(static_cast<std::size_t>(i), i, family.template make<int>());
    }
    rows.remove_if([](const row& each) { return each.size() % 3 != 0; });
    BOOST_TEST(rows.size() == 34U);
    BOOST_TEST(rows.back() == row(99, 99, family.template make<int>()));
}
