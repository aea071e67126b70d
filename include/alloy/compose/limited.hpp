// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::limited`: never more than so many bytes out at once.
///
///     | block | block |      block      |      room      |
///     '------------- used -------------'                 '-- Bytes
///
/// Each block counts as all that its request makes usable, its good_size; what does not fit into
/// the room is refused and never gets to upstream.
///
/// Choose it to keep a cache, a request or a guest inside its budget, and in tests, to meet the end
/// of memory early. Avoid it to bound what a pool takes from the system: for that, put it below the
/// pool.

#include <alloy/core/around.hpp>
#include <alloy/core/assert.hpp>
#include <alloy/source/new.hpp>

#include <algorithm>
#include <cstddef>

namespace alloy::inline ALLOY_ABI {

/// Counts the bytes that are out, and refuses what would bring them above `Bytes`.
template <std::size_t Bytes>
class budget {
public:
    static constexpr bool thread_safe = false;

    [[gnu::always_inline]] void* operator()(const op::allocate& asked,
                                            const auto& proceed) noexcept {
        return one(asked.want, proceed);
    }
    void* operator()(const op::allocate_zeroed& asked, const auto& proceed) noexcept {
        return one(asked.want, proceed);
    }
    std::size_t operator()(const op::allocate_batch& asked, const auto& proceed) noexcept {
        const std::size_t each = good_size(proceed.upstream, asked.want);
        const std::size_t most = std::min(asked.n, room() / each);
        used_ += most * each;
        const std::size_t n = op::allocate_batch{asked.want, asked.out, most}(proceed.upstream);
        came(most * each, n * each);
        return n;
    }
    [[gnu::always_inline]] void operator()(const op::deallocate& asked,
                                           const auto& proceed) noexcept {
        went(good_size(proceed.upstream, asked.given));
        proceed();
    }
    void operator()(const op::deallocate_batch& asked, const auto& proceed) noexcept {
        went(asked.n * good_size(proceed.upstream, asked.given));
        proceed();
    }
    bool operator()(const op::resize& asked, const auto& proceed) noexcept {
        const std::size_t before = good_size(proceed.upstream, asked.given);
        const std::size_t after = good_size(proceed.upstream, {asked.size, asked.given.align});
        const std::size_t more = after > before ? after - before : 0;
        if (more > room()) { return false; }
        used_ += more;
        const bool resized = proceed();
        came(more, resized ? more : 0);
        if (resized && after < before) { went(before - after); }
        return resized;
    }
    void operator()(const op::reset& /*all*/, const auto& proceed) noexcept {
        used_ = 0;
        proceed();
    }
    decltype(auto) operator()(const auto& /*other*/, const auto& proceed) noexcept {
        return proceed();
    }

    /// Bytes that are out.
    [[nodiscard]] std::size_t used() const noexcept { return used_; }

    /// The most bytes that ever were.
    [[nodiscard]] std::size_t peak() const noexcept { return peak_; }

private:
    [[gnu::always_inline]] void* one(layout want, const auto& proceed) noexcept {
        const std::size_t bytes = good_size(proceed.upstream, want);
        if (bytes > room()) [[unlikely]] { return nullptr; }
        used_ += bytes;
        void* const at = proceed();
        came(bytes, at != nullptr ? bytes : 0);
        return at;
    }

    /// Of what counted while upstream was asked, which may call back, so much has come.
    void came(std::size_t asked, std::size_t bytes) noexcept {
        used_ -= asked - bytes;
        if (bytes != 0) { peak_ = std::max(peak_, used_); }
    }
    void went(std::size_t bytes) noexcept {
        ALLOY_ASSERT(bytes <= used_); // else a block came back twice
        used_ -= bytes;
    }

    [[nodiscard]] std::size_t room() const noexcept { return Bytes - used_; }

    std::size_t used_ = 0;
    std::size_t peak_ = 0;
};

/// At most `Bytes` bytes of `Upstream`. There is no mark() and no rewind(), which end an unknown
/// number of them.
///
/// @tparam Bytes #unlimited to count alone.
/// @threads None: put it inside `locked` to share it.
template <std::size_t Bytes, policy Upstream = new_source>
class limited : public around<budget<Bytes>, Upstream> {
    using base = around<budget<Bytes>, Upstream>;

public:
    using base::base;

    static constexpr std::size_t limit = Bytes; ///< Bytes that are out at most.
    static constexpr std::size_t max_size = std::min(Bytes, max_size_v<Upstream>);
    static constexpr bool migratory = false; ///< A block counts where it came from.

    void mark() = delete;
    void rewind() = delete;

    /// As upstream says; `want.size` for what exceeds the limit even alone.
    [[nodiscard]] std::size_t good_size(layout want) const noexcept
        requires rounding_policy<Upstream>
    {
        const std::size_t bytes = base::good_size(want);
        return bytes > Bytes ? want.size : bytes;
    }

    /// Bytes that are out.
    [[nodiscard]] std::size_t used() const noexcept { return this->advice().used(); }

    /// The most bytes that ever were; reset() leaves them.
    [[nodiscard]] std::size_t peak() const noexcept { return this->advice().peak(); }
};

static_assert(policy<limited<64>> && !thread_safe_v<limited<64>> && !migratory_v<limited<64>>);

} // namespace alloy::inline ALLOY_ABI
