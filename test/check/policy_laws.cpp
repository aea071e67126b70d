// SPDX-License-Identifier: BSL-1.0
#include <alloy/check/policy_laws.hpp>

#include <alloy/adapt/shared.hpp>
#include <alloy/compose/limited.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/preset.hpp>
#include <alloy/source/buffer.hpp>
#include <alloy/source/malloc.hpp>
#include <alloy/source/null.hpp>
#include <alloy/source/resource.hpp>

#include "support/planted.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <map>
#include <memory_resource>
#include <string>

using namespace alloy;

namespace {

/// What a policy can do wrong.
enum class flaw {
    none,
    usable_size_too_large,
    one_list_for_all,
    one_thread_alone,
    good_size_too_small,
    good_size_not_monotone,
    good_size_not_idempotent,
    good_size_of_impossible,
    serves_any_align,
    serves_any_size,
    serves_nothing,
    good_size_not_there,
    batch_too_short,
    batch_too_long,
    batch_repeats,
    zeroed_dirty,
    owns_nothing,
    owns_everything,
    resize_lies,
    resize_clears,
    trims_air,
    discard_lies,
    discards_too_much,
    reset_keeps,
    rewind_keeps,
    rewind_too_far,
};

/// The one that is planted.
flaw planted = flaw::none;

bool has(flaw which) { return planted == which; }

/// A policy without fault and with every ability, but for the one that is planted.
class flawed_policy {
public:
    static constexpr std::size_t max_align = 64;
    static constexpr bool thread_safe = true;

    [[nodiscard]] std::size_t good_size(layout want) const noexcept {
        if (want.size > test::stock::capacity) {
            return has(flaw::good_size_of_impossible) ? unlimited - 15 : want.size;
        }
        const std::size_t whole = test::stock::rounded(std::max(want.size, want.align));
        if (has(flaw::good_size_too_small)) { return want.size - 1; }
        if (has(flaw::good_size_not_monotone) && want.size == 17) { return 17; }
        if (has(flaw::good_size_not_monotone) && want.size == 16) { return 32; }
        if (has(flaw::good_size_not_idempotent)) { return want.size + 1; }
        return whole;
    }

    [[nodiscard]] void* allocate(layout want) noexcept {
        if (has(flaw::serves_nothing) || (has(flaw::one_thread_alone) && test::elsewhere())) {
            return nullptr;
        }
        if (want.align > max_align && !has(flaw::serves_any_align)) { return nullptr; }
        if (want.size > test::stock::capacity && has(flaw::serves_any_size)) { want.size = 1; }
        if (want.size > test::stock::capacity) { return nullptr; }
        return test::here.take(bytes(want));
    }
    void deallocate(void* at, layout given) noexcept { test::here.give(at, bytes(given)); }

    [[nodiscard]] bool resize(void* at, layout given, std::size_t size) noexcept {
        if (has(flaw::resize_clears)) { std::memset(at, 0, 1); }
        return bytes(given) == bytes({size, given.align}) || has(flaw::resize_lies);
    }

    [[nodiscard]] std::size_t allocate_batch(layout want, void** out, std::size_t n) noexcept {
        if (has(flaw::batch_too_long) && n == 3) { return n + 1; }
        if (has(flaw::batch_too_short) && n > 1) { --n; }
        std::size_t done = 0;
        for (; done < n; ++done) {
            out[done] = has(flaw::batch_repeats) && done > 0 ? out[0] : allocate(want);
            if (out[done] == nullptr) { break; }
        }
        return done;
    }
    void deallocate_batch(void* const* in, std::size_t n, layout given) noexcept {
        for (std::size_t i = 0; i < n; ++i) { deallocate(in[i], given); }
    }

    [[nodiscard]] void* allocate_zeroed(layout want) noexcept {
        void* const at = allocate(want);
        if (at != nullptr && !has(flaw::zeroed_dirty)) { std::memset(at, 0, good_size(want)); }
        return at;
    }

    [[nodiscard]] bool owns(const void* at) const noexcept {
        return has(flaw::owns_everything) || (test::here.owns(at) && !has(flaw::owns_nothing));
    }

    std::size_t trim() noexcept { return has(flaw::trims_air) ? 8 : 0; }

    std::size_t discard(void* at, std::size_t bytes) noexcept {
        std::memset(at, 0, bytes + (has(flaw::discards_too_much) ? 1 : 0));
        return bytes + (has(flaw::discard_lies) ? 1 : 0);
    }

    void reset() noexcept {
        if (!has(flaw::reset_keeps)) { test::here.reset(); }
    }
    [[nodiscard]] std::size_t mark() noexcept { return test::here.used(); }
    void rewind(std::size_t to) noexcept {
        if (!has(flaw::rewind_keeps)) { test::here.rewind(has(flaw::rewind_too_far) ? 4096 : to); }
    }

private:
    static std::size_t bytes(layout of) {
        const std::size_t whole = test::stock::rounded(std::max(of.size, of.align));
        return has(flaw::good_size_not_there) ? std::max(whole / 2, of.align) : whole;
    }
};

/// Blocks behind a word that holds their size.
struct measured {
    static constexpr std::size_t max_align = 8;

    [[nodiscard]] void* allocate(layout want) noexcept {
        if (want.align > 8 || want.size > test::stock::capacity) { return nullptr; }
        auto* const at = static_cast<std::size_t*>(test::here.take(want.size + sizeof(want.size)));
        if (at == nullptr) { return nullptr; }
        *at = want.size;
        return at + 1;
    }
    void deallocate(void* at, layout given) noexcept {
        test::here.give(static_cast<std::size_t*>(at) - 1, given.size + sizeof(given.size));
    }
    [[nodiscard]] std::size_t usable_size(const void* at) const noexcept {
        return static_cast<const std::size_t*>(at)[-1] + (has(flaw::usable_size_too_large) ? 1 : 0);
    }
};

/// Says that every block is zeroed, and hands them out again as they come back.
struct dirty : flawed_policy {
    static constexpr bool zero_fresh = true;
};

/// A handle whose copies are as they should be, but one that was moved from is another.
class forgetful_handle : public ref<flawed_policy> {
public:
    forgetful_handle(flawed_policy& first, flawed_policy& second) noexcept
        : ref(first), second_(&second) {}
    forgetful_handle(const forgetful_handle&) noexcept = default;
    forgetful_handle(forgetful_handle&& other) noexcept : ref(other), second_(other.second_) {
        static_cast<ref&>(other) = *other.second_;
    }
    forgetful_handle& operator=(const forgetful_handle&) noexcept = default;
    ~forgetful_handle() = default;

private:
    flawed_policy* second_;
};
static_assert(handle_policy<forgetful_handle>);

/// Claims that any instance takes back another's blocks, and counts how often that was asked.
struct wandering {
    static constexpr std::size_t max_align = malloc_source::max_align;
    static constexpr bool migratory = true;
    static inline int strangers = 0;
    static inline int orphans = 0;
    static inline std::map<void*, const wandering*> owners;

    wandering() = default;
    wandering(const wandering&) = delete;
    wandering& operator=(const wandering&) = delete;
    ~wandering() {
        for (auto& [at, owner] : owners) {
            if (owner == this) { owner = nullptr; }
        }
    }
    [[nodiscard]] void* allocate(layout want) const noexcept {
        void* const at = malloc_source::allocate(want);
        if (at != nullptr) { owners[at] = this; }
        return at;
    }
    void deallocate(void* at, layout given) const noexcept {
        const wandering* const owner = owners[at];
        strangers += owner != this ? 1 : 0;
        orphans += owner == nullptr ? 1 : 0;
        owners.erase(at);
        malloc_source::deallocate(at, given);
    }
};

/// Serves no more once it has refused.
class sulking : public limited<8'192, malloc_source> {
public:
    [[nodiscard]] void* allocate(layout want) noexcept {
        if (sulks_ || want.size > 4'096) { return nullptr; }
        void* const at = limited::allocate(want);
        sulks_ = at == nullptr;
        return at;
    }

private:
    bool sulks_ = false;
};

/// An arena for text, which cannot align a word.
class text_arena : public bump<> {
public:
    static constexpr std::size_t max_align = 4;
    [[nodiscard]] void* allocate(layout want) noexcept {
        return want.align > max_align ? nullptr : bump::allocate(want);
    }
};

struct mutable_good_size : new_source {
    std::size_t good_size(layout want) noexcept { return want.size; } // NOLINT: no ability
};

} // namespace

BOOST_AUTO_TEST_CASE(finds_no_fault_with_a_policy) {
    test::expect_sound(check_conformance(new_source{}));
    test::expect_sound(check_conformance(malloc_source{}));
    test::expect_sound(check_conformance(pages<>{}));
    test::expect_sound(check_conformance(bump<>{}));
    test::expect_sound(check_conformance(inline_buffer<65536>{}));
    test::expect_sound(check_conformance(pool16<>{}));
    test::expect_sound(check_conformance(bitmaps{}));
    test::expect_sound(check_conformance(buddy<>{}));
    test::expect_sound(check_conformance(locked<bitmaps>{}));
    test::expect_sound(check_conformance(freelist<layout{64, 64}>{}));
    test::expect_sound(check_conformance(resource_source{*std::pmr::new_delete_resource()}));
    test::expect_sound(check_conformance(measured{}));
}

BOOST_AUTO_TEST_CASE(finds_no_fault_with_a_handle) {
    locked<pool16<>> pool;
    const ref handle(pool);
    test::expect_sound(check_conformance(handle));
    test::expect_sound(check_conformance(shared<locked<buddy<>>>::make()));
    test::expect_sound(check_conformance(global<locked<pool16<>>>{}));
    test::expect_sound(check_conformance(global<single_threaded<bitmaps>>{}));
}

BOOST_AUTO_TEST_CASE(finds_each_planted_flaw_of_a_policy) {
    constexpr test::planting<flaw> cases[]{
        {flaw::good_size_too_small, "less than asked", "good_size"},
        {flaw::good_size_not_monotone, "less for more", "monotone"},
        {flaw::good_size_not_idempotent, "another byte each time", "idempotent"},
        {flaw::good_size_of_impossible, "a number for what cannot be", "impossible good_size"},
        {flaw::good_size_not_there, "more than there is", "overlap"},
        {flaw::serves_any_align, "a block beyond max_align", "refusal"},
        {flaw::serves_any_size, "a block of SIZE_MAX bytes", "refusal"},
        {flaw::serves_nothing, "null always", "service"},
        {flaw::one_list_for_all, "one list has blocks of all sizes", "overlap"},
        {flaw::batch_too_short, "a batch is one short", "batch"},
        {flaw::batch_too_long, "a batch is one too many", "batch"},
        {flaw::batch_repeats, "a batch is one block", "batch"},
        {flaw::zeroed_dirty, "not zeroed", "zeroed"},
        {flaw::owns_nothing, "disowns a live block", "owns"},
        {flaw::owns_everything, "owns what is not its own", "owns"},
        {flaw::resize_lies, "says yes to any size", "overlap"},
        {flaw::resize_clears, "writes to the block", "resize"},
        {flaw::trims_air, "gives the same bytes back for ever", "trim"},
        {flaw::discard_lies, "discards less than it says", "discard"},
        {flaw::discards_too_much, "discards the byte behind, too", "discard"},
        {flaw::reset_keeps, "reset does nothing", "reset"},
        {flaw::rewind_keeps, "rewind does nothing", "rewind"},
        {flaw::rewind_too_far, "rewind ends what is older", "rewind"},
        {flaw::one_thread_alone, "other threads are refused", "threads"},
    };
    const auto check = [] {
        test::here.one_list = has(flaw::one_list_for_all);
        return check_conformance(flawed_policy{});
    };
    test::expect_sound(check());
    test::finds_each(cases, planted, check);
}

BOOST_AUTO_TEST_CASE(finds_what_only_a_type_can_have_wrong) {
    test::here.reset();
    BOOST_TEST(check_conformance(dirty{}).violates("zeroed"));
    BOOST_TEST(check_conformance(null_source{}).violates("service"));
    BOOST_TEST(test::is_exactly(check_conformance(mutable_good_size{}), {"good_size"}));

    planted = flaw::usable_size_too_large;
    BOOST_TEST(check_conformance(measured{}).violates("usable_size"));
    planted = flaw::none;

    flawed_policy first;
    flawed_policy second;
    BOOST_TEST(test::is_exactly(check_conformance(forgetful_handle{first, second}), {"copies"}));
}

BOOST_AUTO_TEST_CASE(lets_blocks_migrate_and_outlive_their_instance) {
    wandering one;
    test::expect_sound(check_conformance(one));
    BOOST_TEST(wandering::strangers == 2);
    BOOST_TEST(wandering::orphans == 1);
    BOOST_TEST(wandering::owners.empty());
}

BOOST_AUTO_TEST_CASE(wants_blocks_again_after_a_refusal) {
    constexpr conformance_options few{.largest = {64, 16}, .steps = 50};
    sulking policy;
    BOOST_TEST(test::is_exactly(check_conformance<few>(policy), {"recovery"}));
    limited<8'192, malloc_source> sound;
    test::expect_sound(check_conformance<few>(sound));
}

BOOST_AUTO_TEST_CASE(asks_for_nothing_larger_than_it_is_told) {
    text_arena arena;
    test::expect_sound(check_conformance<conformance_options{.largest = {200, 4}}>(arena));
    constexpr conformance_options tiny{.largest = {4, 4}};
    message_pool<int, 100> messages;
    BOOST_TEST(messages.prepare());
    test::expect_sound(check_conformance<tiny>(messages));
    freelist<layout{16, 8}> list;
    test::expect_sound(check_conformance<conformance_options{.largest = {16, 8}}>(ref(list)));
}

BOOST_AUTO_TEST_CASE(keeps_the_first_counterexample_of_each_law) {
    report found(1);
    BOOST_TEST(found.ok());
    BOOST_TEST(found.expect(true, "a", "not so"));
    BOOST_TEST(!found.expect(false, "a", "first ", 1, ' ' + std::string("and"), layout{2, 4}));
    BOOST_TEST(!found.expect(false, "a", "second"));
    report more(2);
    more.expect(false, "b", static_cast<const void*>(nullptr));
    more.expect(false, "a", "third");
    found.add(more);
    BOOST_TEST(found.violates("b"));
    BOOST_TEST(!found.violates("c"));
    BOOST_TEST(found.text() ==
               "2 laws broken (seed 1)\n  a: first 1 and{size 2, align 4}\n  b: 0x0");
}
