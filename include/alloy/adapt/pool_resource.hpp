// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::pmr::unsynchronized_pool_resource` and `synchronized_pool_resource`: the
/// standard's pools, with alloy's manners.
///
///     pools_[0]   8 bytes   kept: --> [block] --> [block] --> null   fresh: | rest of a chunk |
///     pools_[1]  16 bytes   kept: --> null                           fresh: |                 |
///       ...
///     newest_ --> | large block |loan| --> | chunk of a pool |loan| --> ... --> null
///
/// A request pops the newest block of its pool, or cuts the next from the pool's chunk; chunks
/// double. What is larger than every pool goes straight upstream. Behind all that came from there
/// stands a loan, by which release() finds it.
///
/// Choose them as a drop-in for the standard's two: an operation is one virtual call and a list.
/// Avoid them where no `std::pmr` is asked for: an allocator over `pool16` inlines.

#include <alloy/core/assert.hpp>
#include <alloy/core/chain.hpp>
#include <alloy/core/fail.hpp>
#include <alloy/core/region.hpp>
#include <alloy/core/sanitize.hpp>
#include <alloy/core/size_class.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory_resource>
#include <mutex>
#include <new>

namespace alloy::inline ALLOY_ABI {

namespace detail {

/// A lock among one thread.
struct no_mutex {
    static void lock() noexcept {}
    static void unlock() noexcept {}
};

} // namespace detail

namespace pmr {

/// What the two pools share; every operation holds a `Mutex`. Names, constructors and their meaning
/// are the standard's; equal to itself alone.
///
/// @source ISO C++20, [mem.res.pool].
template <class Mutex>
class pool_resource : public std::pmr::memory_resource {
public:
    /// With default options, over the default resource.
    pool_resource() : pool_resource(std::pmr::pool_options{}) {}

    /// With default options, over `upstream`, which outlives this object.
    explicit pool_resource(std::pmr::memory_resource* upstream)
        : pool_resource(std::pmr::pool_options{}, upstream) {}

    /// Over the default resource.
    explicit pool_resource(const std::pmr::pool_options& options)
        : pool_resource(options, std::pmr::get_default_resource()) {}

    /// `options` say how many blocks a chunk holds at most, and up to which size blocks come from a
    /// pool, in bytes; zero leaves it open.
    pool_resource(const std::pmr::pool_options& options, std::pmr::memory_resource* upstream)
        : options_(effective(options)), upstream_(upstream) {
        ALLOY_ASSERT(upstream != nullptr);
    }

    pool_resource(const pool_resource&) = delete;
    pool_resource& operator=(const pool_resource&) = delete;

    /// As release().
    ~pool_resource() override { release(); }

    /// Ends every block, large ones too, and gives all memory back; the resource serves on.
    /// @complexity O(chunks and large blocks).
    void release() {
        const std::lock_guard<Mutex> hold{mutex_};
        while (newest_ != nullptr) { give_back(newest_); }
        for (pool& each : pools_) {
            detail::close_pool(&each.kept);
            each = {};
        }
    }

    /// Where memory comes from.
    [[nodiscard]] std::pmr::memory_resource* upstream_resource() const { return upstream_; }

    /// What holds: the default for zero, the limit for what is above it, and a size that some pool
    /// has. The chunks of large blocks may hold fewer: they end at #largest_chunk.
    [[nodiscard]] std::pmr::pool_options options() const { return options_; }

    /// Bytes that a chunk does not exceed, but for its loan; it holds one block at least.
    static constexpr std::size_t largest_chunk = std::size_t{1} << 20U;

protected:
    /// @throws std::bad_alloc for sizes that no memory has, and what upstream throws.
    /// @complexity O(1), but for a new chunk.
    [[nodiscard]] void* do_allocate(std::size_t bytes, std::size_t align) override {
        const std::lock_guard<Mutex> hold{mutex_};
        return allocate_block(bytes, align);
    }

    /// @complexity O(1).
    void do_deallocate(void* at, std::size_t bytes, std::size_t align) override {
        const std::lock_guard<Mutex> hold{mutex_};
        deallocate_block(at, bytes, align);
    }

    [[nodiscard]] bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override {
        return this == &other;
    }

private:
    using sizes = geometric_classes<8, 8, std::size_t{1} << 16U>;

    struct pool {
        detail::chain kept;
        detail::region fresh;
        std::size_t blocks = 0; ///< Of the newest chunk.
    };

    /// Stands at the end of what came from upstream.
    struct loan {
        loan* next;
        loan** to_this;
        layout whole; ///< As asked of upstream.
    };

    static constexpr std::size_t first_chunk = 1024; ///< Bytes, about.
    static constexpr std::size_t most_blocks = largest_chunk / sizes::at(0).size;
    static constexpr std::size_t usual_largest = 4096;

    static constexpr std::pmr::pool_options effective(std::pmr::pool_options asked) noexcept {
        std::size_t& blocks = asked.max_blocks_per_chunk;
        std::size_t& largest = asked.largest_required_pool_block;
        blocks = std::min(blocks == 0 ? most_blocks : blocks, most_blocks);
        largest = std::min(largest == 0 ? usual_largest : largest, sizes::largest);
        largest = sizes::rounded({largest, 1});
        return asked;
    }

    /// Of `bytes` rounded up to `align`. Zero bytes end above every pool: they are a large block.
    static constexpr std::size_t last_byte(std::size_t bytes, std::size_t align) noexcept {
        return (bytes - 1) | (align - 1);
    }

    void* allocate_block(std::size_t bytes, std::size_t align) {
        const std::size_t last = last_byte(bytes, align);
        if (last >= options_.largest_required_pool_block) [[unlikely]] {
            return allocate_large(bytes, align);
        }
        const std::size_t index = sizes::index_of(last + 1);
        if (pools_[index].kept.empty()) [[unlikely]] { return carve(index, bytes); }
        return pools_[index].kept.pop(bytes);
    }

    void deallocate_block(void* at, std::size_t bytes, std::size_t align) noexcept {
        const std::size_t last = last_byte(bytes, align);
        if (last >= options_.largest_required_pool_block) [[unlikely]] {
            return deallocate_large(at, bytes, align);
        }
        pools_[sizes::index_of(last + 1)].kept.push(at, bytes);
    }

    /// A block that nobody had before: from the pool's chunk, or from a new one.
    [[gnu::noinline]] void* carve(std::size_t index, std::size_t bytes) {
        const layout block = sizes::at(index);
        pool& from = pools_[index];
        void* at = from.fresh.take(block);
        if (at == nullptr) {
            const std::size_t stride = detail::round_up(block.size + detail::redzone, block.align);
            const std::size_t turn = from.blocks == 0 ? first_chunk / stride : 2 * from.blocks;
            const std::size_t most =
                std::min(options_.max_blocks_per_chunk, largest_chunk / stride);
            const std::size_t n = std::clamp(turn, std::size_t{1}, most);
            std::byte* const first = take({n * stride, block.align});
            from.fresh = {first, first + n * stride};
            from.blocks = n;
            at = from.fresh.take(block);
        }
        return from.kept.adopt(at, bytes);
    }

    [[gnu::noinline, gnu::cold]] void* allocate_large(std::size_t bytes, std::size_t align) {
        if (bytes > any_size / 2 || align > any_size / 4) { detail::fail_bad_alloc(); }
        const layout want{std::max(bytes, std::size_t{1}), align};
        void* const at = take(want);
        detail::hand_out(nullptr, at, want.size);
        return at;
    }

    [[gnu::noinline, gnu::cold]] void deallocate_large(void* at, std::size_t bytes,
                                                       std::size_t align) noexcept {
        const layout whole = with_loan({std::max(bytes, std::size_t{1}), align});
        loan* const owed = loan_of(static_cast<std::byte*>(at), whole);
        ALLOY_ASSERT(owed->whole == whole);
        give_back(owed);
    }

    /// Room for `want` and its loan. A whole multiple of the alignment: the pools of libstdc++ 12
    /// misalign other sizes.
    static constexpr layout with_loan(layout want) noexcept {
        const std::size_t align = std::max(want.align, alignof(loan));
        const std::size_t bytes = want.size + detail::redzone + sizeof(loan);
        return {detail::round_up(bytes, align), align};
    }

    static loan* loan_of(std::byte* at, layout whole) noexcept {
        return reinterpret_cast<loan*>(at + (whole.size - sizeof(loan)));
    }

    /// Takes `want` from upstream, off limits to everybody.
    std::byte* take(layout want) {
        const layout whole = with_loan(want);
        auto* const at = static_cast<std::byte*>(upstream_->allocate(whole.size, whole.align));
        detail::poison(at, whole.size - sizeof(loan));
        newest_ = ::new (loan_of(at, whole)) loan{newest_, &newest_, whole};
        if (newest_->next != nullptr) { newest_->next->to_this = &newest_->next; }
        return at;
    }

    void give_back(loan* owed) noexcept {
        const auto [next, to_this, whole] = *owed;
        *to_this = next;
        if (next != nullptr) { next->to_this = to_this; }
        std::byte* const at = reinterpret_cast<std::byte*>(owed + 1) - whole.size;
        detail::unpoison(at, whole.size);
        upstream_->deallocate(at, whole.size, whole.align);
    }

    std::pmr::pool_options options_;
    std::array<pool, sizes::count> pools_{};
    loan* newest_ = nullptr;
    std::pmr::memory_resource* upstream_;
    [[no_unique_address]] Mutex mutex_;
};

/// Pools for one thread at a time.
///
/// @threads None.
class unsynchronized_pool_resource : public pool_resource<detail::no_mutex> {
public:
    using pool_resource::pool_resource;
};

/// Pools for all threads, behind one lock.
///
/// @threads Safe; waits for the lock. The resource and the threads that use it may end in any
/// order.
class synchronized_pool_resource : public pool_resource<std::mutex> {
public:
    using pool_resource::pool_resource;
};

} // namespace pmr

} // namespace alloy::inline ALLOY_ABI
