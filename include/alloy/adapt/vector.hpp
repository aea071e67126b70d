// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::vector`: a std::vector that asks its policy for all that it can do.
///
///     push_back on a full vector    in the policy's slack?   no copy
///                                   in place, by resize?     no copy
///                                   to another block         memmove, or one by one
///
/// std::vector over an allocator takes the last way always, and mostly one by one. This one counts
/// what the policy rounds up as capacity, asks it to grow the block where it is (core/row.hpp), and
/// copies the bytes of all that is trivially relocatable (core/relocate.hpp).
///
/// Choose it for vectors that grow: in an arena above all, and for elements that own something.
/// Avoid it where an interface wants std::vector, or elements want an allocator passed to them.

#include <alloy/core/assert.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/core/relocate.hpp>
#include <alloy/core/row.hpp>
#include <alloy/core/three_way.hpp>
#include <alloy/source/new.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <exception>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

namespace detail {

/// A handle that does not want to go where a vector's handle goes.
template <class H>
concept propagates_otherwise =
    requires { typename H::propagate_on_container_copy_assignment; } ||
    requires { typename H::propagate_on_container_move_assignment; } ||
    requires { typename H::propagate_on_container_swap; } ||
    requires(const H& handle) { handle.select_on_container_copy_construction(); };

} // namespace detail

/// Objects in a row, in one block of `Policy`.
///
/// What it shares with std::vector means the same, but that more than max_size() is
/// std::bad_array_new_length throughout. If an insertion throws, all is as before: at the end
/// always, elsewhere if moving a `T` cannot throw. Its arguments may be elements of the vector.
/// Moves and swaps take the handle along; a copy assignment keeps the target's; a copy keeps the
/// source's. Under AddressSanitizer unused capacity is off limits.
///
/// @tparam T      May be incomplete until the first member function is used.
/// @tparam Policy A handle, or a bare policy, which then means global<Policy>.
/// @threads As a std::vector, and as the policy.
template <class T, policy Policy = new_source>
class vector {
    static_assert(std::is_same_v<T, std::remove_cv_t<T>>,
                  "alloy::vector: hold T, and let the vector be const");

    using handle_type = handle_for<Policy>;
    static_assert(!detail::propagates_otherwise<handle_type>,
                  "alloy::vector: moves and swaps take the handle along, copies do not; this one "
                  "wants a say");

public:
    using value_type = T;
    using size_type = std::size_t;
    using difference_type = std::ptrdiff_t;
    using reference = T&;
    using const_reference = const T&;
    using pointer = T*;
    using const_pointer = const T*;
    using iterator = T*;
    using const_iterator = const T*;
    using reverse_iterator = std::reverse_iterator<iterator>;
    using const_reverse_iterator = std::reverse_iterator<const_iterator>;
    using trivially_relocatable = alloy::trivially_relocatable<handle_type>;

    constexpr vector() noexcept
        requires std::default_initializable<handle_type>
    = default;

    /// An empty vector; so takes an arena or pool itself where the handle is a ref.
    constexpr explicit vector(const handle_type& handle) noexcept : row_(handle) {}

    explicit vector(size_type n, const handle_type& handle = handle_type()) : row_(handle) {
        row_.start(n, [&](T* at) { std::uninitialized_value_construct_n(at, n); });
    }
    vector(size_type n, const T& value, const handle_type& handle = handle_type()) : row_(handle) {
        resize(n, value);
    }
    template <std::input_iterator It>
    vector(It first, It last, const handle_type& handle = handle_type()) : row_(handle) {
        append(first, last);
    }
    vector(std::initializer_list<T> values, const handle_type& handle = handle_type())
        : vector(values.begin(), values.end(), handle) {}
    vector(const vector& other) : vector(other.begin(), other.end(), other.handle()) {}
    vector(vector&&) noexcept = default;
    ~vector() = default;

    vector& operator=(const vector& other) {
        if (this != &other) { assign(other.begin(), other.end()); }
        return *this;
    }
    vector& operator=(vector&&) noexcept = default;
    vector& operator=(std::initializer_list<T> values) {
        assign(values.begin(), values.end());
        return *this;
    }

    /// Replaces the elements. @pre The range is not this vector's own.
    template <std::input_iterator It>
    void assign(It first, It last) {
        clear();
        append(first, last);
    }

    [[nodiscard]] T* begin() noexcept { return row_.begin(); }
    [[nodiscard]] T* end() noexcept { return row_.end(); }
    [[nodiscard]] const T* begin() const noexcept { return row_.begin(); }
    [[nodiscard]] const T* end() const noexcept { return row_.end(); }
    [[nodiscard]] const T* cbegin() const noexcept { return row_.begin(); }
    [[nodiscard]] const T* cend() const noexcept { return row_.end(); }
    [[nodiscard]] auto rbegin() noexcept { return reverse_iterator(end()); }
    [[nodiscard]] auto rend() noexcept { return reverse_iterator(begin()); }
    [[nodiscard]] auto rbegin() const noexcept { return const_reverse_iterator(end()); }
    [[nodiscard]] auto rend() const noexcept { return const_reverse_iterator(begin()); }

    [[nodiscard]] T& operator[](size_type i) noexcept { return *nth(i); }
    [[nodiscard]] const T& operator[](size_type i) const noexcept { return *nth(i); }
    /// @throws std::out_of_range. Without exceptions, terminates.
    [[nodiscard]] T& at(size_type i) { return *checked(i); }
    [[nodiscard]] const T& at(size_type i) const { return *checked(i); }
    [[nodiscard]] T& front() noexcept { return *nth(0); }
    [[nodiscard]] const T& front() const noexcept { return *nth(0); }
    [[nodiscard]] T& back() noexcept { return *nth(size() - 1); }
    [[nodiscard]] const T& back() const noexcept { return *nth(size() - 1); }
    [[nodiscard]] T* data() noexcept { return begin(); }
    [[nodiscard]] const T* data() const noexcept { return begin(); }

    [[nodiscard]] bool empty() const noexcept { return begin() == end(); }
    [[nodiscard]] size_type size() const noexcept { return row_.size(); }
    [[nodiscard]] size_type capacity() const noexcept { return row_.capacity(); }
    /// Elements that the largest block could hold.
    [[nodiscard]] static constexpr size_type max_size() noexcept { return row::max_size(); }
    /// The way to the policy.
    [[nodiscard]] constexpr const handle_type& handle() const noexcept { return row_.handle(); }

    /// Makes room for `n` elements in all. @throws std::bad_alloc, std::bad_array_new_length.
    void reserve(size_type n) {
        if (n > capacity()) { row_.change_capacity(n); }
    }
    /// Gives up the capacity that the policy would not round up to anyway. @throws As reserve().
    void shrink_to_fit() { row_.change_capacity(size()); }

    template <class... Args>
    T& emplace_back(Args&&... args) {
        row_.append(1, [&](T* at) { std::construct_at(at, std::forward<Args>(args)...); });
        return end()[-1];
    }
    void push_back(const T& value) { emplace_back(value); }
    void push_back(T&& value) { emplace_back(std::move(value)); }
    void pop_back() noexcept {
        ALLOY_ASSERT(!empty());
        row_.truncate(size() - 1);
    }

    template <class... Args>
    iterator emplace(const_iterator before, Args&&... args) {
        return inserted(before, [&] { emplace_back(std::forward<Args>(args)...); });
    }
    iterator insert(const_iterator before, const T& value) { return emplace(before, value); }
    iterator insert(const_iterator before, T&& value) { return emplace(before, std::move(value)); }
    iterator insert(const_iterator before, size_type n, const T& value) {
        return inserted(before, [&] { append(n, value); });
    }
    /// @pre The range is not this vector's own.
    template <std::input_iterator It>
    iterator insert(const_iterator before, It first, It last) {
        return inserted(before, [&] { append(first, last); });
    }
    iterator insert(const_iterator before, std::initializer_list<T> values) {
        return insert(before, values.begin(), values.end());
    }

    iterator erase(const_iterator at) { return erase(at, at + 1); }
    iterator erase(const_iterator first, const_iterator last) {
        T* const from = begin() + (first - begin());
        ALLOY_ASSERT(begin() <= first && first <= last && last <= end());
        row_.remove(from, from + (last - first));
        return from;
    }

    /// Adds value-initialised elements, or drops the last.
    void resize(size_type n) {
        if (n <= size()) { return row_.truncate(n); }
        const size_type more = n - size();
        row_.append(more, [&](T* at) { std::uninitialized_value_construct_n(at, more); });
    }
    /// Adds copies of `value`, or drops the last elements.
    void resize(size_type n, const T& value) {
        if (n <= size()) { return row_.truncate(n); }
        append(n - size(), value);
    }
    void clear() noexcept { row_.truncate(0); }

    void swap(vector& other) noexcept { row_.swap(other.row_); }
    friend void swap(vector& a, vector& b) noexcept { a.swap(b); }

    friend bool operator==(const vector& a, const vector& b) {
        return std::equal(a.begin(), a.end(), b.begin(), b.end());
    }
    friend auto operator<=>(const vector& a, const vector& b)
        requires detail::comparable<T>
    {
        return detail::three_way(a.begin(), a.end(), b.begin(), b.end());
    }

private:
    [[nodiscard]] T* nth(size_type i) const noexcept {
        ALLOY_ASSERT(i < size());
        return row_.begin() + i;
    }
    [[nodiscard]] T* checked(size_type i) const {
        if (i >= size()) [[unlikely]] { fail_out_of_range(); }
        return row_.begin() + i;
    }
    [[noreturn, gnu::cold, gnu::noinline]] static void fail_out_of_range() {
#if defined(__cpp_exceptions)
        throw std::out_of_range{"alloy::vector::at"};
#else
        std::terminate();
#endif
    }

    template <std::input_iterator It>
    void append(It first, It last) {
        if constexpr (std::forward_iterator<It>) {
            row_.append(static_cast<size_type>(std::distance(first, last)),
                        [&](T* at) { std::uninitialized_copy(first, last, at); });
        } else {
            struct all_or_none {
                explicit all_or_none(row& of) noexcept : all(of) {}
                all_or_none(const all_or_none&) = delete;
                all_or_none& operator=(const all_or_none&) = delete;
                ~all_or_none() { all.truncate(size); }
                row& all;
                std::size_t size = all.size();
            } then(row_);
            for (; first != last; ++first) { emplace_back(*first); }
            then.size = size();
        }
    }
    void append(size_type n, const T& value) {
        row_.append(n, [&](T* at) { std::uninitialized_fill_n(at, n, value); });
    }

    /// Appends, then brings forward: so that nothing is lost if an element throws while it is made.
    template <class Append>
    iterator inserted(const_iterator before, Append append) {
        ALLOY_ASSERT(begin() <= before && before <= end());
        const auto index = before - begin();
        const size_type old = size();
        append();
        row_.bring_forward(begin() + index, begin() + old);
        return begin() + index;
    }

    using row = detail::row<T, handle_type>;
    row row_;
};

namespace detail {

/// The handle that a vector deduces from its last argument.
template <class H>
using handle_from = std::conditional_t<handle_policy<std::remove_cvref_t<H>>,
                                       std::remove_cvref_t<H>, ref<std::remove_cvref_t<H>>>;

} // namespace detail

template <std::input_iterator It>
vector(It, It) -> vector<std::iter_value_t<It>>;
template <std::input_iterator It, class H>
vector(It, It, H&&) -> vector<std::iter_value_t<It>, detail::handle_from<H>>;
template <class T, class H>
vector(std::size_t, T, H&&) -> vector<T, detail::handle_from<H>>;
template <class T, class H>
vector(std::initializer_list<T>, H&&) -> vector<T, detail::handle_from<H>>;

static_assert(sizeof(vector<int>) == 3 * sizeof(void*));

} // namespace alloy::inline ALLOY_ABI
