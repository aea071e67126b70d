// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::checked`: every block watched, and every misuse of one reported.
///
///     | front margin |  block, as asked  | back margin and slack |     one block of Upstream
///     '--- sealed ---'                   '------- sealed --------'
///
///     blocks_:  address --> asked layout, live or released             far from any overflow
///     held_back_:  released --> released --> released        sealed whole; first in, first out
///
/// All that is known of a block stands in a table apart, so that no stray write can forge it: a
/// release of what is not live, or with another layout than was asked, is told exactly. Margins are
/// verified when a block comes back. It then waits in a queue, and is verified again when it
/// leaves. Its record stays: what is released at an address where no block is, but was, is told as
/// a second release of that one until trim(), or until many blocks of other addresses came.
///
/// Choose it in tests, and in production where a fault must be found. Avoid it where memory or time
/// counts: a block costs its margins, a record of 32 bytes, 24 without quarantine, and one or two
/// pointers, twice that or 4,096 of them if addresses change; and each byte is written and read.

#include <alloy/core/ability.hpp>
#include <alloy/core/account.hpp>
#include <alloy/core/address_table.hpp>
#include <alloy/core/block_record.hpp>
#include <alloy/core/fact.hpp>
#include <alloy/core/fence.hpp>
#include <alloy/core/forward.hpp>
#include <alloy/core/guard_order.hpp>
#include <alloy/core/member.hpp>
#include <alloy/core/misuse.hpp>
#include <alloy/core/origin.hpp>
#include <alloy/core/packed_layout.hpp>
#include <alloy/core/quarantine.hpp>
#include <alloy/core/sanitize.hpp>
#include <alloy/core/seal.hpp>
#include <alloy/core/secret.hpp>
#include <alloy/core/type_name.hpp>
#include <alloy/source/pages.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// How much a `checked` watches.
struct checked_options {
    std::size_t redzone = 16; ///< Bytes of a margin; in front, rounded up to the alignment. With 0
                              ///< only what upstream rounds up is watched.
    std::size_t quarantine = std::size_t{1} << 20U; ///< Bytes of released blocks held back, margins
                                                    ///< included; a larger block is not.
    bool leaks = true;    ///< Report what is live at the end; a `global` has none.
    bool origins = false; ///< Keep who asked, for what type, and who released: 32 bytes a record.
};

/// Watches the blocks of `Upstream`, and reports to the handler that on_misuse() set. If it
/// returns, a wrong release has changed nothing, and bytes that were written are sealed again: no
/// damage is reported twice. Under AddressSanitizer margins and released blocks are off limits, so
/// that the write itself is reported.
///
/// @tparam Upstream Where blocks come from.
/// @tparam Records  Where the table comes from: never from `Upstream`.
/// @threads None: put it inside `locked` to share it.
/// @source  Red zones and quarantine: K. Serebryany et al., "AddressSanitizer", USENIX ATC 2012.
template <policy Upstream, checked_options Options = checked_options{}, policy Records = pages<>>
class checked {
    static_assert(Options.redzone < max_size_v<Upstream> - max_size_v<Upstream> / 2,
                  "alloy::checked: Upstream has no room for the margins of a block");
    static_assert(outermost_guard_v<Upstream> <= guard_rank::check,
                  "alloy::checked: a count or a hook inside would see what this one adds");

public:
    static constexpr std::size_t max_align = Upstream::max_align; ///< Bytes.
    static constexpr std::size_t max_size = max_size_v<Upstream> - 2 * Options.redzone;
    static constexpr bool zero_fresh = zero_fresh_v<Upstream>;
    static constexpr bool keeps_origins = Options.origins;
    static constexpr guard_rank outermost_guard = guard_rank::check;

    /// Constructs the upstream in place from `args`; acquires nothing.
    template <class... Args>
        requires std::constructible_from<Upstream, Args...> &&
                 (!std::same_as<std::remove_cvref_t<Args>, checked> && ...)
    constexpr explicit(sizeof...(Args) == 1)
        checked(Args&&... args) noexcept(std::is_nothrow_constructible_v<Upstream, Args...>)
        : upstream_(std::in_place, std::forward<Args>(args)...) {}

    checked(const checked&) = delete;
    checked& operator=(const checked&) = delete;

    /// Verifies all, reports what is live as leaks, and gives the quarantine back.
    ~checked() {
        hold_back_at_most(0);
        blocks_.for_each([&](const record& known) noexcept {
            const block lost = block_of(known);
            verify(known, lost);
            detail::unpoison(lost.begin, lost.bytes());
            if constexpr (Options.leaks) { report(misuse::leak, known.at, &known); }
        });
    }

    /// @return `want.size` bytes and not one more, or null if there is no room for them, the
    /// margins or the record. What is in quarantine does not make room: see trim().
    [[nodiscard, gnu::always_inline]] void* allocate(layout want) noexcept {
        return admit<op::allocate>(want, origin::caller());
    }

    /// As allocate(), zeroed.
    [[nodiscard, gnu::always_inline]] void* allocate_zeroed(layout want) noexcept
        requires zeroing_policy<Upstream>
    {
        return admit<op::allocate_zeroed>(want, origin::caller());
    }

    /// Takes the block back, into quarantine; or reports why it is none that can come back.
    /// @complexity O(size).
    [[gnu::always_inline]] void deallocate(void* at, layout given) noexcept {
        record* const known = blocks_.find(at);
        if (known == nullptr || known->asked != detail::packed_layout(given)) [[unlikely]] {
            return reject(at, given, known);
        }
        const block gone = block::find(at, given, upstream_.get());
        const auto margins = detail::seal::of(secret_.known(), gone.begin);
        verify_margins(margins, gone);
        known->asked.release();
        known->from.release(origin::caller());
        if (gone.bytes() > Options.quarantine) { return give_up(gone); }
        margins.other().put(gone.begin, gone.end);
        detail::poison(gone.begin, gone.bytes());
        held_back_.push(*known, gone.bytes());
        hold_back_at_most(Options.quarantine);
    }

    /// True exactly for a live block, and for one in quarantine, so that its second release is
    /// seen.
    [[nodiscard]] bool owns(const void* at) const noexcept {
        const record* const known = blocks_.find(at);
        return known != nullptr && !known->spent();
    }

    /// The size that was asked for the block at `at`, or 0 if none begins there.
    [[nodiscard]] std::size_t usable_size(const void* at) const noexcept {
        return owns(at) ? blocks_.find(at)->asked.unpacked().size : 0;
    }

    /// Verifies every margin and every released block now. @return Incidents. @complexity O(bytes).
    std::size_t verify() noexcept { // NOLINT(modernize-use-nodiscard): called for its reports
        std::size_t found = 0;
        blocks_.for_each(
            [&](const record& known) noexcept { found += verify(known, block_of(known)); });
        return found;
    }

    /// Calls `visit(at, asked)` for every live block, in no order; it must not allocate or release
    /// here. @complexity O(blocks).
    template <class Visit>
    void for_each_live(Visit visit) const {
        blocks_.for_each([&](const record& known) {
            if (!known.asked.released()) {
                visit(static_cast<const void*>(known.at), known.asked.unpacked());
            }
        });
    }

    /// Verifies the quarantine and gives it back, and lets upstream trim. @return Bytes that left.
    std::size_t trim() noexcept { // NOLINT(modernize-use-nodiscard): called for its effect
        const std::size_t bytes = quarantined();
        hold_back_at_most(0);
        blocks_.forget_spent();
        detail::trim_if_able(upstream_.get());
        return bytes;
    }

    /// Bytes of upstream that are in quarantine.
    [[nodiscard]] std::size_t quarantined() const noexcept { return held_back_.bytes(); }

    using upstreams = policies<Upstream>;
    void each_upstream(auto visit) noexcept { visit(upstream_.get()); }

    /// Margins and slack are metadata; the quarantine is cached. @complexity O(blocks).
    [[nodiscard]] byte_account account() const noexcept {
        byte_account sum{.taken = quarantined(), .cached = quarantined(), .aside = blocks_.bytes()};
        blocks_.for_each([&](const record& known) noexcept {
            if (known.asked.released()) { return; }
            const std::size_t margins = block_of(known).bytes() - known.asked.unpacked().size;
            sum.taken += margins;
            sum.metadata += margins;
        });
        return sum;
    }

private:
    using origin = std::conditional_t<Options.origins, detail::origin, detail::no_origin>;
    using quarantine = detail::quarantine_of<Options.quarantine != 0>;

    using record = detail::block_record<quarantine, origin>;
    static_assert(Options.quarantine == 0 || sizeof(record) == (Options.origins ? 64 : 32));
    using block = detail::fenced<Options.redzone>;

    [[nodiscard]] block block_of(const record& known) const noexcept {
        auto&& upstream = upstream_.get();
        return block::find(known.at, known.asked.unpacked(), upstream);
    }

    template <class Op>
    [[nodiscard, gnu::always_inline]] void* admit(layout want, const void* from) noexcept {
        auto&& upstream = upstream_.get();
        const layout whole = block::with_margins(want);
        void* const begin = Op{whole}(upstream);
        if (begin == nullptr) [[unlikely]] { return nullptr; }
        auto* const at = static_cast<std::byte*>(begin) + block::front(want.align);
        ALLOY_ASSERT(!owns(at)); // or upstream has handed out a live block
        record* known = blocks_.find(at);
        if (known == nullptr) [[unlikely]] {
            secret_.number();
            known = blocks_.add(at);
            if (known == nullptr) { return upstream.deallocate(begin, whole), nullptr; }
        }
        known->asked = detail::packed_layout(want);
        known->from = origin(from);
        const block fresh = block::find(at, want, upstream);
        const auto margins = detail::seal::of(secret_.known(), fresh.begin);
        margins.put(fresh.begin, at);
        margins.put(fresh.limit(), fresh.end);
        detail::poison(fresh.limit(), static_cast<std::size_t>(fresh.end - fresh.limit()));
        detail::poison(fresh.begin, static_cast<std::size_t>(at - fresh.begin));
        return at;
    }

    /// Lets the blocks that were released first go, until at most `bytes` are in quarantine.
    void hold_back_at_most(std::size_t bytes) noexcept {
        while (held_back_.bytes() > bytes) { let_oldest_go(); }
    }

    [[gnu::noinline]] void let_oldest_go() noexcept {
        const auto& known = static_cast<const record&>(held_back_.oldest());
        const block oldest = block_of(known);
        held_back_.pop(oldest.bytes());
        verify(known, oldest);
        give_up(oldest);
    }

    [[gnu::always_inline]] void give_up(const block& gone) noexcept {
        detail::unpoison(gone.begin, gone.bytes());
        upstream_.get().deallocate(gone.begin, gone.whole);
    }

    // NOLINTBEGIN(modernize-use-nodiscard): called for their reports
    /// Margins, or all that is left of a released block. @return Incidents.
    [[gnu::always_inline]] std::size_t verify(const record& known, const block& of) const noexcept {
        const auto margins = detail::seal::of(secret_.known(), of.begin);
        if (!known.asked.released()) { return verify_margins(margins, of); }
        return inspect(margins.other(), of.begin, of.end, misuse::write_after_release, of);
    }

    [[gnu::always_inline]] std::size_t verify_margins(detail::seal margins,
                                                      const block& live) const noexcept {
        return inspect(margins, live.begin, live.at, misuse::underflow, live) +
               inspect(margins, live.limit(), live.end, misuse::overflow, live);
    }
    // NOLINTEND(modernize-use-nodiscard)

    /// Reports if a byte was written, and seals them again. @return Incidents.
    [[gnu::always_inline]] std::size_t inspect(detail::seal sealed, std::byte* from,
                                               const std::byte* to, misuse kind,
                                               const block& of) const noexcept {
        const std::byte* const wrong = sealed.broken(from, to);
        if (wrong == nullptr) { return 0; }
        sealed.put(from, to);
        report(kind, of.at, blocks_.find(of.at), {0, 1}, wrong);
        return 1;
    }

    [[gnu::noinline, gnu::cold]] void reject(const void* at, layout given,
                                             const record* known) const noexcept {
        report(known != nullptr ? known->wrong_release(given) : misuse::foreign_release, at, known,
               given);
    }

    [[gnu::noinline, gnu::cold]] void report(misuse kind, const void* at, const record* known,
                                             layout said = {0, 1},
                                             const void* where = nullptr) const noexcept {
        incident what{.kind = kind, .at = at, .said = said, .where = where, .seed = secret_.seed()};
        what.policy = type_name<checked>;
        if (known != nullptr) { known->tell(what); }
        detail::report_misuse(what);
    }

    detail::address_table<record, Records> blocks_;
    [[no_unique_address]] quarantine held_back_;
    detail::secret secret_;
    [[no_unique_address]] detail::member<Upstream, checked> upstream_;
};

static_assert(owning_policy<checked<pages<>>> && measuring_policy<checked<pages<>>>);

} // namespace alloy::inline ALLOY_ABI
