// SPDX-License-Identifier: BSL-1.0
#include <alloy/adapt/inspecting_resource.hpp>

#include <alloy/adapt/pool_resource.hpp>
#include <alloy/adapt/resource.hpp>
#include <alloy/policy/pool16.hpp>

#include "support/pmr.hpp"

#include <array>
#include <functional>
#include <memory_resource>
#include <new>
#include <type_traits>
#include <vector>

using namespace alloy;
using test::ledger;
using test::probing_resource;
using test::refused;

namespace {

using kind = resource_call::kind;

struct nothing {
    void operator()(const resource_call& /*call*/) const noexcept {}
};
using silent = inspecting_resource<nothing>;

static_assert(std::is_base_of_v<std::pmr::memory_resource, silent> && std::is_final_v<silent>);
static_assert(!std::is_copy_constructible_v<silent> && !std::is_copy_assignable_v<silent>);
static_assert(!std::is_convertible_v<nothing, silent> && !std::is_default_constructible_v<silent>);
static_assert(sizeof(silent) == 2 * sizeof(void*), "an empty sink takes no room");

template <class Sink>
concept possible = requires { typename inspecting_resource<Sink>; };
static_assert(possible<void (*)(resource_call)> && possible<std::function<void(resource_call)>>);
static_assert(!possible<int> && !possible<void (*)(int)> && !possible<void (*)(resource_call&)>);

static_assert(resource_call{kind::allocate, nullptr, 1, 1}.failed());

std::size_t calls_of_function = 0;
void count_calls(const resource_call& /*call*/) { ++calls_of_function; }

} // namespace

BOOST_AUTO_TEST_CASE(reports_each_call_as_it_is) {
    ledger book;
    probing_resource upstream{book};
    std::vector<resource_call> calls;
    inspecting_resource watched{[&](const resource_call& call) { calls.push_back(call); },
                                &upstream};
    void* const first = watched.allocate(24, 8);
    void* const none = watched.allocate(0, 64);
    watched.deallocate(first, 24, 8);
    watched.deallocate(none, 0, 64);
    const std::vector<resource_call> expected{{kind::allocate, first, 24, 8},
                                              {kind::allocate, none, 0, 64},
                                              {kind::deallocate, first, 24, 8},
                                              {kind::deallocate, none, 0, 64}};
    BOOST_TEST((calls == expected));
    BOOST_TEST(!calls.front().failed());
    BOOST_TEST(book.live.empty());
    BOOST_TEST(watched.upstream_resource() == &upstream);
}

BOOST_AUTO_TEST_CASE(reports_what_upstream_throws_and_passes_it_on) {
    ledger book{.budget = 0};
    probing_resource upstream{book};
    std::vector<resource_call> calls;
    inspecting_resource watched{[&](const resource_call& call) { calls.push_back(call); },
                                &upstream};
    BOOST_CHECK_THROW(static_cast<void>(watched.allocate(100, 16)), refused);
    BOOST_TEST(calls.size() == 1U);
    BOOST_TEST((calls.front() == resource_call{kind::allocate, nullptr, 100, 16}));
    BOOST_TEST(calls.front().failed());
    book.budget = 1;
    watched.deallocate(watched.allocate(100, 16), 100, 16);
    BOOST_TEST(calls.size() == 3U);
    BOOST_TEST(!calls.back().failed());
}

BOOST_AUTO_TEST_CASE(reports_a_block_after_it_came_and_before_it_goes) {
    ledger book;
    probing_resource upstream{book};
    std::vector<std::size_t> live;
    inspecting_resource watched{
        [&](const resource_call& /*call*/) { live.push_back(book.live.size()); }, &upstream};
    watched.deallocate(watched.allocate(8, 8), 8, 8);
    BOOST_TEST((live == std::vector<std::size_t>{1, 1}));
}

BOOST_AUTO_TEST_CASE(takes_any_callable) {
    ledger book;
    probing_resource upstream{book};
    inspecting_resource by_function{&count_calls, &upstream};
    by_function.deallocate(by_function.allocate(8, 8), 8, 8);
    BOOST_TEST(calls_of_function == 2U);

    std::size_t bytes = 0;
    auto add = [&bytes](resource_call call) { bytes += call.bytes; };
    inspecting_resource by_reference{std::ref(add), &by_function};
    by_reference.deallocate(by_reference.allocate(8, 8), 8, 8);
    BOOST_TEST(bytes == 16U);
    BOOST_TEST(calls_of_function == 4U);

    inspecting_resource with_state{
        [n = 0, &bytes](const resource_call&) mutable { bytes = static_cast<std::size_t>(++n); }};
    with_state.deallocate(with_state.allocate(8, 8), 8, 8);
    BOOST_TEST(bytes == 2U);
    BOOST_TEST(with_state.upstream_resource() == std::pmr::get_default_resource());
}

BOOST_AUTO_TEST_CASE(is_as_good_a_resource_as_its_upstream) {
    ledger book;
    {
        resource<pool16<test::probe>> pool{book};
        std::ptrdiff_t balance = 0;
        inspecting_resource watched{[&](const resource_call& call) {
                                        if (call.failed()) { return; }
                                        const auto bytes = static_cast<std::ptrdiff_t>(call.bytes);
                                        balance += call.what == kind::allocate ? bytes : -bytes;
                                    },
                                    &pool};
        test::resource_laws(watched, {300, 64});
        test::resource_serves_containers(watched);
        BOOST_TEST(balance == 0);
    }
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(is_equal_to_itself_alone) {
    silent a{nothing{}};
    silent b{nothing{}};
    BOOST_TEST((a == a));
    BOOST_TEST((a != b));
    BOOST_TEST(!a.is_equal(*a.upstream_resource()));
}
