// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::slab`: a page for blocks of one class, a list for each page.
///
///     current --> page 7:  [ live | free | live | free | live |   not carved yet   ]
///                                    ^-------------'
///     usable  --> page 9, page 12                with free blocks, lowest address first
///     empty   --> page 3, page 8, page 10        for any class
///
/// A request pops the list of its class's current page, or cuts the next block; a release finds its
/// page by the address and pushes there. A page that is used up rests until a sixteenth of its
/// blocks came back; one whose last block came back is carved again in address order, by any class.
///
/// Choose it as the general allocator where many blocks live in any order: neighbours stay in a
/// page, memory goes back by itself, and a block leads to its slab. Avoid it for a few hundred
/// blocks (see pool16): a segment is 4 MiB of address space, each class uses a page of its own.

#include <alloy/core/ability.hpp>
#include <alloy/core/account.hpp>
#include <alloy/core/assert.hpp>
#include <alloy/core/fact.hpp>
#include <alloy/core/guard_order.hpp>
#include <alloy/core/member.hpp>
#include <alloy/core/segment.hpp>
#include <alloy/core/size_class.hpp>
#include <alloy/source/new.hpp>
#include <alloy/source/pages.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <tuple>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// How a slab divides memory, and when it gives it back.
struct slab_options {
    std::size_t segment = std::size_t{1} << 22U; ///< Taken from upstream at a time; a power of two.
    std::size_t page = std::size_t{1} << 16U;    ///< For blocks of one class; a power of two.
    /// A segment, or the memory behind a page, goes upstream that stayed empty while the pages held
    /// were used up, usable again or emptied so many times on average, at most twice as many.
    std::uint32_t patience = 4;
};

/// Blocks of `Classes` from pages of aligned segments; what has no class comes from `Large`.
///
/// @tparam Classes  Which class serves what; see linear_classes and listed_classes.
/// @tparam Upstream Where segments come from; best one that backs memory on touch, and discards it.
/// @tparam Large    Serves what no class does.
/// @threads None: share one only behind `locked`, or give each thread its own.
/// @source  A list for each page: D. Leijen et al., "Mimalloc: Free List Sharding in Action",
///          APLAS 2019. Pages that rest: the sleeping slabs of snmalloc, as its source has them.
///          Headers apart from blocks: J. Evans, "A Scalable Concurrent malloc(3) Implementation
///          for FreeBSD", BSDCan 2006.
template <class Classes = linear_classes<8, 128>, policy Upstream = pages<>,
          policy Large = new_source, slab_options Options = slab_options{}>
class slab {
    using page = detail::page;
    using segment = detail::segment<Options.segment, Options.page>;

    static constexpr std::size_t largest_of(auto measure) noexcept {
        std::size_t most = 0;
        for (std::size_t i = 0; i < Classes::count; ++i) {
            most = std::max<std::size_t>(most, measure(Classes::at(i)));
        }
        return most;
    }
    static constexpr std::size_t strongest = largest_of([](layout block) { return block.align; });
    static constexpr std::size_t beyond_links =
        largest_of([](layout block) { return block.size % sizeof(void*); });
    static constexpr std::uint32_t nap = 16; // a page rests until a block in so many is back

    static_assert(detail::is_size_map<Classes>() && Classes::count < page::no_bin,
                  "alloy::slab: Classes is no map from sizes to classes");
    static_assert(beyond_links == 0, "alloy::slab: a block of some class cannot hold a link");
    static_assert(std::has_single_bit(Options.segment) && std::has_single_bit(Options.page) &&
                      Options.page < Options.segment && Options.segment <= Upstream::max_align &&
                      Options.segment <= std::size_t{1} << 31U && Options.patience > 0,
                  "alloy::slab: a segment is a power of two to 2 GiB that Upstream can align, a "
                  "page a smaller one, and patience above 0");
    static_assert(sizeof(segment) + strongest + nap * largest_of(detail::stride_of) <= Options.page,
                  "alloy::slab: fewer than 16 blocks a page; raise Options.page");

public:
    static constexpr std::size_t max_align = std::max(strongest, served_align_v<Large>); ///< Bytes.
    static constexpr std::size_t max_size = std::max(Classes::largest, max_size_v<Large>);
    static constexpr guard_rank outermost_guard = detail::guard_passed_on_v<Large>;

    constexpr slab() = default;

    /// Constructs each upstream in place from a tuple of its own; acquires nothing.
    template <class... UpstreamArgs, class... LargeArgs>
    constexpr slab(std::piecewise_construct_t /*each*/, std::tuple<UpstreamArgs...> upstream,
                   std::tuple<LargeArgs...> large)
        : upstream_(std::move(upstream)), large_(std::move(large)) {}

    slab(const slab&) = delete;
    slab& operator=(const slab&) = delete;

    /// Returns every segment upstream, and every block of a class with it; live blocks of `Large`
    /// stay the caller's to release first.
    ~slab() { segments_.release(upstream_.get()); }

    /// The whole class; above all of them, what `Large` says.
    [[nodiscard]] constexpr std::size_t good_size(layout want) const noexcept {
        return Classes::serves(want) ? Classes::rounded(want)
                                     : alloy::good_size(large_.get(), want);
    }

    /// @return A block, or null if upstream is out and no page of the class has one.
    /// @complexity O(1); where the current page is used up, O(log pages) amortised.
    [[nodiscard]] void* allocate(layout want) noexcept {
        const std::size_t size = Classes::rounded(want);
        if (size > Classes::largest) [[unlikely]] { return large_.get().allocate(want); }
        page& from = *stocks_[Classes::index_of(size)].current;
        void* const at = from.free.pop(size, code);
        if (at == nullptr) [[unlikely]] { return refill(Classes::index_of(size)); }
        ++from.due;
        return at;
    }

    /// Keeps the block in its page. @complexity As allocate().
    /// @pre `at` came from allocate() on this object and is still live. Asserted: that a block of
    /// the class begins there, in a page that has a live one.
    void deallocate(void* at, layout given) noexcept {
        const std::size_t size = Classes::rounded(given);
        if (size > Classes::largest) [[unlikely]] { return large_.get().deallocate(at, given); }
        ALLOY_ASSERT(segments_.holds(at) && segment::page_of(at).bin == Classes::index_of(size) &&
                     segment::may_be_live(at, Classes::at(Classes::index_of(size))));
        page& home = segment::page_of(at);
        home.free.push(at, size, code);
        if (--home.due == 0) [[unlikely]] { turn(home); }
    }

    /// Allocates `n` blocks into `out`. @return How many; fewer only when upstream is out.
    [[nodiscard]] std::size_t allocate_batch(layout want, void** out, std::size_t n) noexcept {
        return detail::allocate_each(*this, want, out, n);
    }

    /// Releases the `n` blocks in `in`.
    void deallocate_batch(void* const* in, std::size_t n, layout given) noexcept {
        detail::deallocate_each(*this, in, n, given);
    }

    /// Within a class, or where `Large` can do it.
    [[nodiscard]] bool resize(void* at, layout given, std::size_t size) noexcept {
        const layout want{size, given.align};
        if (Classes::serves(given)) { return Classes::rounded(want) == Classes::rounded(given); }
        if constexpr (resizing_policy<Large>) {
            return !Classes::serves(want) && large_.get().resize(at, given, size);
        }
        return false;
    }

    /// The slab that a live block of a class came from, whichever it is. @complexity O(1).
    [[nodiscard]] static slab& home_of(const void* at) noexcept {
        return *static_cast<slab*>(segment::of(at).owner);
    }

    /// True for every block, where `Large` can tell its own. @complexity Expected O(log segments).
    [[nodiscard]] bool owns(const void* at) const noexcept
        requires owning_policy<Large>
    {
        return segments_.holds(at) || large_.get().owns(at);
    }

    /// The size of the block's class, or what `Large` says. @complexity As owns().
    [[nodiscard]] std::size_t usable_size(const void* at) const noexcept
        requires measuring_policy<Large>
    {
        return segments_.holds(at) ? Classes::at(segment::page_of(at).bin).size
                                   : large_.get().usable_size(at);
    }

    /// Returns every segment without a live block, discards what is behind other empty pages, and
    /// lets both upstreams trim. @return Bytes of segments. @complexity O(pages log pages).
    std::size_t trim() noexcept {
        give_idle();
        const std::size_t bytes = segments_.release_empty(upstream_.get(), false);
        detail::trim_if_able(upstream_.get());
        detail::trim_if_able(large_.get());
        return bytes;
    }

    /// Bytes of all segments.
    [[nodiscard]] std::size_t held() const noexcept { return segments_.bytes(); }

    using upstreams = policies<Upstream, Large>;
    void each_upstream(auto visit) noexcept {
        visit(upstream_.get());
        visit(large_.get());
    }

    /// @complexity O(pages).
    [[nodiscard]] byte_account account() const noexcept { return segments_.account(Classes::at); }

    /// The blocks of a class that came back, not those to be carved. @complexity O(pages).
    static constexpr std::size_t bins = Classes::count;
    [[nodiscard]] bin_account bin(std::size_t index) const noexcept {
        return segments_.bin(index, Classes::at(index));
    }

private:
    static constexpr detail::prefetched_links code{};
    struct stock {
        page* current = &detail::no_page;
        detail::pairing_heap usable;
    };

    /// The current page has no block that came back: cuts one, or goes on to another page.
    [[gnu::noinline]] void* refill(std::size_t index) noexcept {
        page*& current = stocks_[index].current;
        const layout block = Classes::at(index);
        void* at = current->take(block);
        if (at == nullptr) {
            page* const other = other_page(index);
            if (other == nullptr) { return nullptr; }
            if (other != current) { count_change(); }
            if (other != current && current != &detail::no_page) {
                current->later = current->due - current->due / nap;
                current->due /= nap;
            }
            current = other;
            at = other->take(block);
        }
        ++current->due;
        return current->free.adopt(at, block.size);
    }

    /// A page with a free block: the lowest that is usable, or empty, or for want of memory rests.
    /// @return Null, and nothing has changed, if there is none.
    page* other_page(std::size_t index) noexcept {
        detail::pairing_heap& usable = stocks_[index].usable;
        if (detail::heap_node* const lowest = usable.lowest(); lowest != nullptr) {
            usable.remove(lowest);
            return static_cast<page*>(lowest);
        }
        if (!segments_.has_page()) { give_idle(); }
        page* found = segments_.take(upstream_.get(), index, this);
        page* const old = stocks_[index].current;
        if (!old->free.empty() || detail::blocks_in(old->uncarved, Classes::at(index)) != 0) {
            if (found != nullptr) { segments_.give(*found); } // upstream's handler was here
            return old;
        }
        if (found != nullptr) { return found; }
        if (usable.lowest() != nullptr || segments_.has_page()) { return other_page(index); }
        segments_.each_page([&](page& each) noexcept {
            if (each.bin == index && each.later != 0 && !each.free.empty()) { found = &each; }
        });
        if (found != nullptr) { found->due += std::exchange(found->later, 0U); }
        return found;
    }

    /// What was due came back: enough blocks of a page that rests, or the last of any other.
    [[gnu::noinline]] void turn(page& home) noexcept {
        stock& of = stocks_[home.bin];
        if (home.later != 0) {
            home.due = std::exchange(home.later, 0U);
            of.usable.insert(&home);
        } else {
            segment::empty(home);
            if (&home != of.current) {
                of.usable.remove(&home);
                segments_.give(home);
            }
        }
        count_change();
    }

    /// Takes its page from every class that has no live block in it.
    void give_idle() noexcept {
        for (stock& each : stocks_) {
            if (each.current == &detail::no_page || each.current->live() != 0) { continue; }
            segments_.give(*std::exchange(each.current, &detail::no_page));
        }
    }

    void count_change() noexcept {
        if (--changes_left_ != 0) [[likely]] { return; }
        give_idle();
        segments_.release_empty(upstream_.get(), true);
        changes_left_ = Options.patience * std::max(held(), Options.segment) / Options.page;
    }

    std::array<stock, Classes::count> stocks_{};
    detail::segment_heap<Options.segment, Options.page> segments_;
    std::size_t changes_left_ = Options.patience * (Options.segment / Options.page);
    [[no_unique_address]] detail::member<Upstream, stock> upstream_;
    [[no_unique_address]] detail::member<Large, slab> large_;
};

static_assert(rounding_policy<slab<>> && resizing_policy<slab<>> && batching_policy<slab<>> &&
              trimming_policy<slab<>>);

} // namespace alloy::inline ALLOY_ABI
