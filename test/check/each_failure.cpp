// SPDX-License-Identifier: BSL-1.0
#include <alloy/check/each_failure.hpp>

#include <alloy/adapt/allocator.hpp>
#include <alloy/adapt/monotonic_resource.hpp>
#include <alloy/adapt/pool_resource.hpp>
#include <alloy/adapt/resource.hpp>
#include <alloy/policy/bitmap.hpp>
#include <alloy/policy/buddy.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/pool16.hpp>

#include "support/planted.hpp"

#include <concepts>
#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory_resource>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace alloy;
using test::is_exactly;

namespace {

using memory_ref = ref<failing_source>;

static_assert(policy<failing_source> && handle_policy<memory_ref>);
static_assert(std::derived_from<failure_report, report>);

constexpr layout node{40, 8};

/// A map of strings, a vector and copies of them, over the policy that `Handle` reaches.
template <class Handle>
void fill_containers(Handle handle) {
    using string = std::basic_string<char, std::char_traits<char>, allocator<char, Handle>>;
    using entry = std::pair<const int, string>;
    std::map<int, string, std::less<>, allocator<entry, Handle>> map(handle);
    std::vector<string, allocator<string, Handle>> vector(handle);
    for (int i = 0; i < 24; ++i) {
        const string name(std::size_t(20 + 8 * i), 'n', handle);
        map.emplace(i, name);
        vector.push_back(name);
        if (i % 3 == 0) { map.erase(i / 2); }
    }
    const auto copy = map;
    vector.resize(3, string(handle));
    vector.shrink_to_fit();
    if (copy.size() != map.size() || vector.front().size() != 20) {
        throw std::logic_error("lost");
    }
}

/// The same over a policy `P` of its own for each run.
template <class P>
failure_report over() {
    return for_each_failure([](failing_source& memory) {
        P pool(memory);
        fill_containers<ref<P>>(pool);
    });
}

/// The same over a resource, which takes from one over the failing source.
template <class Resource>
failure_report over_resource() {
    return for_each_failure([](failing_source& memory) {
        resource upstream{ref{memory}};
        Resource pool(&upstream);
        std::pmr::map<int, std::pmr::string> map(&pool);
        for (int i = 0; i < 200; ++i) {
            map.emplace(i, std::pmr::string(std::size_t(i * i), 'n', &pool));
        }
    });
}

void expect_sound(const failure_report& found, std::size_t points) {
    BOOST_TEST(found.ok(), found.text());
    BOOST_TEST(found.points >= points);
}

} // namespace

BOOST_AUTO_TEST_CASE(refuses_each_request_alone_and_then_with_all_later_ones) {
    std::vector<std::string> runs;
    const failure_report found = for_each_failure([&](failing_source& memory) {
        std::string& seen = runs.emplace_back();
        for (int i = 0; i < 3; ++i) {
            void* const at = memory.allocate(node);
            seen += at == nullptr ? 'x' : 'o';
            if (at != nullptr) { memory.deallocate(at, node); }
        }
    });
    const std::vector<std::string> expected{"xoo", "xxx", "oxo", "oxx", "oox", "oox", "ooo"};
    BOOST_TEST(runs == expected, boost::test_tools::per_element());
    BOOST_TEST(found.points == 3U);
    BOOST_TEST(found.ok(), found.text());
}

BOOST_AUTO_TEST_CASE(goes_on_where_a_refusal_ends_the_run) {
    int runs = 0;
    const failure_report found = for_each_failure([&](failing_source& memory) {
        ++runs;
        const std::list<int, allocator<int, memory_ref>> list(5, 1, memory);
    });
    BOOST_TEST(found.ok(), found.text());
    BOOST_TEST(found.points == 5U);
    BOOST_TEST(runs == 11);
}

BOOST_AUTO_TEST_CASE(finds_a_block_that_never_comes_back) {
    const failure_report found = for_each_failure([](failing_source& memory) {
        void* const first = memory.allocate(node);
        void* const second = memory.allocate(node);
        if (second == nullptr) { return; } // and the first?
        memory.deallocate(second, node);
        if (first != nullptr) { memory.deallocate(first, node); }
    });
    BOOST_TEST(is_exactly(found, {"leak"}), found.text());
    BOOST_TEST(found.points == 2U);
    BOOST_TEST(found.violations().front().how ==
               "request 2 refused: 1 blocks never came back, 40 bytes");
}

BOOST_AUTO_TEST_CASE(says_which_run_it_was) {
    const failure_report found = for_each_failure([](failing_source& memory) {
        void* const first = memory.allocate(node);
        void* const second = memory.allocate({10, 1});
        if (first != nullptr) { memory.deallocate(first, node); }
        if (second != nullptr && first != nullptr) { memory.deallocate(second, {10, 1}); }
    });
    BOOST_TEST(found.violations().front().how ==
               "request 1 refused: 1 blocks never came back, 10 bytes");
    const failure_report later = for_each_failure([](failing_source& memory) {
        void* const first = memory.allocate(node);
        void* const second = memory.allocate(node);
        void* const third = memory.allocate(node);
        if (second == nullptr && third == nullptr) { return; }
        for (void* each : {first, second, third}) {
            if (each != nullptr) { memory.deallocate(each, node); }
        }
    });
    BOOST_TEST(is_exactly(later, {"leak"}));
    BOOST_TEST(later.violations().front().how ==
               "request 2 and later ones refused: 1 blocks never came back, 40 bytes");
}

BOOST_AUTO_TEST_CASE(finds_what_comes_back_twice_or_otherwise_than_it_was_taken) {
    const auto after_one = [](auto misuse) {
        return for_each_failure([&](failing_source& memory) {
            void* const at = memory.allocate(node);
            if (at != nullptr) { misuse(memory, at); }
        });
    };
    BOOST_TEST(is_exactly(after_one([](failing_source& memory, void* at) {
                              memory.deallocate(at, node);
                              memory.deallocate(at, node);
                          }),
                          {"release"}));
    BOOST_TEST(is_exactly(after_one([](failing_source& memory, void* at) {
                              memory.deallocate(at, {node.size - 1, node.align});
                          }),
                          {"release"}));
    BOOST_TEST(is_exactly(
        after_one([](failing_source& memory, void* at) { memory.deallocate(at, {node.size, 1}); }),
        {"release"}));
    BOOST_TEST(is_exactly(after_one([](failing_source& memory, void* at) {
                              memory.deallocate(static_cast<std::byte*>(at) + 8, node);
                          }),
                          {"release", "leak"}));
}

BOOST_AUTO_TEST_CASE(finds_exceptions_other_than_bad_alloc_and_bad_alloc_without_a_refusal) {
    const auto throwing = [](auto refusal) {
        return for_each_failure([=](failing_source& memory) {
            void* const at = memory.allocate(node);
            if (at == nullptr) { refusal(); }
            if (at != nullptr) { memory.deallocate(at, node); }
        });
    };
    BOOST_TEST(is_exactly(throwing([] { throw std::runtime_error("no"); }), {"exceptions"}));
    BOOST_TEST(throwing([] { throw std::bad_alloc(); }).ok());
    BOOST_TEST(throwing([] { throw std::bad_array_new_length(); }).ok());
    const failure_report found = for_each_failure([](failing_source& memory) {
        void* const at = memory.allocate(node);
        if (at != nullptr) { memory.deallocate(at, node); }
        throw std::bad_alloc();
    });
    BOOST_TEST(is_exactly(found, {"exhaustion"}), found.text());
    BOOST_TEST(found.points == 1U);
}

BOOST_AUTO_TEST_CASE(finds_code_that_asks_for_nothing) {
    const failure_report found = for_each_failure([](failing_source&) {});
    BOOST_TEST(is_exactly(found, {"service"}), found.text());
    BOOST_TEST(found.points == 0U);
}

BOOST_AUTO_TEST_CASE(finds_no_fault_with_containers_of_an_allocator) {
    expect_sound(
        for_each_failure([](failing_source& memory) { fill_containers<memory_ref>(memory); }), 100);
}

BOOST_AUTO_TEST_CASE(finds_no_fault_with_policies) {
    expect_sound(over<pool16<memory_ref>>(), 5);
    expect_sound(over<bump<bump_options{.first = 64, .largest = 1024}, memory_ref>>(), 5);
    constexpr range_options range{.bytes = std::size_t{1} << 18U, .align = 4096};
    expect_sound(over<buddy<range, memory_ref>>(), 2);
    expect_sound(for_each_failure([](failing_source& memory) {
                     bitmap<node, memory_ref, 4096> nodes(memory);
                     using handle = ref<bitmap<node, memory_ref, 4096>>;
                     std::list<int, allocator<int, handle>> list(nodes);
                     for (int i = 0; i < 1'000; ++i) { list.push_back(i); }
                     list.remove_if([](int i) { return i % 2 == 0; });
                     const auto copy = list;
                 }),
                 10);
}

BOOST_AUTO_TEST_CASE(finds_no_fault_with_resources) {
    expect_sound(over_resource<pmr::unsynchronized_pool_resource>(), 30);
    expect_sound(over_resource<pmr::synchronized_pool_resource>(), 30);
    expect_sound(over_resource<pmr::monotonic_buffer_resource>(), 5);
}
