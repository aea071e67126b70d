// SPDX-License-Identifier: BSL-1.0
#include <alloy/check/conforms.hpp>

#include <alloy/adapt/shared.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/preset.hpp>

#include "support/planted.hpp"

#include <boost/interprocess/offset_ptr.hpp>

#include <cstddef>
#include <memory>
#include <memory_resource>
#include <new>
#include <type_traits>

using namespace alloy;

namespace {

constexpr conformance_options thorough{.threads = true, .huge = true};
constexpr conformance_options lone{.huge = true};

/// Refuses what no memory can meet before it gets to operator new, which a sanitizer replaces by
/// one that does not return.
class modest_resource : public std::pmr::memory_resource {
    void* do_allocate(std::size_t bytes, std::size_t align) override {
        if (bytes > any_size / 2) { throw std::bad_alloc{}; }
        return std::pmr::new_delete_resource()->allocate(bytes, align);
    }
    void do_deallocate(void* at, std::size_t bytes, std::size_t align) override {
        std::pmr::new_delete_resource()->deallocate(at, bytes, align);
    }
    [[nodiscard]] bool do_is_equal(const memory_resource& other) const noexcept override {
        return this == &other;
    }
};

/// Of pointers that are no addresses, as shared memory has them.
template <class T>
struct with_fancy_pointers {
    using value_type = T;
    using pointer = boost::interprocess::offset_ptr<T>;
    using propagate_on_container_swap = std::true_type;

    with_fancy_pointers() = default;
    template <class U>
    with_fancy_pointers(const with_fancy_pointers<U>& /*other*/) noexcept {}

    [[nodiscard]] pointer allocate(std::size_t n) {
        return pointer(allocator<T, new_source>{}.allocate(n));
    }
    void deallocate(pointer at, std::size_t n) noexcept {
        allocator<T, new_source>{}.deallocate(at.get(), n);
    }
    template <class U>
    friend bool operator==(const with_fancy_pointers& /*a*/,
                           const with_fancy_pointers<U>& /*b*/) noexcept {
        return true;
    }
};

} // namespace

BOOST_AUTO_TEST_CASE(finds_no_fault_with_a_preset) {
    test::expect_sound(check_conformance<thorough>(pool_allocator<int>{}));
    test::expect_sound(check_conformance<thorough>(bitmap_allocator<double>{}));
    test::expect_sound(check_conformance<thorough>(buddy_allocator<char>{}));
    test::expect_sound(check_conformance<lone>(local_pool_allocator<short>{}));
    test::expect_sound(check_conformance<lone>(local_bitmap_allocator<void*>{}));
    bump<> a;
    bump<> b;
    test::expect_sound(check_conformance<lone>(arena_allocator<int>{a}, arena_allocator<int>{b}));
}

BOOST_AUTO_TEST_CASE(finds_no_fault_with_an_allocator_of_any_handle) {
    using safe = locked<pool16<>>;
    test::expect_sound(check_conformance<thorough>(allocator<int, new_source>{}));
    test::expect_sound(
        check_conformance<thorough>(allocator<int, shared<safe>>{shared<safe>::make()},
                                    allocator<int, shared<safe>>{shared<safe>::make()}));
    safe a;
    safe b;
    test::expect_sound(
        check_conformance<thorough>(allocator<int, ref<safe>>{a}, allocator<int, ref<safe>>{b}));
    freelist<layout{48, 16}> list;
    constexpr conformance_options small{.largest = {48, 16}, .huge = true};
    test::expect_sound(
        check_conformance<small>(allocator<int, ref<freelist<layout{48, 16}>>>{list}));
}

BOOST_AUTO_TEST_CASE(finds_no_fault_with_fancy_pointers) {
    test::expect_sound(check_conformance<thorough>(with_fancy_pointers<int>{}));
}

BOOST_AUTO_TEST_CASE(asks_for_nothing_larger_than_it_is_told) {
    freelist<layout{16, 8}> list;
    constexpr conformance_options small{.largest = {16, 8}};
    test::expect_sound(
        check_conformance<small>(allocator<int, ref<freelist<layout{16, 8}>>>{list}));
}

// The standard asks for std::bad_array_new_length only where the number of bytes overflows
// std::size_t, and libraries do no more.
BOOST_AUTO_TEST_CASE(finds_with_std_allocator_what_the_standard_leaves_open) {
    const report found =
        check_conformance<conformance_options{.threads = true}>(std::allocator<int>{});
    constexpr bool open = conformance_options{}.huge; // else it is not asked
    BOOST_TEST((open ? test::is_exactly(found, {"bad_array_new_length"}) : found.ok()),
               found.text());
}

// It stays with its resource whatever happens to the container, so that unequal ones must not be
// swapped.
BOOST_AUTO_TEST_CASE(finds_with_polymorphic_allocator_that_it_does_not_propagate) {
    modest_resource a;
    modest_resource b;
    using polymorphic = std::pmr::polymorphic_allocator<int>;
    const report alone = check_conformance<thorough>(polymorphic{&a});
    const report found = check_conformance<thorough>(polymorphic{&a}, polymorphic{&b});
    BOOST_TEST(test::is_exactly(alone, {"bad_array_new_length"}), alone.text());
    BOOST_TEST(test::is_exactly(found, {"bad_array_new_length", "unequal swap"}), found.text());
}
