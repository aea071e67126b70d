// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::thread_cached`: for each thread a rack of small stacks of free blocks, in front
/// of a policy that all threads share.
///
///     thread 0     mine --> rack:     a request pops, a release pushes,
///     thread 1     mine --> rack      whoever allocated the block
///     new thread   mine --> nobody's: empty, and full; the first call replaces it
///                            |
///                  half a stack at a time
///                            v
///                        Upstream     where threads meet
///
/// A release goes to the rack of the thread that releases. A thread that ends gives its rack back.
/// What was released last is handed out first, until the thread has fetched more of its class than
/// a processor's cache holds, and not returned it: from then on all of a full stack goes back, and
/// upstream says which block is next.
///
/// Choose it where several threads allocate and release small blocks. Avoid it for one thread (see
/// magazine), and where what one thread keeps must be there for another at once.

#include <alloy/core/ability.hpp>
#include <alloy/core/account.hpp>
#include <alloy/core/fact.hpp>
#include <alloy/core/fork.hpp>
#include <alloy/core/guard_order.hpp>
#include <alloy/core/mutex.hpp>
#include <alloy/core/near.hpp>
#include <alloy/core/rack.hpp>
#include <alloy/core/sanitize.hpp>
#include <alloy/core/size_class.hpp>
#include <alloy/source/pages.hpp>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>

namespace alloy::inline ALLOY_ABI {

/// How much a thread may keep.
struct thread_cache_options {
    std::uint32_t slots = 1024; ///< Pointers of a stack at most.
    /// In blocks of all stacks together: with the stacks themselves about 1 MiB by default.
    std::size_t bytes = std::size_t{640} * 1024;
    /// Bytes of a class of up to 128 that a thread has fetched, and neither keeps nor returned,
    /// above which upstream says which block is next; `unlimited` for never.
    std::size_t ordered = detail::near_bytes;
};

/// Keeps free blocks of each class of `Classes` for each thread; passes on what has no class.
///
/// It is empty, and its own handle: what it has lies with the threads, once for each type.
///
/// @tparam Classes  Which class serves what; see linear_classes. `Upstream` rounds as it does.
/// @tparam Upstream Where batches come from: without state, such as a `global`.
/// @tparam Memory   Where racks come from, about `16 * slots` bytes a class for each thread,
///                  of which no more is touched than what is used.
///
/// @threads Safe, and without a lock or an atomic read-modify-write but for a batch. Not to be
///          called in a signal handler. A destructor that runs after the thread's rack is gone is
///          served by upstream. In the child of a fork what other threads kept is lost.
/// @source  J. Bonwick and J. Adams, "Magazines and Vmem", USENIX 2001; limits that grow with use:
///          S. Ghemawat and P. Menage, TCMalloc.
template <class Classes, policy Upstream, thread_cache_options Options = thread_cache_options{},
          policy Memory = pages<>>
class thread_cached {
    static_assert(
        batching_policy<Upstream>,
        "alloy::thread_cached: Upstream hands out no batches, as freelist, bitmap, next_fit, slab "
        "and size_classes do");
    static_assert(stateless_policy<Upstream> && stateless_policy<Memory>,
                  "alloy::thread_cached: threads find Upstream by its type alone: pass a handle "
                  "without state, such as alloy::global");
    static_assert(thread_safe_v<Upstream> && thread_safe_v<Memory>,
                  "alloy::thread_cached: threads share Upstream: wrap it in alloy::locked");
    static_assert(Options.slots >= 2,
                  "alloy::thread_cached: half of the slots are moved at a time");
    static_assert(detail::strongest_of<Classes> <= Upstream::max_align,
                  "alloy::thread_cached: Upstream cannot align the blocks of a class");
    static_assert(detail::outermost_guard_of_classes_v<Upstream> <= guard_rank::cache,
                  "alloy::thread_cached: a cache would hide releases from the guard inside of it");

public:
    static constexpr std::size_t max_align = Upstream::max_align; ///< Bytes.
    static constexpr std::size_t max_size = max_size_v<Upstream>;
    static constexpr bool thread_safe = true;
    static constexpr bool migratory = migratory_v<Upstream>;
    static constexpr bool is_always_equal = true;
    static constexpr guard_rank outermost_guard = guard_rank::cache;

    /// The whole class; what has none, as upstream says.
    [[nodiscard]] static constexpr std::size_t good_size(layout want) noexcept {
        return Classes::serves(want) ? Classes::rounded(want) : alloy::good_size(Upstream{}, want);
    }

    /// Pops a block, after a refill if there is none. @return Null if upstream is out.
    /// @complexity O(1), but for a refill.
    [[nodiscard, gnu::always_inline]] static void* allocate(layout want) noexcept {
        if (!Classes::serves(want)) [[unlikely]] { return Upstream{}.allocate(want); }
        const std::size_t index = Classes::index(want);
        void* const at = mine->tops[index].pop();
        if (at == nullptr) [[unlikely]] { return refill(index); }
        detail::hand_out(&nobody, at, Classes::at(index).size);
        return at;
    }

    /// Keeps the block; the older half of its stack goes upstream if that is full, or all of it if
    /// upstream says which block is next.
    /// @pre `at` came from allocate(), of whichever thread, and is still live.
    /// @complexity O(1), but for a flush.
    [[gnu::always_inline]] static void deallocate(void* at, layout given) noexcept {
        if (!Classes::serves(given)) [[unlikely]] { return Upstream{}.deallocate(at, given); }
        const std::size_t index = Classes::index(given);
        if (mine->into[index]->push(at)) [[likely]] {
            detail::take_back(&nobody, at, Classes::at(index).size);
        } else {
            make_room_for(index, at);
        }
    }

    /// Returns what the calling thread keeps upstream, and lets upstream trim.
    /// @return Bytes that left this thread.
    static std::size_t trim() noexcept { // NOLINT(modernize-use-nodiscard): called for its effect
        const std::size_t bytes = mine == &nobody ? 0 : rack_of(*mine).flush_all(Upstream{});
        detail::trim_if_able(Upstream{});
        return bytes;
    }

    using upstreams = policies<Upstream>;
    static void each_upstream(auto visit) noexcept {
        Upstream upstream;
        visit(upstream);
    }

    /// What the stacks of all threads hold. @complexity O(classes) a thread. @threads Safe; while
    /// others are at work, of about now.
    [[nodiscard]] static byte_account account() noexcept {
        byte_account sum = kept_in_bins(thread_cached{});
        for_each_rack([&](const rack& /*each*/) noexcept {
            sum.aside += alloy::good_size(Memory{}, layout_of<rack>);
        });
        return sum;
    }

    /// A bin for each class.
    static constexpr std::size_t bins = Classes::count;
    [[nodiscard]] static bin_account bin(std::size_t index) noexcept {
        bin_account all{Classes::at(index).size, 0};
        for_each_rack([&](const rack& each) noexcept { all.free += each.kept(index); });
        return all;
    }

    friend constexpr bool operator==(thread_cached /*a*/, thread_cached /*b*/) noexcept {
        return true;
    }

private:
    struct rack : detail::rack<Classes, Options.slots, Options.bytes, Options.ordered> {
        rack* next = nullptr;
        rack* last = nullptr;
    };

    /// Every rack, and who may walk them.
    struct registry {
        spin_lock lock;
        rack* first = nullptr;
    };

    /// Ends the thread's part in it.
    struct at_thread_end {
        at_thread_end() noexcept = default;
        at_thread_end(const at_thread_end&) = delete;
        at_thread_end& operator=(const at_thread_end&) = delete;
        ~at_thread_end() { end_thread(); }
    };

    using tops = detail::rack_tops<Classes>;

    static inline constinit tops nobody{}; // never written
    static inline constinit registry racks{};
    static inline const detail::fork_guard at_fork{racks.lock};
    ALLOY_HOT_THREAD_LOCAL static inline constinit thread_local tops* mine = &nobody;
    static inline constinit thread_local bool ended = false;

    /// @pre `own` is not nobody's.
    static rack& rack_of(tops& own) noexcept { return static_cast<rack&>(own); }

    [[gnu::noinline]] static void* refill(std::size_t index) noexcept {
        const layout block = Classes::at(index);
        void* const at = mine == &nobody && !begin_thread()
                             ? Upstream{}.allocate(block)
                             : rack_of(*mine).refill(Upstream{}, index);
        if (at != nullptr) { detail::hand_out(&nobody, at, block.size); }
        return at;
    }

    [[gnu::noinline]] static void make_room_for(std::size_t index, void* at) noexcept {
        const layout block = Classes::at(index);
        if (mine == &nobody && !begin_thread()) {
            detail::take_back(&nobody, at, block.size);
            detail::unpoison(at, block.size);
            return Upstream{}.deallocate(at, block);
        }
        rack_of(*mine).make_room(Upstream{}, index);
        deallocate(at, block);
    }

    /// Gives the calling thread a rack. @return False if there is no memory, or the thread is past
    /// its end.
    [[gnu::cold]] static bool begin_thread() noexcept {
        if (ended) { return false; }
        void* const memory = Memory{}.allocate(layout_of<rack>);
        if (memory == nullptr) { return false; }
        if (mine != &nobody) { // its handler came back, and has one by now
            Memory{}.deallocate(memory, layout_of<rack>);
            return true;
        }
        auto* const own = ::new (memory) rack;
        mine = own; // before what follows, which may allocate
        static_cast<void>(&at_fork);
        {
            const std::scoped_lock hold{racks.lock};
            own->next = racks.first;
            if (own->next != nullptr) { own->next->last = own; }
            racks.first = own;
        }
        static const thread_local at_thread_end end;
        static_cast<void>(&end);
        return true;
    }

    [[gnu::cold]] static void end_thread() noexcept {
        rack& own = rack_of(*mine);
        own.flush_all(Upstream{});
        mine = &nobody;
        ended = true;
        {
            const std::scoped_lock hold{racks.lock};
            (own.last == nullptr ? racks.first : own.last->next) = own.next;
            if (own.next != nullptr) { own.next->last = own.last; }
        }
        own.~rack();
        Memory{}.deallocate(&own, layout_of<rack>);
    }

    static void for_each_rack(auto visit) noexcept {
        const std::scoped_lock hold{racks.lock};
        for (rack* each = racks.first; each != nullptr; each = each->next) { visit(*each); }
    }
};

} // namespace alloy::inline ALLOY_ABI
