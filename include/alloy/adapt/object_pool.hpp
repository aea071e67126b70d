// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::object_pool`: objects of one type, with addresses that stay and keys that expire.
///
///     create ---> T*            where the object stays
///                  | key_of
///                  v
///          { index, generation } ---> get: the same T*, or null since the object ended
///
/// Objects live in numbered slots of doubling chunks (core/slots.hpp). A slot's generation counts
/// up when an object is made in it and when that ends, so a key is known to be stale whoever lives
/// there now.
///
/// Choose it for objects that refer to each other, end in any order, and are visited as a whole.
/// Avoid it for objects that nobody visits or looks up: generations cost 8 bytes an object.

#include <alloy/core/assert.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/core/slots.hpp>
#include <alloy/source/new.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <type_traits>
#include <utility>

namespace alloy::inline ALLOY_ABI {

/// Names one object of an object_pool of `T`, before and after its end; a default one names none.
template <class T>
struct object_key {
    std::uint32_t index = 0;
    std::uint32_t generation = 0;

    friend constexpr bool operator==(object_key, object_key) = default;
};

/// Makes, owns and ends objects of type `T` in chunks of `Policy`.
///
/// Iterators visit the living in the order of their indices. Objects may come and go meanwhile, the
/// visited one included; one that comes is visited or not.
///
/// @tparam Policy A handle, or a bare policy, which then means global<Policy>.
/// @tparam Lives  Objects that a slot holds one after the other before it is retired, so that no
///                key ever comes true again.
/// @threads None: a pool belongs to one thread at a time.
/// @source  Keys: A. Deutsch, "slot_map Container in C++", WG21 P0661.
template <class T, policy Policy = new_source, std::uint32_t Lives = (1U << 31U) - 1>
class object_pool {
    using handle_type = handle_for<Policy>;
    using slots = detail::slots<layout_of<T>, Lives, handle_type>;
    static_assert(alignof(T) <= handle_type::max_align &&
                      alignof(std::uint32_t) <= handle_type::max_align,
                  "alloy::object_pool: the policy cannot align T");
    static_assert(Lives > 0 && Lives < 1U << 31U,
                  "alloy::object_pool: a slot has 1 to 2^31 - 1 lives");

    template <class Object>
    class cursor;

public:
    using value_type = T;
    using key = object_key<T>;
    using iterator = cursor<T>;
    using const_iterator = cursor<const T>;

    /// Acquires nothing; takes an arena or pool itself where the handle is a ref.
    constexpr explicit object_pool(const handle_type& handle = handle_type()) noexcept
        : slots_(handle) {}
    object_pool(const object_pool&) = delete;
    object_pool& operator=(const object_pool&) = delete;

    /// Ends the living and gives every chunk back. @pre Destructors create none.
    ~object_pool() { clear(); }

    /// Makes an object, which stays where it is. @complexity O(1), but for a new chunk.
    /// @throws What its constructor throws, or std::bad_alloc; then nothing has changed.
    template <class... Args>
    T* create(Args&&... args) {
        vacancy slot{slots_, slots_.take()};
        T* const at = std::construct_at(object_at(slot.index), std::forward<Args>(args)...);
        slots_.settle(slot.index);
        return at;
    }

    /// Ends the object at `at`. @pre It is a live one of this pool. @complexity As key_of().
    void destroy(T* at) noexcept { end(index_of(at)); }

    /// Ends the object that `name` names. @return False if it had ended before. @complexity O(1).
    bool destroy(key name) noexcept {
        if (get(name) == nullptr) { return false; }
        end(name.index);
        return true;
    }

    /// Ends all objects, and keeps the chunks. @pre Destructors create none. @complexity O(slots).
    void clear() noexcept {
        for (iterator at = begin(); at != end(); ++at) { end(at.index_); }
    }

    /// The object that `name` names, or null if it has ended. @complexity O(1).
    /// @pre The key is of this pool, or a default one.
    [[nodiscard]] T* get(key name) noexcept { return look_up(name); }
    [[nodiscard]] const T* get(key name) const noexcept { return look_up(name); }

    /// The key of a live object of this pool. @complexity O(1) expected: chunks are searched, of
    /// which there are at most 32, the largest first.
    [[nodiscard]] key key_of(const T* at) const noexcept {
        const std::uint32_t index = index_of(at);
        return {index, slots_.generation(index)};
    }

    [[nodiscard]] iterator begin() noexcept { return {this, slots_.next_live(0)}; }
    [[nodiscard]] iterator end() noexcept { return {}; }
    [[nodiscard]] const_iterator begin() const noexcept { return {this, slots_.next_live(0)}; }
    [[nodiscard]] const_iterator end() const noexcept { return {}; }

    /// Objects that live.
    [[nodiscard]] std::size_t size() const noexcept { return slots_.size(); }
    [[nodiscard]] bool empty() const noexcept { return size() == 0; }

    /// The way to the policy.
    [[nodiscard]] constexpr const handle_type& handle() const noexcept { return slots_.handle(); }

    /// Gives the chunks without a live object back, but for those with a retired slot; old keys
    /// stay stale. @return Their bytes; none while an object is being made or ended.
    /// @complexity O(slots).
    std::size_t trim() noexcept { return slots_.trim(); }

private:
    /// A slot in which an object is being made; given back if that fails.
    struct vacancy {
        slots& from;
        std::uint32_t index;

        vacancy(slots& all, std::uint32_t taken) noexcept : from(all), index(taken) {}
        vacancy(const vacancy&) = delete;
        vacancy& operator=(const vacancy&) = delete;
        ~vacancy() {
            if (!from.is_live(index)) { from.give(index); }
        }
    };

    [[nodiscard]] T* object_at(std::uint32_t index) const noexcept {
        return static_cast<T*>(slots_.at(index));
    }
    [[nodiscard]] T* look_up(key name) const noexcept {
        const bool lives = name.generation % 2 != 0 && // a default key meets a new slot
                           name.generation == slots_.generation(name.index);
        return lives ? object_at(name.index) : nullptr;
    }
    [[nodiscard]] std::uint32_t index_of(const T* at) const noexcept {
        const std::uint32_t index = slots_.find(at);
        ALLOY_ASSERT(slots_.is_live(index)); // or it is another pool's, or has ended
        return index;
    }
    void end(std::uint32_t index) noexcept {
        slots_.unsettle(index);
        std::destroy_at(object_at(index));
        slots_.give(index);
    }

    template <class Object>
    class cursor {
        friend object_pool;
        friend cursor<const T>;
        using pool = std::conditional_t<std::is_const_v<Object>, const object_pool, object_pool>;

    public:
        using value_type = T;
        using difference_type = std::ptrdiff_t;
        using reference = Object&;
        using pointer = Object*;
        using iterator_category = std::forward_iterator_tag;

        cursor() noexcept = default;
        template <std::same_as<T> Mutable>
            requires std::is_const_v<Object>
        cursor(const cursor<Mutable>& other) noexcept : pool_(other.pool_), index_(other.index_) {}

        [[nodiscard]] Object& operator*() const noexcept { return *pool_->object_at(index_); }
        [[nodiscard]] Object* operator->() const noexcept { return pool_->object_at(index_); }
        cursor& operator++() noexcept {
            index_ = pool_->slots_.next_live(std::size_t{index_} + 1);
            return *this;
        }
        cursor operator++(int) noexcept {
            const cursor before = *this;
            ++*this;
            return before;
        }
        friend bool operator==(const cursor& a, const cursor& b) noexcept {
            return a.index_ == b.index_;
        }

    private:
        cursor(pool* from, std::uint32_t index) noexcept : pool_(from), index_(index) {}

        pool* pool_ = nullptr;
        std::uint32_t index_ = slots::none;
    };

    slots slots_;
};

static_assert(sizeof(object_key<int>) == 8);

} // namespace alloy::inline ALLOY_ABI
