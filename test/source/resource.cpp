// SPDX-License-Identifier: BSL-1.0
#include <alloy/core/ability.hpp>
#include <alloy/core/fact.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/source/resource.hpp>

#include "support/conformance.hpp"
#include "support/probe.hpp"

#include <array>
#include <memory_resource>
#include <new>

using namespace alloy;
using test::ledger;
using test::probe;

static_assert(policy<resource_source> && !stateless_policy<resource_source>);
static_assert(rounding_policy<resource_source>);
static_assert(!(resizing_policy<resource_source> || zeroing_policy<resource_source> ||
                batching_policy<resource_source> || measuring_policy<resource_source> ||
                trimming_policy<resource_source> || owning_policy<resource_source>));
static_assert(!(thread_safe_v<resource_source> || migratory_v<resource_source> ||
                zero_fresh_v<resource_source>));
static_assert(!std::default_initializable<resource_source>);
static_assert(!std::convertible_to<std::pmr::memory_resource&, resource_source>);

namespace {

/// Throws where the probe refuses; equal to every other one of its group.
class probing_resource : public std::pmr::memory_resource {
public:
    explicit probing_resource(ledger& book, int group = 0) : inner_(book), group_(group) {}

private:
    void* do_allocate(std::size_t size, std::size_t align) override {
        void* const at = inner_.allocate({size, align});
        if (at == nullptr) { throw std::bad_alloc{}; }
        return at;
    }
    void do_deallocate(void* at, std::size_t size, std::size_t align) override {
        inner_.deallocate(at, {size, align});
    }
    bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
        return dynamic_cast<const probing_resource&>(other).group_ == group_;
    }

    probe inner_;
    int group_;
};

} // namespace

BOOST_AUTO_TEST_CASE(conforms_over_a_resource_and_returns_all_to_it) {
    ledger book;
    probing_resource target{book};
    resource_source source{target};
    test::conformance(source, {200, 64});
    BOOST_TEST(book.live.empty());
    test::never_misaligned(source);
    BOOST_TEST(book.live.empty());
}

BOOST_AUTO_TEST_CASE(aligns_what_the_pools_of_the_library_would_misalign) {
    std::pmr::unsynchronized_pool_resource pool;
    resource_source source{pool};
    test::conformance(source, {700, 256});
    std::pmr::monotonic_buffer_resource monotonic;
    resource_source other{monotonic};
    test::conformance(other, {200, 64});
}

BOOST_AUTO_TEST_CASE(is_null_where_the_resource_throws) {
    ledger book{.budget = 0};
    probing_resource target{book};
    const resource_source source{target};
    BOOST_TEST(source.allocate({8, 8}) == nullptr);
    BOOST_TEST(book.requests == 1U);
    const resource_source nothing{*std::pmr::null_memory_resource()};
    BOOST_TEST(nothing.allocate({8, 8}) == nullptr);
}

BOOST_AUTO_TEST_CASE(keeps_sizes_that_would_wrap_from_the_resource) {
    ledger book;
    probing_resource target{book};
    const resource_source source{target};
    BOOST_TEST(source.allocate({any_size + 1, 1}) == nullptr);
    BOOST_TEST(source.allocate({SIZE_MAX, 64}) == nullptr);
    BOOST_TEST(source.allocate({any_size, 2}) == nullptr);
    BOOST_TEST(book.requests == 0U);
}

BOOST_AUTO_TEST_CASE(is_equal_where_the_resources_are) {
    ledger book;
    probing_resource a{book, 1};
    probing_resource b{book, 1};
    probing_resource c{book, 2};
    BOOST_TEST((resource_source{a} == resource_source{a}));
    BOOST_TEST((resource_source{a} == resource_source{b}));
    BOOST_TEST((resource_source{a} != resource_source{c}));
}

BOOST_AUTO_TEST_CASE(serves_as_an_upstream) {
    ledger book;
    probing_resource target{book};
    {
        freelist<layout{64, 16}, resource_source, unlimited, 8> list{target};
        list.deallocate(list.allocate({64, 16}), {64, 16});
        BOOST_TEST(book.live.size() == 1U);
    }
    BOOST_TEST(book.live.empty());
}
