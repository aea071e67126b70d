// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::check_conformance` of a policy: the semantic half of policy.hpp, ability.hpp and
/// fact.hpp, law by law.
///
///     alloy::pool16<> pool;
///     const alloy::report found = alloy::check_conformance(pool);
///     BOOST_TEST(found.ok(), found.text());

#include <alloy/check/churn.hpp>
#include <alloy/check/type_rules.hpp>
#include <alloy/core/handle.hpp>

#include <algorithm>
#include <array>
#include <concepts>
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

/// The laws of one policy; each member function asks for one.
template <policy P>
class policy_laws {
public:
    policy_laws(P& target, const conformance_options& options, std::uint64_t seed)
        : p_(target), largest_{options.largest.size, std::min(options.largest.align, P::max_align)},
          small_{std::min<std::size_t>(24, largest_.size),
                 std::min<std::size_t>(8, largest_.align)},
          steps_(options.steps), seed_(seed), found_(seed) {}

    /// Asks for all that `P` can do. What moves or ends blocks comes last, and only if the policy
    /// is sound so far: a broken one might crash on it.
    report check() {
        type_rules<false, std::remove_const_t<P>>(
            [&](const char* law, const char* how) { found_.expect(false, law, how); });
        good_size();
        refusal();
        if (!found_.ok() || !churn<P>(p_, largest_, seed_, found_).run(steps_)) {
            return std::move(found_);
        }
        if constexpr (batching_policy<P>) { batch(); }
        if constexpr (owning_policy<P>) { owns(); }
        if constexpr (handle_policy<std::remove_const_t<P>>) { copies(); }
        if constexpr (stateless_policy<P>) { stateless(); }
        if constexpr (migratory_v<P> && std::default_initializable<P>) { migrates(); }
        if constexpr (discarding_policy<P>) { discard(); }
        if (!found_.ok()) { return std::move(found_); }
        if constexpr (thread_safe_v<P>) { threads(); }
        if constexpr (trimming_policy<P>) { trim(); }
        recovers();
        if constexpr (resettable_policy<P>) {
            ends_blocks("reset", [&] { p_.reset(); });
            p_.reset();
        }
        if constexpr (marking_policy<P>) { rewind(); }
        return std::move(found_);
    }

private:
    /// A closure for each alignment.
    void good_size() {
        for (std::size_t align = 1; align <= largest_.align; align *= 2) {
            std::size_t before = 0;
            for (std::size_t size = 1; size <= largest_.size + 2; ++size) {
                const layout want{size, align};
                const std::size_t good = alloy::good_size(p_, want);
                found_.expect(good >= size, "good_size", "good_size(", want, ") is ", good,
                              ", less than what is asked");
                found_.expect(good >= before, "monotone", "good_size(", want, ") is ", good,
                              ", that of a byte less ", before);
                const std::size_t again = alloy::good_size(p_, {good, align});
                found_.expect(again == good, "idempotent", "good_size(", want, ") is ", good,
                              ", and good_size of that ", again);
                before = good;
            }
            for (const std::size_t size : {any_size + 1, unlimited}) {
                const std::size_t good = alloy::good_size(p_, {size, align});
                found_.expect(good == size, "impossible good_size", "no block has ", size,
                              " bytes, so good_size may not change the number; it is ", good);
            }
        }
    }

    /// What cannot be served is null.
    void refusal() {
        const auto refuses = [&](layout want) {
            found_.expect(p_.allocate(want) == nullptr, "refusal", "a block for ", want,
                          " is impossible, and yet not null");
        };
        if constexpr (P::max_align < any_align) { refuses({1, 2 * P::max_align}); }
        if constexpr (max_size_v<P> < any_size) { refuses({max_size_v<P> + 1, 1}); }
        for (const std::size_t size : {any_size + 1, unlimited}) { refuses({size, 1}); }
    }

    /// As many as asked, while there is memory.
    void batch() {
        std::array<void*, 16> row{};
        for (std::size_t turn = 0; turn < 64; ++turn) {
            const layout want{std::min(1 + 8 * turn, largest_.size), 1};
            const std::size_t n = turn % (row.size() + 1);
            const std::size_t done = p_.allocate_batch(want, row.data(), n);
            if (!found_.expect(done <= n, "batch", n, " blocks were asked for, ", done, " came")) {
                return;
            }
            for (std::size_t i = 0; i < done; ++i) { std::memset(row[i], int(i), want.size); }
            for (std::size_t i = 0; i < done; ++i) {
                const auto* const at = static_cast<const unsigned char*>(row[i]);
                found_.expect(all_are(at, want.size, static_cast<unsigned char>(i)), "batch",
                              "two blocks of one batch for ", want, " overlap");
            }
            if (done < n) {
                void* const one = p_.allocate(want);
                found_.expect(one == nullptr, "batch", "of ", n, " blocks for ", want, " only ",
                              done, " came, though there is memory for another");
                if (one != nullptr) { p_.deallocate(one, want); }
            }
            p_.deallocate_batch(row.data(), done, want);
        }
    }

    /// What is not its own; what is, the churn asks.
    void owns() {
        const auto elsewhere = std::make_unique<char>();
        found_.expect(!p_.owns(&elsewhere) && !p_.owns(elsewhere.get()) && !p_.owns(&found_),
                      "owns", "owns is true for an object that never came from here");
    }

    /// A handle's copies, the moved-from one too, reach the same blocks.
    void copies() {
        auto copy = p_;
        auto moved = std::move(copy);
        if (found_.expect(copy == p_ && moved == p_ && p_ == moved, "copies",
                          "a copy of the handle, or one moved from, differs from it")) {
            pass(copy, moved);
            pass(moved, p_);
        }
    }

    /// Any instance takes back another's blocks.
    void stateless() { pass(P{}, P{}); }

    /// Any instance takes back another's blocks, which live on when that one ends.
    void migrates() {
        auto other = std::make_unique<P>();
        pass(p_, *other);
        void* const left = something(*other);
        other.reset();
        if (left != nullptr) { p_.deallocate(left, small_); }
    }

    /// After a refusal for want of memory, what came back serves again. Not asked of an arena,
    /// which waits for its end.
    void recovers() {
        if constexpr (!resettable_policy<P> && !marking_policy<P>) {
            std::vector<void*> live;
            const std::size_t most = (std::size_t{1} << 20U) / largest_.size + 1;
            void* at = nullptr;
            while (live.size() < most && (at = p_.allocate(largest_)) != nullptr) {
                live.push_back(at);
            }
            const bool ran_out = !live.empty() && live.size() < most;
            for (; !live.empty(); live.pop_back()) { p_.deallocate(live.back(), largest_); }
            if (!ran_out) { return; }
            if constexpr (trimming_policy<P>) { p_.trim(); }
            at = p_.allocate(largest_);
            found_.expect(at != nullptr, "recovery",
                          "memory was out, all blocks came back, and none serves again");
            if (at != nullptr) { p_.deallocate(at, largest_); }
        }
    }

    /// What is given up is zero, and all else as it was.
    void discard() {
        layout want{std::size_t{1} << 16U, 1};
        auto* at = static_cast<unsigned char*>(p_.allocate(want));
        if (at == nullptr) {
            want = largest_;
            at = static_cast<unsigned char*>(p_.allocate(want));
        }
        if (at == nullptr) { return; }
        constexpr unsigned char mark = 0x5a;
        std::memset(at, mark, want.size);
        unsigned char* const from = at + want.size / 8 + 1;
        const std::size_t bytes = want.size / 2;
        const std::size_t gone = p_.discard(from, bytes);
        const auto zeros = static_cast<std::size_t>(std::count(from, from + bytes, 0));
        const auto others = static_cast<std::size_t>(std::count(at, at + want.size, mark));
        found_.expect(zeros == gone && others == want.size - gone, "discard", "of ", bytes,
                      " bytes it gave ", gone, " up; ", zeros, " are zero there, and ", others,
                      " of ", want.size, " as before");
        p_.deallocate(at, want);
    }

    /// Several threads at once, and one that releases what another took.
    void threads() {
        constexpr std::size_t count = 3;
        std::array<report, count> of{report(seed_), report(seed_), report(seed_)};
        std::array<std::thread, count> running;
        for (std::size_t i = 0; i < count; ++i) {
            running[i] = std::thread(
                [&, i] { churn<P>(p_, largest_, seed_ + i + 1, of[i]).run(steps_ / 4); });
        }
        for (std::thread& each : running) { each.join(); }
        for (const report& each : of) {
            for (const violation& v : each.violations()) {
                found_.expect(false, "threads", "used by several at once: ", std::string(v.law),
                              ": ", v.how);
            }
        }
        std::thread([&, at = something(p_)] {
            if (at != nullptr) { p_.deallocate(at, small_); }
        }).join();
    }

    void trim() {
        p_.trim();
        const std::size_t again = p_.trim();
        found_.expect(again == 0, "trim", "a second trim() in a row still gave ", again,
                      " bytes back");
        churn<P>(p_, largest_, seed_, found_).run(100);
    }

    void rewind() {
        auto* const old = static_cast<unsigned char*>(something(p_));
        if (old == nullptr) { return; }
        std::memset(old, 0x5a, small_.size);
        const auto mark = p_.mark();
        ends_blocks("rewind", [&] { p_.rewind(mark); });
        found_.expect(all_are(old, small_.size, 0x5a), "rewind",
                      "what was allocated before the mark was overwritten");
        p_.deallocate(old, small_);
    }

    /// After `end()` there is room for as much as before.
    template <class End>
    void ends_blocks(std::string_view law, End end) {
        std::size_t least = 0;
        for (int round = 0; round < 3; ++round) {
            std::size_t fit = 0;
            for (; fit < 4096; ++fit) {
                void* const at = p_.allocate(largest_);
                if (at == nullptr) { break; }
                std::memset(at, round, largest_.size);
            }
            found_.expect(fit >= least, law, "room for ", fit, " blocks, before there was for ",
                          least);
            least = std::max(least, fit);
            end();
        }
    }

    /// A small block, or, if there is none, null with a violation.
    template <class From>
    void* something(From&& from) {
        void* const at = from.allocate(small_);
        found_.expect(at != nullptr, "service", "no block for ", small_);
        return at;
    }

    template <class From, class To>
    void pass(From&& from, To&& to) {
        if (void* const at = something(from); at != nullptr) { to.deallocate(at, small_); }
    }

    P& p_;
    layout largest_;
    layout small_;
    int steps_;
    std::uint64_t seed_;
    report found_;
};

} // namespace detail

/// Asks a policy, of alloy or of a user, to keep every law of the concepts that it satisfies.
///
/// @param p    In the end it has no block of this check. One with reset() or rewind() must have
///             none in the beginning.
/// @param seed Of the random operations.
/// @return What is broken; a law that reports first may hide others.
/// @threads As `p`; one that says it is thread-safe is used by several.
template <conformance_options Options = conformance_options{}, class P>
    requires policy<std::remove_reference_t<P>>
[[nodiscard]] report check_conformance(P&& p, std::uint64_t seed = 42) {
    return detail::policy_laws<std::remove_reference_t<P>>(p, Options, seed).check();
}

} // namespace alloy::inline ALLOY_ABI
