// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::chunk_list`: what a policy has taken from its upstream to carve.
///
///     head_ --> [next|bytes|idle|.... carved ....] --> [next|bytes|idle|......] --> null
///               '----------- one chunk ----------'

#include <alloy/core/ability.hpp>
#include <alloy/core/account.hpp>
#include <alloy/core/chain.hpp>

#include <cstddef>
#include <new>
#include <utility>

namespace alloy::inline ALLOY_ABI::detail {

/// The header of a chunk, at its start.
struct chunk : link {
    std::size_t bytes; ///< Of the whole chunk, this header included.
    std::size_t idle;  ///< Of them, those known not to be in a live block.

    [[nodiscard]] std::byte* begin() noexcept { return reinterpret_cast<std::byte*>(this + 1); }
    [[nodiscard]] std::byte* end() noexcept { return reinterpret_cast<std::byte*>(this) + bytes; }
    [[nodiscard]] bool holds(const void* at) noexcept {
        return address(at) - address(this) < bytes;
    }
    [[nodiscard]] bool spare() const noexcept { return idle == bytes; }
};

/// The chunks of one policy, newest first. Whoever owns it calls release() before it ends.
class chunk_list {
public:
    /// Every chunk is aligned to this and may be carved from `begin()` on, in bytes.
    static constexpr std::size_t align = alignof(std::max_align_t);

    /// Takes a chunk of at least `bytes`, header included, off limits but for the header.
    /// @return Null, and nothing has changed, if `upstream` refuses.
    template <class Upstream>
    chunk* acquire(Upstream&& upstream, std::size_t bytes, std::size_t strongest = align) noexcept {
        const layout want{bytes, strongest};
        const std::size_t good = good_size(upstream, want);
        void* const at = upstream.allocate(want);
        if (at == nullptr) { return nullptr; }
        auto* const fresh = ::new (at) chunk{{head_}, good, sizeof(chunk)};
        poison(fresh->begin(), good - sizeof(chunk));
        head_ = fresh;
        bytes_ += good;
        return fresh;
    }

    /// Gives every chunk for which `which(chunk)` is true back upstream.
    /// @return Their bytes. @complexity O(chunks).
    template <class Upstream, class Which>
    std::size_t release_if(Upstream&& upstream, Which which,
                           std::size_t strongest = align) noexcept {
        std::size_t released = 0;
        for (link** at = &head_; *at != nullptr;) {
            auto* const candidate = static_cast<chunk*>(*at);
            if (!which(*candidate)) {
                at = &candidate->next;
                continue;
            }
            *at = candidate->next;
            const std::size_t bytes = candidate->bytes;
            unpoison(candidate, bytes);
            upstream.deallocate(candidate, {bytes, strongest});
            released += bytes;
        }
        bytes_ -= released;
        return released;
    }

    /// Gives every chunk back. @return Their bytes.
    template <class Upstream>
    std::size_t release(Upstream&& upstream, std::size_t strongest = align) noexcept {
        return release_if(upstream, [](chunk&) { return true; }, strongest);
    }

    /// The newest chunk, or null.
    [[nodiscard]] chunk* newest() const noexcept { return static_cast<chunk*>(head_); }

    /// Moves the newest chunk of at least `bytes` to `other`. @return It, or null if none is that
    /// large. @complexity O(chunks passed over).
    chunk* hand_over(chunk_list& other, std::size_t bytes) noexcept {
        for (link** at = &head_; *at != nullptr; at = &(*at)->next) {
            auto* const moved = static_cast<chunk*>(*at);
            if (moved->bytes < bytes) { continue; }
            *at = moved->next;
            moved->next = std::exchange(other.head_, moved);
            bytes_ -= moved->bytes;
            other.bytes_ += moved->bytes;
            return moved;
        }
        return nullptr;
    }

    /// The chunk that holds `at`, which one does. @complexity O(chunks).
    [[nodiscard]] chunk& find(const void* at) const noexcept {
        chunk* candidate = newest();
        while (!candidate->holds(at)) { candidate = static_cast<chunk*>(candidate->next); }
        return *candidate;
    }

    /// Lowest address first, so that a sorted chain can be walked beside the chunks.
    void sort() noexcept { head_ = sorted_by_address(head_); }

    /// Bytes of all chunks, headers included.
    [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

    /// Chunks. @complexity O(chunks).
    [[nodiscard]] std::size_t count() const noexcept {
        std::size_t n = 0;
        for (const link* each = head_; each != nullptr; each = each->next) { ++n; }
        return n;
    }

private:
    link* head_ = nullptr;
    std::size_t bytes_ = 0;
};

/// Counts the free blocks of every chunk and forgets those of chunks without a live block, which
/// are then `spare()`. `each(visit)` calls `visit(chain, stride)` for every chain of free blocks;
/// `rest` bytes at `at` belong to no chain and count as free.
/// @complexity O(n log n) in free blocks; leaves chunks and chains in address order.
template <class Each>
void find_spare(chunk_list& chunks, Each each, const void* at, std::size_t rest) noexcept {
    chunks.sort();
    const auto visit_blocks = [&](auto drop) noexcept {
        each([&](chain& blocks, std::size_t stride) noexcept {
            chunk* owner = chunks.newest();
            blocks.remove_if([&](void* block) noexcept {
                while (!owner->holds(block)) { owner = static_cast<chunk*>(owner->next); }
                return drop(*owner, stride);
            });
        });
    };
    each([](chain& blocks, std::size_t) noexcept { blocks.sort(); });
    if (rest != 0) { chunks.find(at).idle += rest; }
    visit_blocks([](chunk& owner, std::size_t stride) noexcept {
        owner.idle += stride;
        return false;
    });
    visit_blocks([](chunk& owner, std::size_t stride) noexcept {
        if (owner.spare()) { return true; }
        owner.idle -= stride;
        return false;
    });
    if (rest != 0 && !chunks.find(at).spare()) { chunks.find(at).idle -= rest; }
}

/// What became of the bytes of `chunks`, whose free blocks find_spare() would be shown; they are in
/// address order then. @complexity O(n log n) in free blocks.
template <class Each>
[[nodiscard]] byte_account account_of(chunk_list& chunks, Each each, const void* at,
                                      std::size_t rest) noexcept {
    chunks.sort();
    each([](chain& blocks, std::size_t) noexcept { blocks.sort(); });
    const auto each_idle = [&](auto count) noexcept {
        each([&](chain& blocks, std::size_t stride) noexcept {
            chunk* owner = chunks.newest();
            blocks.remove_if([&](void* block) noexcept {
                while (!owner->holds(block)) { owner = static_cast<chunk*>(owner->next); }
                count(*owner, stride);
                return false;
            });
        });
        if (rest != 0) { count(chunks.find(at), rest); }
    };
    each_idle([](chunk& owner, std::size_t bytes) noexcept { owner.idle += bytes; });
    byte_account sum{.taken = chunks.bytes(), .fresh = rest};
    for (chunk* one = chunks.newest(); one != nullptr; one = static_cast<chunk*>(one->next)) {
        const std::size_t fresh = rest != 0 && one->holds(at) ? rest : 0;
        sum.metadata += sizeof(chunk);
        (one->spare() ? sum.cached : sum.trapped) += one->idle - sizeof(chunk) - fresh;
    }
    each_idle([](chunk& owner, std::size_t bytes) noexcept { owner.idle -= bytes; });
    return sum;
}

} // namespace alloy::inline ALLOY_ABI::detail
