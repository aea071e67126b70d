// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::passthrough`: all blocks from malloc instead, when the environment says so.
///
///     $ ./program                                  caller --> upstream
///     $ ALLOY_PASSTHROUGH=1 valgrind ./program     caller --> malloc
///
/// Memcheck, AddressSanitizer and heap profilers know malloc best: there each block is one of its
/// own, with its own end, its own stack and no second life. The same program shows them that, or
/// runs as it was composed.
///
/// Choose it as the outermost layer but for `measured`, of what is built once and looked at in many
/// ways. Where a build of its own is no trouble nothing is needed: malloc_source in the place of
/// Upstream does the same. Avoid it around an arena that is dropped with its blocks: malloc would
/// never see them again.

#include <alloy/core/layer.hpp>
#include <alloy/source/malloc.hpp>

#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <string_view>

namespace alloy::inline ALLOY_ABI {

namespace detail {

/// Where the blocks of this process come from.
enum class route : unsigned char { undecided, upstream, malloc };
inline constinit std::atomic<route> process_route{route::undecided};

/// Who asks first asks the environment, and decides for all.
[[nodiscard]] inline bool goes_to_malloc() noexcept {
    route way = process_route.load(std::memory_order_relaxed);
    if (way != route::undecided) { return way == route::malloc; }
    const char* const said = ::secure_getenv("ALLOY_PASSTHROUGH"); // NOLINT(concurrency-mt-unsafe)
    const std::string_view value = said != nullptr ? said : "";
    const route mine = value.empty() || value == "0" ? route::upstream : route::malloc;
    return process_route.compare_exchange_strong(way, mine, std::memory_order_relaxed)
               ? mine == route::malloc
               : way == route::malloc;
}

/// Malloc in the place of an `Upstream`: bound by its facts, and with such of its abilities as
/// malloc can stand in for.
template <policy Upstream>
struct malloc_for {
    [[nodiscard]] static void* allocate(layout want) noexcept {
        if constexpr (zero_fresh_v<Upstream>) { return allocate_zeroed(want); }
        return possible(want) ? malloc_source::allocate(want) : nullptr;
    }
    [[nodiscard]] static void* allocate_zeroed(layout want) noexcept {
        return possible(want) ? malloc_source::allocate_zeroed(want) : nullptr;
    }
    static void deallocate(void* at, layout given) noexcept {
        malloc_source::deallocate(at, given);
    }
    [[nodiscard]] static std::size_t allocate_batch(layout want, void** out,
                                                    std::size_t n) noexcept {
        for (std::size_t i = 0; i < n; ++i) {
            out[i] = allocate(want);
            if (out[i] == nullptr) { return i; }
        }
        return n;
    }
    static void deallocate_batch(void* const* in, std::size_t n, layout given) noexcept {
        for (std::size_t i = 0; i < n; ++i) { deallocate(in[i], given); }
    }
    [[nodiscard]] static bool resize(void* /*at*/, layout /*given*/,
                                     std::size_t /*size*/) noexcept {
        return false;
    }
    [[nodiscard]] static std::size_t good_size(layout want) noexcept { return want.size; }

private:
    [[nodiscard]] static constexpr bool possible(layout want) noexcept {
        return want.fits_in({max_size_v<Upstream>, Upstream::max_align});
    }
};

} // namespace detail

/// `Upstream`, or malloc if the environment variable ALLOY_PASSTHROUGH is neither empty nor 0 when
/// the process first asks any passthrough anything. That is decided once, for all of them; before
/// main too.
///
/// Malloc knows neither whose a block is nor its good_size, and ends blocks one by one: there is no
/// owns(), no usable_size(), no reset(), mark() and rewind(). In its place resize() refuses.
///
/// @tparam Upstream Where everything goes otherwise: a load and a predicted branch away.
/// @threads As `Upstream`.
template <policy Upstream>
class passthrough : public detail::layer<passthrough<Upstream>, Upstream> {
    friend detail::forwarding<passthrough, Upstream>;

public:
    using detail::layer<passthrough, Upstream>::layer;

    void owns() = delete;
    void usable_size() = delete;
    void reset() = delete;
    void mark() = delete;
    void rewind() = delete;

private:
    template <class Op>
    [[gnu::always_inline]] decltype(auto) forward(const Op& asked) const noexcept {
        if constexpr (requires { asked.want; } || requires { asked.given; }) {
            const auto way = detail::process_route.load(std::memory_order_relaxed);
            if (way != detail::route::upstream) [[unlikely]] { return divert(asked); }
        }
        return asked(this->upstream());
    }

    /// A pool that nobody uses has nothing to show, and malloc tells nothing.
    template <class Visit>
    void forward(const op::inspect<Visit>& asked) const noexcept {
        if (!detail::goes_to_malloc()) { asked(this->upstream()); }
    }

    /// By value, so that the operation stays in registers where it is not diverted.
    template <class Op>
    [[gnu::noinline, gnu::cold]] decltype(auto) divert(Op asked) const noexcept {
        detail::malloc_for<Upstream> heap;
        return detail::goes_to_malloc() ? asked(heap) : asked(this->upstream());
    }
};

static_assert(stateless_policy<passthrough<malloc_source>>);

} // namespace alloy::inline ALLOY_ABI
