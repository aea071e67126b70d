// SPDX-License-Identifier: BSL-1.0
#include <alloy/check/type_rules.hpp>

#include <alloy/adapt/shared.hpp>
#include <alloy/preset.hpp>

#include "support/unit_test.hpp"

#include <cstddef>
#include <memory>
#include <memory_resource>
#include <new>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

using namespace alloy;

namespace {

// Every preset, handle and standard allocator says the right things.
static_assert(must_conform<pool_allocator<int>>() && must_conform<local_pool_allocator<int>>() &&
              must_conform<bitmap_allocator<int>>() && must_conform<buddy_allocator<int>>() &&
              must_conform<local_bitmap_allocator<int>>() && must_conform<arena_allocator<int>>() &&
              must_conform<allocator<int, shared<bump<>>>>() &&
              must_conform<std::allocator<int>>());
static_assert(must_conform<std::pmr::polymorphic_allocator<int>>());
static_assert(must_conform<bump<>>() && must_conform<pool16<>>() && must_conform<bitmaps>() &&
              must_conform<buddy<>>() && must_conform<shared<pool16<>>>());

// What a type can say wrong. `Sin` is the one thing.
enum class sin {
    none,
    cv_value,
    no_rebind,
    rebind_elsewhere,
    no_conversion,
    throwing_conversion,
    explicit_conversion,
    no_equality,
    throwing_equality,
    mutable_equality,
    no_cross_equality,
    throwing_copy,
    throwing_move,
    throwing_destructor,
    explicit_default,
    from_number,
    allocates_void,
    no_deallocate,
    signed_size,
    always_equal_is_bool,
    copies_is_bool,
    moves_is_int,
    swaps_is_bool,
    throwing_copy_assignment,
    throwing_move_assignment,
    throwing_swap,
    selects_another,
    throwing_max_size,
    at_least_is_pointer,
    construct_copies,
};

template <bool B, class T, class F>
using choose = std::conditional_t<B, T, F>;

template <class T, sin Sin>
class sinner {
    template <class U, sin S>
    friend class sinner;
    static constexpr bool is(sin which) { return Sin == which; }

public:
    using value_type = choose<is(sin::cv_value), const T, T>;
    using size_type = choose<is(sin::signed_size), std::ptrdiff_t, std::size_t>;
    using is_always_equal = choose<is(sin::always_equal_is_bool), bool, std::false_type>;
    using propagate_on_container_copy_assignment =
        choose<is(sin::copies_is_bool), bool,
               std::bool_constant<is(sin::throwing_copy_assignment)>>;
    using propagate_on_container_move_assignment =
        choose<is(sin::moves_is_int), std::integral_constant<int, 1>,
               std::bool_constant<is(sin::throwing_move_assignment)>>;
    using propagate_on_container_swap =
        choose<is(sin::swaps_is_bool), bool, std::bool_constant<is(sin::throwing_swap)>>;

    template <class U>
        requires(!is(sin::no_rebind))
    struct rebind {
        using other = sinner<U, is(sin::rebind_elsewhere) ? sin::none : Sin>;
    };

    explicit(is(sin::explicit_default)) sinner() = default;
    sinner(const sinner& /*same*/) noexcept(!is(sin::throwing_copy)) {}
    sinner(sinner&& /*same*/) noexcept(!is(sin::throwing_move)) {}
    sinner& operator=(const sinner& /*same*/) noexcept(!is(sin::throwing_copy_assignment) &&
                                                       !is(sin::throwing_swap)) {
        return *this;
    }
    sinner& operator=(sinner&& /*same*/) noexcept(!is(sin::throwing_move_assignment) &&
                                                  !is(sin::throwing_swap)) {
        return *this;
    }
    ~sinner() noexcept(!is(sin::throwing_destructor)) {}
    sinner(int /*slots*/)
        requires(is(sin::from_number))
    {}
    template <class U, sin S>
        requires(!std::is_same_v<T, U> && !is(sin::no_conversion))
    explicit(is(sin::explicit_conversion))
        sinner(const sinner<U, S>& /*of*/) noexcept(!is(sin::throwing_conversion)) {}

    choose<is(sin::allocates_void), void, T>* allocate(size_type n) {
        return static_cast<T*>(::operator new(static_cast<std::size_t>(n) * sizeof(T)));
    }
    void deallocate(T* at, size_type /*n*/)
        requires(!is(sin::no_deallocate))
    {
        ::operator delete(at);
    }
    [[nodiscard]] size_type max_size() const noexcept(!is(sin::throwing_max_size)) { return 1000; }
    [[nodiscard]] choose<is(sin::selects_another), sinner<long, sin::none>, sinner>
    select_on_container_copy_construction() const {
        return {};
    }
    T* allocate_at_least(std::size_t n)
        requires(is(sin::at_least_is_pointer))
    {
        return allocate(n);
    }
    template <class U, class... Args>
        requires(is(sin::construct_copies) && std::is_constructible_v<U, const Args&...>)
    void construct(U* at, const Args&... args) {
        ::new (at) U(args...);
    }

    friend bool operator==(const sinner& /*a*/,
                           const sinner& /*b*/) noexcept(!is(sin::throwing_equality))
        requires(!is(sin::no_equality) && !is(sin::mutable_equality))
    {
        return true;
    }
    bool operator==(const sinner& /*b*/) noexcept
        requires(is(sin::mutable_equality))
    {
        return true;
    }
    template <class U, sin S>
        requires(!std::is_same_v<T, U> && !is(sin::no_cross_equality))
    friend bool operator==(const sinner& /*a*/, const sinner<U, S>& /*b*/) noexcept {
        return true;
    }
};

template <sin Sin>
constexpr std::string_view broken_by = broken_rule<sinner<int, Sin>>();
static_assert(conforms<sinner<int, sin::none>>);
static_assert(broken_by<sin::cv_value> == "value");
static_assert(broken_by<sin::no_rebind> == "rebind");
static_assert(broken_by<sin::rebind_elsewhere> == "rebind back");
static_assert(broken_by<sin::no_conversion> == "conversion");
static_assert(broken_by<sin::throwing_conversion> == "conversion");
static_assert(broken_by<sin::explicit_conversion> == "implicit conversion");
static_assert(broken_by<sin::no_equality> == "equality");
static_assert(broken_by<sin::throwing_equality> == "equality");
static_assert(broken_by<sin::mutable_equality> == "equality");
static_assert(broken_by<sin::no_cross_equality> == "cross equality");
static_assert(broken_by<sin::throwing_copy> == "copy");
static_assert(broken_by<sin::throwing_move> == "move");
static_assert(broken_by<sin::throwing_destructor> == "conversion", "nothing is noexcept then");
static_assert(broken_by<sin::explicit_default> == "default constructor");
static_assert(broken_by<sin::from_number> == "numbers");
static_assert(broken_by<sin::allocates_void> == "allocate");
static_assert(broken_by<sin::no_deallocate> == "deallocate");
static_assert(broken_by<sin::signed_size> == "size_type");
static_assert(broken_by<sin::always_equal_is_bool> == "is_always_equal");
static_assert(broken_by<sin::copies_is_bool> == "copy assignment");
static_assert(broken_by<sin::throwing_copy_assignment> == "copy assignment");
static_assert(broken_by<sin::moves_is_int> == "move assignment");
static_assert(broken_by<sin::throwing_move_assignment> == "move assignment");
static_assert(broken_by<sin::swaps_is_bool> == "swap");
static_assert(broken_by<sin::throwing_swap> == "swap");
static_assert(broken_by<sin::selects_another> == "select");
static_assert(broken_by<sin::throwing_max_size> == "max_size");
static_assert(broken_by<sin::at_least_is_pointer> == "at_least");
static_assert(broken_by<sin::construct_copies> == "construct");

// A policy that has almost an ability, which concepts alone would not tell from one without.
struct plain {
    static constexpr std::size_t max_align = 16;
    void* allocate(layout want) noexcept;
    void deallocate(void* at, layout given) noexcept;
};
struct mutable_good_size : plain {
    std::size_t good_size(layout want) noexcept;
};
struct throwing_resize : plain {
    bool resize(void* at, layout given, std::size_t size);
};
struct mutable_owns : plain {
    bool owns(const void* at) noexcept;
};
struct half_a_batch : plain {
    std::size_t allocate_batch(layout want, void** out, std::size_t n) noexcept;
};
struct typed_zeroed : plain {
    int* allocate_zeroed(layout want) noexcept;
};
struct throwing_reset : plain {
    void reset();
};
struct mark_alone : plain {
    int mark() noexcept;
};
struct mutable_usable_size : plain {
    std::size_t usable_size(const void* at) noexcept;
};
struct void_trim : plain {
    void trim() noexcept;
};
struct void_discard : plain {
    void discard(void* at, std::size_t bytes) noexcept;
};
struct no_max_align {
    void* allocate(layout want) noexcept;
    void deallocate(void* at, layout given) noexcept;
};
struct throwing_policy {
    static constexpr std::size_t max_align = 16;
    void* allocate(layout want);
    void deallocate(void* at, layout given);
};
static_assert(must_conform<plain>());
static_assert(broken_rule<mutable_good_size>() == "good_size");
static_assert(broken_rule<throwing_resize>() == "resize");
static_assert(broken_rule<mutable_owns>() == "owns");
static_assert(broken_rule<half_a_batch>() == "batch");
static_assert(broken_rule<typed_zeroed>() == "zeroed");
static_assert(broken_rule<throwing_reset>() == "reset");
static_assert(broken_rule<mark_alone>() == "rewind");
static_assert(broken_rule<mutable_usable_size>() == "usable_size");
static_assert(broken_rule<void_trim>() == "trim");
static_assert(broken_rule<void_discard>() == "discard");
static_assert(broken_rule<no_max_align>() == "max_align");
static_assert(broken_rule<throwing_policy>() == "allocate");

struct mute {
    using value_type = int;
    explicit mute() = default;
    int* allocate(std::size_t n);
    void deallocate(int* at, std::size_t n);
};

/// The names of all broken rules.
template <class X>
std::vector<std::string> broken_rules() {
    std::vector<std::string> all;
    detail::type_rules<false, X>(
        [&](const char* law, const char* /*message*/) { all.emplace_back(law); });
    return all;
}

} // namespace

BOOST_AUTO_TEST_CASE(names_every_broken_rule) {
    const std::vector<std::string> expected{"rebind", "equality", "default constructor"};
    BOOST_TEST(broken_rules<mute>() == expected, boost::test_tools::per_element());
    BOOST_TEST(broken_rules<std::allocator<int>>().empty());
    const std::vector<std::string> both{"allocate", "deallocate"};
    BOOST_TEST(broken_rules<throwing_policy>() == both, boost::test_tools::per_element());
}
