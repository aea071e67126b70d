// SPDX-License-Identifier: BSL-1.0
#include <alloy/adapt/allocator.hpp>
#include <alloy/check/conforms.hpp>

#include "support/planted.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <new>
#include <string>
#include <type_traits>
#include <utility>

using namespace alloy;

namespace {

/// What an allocator can do wrong.
enum class flaw {
    none,
    equals_all,
    equals_nothing,
    asymmetric,
    cross_equals_all,
    moved_from_dead,
    move_loses_arena,
    rebind_drops_arena,
    misaligned,
    misaligned_alone,
    too_small,
    released_as_larger,
    one_list_for_all,
    writes_before_block,
    no_overflow_check,
    bad_alloc_for_lengths,
    null_when_out,
    null_at_all_times,
    throws_a_number,
    never_recovers,
    zero_is_next_block,
    zero_throws,
    max_size_too_large,
    max_size_untrue,
    count_too_small,
    count_too_large,
    copies_nothing,
    moves_nothing,
    swaps_nothing,
    forgets_to_destroy,
    constructs_zero,
    one_thread_alone,
};

/// The one that is planted.
flaw planted = flaw::none;

bool has(flaw which) { return planted == which; }

/// An allocator without fault, but for the one that is planted.
template <class T, bool AlwaysEqual = false>
class flawed {
    template <class U, bool B>
    friend class flawed;

public:
    using value_type = T;
    using is_always_equal = std::bool_constant<AlwaysEqual>;
    using propagate_on_container_copy_assignment = std::true_type;
    using propagate_on_container_move_assignment = std::true_type;
    using propagate_on_container_swap = std::true_type;
    template <class U>
    struct rebind {
        using other = flawed<U, AlwaysEqual>;
    };

    explicit flawed(test::stock& from) noexcept : from_(&from) {}
    flawed(const flawed& other) noexcept = default;
    flawed(flawed&& other) noexcept : from_(other.from_) {
        if (has(flaw::moved_from_dead)) { other.from_ = nullptr; }
        if (has(flaw::move_loses_arena)) { from_ = nullptr; }
    }
    flawed& operator=(const flawed& other) noexcept {
        if (!has(flaw::copies_nothing)) { from_ = other.from_; }
        return *this;
    }
    flawed& operator=(flawed&& other) noexcept {
        if (!has(flaw::moves_nothing)) { from_ = other.from_; }
        return *this;
    }
    friend void swap(flawed& a, flawed& b) noexcept {
        if (!has(flaw::swaps_nothing)) { std::swap(a.from_, b.from_); }
    }
    ~flawed() = default;
    template <class U>
    flawed(const flawed<U, AlwaysEqual>& other) noexcept
        : from_(has(flaw::rebind_drops_arena) ? &test::there : other.from_) {}

    [[nodiscard]] T* allocate(std::size_t n) {
        if (has(flaw::zero_is_next_block) && n == 0) {
            return static_cast<T*>(from_->next(sizeof(T)));
        }
        if ((has(flaw::zero_throws) && n == 0) ||
            (has(flaw::one_thread_alone) && test::elsewhere())) {
            throw std::bad_alloc{};
        }
        if (n > any_size / sizeof(T) && !has(flaw::no_overflow_check)) {
            if (has(flaw::bad_alloc_for_lengths)) { throw std::bad_alloc{}; }
            throw std::bad_array_new_length{};
        }
        if (has(flaw::null_at_all_times)) { return nullptr; }
        auto* const at = static_cast<unsigned char*>(from_->take(taken(n)));
        if (at == nullptr) {
            if (has(flaw::null_when_out)) { return nullptr; }
            if (has(flaw::throws_a_number)) { throw 1; }
            throw std::bad_alloc{};
        }
        return static_cast<T*>(static_cast<void*>(at + shift(n)));
    }

    void deallocate(T* at, std::size_t n) {
        if (has(flaw::zero_is_next_block) && n == 0) { return; }
        auto* const bytes = static_cast<unsigned char*>(static_cast<void*>(at));
        if (has(flaw::writes_before_block)) { --bytes[-1]; }
        from_->give(bytes - shift(n), taken(n) + (has(flaw::released_as_larger) ? 1 : 0));
    }

    [[nodiscard]] allocation_result<T*> allocate_at_least(std::size_t n) {
        T* const at = allocate(n);
        const std::size_t count = std::max(test::stock::rounded(n * sizeof(T)) / sizeof(T), n);
        if (has(flaw::count_too_small) && n > 0) { return {at, n - 1}; }
        return {at, has(flaw::count_too_large) ? 2 * count : count};
    }

    [[nodiscard]] std::size_t max_size() const noexcept {
        if (has(flaw::max_size_too_large)) { return unlimited; }
        return has(flaw::max_size_untrue) ? 10 : any_size / sizeof(T);
    }

    template <class U, class... Args>
    void construct(U* at, Args&&... args) {
        ::new (static_cast<void*>(at)) U(std::forward<Args>(args)...);
        if (has(flaw::constructs_zero)) { std::memset(static_cast<void*>(at), 0, sizeof(U)); }
    }
    template <class U>
    void destroy(U* at) {
        if (!has(flaw::forgets_to_destroy)) { at->~U(); }
    }

    template <class U>
    friend bool operator==(const flawed& a, const flawed<U, AlwaysEqual>& b) noexcept {
        constexpr bool same = std::is_same_v<T, U>;
        if (has(flaw::equals_all) || (has(flaw::cross_equals_all) && !same)) { return true; }
        if (has(flaw::equals_nothing)) { return false; }
        if (has(flaw::asymmetric)) { return same || sizeof(T) > sizeof(U); }
        return a.from() == b.from();
    }

    [[nodiscard]] const test::stock* from() const noexcept { return from_; }

private:
    static std::size_t shift(std::size_t n) {
        return has(flaw::misaligned) || (has(flaw::misaligned_alone) && n == 1) ? 8 : 0;
    }
    static std::size_t taken(std::size_t n) {
        const std::size_t bytes = n * sizeof(T) + shift(n);
        return has(flaw::too_small) ? std::max(bytes / 2, alignof(T)) : bytes;
    }

    test::stock* from_;
};

constexpr conformance_options thorough{.threads = true, .huge = true};

} // namespace

BOOST_AUTO_TEST_CASE(finds_each_planted_flaw_of_an_allocator) {
    constexpr test::planting<flaw> cases[]{
        {flaw::equals_all, "== is true for different arenas", "equality"},
        {flaw::equals_nothing, "== is never true", "equality"},
        {flaw::asymmetric, "== depends on the order", "cross equality"},
        {flaw::cross_equals_all, "== across types is always true", "cross equality"},
        {flaw::moved_from_dead, "a move takes the arena away", "moved-from"},
        {flaw::move_loses_arena, "a move does not bring the arena", "move"},
        {flaw::rebind_drops_arena, "a rebind reaches another arena", "rebind"},
        {flaw::misaligned, "blocks are 8 bytes off", "alignment"},
        {flaw::misaligned_alone, "single objects are 8 bytes off", "alignment"},
        {flaw::too_small, "blocks are half as large", "overlap"},
        {flaw::released_as_larger, "a release counts one byte more", "overlap"},
        {flaw::one_list_for_all, "one list has blocks of all sizes", "overlap"},
        {flaw::writes_before_block, "a release writes before the block", "contents"},
        {flaw::no_overflow_check, "n * sizeof(T) wraps", "overflow"},
        {flaw::bad_alloc_for_lengths, "an impossible length is bad_alloc", "bad_array_new_length"},
        {flaw::null_when_out, "null when memory is out", "exhaustion"},
        {flaw::null_at_all_times, "null at all times", "exhaustion"},
        {flaw::throws_a_number, "an int is thrown when memory is out", "exhaustion"},
        {flaw::never_recovers, "nothing is served after a failure", "recovery"},
        {flaw::zero_is_next_block, "allocate(0) gives the next block", "zero"},
        {flaw::zero_throws, "allocate(0) throws", "exceptions"},
        {flaw::max_size_too_large, "max_size is SIZE_MAX", "max_size"},
        {flaw::max_size_untrue, "max_size is 10", "overflow"},
        {flaw::count_too_small, "allocate_at_least counts one less", "at_least"},
        {flaw::count_too_large, "allocate_at_least counts twice", "at_least"},
        {flaw::copies_nothing, "copy assignment does nothing", "propagation"},
        {flaw::moves_nothing, "move assignment does nothing", "propagation"},
        {flaw::swaps_nothing, "swap does nothing", "propagation"},
        {flaw::forgets_to_destroy, "destroy does nothing", "elements"},
        {flaw::constructs_zero, "construct clears what it made", "elements"},
        {flaw::one_thread_alone, "other threads are refused", "threads"},
    };
    const auto check = [] {
        test::here.one_list = has(flaw::one_list_for_all);
        test::here.never_recovers = has(flaw::never_recovers);
        return check_conformance<thorough>(flawed<int>{test::here}, flawed<int>{test::there});
    };
    test::expect_sound(check());
    test::finds_each(cases, planted, check);
}

BOOST_AUTO_TEST_CASE(finds_that_allocators_differ_that_claim_they_never_do) {
    test::here.reset();
    test::there.reset();
    const report found =
        check_conformance(flawed<int, true>{test::here}, flawed<int, true>{test::there});
    BOOST_TEST(test::is_exactly(found, {"is_always_equal"}), found.text());
}

BOOST_AUTO_TEST_CASE(does_not_run_what_breaks_a_rule_of_types) {
    struct mute {
        using value_type = int;
        explicit mute() = default;
        int* allocate(std::size_t n) { // NOLINT(readability-convert-member-functions-to-static)
            BOOST_TEST(false, "it was run");
            return new int[n];
        }
        void deallocate(int* at, std::size_t /*n*/) { delete[] at; } // NOLINT
    };
    const report found = check_conformance(mute{});
    BOOST_TEST(test::is_exactly(found, {"rebind", "equality", "default constructor"}),
               found.text());
}

BOOST_AUTO_TEST_CASE(says_what_was_wrong_and_how_to_see_it_again) {
    test::here.reset();
    planted = flaw::misaligned;
    const report found = check_conformance(flawed<int>{test::here}, 7);
    planted = flaw::none;
    BOOST_TEST_REQUIRE(!found.ok());
    BOOST_TEST(found.violations().front().law == "alignment");
    BOOST_TEST(found.violations().front().how.find("a block for {size ") == 0U);
    const std::string text = found.text();
    BOOST_TEST(text.find(" laws broken (seed 7)\n  alignment: a block for {size ") == 1U);
    test::here.reset();
    planted = flaw::misaligned;
    BOOST_TEST(check_conformance(flawed<int>{test::here}, 7).text() == text);
    test::here.reset();
    BOOST_TEST(check_conformance(flawed<int>{test::here}, 8).text() != text);
    planted = flaw::none;
}
