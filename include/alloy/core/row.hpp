// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::row`: objects side by side in one block, which grows with them.
///
///     |  objects  |  unused: off limits  |  slack  |
///     begin()     end()                  limit     '-- good_size
///
/// What the policy rounded up counts as capacity. A row that is full asks the policy to grow the
/// block where it is; if that fails, it takes a block twice as large and relocates to it. Growth by
/// one half was slower for every policy, and took no less from an arena (bench/adapt/vector.cpp).

#include <alloy/core/ability.hpp>
#include <alloy/core/exact.hpp>
#include <alloy/core/fact.hpp>
#include <alloy/core/fail.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/core/origin.hpp>
#include <alloy/core/relocate.hpp>
#include <alloy/core/sanitize.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <utility>

namespace alloy::inline ALLOY_ABI::detail {

/// Holds objects, a block for them, and the handle that the block came through.
///
/// Where an operation throws, all is as before: std::bad_alloc without memory,
/// std::bad_array_new_length beyond max_size(), and what the objects throw.
template <class T, handle_policy Handle>
class row {
public:
    constexpr row() noexcept
        requires std::default_initializable<Handle>
    = default;
    constexpr explicit row(const Handle& handle) noexcept : handle_(handle) {}
    row(row&& other) noexcept : handle_(other.handle_), at_(std::exchange(other.at_, {})) {}
    row& operator=(row&& other) noexcept {
        row(std::move(other)).swap(*this);
        return *this;
    }
    ~row() {
        truncate(0);
        if (begin() == nullptr) { return; }
        unpoison(begin(), capacity() * sizeof(T));
        give_back(handle_, begin(), layout_for<T>(capacity()));
    }

    void swap(row& other) noexcept {
        std::swap(handle_, other.handle_);
        std::swap(at_, other.at_);
    }

    [[nodiscard]] constexpr const Handle& handle() const noexcept { return handle_; }
    [[nodiscard]] T* begin() const noexcept { return at_.first; }
    [[nodiscard]] T* end() const noexcept { return at_.end; }
    [[nodiscard]] std::size_t size() const noexcept { return at_.size(); }
    [[nodiscard]] std::size_t capacity() const noexcept { return at_.capacity(); }
    /// Objects that still fit into the block.
    [[nodiscard]] std::size_t unused() const noexcept {
        return static_cast<std::size_t>(at_.limit - at_.end);
    }
    [[nodiscard]] static constexpr std::size_t max_size() noexcept {
        return std::min(any_size, max_size_v<Handle>) / sizeof(T);
    }

    /// Has exactly the `n` objects that `fill(at)` makes, which need not be movable. @pre It is
    /// empty, and has no block.
    template <class Fill>
    void start(std::size_t n, Fill fill) {
        if (n > max_size()) [[unlikely]] { fail_bad_array_new_length(); }
        at_ = taken(handle_, n);
        fill(at_.first);
        at_.end += n;
        conceal_unused(handle_, at_);
    }

    /// Adds the `n` objects that `fill(at)` makes, all or none. Old ones are where they were until
    /// it returns, so that new ones may be made of them. @complexity Amortised O(n).
    template <class Fill>
    void append(std::size_t n, Fill fill) {
        if (n > unused()) [[unlikely]] {
            const std::size_t room = doubled(n);
            at_ = resized(handle_, at_, room);
            if (n > unused()) {
                at_ = moved(handle_, at_, room, n, fill);
                return;
            }
        }
        unpoison(at_.end, n * sizeof(T));
        const struct concealing {
            row& all;
            ~concealing() { conceal_unused(all.handle_, all.at_); }
        } even_on_throw{*this};
        fill(at_.end);
        at_.end += n;
    }

    /// Ends all but the first `n` objects.
    void truncate(std::size_t n) noexcept {
        std::destroy(begin() + n, end());
        end_at(begin() + n);
    }

    /// Ends the objects from `from` to `to`; the later ones close ranks.
    void remove(T* from, T* to) noexcept(trivially_relocatable_v<T> ||
                                         std::is_nothrow_move_assignable_v<T>) {
        if (from == to) { return; }
        if constexpr (trivially_relocatable_v<T>) {
            std::destroy(from, to);
            relocate(to, static_cast<std::size_t>(end() - to), from);
            end_at(end() - (to - from));
        } else {
            truncate(static_cast<std::size_t>(std::move(to, end(), from) - begin()));
        }
    }

    /// Brings the objects from `late` on forward to `to`.
    void bring_forward(T* to, T* late) {
        if constexpr (trivially_relocatable_v<T>) {
            if (end() - late == 1) {
                alignas(T) std::array<std::byte, sizeof(T)> aside;
                auto* const one = reinterpret_cast<T*>(aside.data());
                relocate(late, 1, one);
                relocate(to, static_cast<std::size_t>(late - to), to + 1);
                return relocate(one, 1, to);
            }
        }
        std::rotate(to, late, end());
    }

    /// Makes room for `n >= size()` objects in all, and for no more than the policy rounds up to.
    void change_capacity(std::size_t n) {
        if (n > max_size()) [[unlikely]] { fail_bad_array_new_length(); }
        at_ = resized(handle_, at_, n);
        if (granted(handle_, n) == capacity()) { return; } // now, or all along
        at_ = moved(handle_, at_, n, 0, [](T* /*none*/) {});
    }

private:
    /// A block, and the objects at its start.
    struct holding {
        T* first = nullptr;
        T* end = nullptr;
        T* limit = nullptr;

        [[nodiscard]] std::size_t size() const noexcept {
            return static_cast<std::size_t>(end - first);
        }
        [[nodiscard]] std::size_t capacity() const noexcept {
            return static_cast<std::size_t>(limit - first);
        }
    };
    constexpr row(const Handle& handle, holding at) noexcept : handle_(handle), at_(at) {}

    /// Objects to make room for when `n` more no longer fit.
    [[nodiscard]] std::size_t doubled(std::size_t n) const {
        if (n > max_size() - size()) [[unlikely]] { fail_bad_array_new_length(); }
        return std::clamp(2 * capacity(), size() + n, max_size());
    }

    /// Objects that a block for `n` has room for.
    [[nodiscard]] static std::size_t granted(const Handle& handle, std::size_t n) noexcept {
        return n == 0 ? 0 : std::max(n, good_size(handle, layout_for<T>(n)) / sizeof(T));
    }

    // What follows is given copies and returns what is new. If it were given the row, a row on the
    // stack would have an address, and a loop that appends to it could not keep it in registers.

    /// The same objects in their block, which was resized for `room` if the policy could.
    [[gnu::noinline]] static holding resized(Handle handle, holding at, std::size_t room) noexcept {
        if constexpr (resizing_policy<Handle>) {
            if (at.first == nullptr || room == 0) { return at; }
            const layout given = layout_for<T>(at.capacity());
            unpoison_slack(handle, at.first, given, at.size() * sizeof(T));
            if (handle.resize(at.first, given, room * sizeof(T))) {
                at.limit = at.first + granted(handle, room);
            }
            conceal_unused(handle, at);
        }
        return at;
    }

    /// The objects of `old` in a block for `room`, followed by the `n` that `fill(at)` makes. Those
    /// come first, since they may be made of old ones, and what throws must not lose these.
    template <class Fill>
    [[gnu::noinline]] static holding moved(Handle handle, holding old, std::size_t room,
                                           std::size_t n, Fill fill) {
        row fresh(handle, taken(handle, room));
        T* const added = fresh.begin() + old.size();
        fill(added);
        struct undo {
            T* at;
            std::size_t n;
            ~undo() { std::destroy_n(at, n); }
        } on_throw{added, n};
        relocate(old.first, old.size(), fresh.begin());
        on_throw.n = 0;
        const row gone(handle, {old.first, old.first, old.limit});
        fresh.at_.end = added + n;
        conceal_unused(handle, fresh.at_);
        return std::exchange(fresh.at_, {});
    }

    /// A block for `room` objects, all of which may be used for now.
    [[nodiscard]] static holding taken(const Handle& handle, std::size_t room) {
        static_assert(alignof(T) <= Handle::max_align, "alloy::vector: the policy cannot align T");
        if (room == 0) { return {}; }
        const layout want = layout_for<T>(room);
        [[maybe_unused]] const asking<T, keeps_origins_v<Handle>> asks;
        T* const first = static_cast<T*>(take(handle, want));
        unpoison_slack(handle, first, want, want.size);
        return {first, first, first + granted(handle, room)};
    }

    static void conceal_unused(const Handle& handle, const holding& at) noexcept {
        poison_slack(handle, at.first, layout_for<T>(at.capacity()), at.size() * sizeof(T));
    }

    void end_at(T* to) noexcept {
        poison(to, static_cast<std::size_t>(at_.end - to) * sizeof(T));
        at_.end = to;
    }

    [[no_unique_address]] Handle handle_{};
    holding at_{};
};

} // namespace alloy::inline ALLOY_ABI::detail
