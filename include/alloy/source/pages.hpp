// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::pages`: whole pages from the operating system.
///
///     | no access |  block, rounded up to pages  | no access |
///     '-- guard --'                              '-- guard --'     with {.guard = true}
///
///     | no access |      |  block, as it was asked for  | no access |      and with .tight = true
///
/// Every block is a mapping of its own: zeroed, backed by memory only once it is touched, unless
/// the options say earlier, and gone from the process when it is released.
///
/// Choose it for chunks of 64 KiB and more, and for ranges that are reserved whole and used bit by
/// bit. Avoid it for anything smaller: a request costs a system call and then a page fault a page.

#include <alloy/core/ability.hpp>
#include <alloy/core/assert.hpp>
#include <alloy/core/fact.hpp>
#include <alloy/core/sanitize.hpp>

#include <algorithm>
#include <cstddef>

#include <sys/mman.h>
#include <unistd.h>

namespace alloy::inline ALLOY_ABI {

/// Whether a mapping is to be backed by huge pages.
enum class huge_pages : unsigned char {
    off,      ///< Left to the system.
    advise,   ///< Asked for by madvise; transparent, and granted where the system can.
    required, ///< From the reserved pool of 2 MiB hugetlb pages; null when that is empty.
};

/// When a mapping gets the memory behind it. A fork undoes the latter two: a page is copied when
/// either process next writes to it, and the child's is not locked.
enum class page_backing : unsigned char {
    on_touch,   ///< Page by page, each with a page fault.
    prefaulted, ///< All of it before the block is handed out: for real time.
    locked,     ///< And never swapped out. Null where the limit RLIMIT_MEMLOCK ends.
};

/// What `pages` asks of the system.
struct pages_options {
    huge_pages huge = huge_pages::off;
    bool guard = false;   ///< An inaccessible page before and after every block.
    bool tight = false;   ///< A block ends at its guard, as closely as its alignment allows.
    bool reserve = false; ///< Promise no memory in advance: for ranges far beyond what is there.
    page_backing backing = page_backing::on_touch;
};

/// Maps and unmaps private anonymous memory.
///
/// @threads Safe.
/// @source  POSIX mmap; Linux madvise(2), mremap(2) and mlock2(2). Blocks that end at a guard:
///          B. Perens, Electric Fence, 1987.
template <pages_options Options = pages_options{}>
struct pages {
    static_assert(Options.guard || !Options.tight,
                  "alloy::pages: a tight block ends at its guard; ask for `guard` too");
    static_assert(!Options.reserve || Options.backing == page_backing::on_touch,
                  "alloy::pages: a range that is only reserved has no memory to prefault or lock");

    static constexpr std::size_t max_align = std::size_t{1} << 40; ///< Bytes.
    static constexpr std::size_t max_size = any_size / 2 + 1;      ///< Bytes; whole pages.
    static constexpr bool thread_safe = true;                      ///< The kernel sees to it.
    static constexpr bool migratory = true;                        ///< There is one kernel.
    static constexpr bool zero_fresh = true;

    /// The unit of a mapping in bytes: the system's page size, found at run time, or a huge page.
    [[nodiscard]] static std::size_t page_size() noexcept {
        if constexpr (Options.huge == huge_pages::required) { return huge_page; }
        static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        return size;
    }

    /// Whole pages; for a tight block, what is asked.
    [[nodiscard]] static std::size_t good_size(layout want) noexcept {
        if (Options.tight || !serves(want)) { return want.size; }
        return detail::round_up(want.size, page_size());
    }

    /// Maps `want.size` bytes, rounded up to pages. @return Null if the system refuses.
    /// @complexity A few system calls, and O(size) if memory is to be there at once.
    [[nodiscard]] static void* allocate(layout want) noexcept {
        if (!serves(want)) [[unlikely]] { return nullptr; }
        const std::size_t bytes = detail::round_up(want.size, page_size());
        // Any mapping is aligned to its page; a stronger alignment is cut out of a larger mapping.
        const std::size_t slack = want.align > page_size() ? want.align : 0;
        const std::size_t whole = bytes + slack + 2 * margin();
        std::byte* const from = map(whole);
        if (from == nullptr) { return nullptr; }
        const std::size_t align = std::max(want.align, page_size());
        std::byte* const at = from + (detail::round_up(detail::address(from) + margin(), align) -
                                      detail::address(from));
        std::byte* const to = at + bytes + margin();
        unmap(from, static_cast<std::size_t>(at - margin() - from));
        unmap(to, static_cast<std::size_t>(from + whole - to));
        if (!prepare(at, bytes)) {
            unmap(at - margin(), bytes + 2 * margin());
            return nullptr;
        }
        if constexpr (scanned) { detail::begin_scan(at, bytes); }
        if constexpr (!Options.tight) { return at; }
        return at + (bytes - detail::round_up(want.size, std::min(want.align, page_size())));
    }

    /// Every block is fresh, hence zeroed.
    [[nodiscard]] static void* allocate_zeroed(layout want) noexcept { return allocate(want); }

    /// Unmaps the block.
    static void deallocate(void* at, layout given) noexcept {
        const std::size_t gap = detail::address(at) % page_size(); // before a tight block
        const std::size_t bytes = detail::round_up(gap + given.size, page_size());
        std::byte* const from = static_cast<std::byte*>(at) - gap;
        if constexpr (scanned) { detail::end_scan(from, bytes); }
        unmap(from - margin(), bytes + 2 * margin());
    }

    /// Grows a block into unmapped addresses behind it, or gives its last pages back.
    [[nodiscard]] static bool resize(void* at, layout given, std::size_t size) noexcept
        requires(!Options.guard)
    {
        const std::size_t before = good_size(given);
        const std::size_t after = good_size({size, given.align});
        if (before == after) { return true; }
        if (::mremap(at, before, after, 0) == MAP_FAILED) { return false; }
        if (after > before && !prepare(static_cast<std::byte*>(at) + before, after - before)) {
            ::mremap(at, after, before, 0);
            return false;
        }
        if constexpr (scanned) {
            detail::end_scan(at, before);
            detail::begin_scan(at, after);
        }
        return true;
    }

    /// Gives the memory behind the whole pages in a part of a block back, and keeps the addresses.
    /// @return Their bytes; 0 if the system refuses. @complexity A system call, O(bytes).
    static std::size_t discard(void* at, std::size_t bytes) noexcept
        requires(Options.backing == page_backing::on_touch)
    {
        const std::size_t page = page_size();
        const std::size_t before =
            detail::round_up(detail::address(at), page) - detail::address(at);
        if (bytes < before + page) { return 0; }
        const std::size_t whole = (bytes - before) & ~(page - 1);
        return ::madvise(static_cast<std::byte*>(at) + before, whole, MADV_DONTNEED) == 0 ? whole
                                                                                          : 0;
    }

    friend constexpr bool operator==(pages, pages) noexcept = default;

private:
    // A reserved range is far too long to be searched for pointers: its user says which part is.
    static constexpr bool scanned = !Options.reserve;
    static constexpr std::size_t huge_page = std::size_t{1} << 21;
    static constexpr int huge_2_mib = 21 << MAP_HUGE_SHIFT; // the system's own default may differ

    static constexpr bool serves(layout want) noexcept {
        return want.size <= max_size && want.align <= max_align;
    }

    /// Bytes of a guard.
    static std::size_t margin() noexcept { return Options.guard ? page_size() : 0; }

    static std::byte* map(std::size_t bytes) noexcept {
        const int access = Options.guard ? PROT_NONE : PROT_READ | PROT_WRITE;
        const int flags = MAP_PRIVATE | MAP_ANONYMOUS | (Options.reserve ? MAP_NORESERVE : 0) |
                          (Options.huge == huge_pages::required ? MAP_HUGETLB | huge_2_mib : 0);
        void* const at = ::mmap(nullptr, bytes, access, flags, -1, 0);
        return at == MAP_FAILED ? nullptr : static_cast<std::byte*>(at);
    }

    /// Makes new pages of a block what the options want. @return False if the system refuses.
    static bool prepare(std::byte* at, std::size_t bytes) noexcept {
        if constexpr (Options.guard) {
            if (::mprotect(at, bytes, PROT_READ | PROT_WRITE) != 0) { return false; }
        }
        if constexpr (Options.huge == huge_pages::advise) { ::madvise(at, bytes, MADV_HUGEPAGE); }
        if constexpr (Options.backing == page_backing::locked) {
            // MAP_LOCKED does not tell if memory is short, and sanitizers turn mlock() off.
            return ::mlock2(at, bytes, 0) == 0;
        }
        if constexpr (Options.backing == page_backing::prefaulted) {
            for (std::size_t i = 0; i < bytes; i += page_size()) {
                static_cast<volatile std::byte*>(at)[i] = std::byte{}; // it is zero already
            }
        }
        return true;
    }

    static void unmap(std::byte* at, std::size_t bytes) noexcept {
        if (bytes != 0) { ::munmap(at, bytes); }
    }
};

static_assert(stateless_policy<pages<>> && resizing_policy<pages<>> && zeroing_policy<pages<>>);

} // namespace alloy::inline ALLOY_ABI
