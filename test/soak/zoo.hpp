// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief Every strategy, combinator and preset, over a source that keeps books.

#include <alloy/alloy.hpp>

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace alloy::test {

/// What a source lent, and what it is told to refuse.
struct books {
    struct loan {
        layout want;
        std::size_t room; ///< Bytes that it could grow to.
    };
    std::unordered_map<void*, loan> live;
    std::size_t bytes = 0; ///< Lent.
    std::size_t requests = 0;
    std::size_t refused = 0;
    failure_plan plan{};
    std::function<void()> handler; ///< Called at every request, but not while it runs.

    /// Refuses what `plan` says, and counts from zero.
    void fail(const failure_plan& next) noexcept {
        plan = next;
        requests = 0;
        refused = 0;
    }

    /// Numbers a request. @return True if it is refused.
    bool refuses(std::size_t size) noexcept {
        if (handler) {
            std::function<void()> called = std::exchange(handler, nullptr);
            called();
            handler = std::move(called);
        }
        const bool no = plan.refuses(++requests, size);
        refused += no ? 1 : 0;
        return no;
    }
};

/// Ends the program if the books do not balance.
inline void require_book(bool holds, const char* how) noexcept {
    if (holds) { return; }
    static_cast<void>(std::fputs(how, stderr));
    std::abort();
}

/// Memory of operator new. Stateless, so that any number of upstreams in a composition share the
/// books; it ends the program that releases what is not out, or otherwise than it was taken.
///
/// @tparam Rich With every ability that an upstream can have: it rounds to 32 bytes, and leaves
///              blocks room to grow to twice that.
template <bool Rich>
struct metered {
    static constexpr std::size_t max_align = any_align;
    static constexpr bool thread_safe = true; // for those who ask: here is one thread
    static constexpr bool migratory = true;
    static inline books book{};

    [[nodiscard]] static void* allocate(layout want) noexcept { return lend(want); }

    static void deallocate(void* at, layout given) noexcept {
        const auto found = book.live.find(at);
        require_book(is_legal(found, given), "upstream: released what is not out so\n");
#if defined(ALLOY_HAS_ASAN)
        require_book(__asan_region_is_poisoned(at, found->second.want.size) == nullptr,
                     "upstream: released what is off limits\n");
#endif
        book.bytes -= found->second.want.size;
        book.live.erase(found);
        new_source::deallocate(at, given);
    }

    [[nodiscard]] static std::size_t good_size(layout want) noexcept
        requires Rich
    {
        return want.size > any_size / 4 ? want.size : detail::round_up(want.size, 32);
    }
    [[nodiscard]] static void* allocate_zeroed(layout want) noexcept
        requires Rich
    {
        void* const at = lend(want);
        return at == nullptr ? nullptr : detail::zero(at, good_size(want));
    }
    [[nodiscard]] static bool resize(void* at, layout given, std::size_t size) noexcept
        requires Rich
    {
        const auto found = book.live.find(at);
        require_book(is_legal(found, given), "upstream: resized what is not out so\n");
        if (size > any_size / 4 || good_size({size, given.align}) > found->second.room) {
            return false;
        }
        if (size > given.size && book.refuses(size)) { return false; }
        book.bytes += size - found->second.want.size;
        found->second.want.size = size;
        return true;
    }
    [[nodiscard]] static std::size_t allocate_batch(layout want, void** out, std::size_t n) noexcept
        requires Rich
    {
        for (std::size_t i = 0; i < n; ++i) {
            out[i] = lend(want);
            if (out[i] == nullptr) { return i; }
        }
        return n;
    }
    static void deallocate_batch(void* const* in, std::size_t n, layout given) noexcept
        requires Rich
    {
        for (std::size_t i = 0; i < n; ++i) { deallocate(in[i], given); }
    }

private:
    static std::size_t good(layout want) noexcept {
        if constexpr (Rich) { return good_size(want); }
        return want.size;
    }
    static bool is_legal(auto found, layout given) noexcept {
        return found != book.live.end() && found->second.want.align == given.align &&
               given.size >= found->second.want.size && given.size <= good(found->second.want);
    }

    static void* lend(layout want) noexcept {
        if (want.size > any_size / 4 || book.refuses(want.size)) { return nullptr; }
        const std::size_t room = Rich ? 2 * good(want) : want.size;
        void* const at = new_source::allocate({room, want.align});
        if (at == nullptr) { return nullptr; }
        book.live.emplace(at, books::loan{want, room});
        book.bytes += want.size;
        return at;
    }
};

/// A composition with a name.
/// @tparam Largest  What is asked of it at most.
/// @tparam Bounded  It may refuse, though its upstream does not.
template <class P, layout Largest, bool Bounded = false>
struct exhibit {
    using policy = P;
    static constexpr layout largest = Largest;
    static constexpr bool bounded = Bounded;
    const char* name;
};

/// What lies with the threads, of which there is one here: that one has its part already, and gives
/// back what is in it at the end.
template <policy P>
struct ending : P {
    ending() { this->deallocate(this->allocate({8, 8}), {8, 8}); }
    ending(const ending&) = delete;
    ending& operator=(const ending&) = delete;
    ~ending() { this->trim(); }
};

inline constexpr layout node{64, 16};
inline constexpr layout mixed{2048, 64};
inline constexpr range_options in_a_range{
    .bytes = std::size_t{1} << 15U, .unit = 64, .largest = 1024, .align = 4096};
inline constexpr range_options in_a_region{.bytes = 4096, .unit = 64, .largest = 512, .align = 64};

/// All over `S`.
template <class S>
struct zoo {
    template <layout Node>
    using listed_bin = freelist<Node, S>;
    template <layout Node>
    using mapped_bin = bitmap<Node, S>;
    template <layout Node>
    using preset_bin = next_fit<Node, S, std::size_t{1} << 20U>;
    using sixteen = linear_classes<8, 16>;
    static constexpr depot_options passing_on{.slots = 16, .ordered = 30 * node.size};
    static constexpr thread_cache_options in_order{.slots = 64, .ordered = 256};
    using uneven = listed_classes<std::array<std::size_t, 5>{16, 48, 64, 120, 256}>;
    using bins = size_classes<sixteen, listed_bin, S>;
    using bitmaps_ = // as the preset
        magazine<sixteen, size_classes<sixteen, preset_bin, S>, 64, reuse::upstream>;
    using buddy_ = buddy<in_a_range, S>;
    using region = buddy<in_a_region, inline_buffer<5000>>;
    using pool = pool16<S>;
    using mapped = size_classes<sixteen, mapped_bin, S>;
    static constexpr checked_options narrow{.redzone = 8, .quarantine = 2000};

    static constexpr std::tuple strategies{
        exhibit<freelist<node, S>, node>{"freelist"},
        exhibit<freelist<node, S, 20>, node>{"freelist, bounded"},
        exhibit<freelist<node, S, unlimited, 32>, node>{"freelist in chunks"},
        exhibit<bitmap<node, S>, layout{500, 16}>{"bitmap"},
        exhibit<next_fit<node, S>, node>{"next_fit"},
        exhibit<buddy_, mixed, true>{"buddy"},
        exhibit<ranged<bit_extent, in_a_range, S>, mixed, true>{"ranged bits"},
        exhibit<pool, mixed>{"pool16"},
        exhibit<slab<linear_classes<8, 128>, S, S>, mixed>{"slab"},
        exhibit<bump<bump_options{}, S>, mixed>{"bump"},
    };
    static constexpr std::tuple combinators{
        exhibit<bins, mixed>{"size_classes"},
        exhibit<size_classes<uneven, mapped_bin, S>, mixed>{"size_classes, uneven"},
        exhibit<segregate<tier<node, freelist<node, S>>, tier<layout{512, 64}, pool>, S>, mixed>{
            "segregate"},
        exhibit<fallback<region, pool>, mixed>{"fallback"},
        exhibit<fallback<inline_buffer<2000>, bins>, mixed>{"stack first"},
        exhibit<growing<region, S>, layout{512, 64}>{"growing"},
        exhibit<growing<lock_free_pool<node, 4, S, 2>>, node>{"growing, regions that grow"},
        exhibit<magazine<sixteen, bins, 8>, mixed>{"magazine"},
        exhibit<magazine<sixteen, bins, 8, reuse::upstream>, mixed>{"magazine, reuse by upstream"},
        exhibit<depot<node, bins, passing_on>, mixed>{"depot"},
        exhibit<quantize<multiples_of<48>, pool>, mixed>{"quantize"},
        exhibit<affix<pool, long, char>, mixed>{"affix"},
        exhibit<aligned<32, pool>, mixed>{"aligned"},
        exhibit<measured<pool>, mixed>{"measured"},
        exhibit<locked<pool>, mixed>{"locked"},
        exhibit<single_threaded<pool>, mixed>{"single_threaded"},
        exhibit<zeroed<pool>, mixed>{"zeroed"},
        exhibit<wiped<pool>, mixed>{"wiped"},
        exhibit<limited<20'000, pool>, mixed, true>{"limited"},
        exhibit<counted<pool>, mixed>{"counted"},
        exhibit<failing<retrying<watched<pool>>>, mixed>{"failing, retrying, watched"},
        exhibit<checked<pool, narrow>, layout{64, 16}>{"checked"},
        exhibit<checked<S, narrow>, layout{64, 64}>{"checked source"},
        exhibit<zeroed<quantize<powers_of_two<16>, S>>, mixed>{"zeroed source"},
    };
    static constexpr std::tuple for_threads{
        exhibit<lock_free_buddy<in_a_range, S>, mixed, true>{"lock_free_buddy"},
        exhibit<lock_free_pool<node, 16, S, 8>, node, true>{"lock_free_pool"},
        exhibit<remote<pool>, mixed>{"remote"},
        exhibit<ending<per_thread<remote<mapped>, new_source>>, mixed>{"per_thread"},
        exhibit<ending<thread_cached<sixteen, global<locked<mapped>>>>, mixed>{"thread_cached"},
        exhibit<ending<thread_cached<sixteen, global<locked<mapped>>, in_order>>, mixed>{
            "thread_cached in order"},
    };
    static constexpr std::tuple presets{
        exhibit<detail::shared_pool<S, S>, mixed>{"pool_allocator, below its caches"},
        exhibit<single_threaded<detail::local_pool<S, S>>, mixed>{"local_pool_allocator"},
        exhibit<locked<bitmaps_>, mixed>{"bitmap_allocator"},
        exhibit<single_threaded<bitmaps_>, mixed>{"local_bitmap_allocator"},
        exhibit<locked<buddy_>, mixed, true>{"buddy_allocator"},
    };
    static constexpr std::tuple hybrids{
        exhibit<buddy_pool<in_a_range, S>, mixed, true>{"buddy_pool"},
        exhibit<reap<bump_options{}, S>, mixed>{"reap"},
        exhibit<arena_pool<bump_options{}, S>, mixed>{"arena_pool"},
        exhibit<quick_fit<uneven, in_a_range, S>, mixed, true>{"quick_fit"},
        exhibit<real_time<in_a_range, S>, layout{1024, 64}, true>{"real_time"},
    };
    static constexpr std::tuple hardened{
        exhibit<pool16<S, links::encoded>, mixed>{"pool16, encoded"},
        exhibit<freelist<node, S, unlimited, 32, links::encoded>, node>{"freelist, encoded"},
        exhibit<canaried<pool>, mixed>{"canaried"},
        exhibit<delayed<sixteen, pool, 8>, mixed>{"delayed"},
        exhibit<shuffled<sixteen, pool, 8>, mixed>{"shuffled"},
        exhibit<quantize<parts_to_a_doubling<8>, retaining<4096, S>>, mixed>{"retaining"},
        exhibit<sharded<locked<checked<S, narrow>>, 3>, layout{64, 64}>{"sharded"},
        exhibit<counted<pool, counted_options{.reads = gauge::sizes}>, mixed>{"counted in bytes"},
        exhibit<guarded_pool<S>, layout{64, 16}>{"guarded_pool"},
        exhibit<hardening<4, pool>, layout{64, 16}>{"hardening<4>"},
    };
    static constexpr auto all =
        std::tuple_cat(strategies, combinators, for_threads, presets, hybrids, hardened);
};

/// Calls `visit(exhibit)` for each of a tuple.
template <class All, class Visit>
void for_each_exhibit(const All& all, Visit visit) {
    std::apply([&](const auto&... each) { (visit(each), ...); }, all);
}

} // namespace alloy::test
