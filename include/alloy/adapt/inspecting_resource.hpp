// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::inspecting_resource`: tells of every call that a resource gets.
///
///     container --> inspecting_resource --> upstream
///                          '--> sink({allocate, at, bytes, align})
///
/// The sink is any callable and lives inside, so that watching allocates nothing by itself.
///
/// Choose it to count, log or test what a container asks for. Avoid it to watch a policy: that is
/// an advice on `around`, and inlines.

#include <alloy/core/assert.hpp>
#include <alloy/core/config.hpp>

#include <concepts>
#include <cstddef>
#include <memory_resource>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// One call of a resource.
struct resource_call {
    enum class kind : unsigned char { allocate, deallocate };

    kind what;         ///< Which of the two.
    void* at;          ///< The block; null if the request failed.
    std::size_t bytes; ///< As asked, zero included.
    std::size_t align; ///< As asked, in bytes.

    /// True for a request that upstream answered with an exception.
    [[nodiscard]] constexpr bool failed() const noexcept { return at == nullptr; }

    friend bool operator==(const resource_call&, const resource_call&) = default;
};

/// Passes every call on as it is, and reports it to `Sink`; equal to itself alone.
///
/// A block is reported after it came and before it goes, so that of one address allocate and
/// deallocate alternate, in any number of threads. What upstream throws is reported, and passes.
///
/// @tparam Sink `sink(resource_call)`; must not throw, nor use this resource.
/// @threads As the upstream and `Sink` together.
template <std::invocable<const resource_call&> Sink>
class inspecting_resource final : public std::pmr::memory_resource {
public:
    /// Watches `upstream`, which outlives this object. @pre `upstream` is not null.
    explicit inspecting_resource(
        Sink sink, std::pmr::memory_resource* upstream = std::pmr::get_default_resource())
        : upstream_(upstream), sink_(std::move(sink)) {
        ALLOY_ASSERT(upstream != nullptr);
    }

    inspecting_resource(const inspecting_resource&) = delete;
    inspecting_resource& operator=(const inspecting_resource&) = delete;
    ~inspecting_resource() override = default;

    /// Where every call goes.
    [[nodiscard]] std::pmr::memory_resource* upstream_resource() const noexcept {
        return upstream_;
    }

private:
    /// Reports when it ends, which is after a return and an exception alike.
    struct report {
        Sink& sink;
        resource_call call;

        report(Sink& to, const resource_call& what) noexcept : sink(to), call(what) {}
        report(const report&) = delete;
        report& operator=(const report&) = delete;
        ~report() { sink(std::as_const(call)); }
    };

    [[nodiscard]] void* do_allocate(std::size_t bytes, std::size_t align) override {
        report after{sink_, {resource_call::kind::allocate, nullptr, bytes, align}};
        return after.call.at = upstream_->allocate(bytes, align);
    }

    void do_deallocate(void* at, std::size_t bytes, std::size_t align) override {
        { const report before{sink_, {resource_call::kind::deallocate, at, bytes, align}}; }
        upstream_->deallocate(at, bytes, align);
    }

    [[nodiscard]] bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
        return this == &other;
    }

    std::pmr::memory_resource* upstream_;
    [[no_unique_address]] Sink sink_;
};

} // namespace alloy::inline ALLOY_ABI
