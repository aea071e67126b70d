// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief The conformance kit: asks an allocator or policy, anybody's, to keep what it promises.
///
///     must_conform<A>()           A's type --> a compile error for each rule that it breaks
///     check_conformance(a)        a run    --> alloy::report
///     check_conformance(a, b)     and how a gets on with b, which reaches other memory
///
/// An allocator is run as if it were a policy, through the random operations that policies pass,
/// then in containers. It needs no test framework, no exceptions and no RTTI; without exceptions,
/// nothing is asked that only they could answer.
///
/// Choose it for the test of any allocator. Avoid it in what you ship: it is slow, and large.

#include <alloy/check/container_laws.hpp>
#include <alloy/check/policy_laws.hpp>
#include <alloy/check/through_allocator.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

namespace alloy::inline ALLOY_ABI {

namespace detail {

/// The laws of one allocator; each member function asks for one.
template <conformance_options Options, class A>
class allocator_laws {
    using traits = std::allocator_traits<A>;
    using small = rebound<A, unsigned char>;
    static constexpr bool room_for_stranger = layout_of<stranger>.fits_in(Options.largest);
    using elsewhere = std::conditional_t<room_for_stranger, rebound<A, stranger>, small>;

public:
    /// @param other Null, or one that must differ from `a`.
    allocator_laws(const A& a, const A* other, std::uint64_t seed)
        : a_(a), other_(other), seed_(seed), found_(seed) {}

    report check() {
        run("comparison", [&] { identity(); });
        if (!found_.ok() || !churn_in(found_, seed_)) { return std::move(found_); }
        run("allocate(0)", [&] { zero(); });
        run("a length that cannot be", [&] { overflow(); });
        if constexpr (requires(small& s) { s.allocate_at_least(1); }) {
            run("allocate_at_least", [&] { at_least(); });
            if (!churn_in(found_, seed_ + 1)) { return std::move(found_); } // now on a wrong list
        }
        if constexpr (Options.largest.size >= 256) {
            run("a container", [&] { container_laws<A>(a_, other_, found_).check(); });
        }
        if constexpr (Options.threads) { threads(); }
#if defined(__cpp_exceptions)
        exhaustion();
#endif
        return std::move(found_);
    }

private:
    template <class Call>
    void run(const char* what, Call call) {
        found_.expect(ending_of(call) == ending::value, "exceptions", what, " threw");
    }

    bool churn_in(report& found, std::uint64_t seed) const {
        through_allocator<A, Options.largest> policy(a_, found);
        return churn(policy, Options.largest, seed, found).run(Options.steps) &&
               !found.violates("exhaustion");
    }

    /// Copies, moves and rebinds are equal and stand for each other; another allocator does not.
    void identity() {
        A copy(a_);
        found_.expect(copy == a_ && a_ == copy && !(copy != a_) && a_ == a_, "equality",
                      "a copy differs from its original, or the original from itself");
        A moved(std::move(copy));
        found_.expect(moved == a_, "move", "what was made by a move differs from its source");
        found_.expect(copy == a_, "moved-from", // NOLINT(bugprone-use-after-move): it must be sound
                      "a moved-from allocator is no longer equal; let moves copy");
        const elsewhere there(a_);
        found_.expect(A(there) == a_ && a_ == A(there), "rebind",
                      "converted to another type and back, it differs: the state was lost");
        found_.expect(there == a_ && a_ == there && !(there != a_) && !(a_ != there),
                      "cross equality", "it differs from its own conversion to another type");
        if (other_ != nullptr) {
            found_.expect(a_ != *other_ && *other_ != a_ && !(a_ == *other_) && !(*other_ == a_),
                          "equality", "it equals an allocator that reaches other memory");
            found_.expect(!traits::is_always_equal::value, "is_always_equal",
                          "it is true, though there are allocators that differ; for an empty type "
                          "that is the default: declare it std::false_type");
            const elsewhere other_there(*other_);
            found_.expect(a_ != other_there && other_there != a_ && !(there == *other_),
                          "cross equality", "it equals another type's that reaches other memory");
        }
    }

    /// A block of no objects is nobody else's.
    void zero() {
        elsewhere alloc(a_);
        std::array<std::pair<typename std::allocator_traits<elsewhere>::pointer, std::size_t>, 6>
            all{};
        for (std::size_t i = 0; i < all.size(); ++i) { // none, one, none, one, ...
            all[i] = {alloc.allocate(i % 2), i % 2};
            for (std::size_t k = 0; k < i; ++k) {
                const bool both_null = i % 2 == 0 && k % 2 == 0 && all[i].first == nullptr;
                if (!found_.expect(both_null || all[i].first != all[k].first, "zero",
                                   "allocate(0) returned a block that is live besides")) {
                    return;
                }
            }
        }
        for (auto [at, n] : all) { alloc.deallocate(at, n); }
    }

    template <class Alloc>
    void refuses(Alloc alloc, std::size_t n) {
        typename std::allocator_traits<Alloc>::pointer at{};
        const auto refused = [&](auto call) {
            const ending end = ending_of(call);
            constexpr std::size_t size = sizeof(typename Alloc::value_type);
            found_.expect(end == ending::bad_array_new_length || end == ending::value,
                          "bad_array_new_length", "it threw something else for ", n, " objects of ",
                          size, " bytes");
            if (!found_.expect(end != ending::value, "overflow", "it did not throw for ", n,
                               " objects of ", size, " bytes") &&
                at != nullptr) {
                alloc.deallocate(at, n);
            }
        };
        refused([&] { at = alloc.allocate(n); });
        if constexpr (requires { alloc.allocate_at_least(n); }) {
            refused([&] { at = alloc.allocate_at_least(n).ptr; });
        }
    }

    /// More bytes than PTRDIFF_MAX are refused as a length, and max_size() is true.
    void overflow() {
#if defined(__cpp_exceptions)
        if constexpr (room_for_stranger) {
            refuses(elsewhere(a_), unlimited / sizeof(stranger) + 2); // the product wraps to 32
        }
        if (found_.violates("overflow") || !Options.huge) { return; }
        if constexpr (room_for_stranger) {
            refuses(elsewhere(a_), any_size / sizeof(stranger) + 1);
        }
        refuses(small(a_), any_size + 1);
        refuses(small(a_), unlimited - 7); // the sum with a header wraps
        if constexpr (requires(const elsewhere& e) { e.max_size(); }) {
            const std::size_t n = elsewhere(a_).max_size();
            constexpr std::size_t size = sizeof(typename elsewhere::value_type);
            if (found_.expect(n <= any_size / size, "max_size", "max_size() is ", n,
                              ", more objects of ", size, " bytes than an array can hold")) {
                refuses(elsewhere(a_), n + 1);
            }
        }
#endif
    }

    /// All that is counted may be written to, and each count in range releases the block.
    void at_least() {
        small alloc(a_);
        for (std::size_t n = 0; n <= std::min<std::size_t>(Options.largest.size, 96); n += 3) {
            for (std::size_t back = n;; ++back) {
                const auto [at, count] = alloc.allocate_at_least(n);
                const auto [other, as_many] = alloc.allocate_at_least(n);
                const std::size_t from = address(std::to_address(at));
                const std::size_t to = address(std::to_address(other));
                if (!found_.expect(count >= n && as_many >= n, "at_least", n,
                                   " were asked for, and fewer came: ", count) ||
                    !found_.expect(from + count <= to || to + as_many <= from, "at_least",
                                   "two blocks for ", n, " overlap in the ", count,
                                   " they count")) {
                    return;
                }
                std::memset(std::to_address(at), 0x5a, count);
                alloc.deallocate(other, std::min(back, as_many));
                alloc.deallocate(at, std::min(back, count));
                if (back >= count) { break; }
            }
        }
    }

    /// Several threads at once, and one that releases what another took.
    void threads() {
        std::array<report, 3> of{report(seed_), report(seed_), report(seed_)};
        std::vector<std::thread> running;
        for (std::size_t i = 0; i < of.size(); ++i) {
            running.emplace_back([&, i] { churn_in(of[i], seed_ + i + 2); });
        }
        for (std::thread& each : running) { each.join(); }
        for (const report& each : of) {
            found_.expect(each.ok(), "threads", "used by several at once: ", each.text());
        }
        elsewhere here(a_);
        std::thread([there = here, at = here.allocate(1)]() mutable {
            there.deallocate(at, 1);
        }).join();
    }

    /// A refusal is an exception, and the allocator serves again.
    void exhaustion() {
        constexpr std::size_t size = Options.largest.size;
        through_allocator<A, Options.largest> policy(a_, found_);
        std::vector<void*> live;
        while (live.size() < (std::size_t{1} << 20U) / size + 1) {
            void* const at = policy.allocate({size, 1});
            if (at != nullptr) {
                live.push_back(at);
            } else if (live.empty()) {
                break; // too large, at any time
            } else {
                policy.deallocate(live.back(), {size, 1});
                live.back() = policy.allocate({size, 1});
                found_.expect(live.back() != nullptr, "recovery",
                              "memory was out, a block came back, and did not serve again");
                if (live.back() == nullptr) { live.pop_back(); }
                break;
            }
        }
        for (; !live.empty(); live.pop_back()) { policy.deallocate(live.back(), {size, 1}); }
        if constexpr (Options.huge) {
            const layout all{std::min(std::allocator_traits<small>::max_size(small(a_)), any_size),
                             1};
            if (void* const at = policy.allocate(all); at != nullptr) {
                policy.deallocate(at, all);
            }
        }
    }

    const A& a_;
    const A* other_;
    std::uint64_t seed_;
    report found_;
};

template <conformance_options Options, class A>
[[nodiscard]] report check_allocator(const A& a, const A* other, std::uint64_t seed) {
    if constexpr (conforms<A>) {
        return allocator_laws<Options, A>(a, other, seed).check();
    } else { // what would follow need not compile
        report found(seed);
        type_rules<false, A>(
            [&](const char* law, const char* how) { found.expect(false, law, how); });
        return found;
    }
}

} // namespace detail

/// Asks a standard allocator to keep the Cpp17Allocator requirements, and what containers expect
/// beyond them.
///
/// @tparam Options What to ask for; its `largest.align` is the strongest alignment of an object.
/// @param a        In the end it has no block of this check.
/// @param seed     Of the random operations.
/// @return What is broken; a law that reports first may hide others.
/// @threads As `Options` says.
template <conformance_options Options = conformance_options{}, class A>
    requires requires { typename A::value_type; }
[[nodiscard]] report check_conformance(const A& a, std::uint64_t seed = 42) {
    return detail::check_allocator<Options, A>(a, nullptr, seed);
}

/// The same, and how it gets on with an `other` that reaches other memory: the two must differ, and
/// containers of both are assigned and swapped.
template <conformance_options Options = conformance_options{}, class A>
    requires requires { typename A::value_type; }
[[nodiscard]] report check_conformance(const A& a, const A& other, std::uint64_t seed = 42) {
    return detail::check_allocator<Options, A>(a, &other, seed);
}

} // namespace alloy::inline ALLOY_ABI
