// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::failing`: refuses the requests that a plan says, and passes the others on.
///
///     pool.fail(failure_plan::from(3));
///     request   1    2    3    4    5        a release is none, and never fails
///               ok   ok  null null null
///
/// A plan is a pure function of a request's number and size, so a run that found something can be
/// repeated by its plan alone. What is refused never gets to upstream.
///
/// Choose it in tests: put it below a policy or a container, and see what memory that is out does
/// to them; for_each_failure() does so at every request in turn. Avoid it to set a limit in bytes:
/// that is `limited`.

#include <alloy/core/around.hpp>
#include <alloy/core/assert.hpp>
#include <alloy/source/new.hpp>

#include <cstddef>
#include <cstdint>

namespace alloy::inline ALLOY_ABI {

/// Which requests fail: those that all of these apply to; by default none. The named plans below
/// can be narrowed by setting further members.
struct failure_plan {
    std::size_t first = unlimited; ///< Number of the first that fails; requests count from 1.
    std::size_t last = unlimited;  ///< Number after which none fails.
    std::size_t step = 1;          ///< One in so many fails, from the first on; not zero.
    std::size_t exempt = 0;        ///< Bytes; what asks for no more is met.
    double odds = 1;               ///< That one of them fails, from 0 to 1,
    std::uint64_t seed = 0;        ///< as these numbers fall.

    /// The nth request.
    [[nodiscard]] static constexpr failure_plan only(std::size_t n) noexcept {
        return {.first = n, .last = n};
    }

    /// The nth request and all later ones.
    [[nodiscard]] static constexpr failure_plan from(std::size_t n) noexcept {
        return {.first = n};
    }

    /// The nth request, the 2nth, the 3nth, ... @pre `n > 0`.
    [[nodiscard]] static constexpr failure_plan every(std::size_t n) noexcept {
        return {.first = n, .step = n};
    }

    /// Each request with probability `odds`; the same ones for the same `seed`.
    [[nodiscard]] static constexpr failure_plan share(double odds, std::uint64_t seed) noexcept {
        return {.first = 1, .odds = odds, .seed = seed};
    }

    /// Requests for more than `bytes` bytes.
    [[nodiscard]] static constexpr failure_plan above(std::size_t bytes) noexcept {
        return {.first = 1, .exempt = bytes};
    }

    /// True if request number `n`, for `size` bytes, fails.
    [[nodiscard]] constexpr bool refuses(std::size_t n, std::size_t size) const noexcept {
        ALLOY_ASSERT(step != 0);
        return n >= first && n <= last && (n - first) % step == 0 && size > exempt &&
               draw(n) < odds;
    }

private:
    /// The nth of the random numbers, from 0 to below 1.
    [[nodiscard]] constexpr double draw(std::size_t n) const noexcept {
        return static_cast<double>(detail::scattered(seed + n * detail::golden) >> 11U) * 0x1p-53;
    }
};

/// Numbers the requests, and refuses those that a plan says.
class failure {
public:
    static constexpr bool thread_safe = false;

    [[gnu::always_inline]] void* operator()(const op::allocate& asked,
                                            const auto& proceed) noexcept {
        return refuses(asked.want.size) ? nullptr : proceed();
    }
    void* operator()(const op::allocate_zeroed& asked, const auto& proceed) noexcept {
        return refuses(asked.want.size) ? nullptr : proceed();
    }
    std::size_t operator()(const op::allocate_batch& asked, const auto& proceed) noexcept {
        std::size_t n = 0;
        while (n < asked.n && !refuses(asked.want.size)) { ++n; }
        return op::allocate_batch{asked.want, asked.out, n}(proceed.upstream);
    }
    bool operator()(const op::resize& asked, const auto& proceed) noexcept {
        const bool grows = asked.size > asked.given.size;
        return !(grows && refuses(asked.size)) && proceed();
    }
    [[gnu::always_inline]] decltype(auto) operator()(const auto& /*other*/,
                                                     const auto& proceed) noexcept {
        return proceed();
    }

    /// Goes by `plan` from now on, and counts anew.
    void fail(const failure_plan& plan) noexcept {
        plan_ = plan;
        requests_ = 0;
        failures_ = 0;
    }

    /// Requests since.
    [[nodiscard]] std::size_t requests() const noexcept { return requests_; }

    /// Those that the plan refused.
    [[nodiscard]] std::size_t failures() const noexcept { return failures_; }

private:
    bool refuses(std::size_t size) noexcept {
        const bool refused = plan_.refuses(++requests_, size);
        failures_ += refused ? 1 : 0;
        return refused;
    }

    failure_plan plan_;
    std::size_t requests_ = 0;
    std::size_t failures_ = 0;
};

/// `Upstream`, until its owner says which requests fail.
///
/// A request is a block, a zeroed block, each block of a batch, and a resize() that grows. A batch
/// comes short at the first that is refused, and what would follow it is not counted.
///
/// @threads None: put it inside `locked`, by ref, to share it.
template <policy Upstream>
class failing : public around<failure, Upstream> {
public:
    using around<failure, Upstream>::around;

    /// Refuses what `plan` says, and counts requests and failures from zero.
    void fail(const failure_plan& plan) noexcept { this->advice().fail(plan); }

    /// Requests since, refused or not.
    [[nodiscard]] std::size_t requests() const noexcept { return this->advice().requests(); }

    /// Requests that the plan refused; what upstream did not meet is none of them.
    [[nodiscard]] std::size_t failures() const noexcept { return this->advice().failures(); }
};

static_assert(policy<failing<new_source>> && !thread_safe_v<failing<new_source>>);

} // namespace alloy::inline ALLOY_ABI
