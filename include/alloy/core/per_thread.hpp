// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::per_thread`: a handle to an instance of the calling thread's own.
///
///     thread 0   mine --> [ P ]                 one at a time:   reserve [ P ]
///     thread 1   mine --> [ P ]                 threads past their end, and without memory
///     thread 2   mine --> null
///                          '---- the first use takes ---- orphans --> [ P ] --> [ P ] --> null
///                                                                      left by threads that ended
///
/// The thread that allocates is served by its own instance, through one thread-local pointer. When
/// it ends, the instance is left to the next thread that comes, with all blocks that are live.
///
/// Choose it where threads allocate so often that they must not meet. Avoid it for few requests: a
/// thread keeps an instance for itself all its life.

#include <alloy/core/fork.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/core/mutex.hpp>

#include <concepts>
#include <cstddef>
#include <mutex>
#include <new>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// Reaches one instance of `P` a thread. A block may be released in any thread, and outlives the
/// one that allocated it.
///
/// Instances are never destroyed. There are at most as many as threads that used one at one time,
/// and the reserve: destructors of thread_locals and of statics that run after the thread has left
/// its instance share it, one operation at a time.
///
/// In the child of a fork the thread that forked keeps its instance, and adopts what was nobody's.
/// The instances of other threads may have been in the midst of anything: they are lost until the
/// child ends, with their blocks, which may still be used and released.
///
/// @tparam P      Takes back any block (`migratory`), and a thread's releases go to its instance;
///                or is found from each of its blocks (`homing_policy`, `release_anywhere`).
/// @tparam Memory Where instances come from: never what reaches back here.
/// @tparam Tag    Tells instances apart, as in `global`.
/// @threads Safe; lock-free but for trim(), and for a thread's first use and those after its end.
///          Not to be called in a signal handler.
/// @source  Adopted heaps: E. D. Berger et al., "Hoard", ASPLOS 2000; D. Leijen et al., "Mimalloc",
///          APLAS 2019.
template <policy P, policy Memory, class Tag = void>
class per_thread : public detail::forwarding<per_thread<P, Memory, Tag>, P> {
    static_assert(migratory_v<P> || (homing_policy<P> && release_anywhere_v<P>),
                  "alloy::per_thread: a thread may release what another one allocated: P must take "
                  "back any block, or be found from it, as alloy::remote is");
    static_assert(std::is_nothrow_default_constructible_v<P>,
                  "alloy::per_thread: P is made by its default constructor, which cannot fail");
    static_assert(stateless_policy<Memory> && thread_safe_v<Memory>,
                  "alloy::per_thread: any thread takes Memory, and finds it by its type alone");
    static_assert(alignof(P) <= Memory::max_align,
                  "alloy::per_thread: Memory cannot align an instance");
    friend detail::forwarding<per_thread, P>;

public:
    static constexpr bool thread_safe = true;
    static constexpr bool single_threaded = false;
    static constexpr bool migratory = true;
    static constexpr bool is_always_equal = true;
    static constexpr bool shows_part = true; ///< To observe(): another thread's is its own.

    /// The calling thread's own instance, for its owner: the thread.
    /// @return Null if there is no memory for one, or if the thread is past its end.
    [[nodiscard, gnu::always_inline]] static P* here() noexcept {
        return mine != nullptr ? &mine->target : arrive();
    }

    friend constexpr bool operator==(per_thread /*a*/, per_thread /*b*/) noexcept { return true; }

private:
    struct instance {
        P target{};
        instance* next = nullptr;
    };

    /// What no thread has.
    struct orphanage {
        spin_lock lock;
        instance* first = nullptr;
        P reserve{};
    };

    /// Keeps other threads from what none has. May begin within another of the same thread, since
    /// the upstream of what is visited may call back (ADR 19).
    class visit {
    public:
        visit() noexcept {
            if (!nested_) { orphans.value.lock.lock(); }
            visiting = true;
        }
        visit(const visit&) = delete;
        visit& operator=(const visit&) = delete;
        ~visit() {
            visiting = nested_;
            if (!nested_) { orphans.value.lock.unlock(); }
        }

    private:
        bool nested_ = visiting;
    };

    struct departure {
        explicit departure(instance& from) noexcept : left(from) {}
        departure(const departure&) = delete;
        departure& operator=(const departure&) = delete;
        ~departure() { leave(left); }
        instance& left;
    };

    static inline constinit detail::immortal<orphanage> orphans{};
    static inline const detail::fork_guard at_fork{orphans.value.lock};
    ALLOY_HOT_THREAD_LOCAL static inline constinit thread_local instance* mine = nullptr;
    static inline constinit thread_local bool ended = false;
    static inline constinit thread_local bool visiting = false;

    template <class Op>
    [[gnu::always_inline]] static decltype(auto) forward(const Op& operation) noexcept {
        instance* const own = mine;
        if (own == nullptr) [[unlikely]] { return forward_without(operation); }
        return operation(own->target);
    }

    /// What any instance says.
    static std::size_t forward(const op::good_size& operation) noexcept {
        return operation(std::as_const(orphans.value.reserve));
    }

    /// The thread's own, if it has one; who looks shall not make it.
    template <class Visit>
    static void forward(const op::inspect<Visit>& operation) noexcept {
        if (mine != nullptr) { return operation(mine->target); }
        const visit reserve;
        operation(orphans.value.reserve);
    }

    /// The thread's own, and what nobody has.
    static std::size_t forward(const op::trim& operation) noexcept {
        std::size_t bytes = mine != nullptr ? operation(mine->target) : 0;
        const visit others;
        for (instance* each = orphans.value.first; each != nullptr; each = each->next) {
            bytes += operation(each->target);
        }
        return bytes + operation(orphans.value.reserve);
    }

    static void forward(const op::deallocate& operation) noexcept
        requires homing_policy<P>
    {
        operation(*P::home_of(operation.at));
    }
    static std::size_t forward(const op::usable_size& operation) noexcept
        requires homing_policy<P>
    {
        return operation(*P::home_of(const_cast<void*>(operation.at))); // NOLINT: not written to
    }
    static bool forward(const op::resize& operation) noexcept
        requires homing_policy<P>
    {
        P* const home = P::home_of(operation.at);
        return mine != nullptr && home == &mine->target && operation(*home);
    }
    /// Those in a row that have one home in one batch.
    static void forward(const op::deallocate_batch& operation) noexcept
        requires homing_policy<P>
    {
        for (std::size_t from = 0; from < operation.n;) {
            P* const home = P::home_of(operation.in[from]);
            std::size_t to = from + 1;
            while (to < operation.n && P::home_of(operation.in[to]) == home) { ++to; }
            home->deallocate_batch(operation.in + from, to - from, operation.given);
            from = to;
        }
    }

    template <class Op>
    [[gnu::noinline, gnu::cold]] static decltype(auto)
    forward_without(Op operation) noexcept { // by value: no memory on the hot path
        if (P* const own = arrive(); own != nullptr) { return operation(*own); }
        const visit reserve;
        return operation(orphans.value.reserve);
    }

    /// Gives the calling thread an instance: an orphan, or a new one. @return Null if it gets none.
    [[gnu::noinline, gnu::cold]] static P* arrive() noexcept {
        if (ended || visiting) { return nullptr; }
        instance* own = adopt_orphan();
        if (own == nullptr) {
            void* const memory = Memory{}.allocate(layout_of<instance>);
            if (mine != nullptr) { // its handler came back, and has one by now
                if (memory != nullptr) { Memory{}.deallocate(memory, layout_of<instance>); }
                return &mine->target;
            }
            if (memory == nullptr) { return nullptr; }
            own = ::new (memory) instance;
        }
        if constexpr (adoptable_policy<P>) { own->target.adopt(); }
        mine = own; // before what follows, which may allocate
        static_cast<void>(&at_fork);
        thread_local const departure at_end(*own);
        static_cast<void>(&at_end);
        return &own->target;
    }

    static instance* adopt_orphan() noexcept {
        const std::scoped_lock hold{orphans.value.lock};
        instance* const heir = orphans.value.first;
        if (heir != nullptr) { orphans.value.first = heir->next; }
        return heir;
    }

    static void leave(instance& left) noexcept {
        ended = true;
        mine = nullptr;
        if constexpr (adoptable_policy<P>) { left.target.abandon(); }
        const std::scoped_lock hold{orphans.value.lock};
        left.next = std::exchange(orphans.value.first, &left);
    }
};

} // namespace alloy::inline ALLOY_ABI
