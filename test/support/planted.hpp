// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief What the tests of the conformance kit plant flaws in: sound memory, and a loop that sees
/// whether each flaw is found.

#include <alloy/check/report.hpp>

#include "unit_test.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <mutex>
#include <string_view>
#include <thread>
#include <vector>

namespace alloy::test {

/// Sound memory for flawed allocators: powers of two from a buffer, each on the list of its size.
class stock {
public:
    static constexpr std::size_t capacity = std::size_t{512} << 10U;

    bool one_list = false;       ///< Plants a flaw: blocks of all sizes come back to one list,
    bool never_recovers = false; ///< or none is handed out after the first failure.

    static std::size_t rounded(std::size_t bytes) {
        return std::bit_ceil(std::max<std::size_t>(bytes, 16));
    }

    void* take(std::size_t bytes) {
        const std::scoped_lock hold{mutex_};
        if (bytes > capacity || (exhausted_ && never_recovers)) { return nullptr; }
        auto& list = list_of(bytes);
        if (!list.empty()) {
            void* const at = list.back();
            list.pop_back();
            return at;
        }
        const std::size_t from = detail::round_up(used_, rounded(bytes));
        exhausted_ = from + rounded(bytes) > capacity;
        if (exhausted_) { return nullptr; }
        used_ = from + rounded(bytes);
        return bytes_.data() + from;
    }

    void give(void* at, std::size_t bytes) {
        const std::scoped_lock hold{mutex_};
        list_of(bytes).push_back(at);
    }

    [[nodiscard]] void* next(std::size_t bytes) {
        void* const at = take(bytes);
        give(at, bytes);
        return at;
    }

    [[nodiscard]] bool owns(const void* at) const {
        return detail::address(at) - detail::address(bytes_.data()) < bytes_.size();
    }

    [[nodiscard]] std::size_t used() const { return used_; }
    void rewind(std::size_t to) {
        used_ = to;
        for (auto& each : free_) { each.clear(); }
        exhausted_ = false;
    }
    void reset() { rewind(first); }

private:
    static constexpr std::size_t first = 4096;

    std::vector<void*>& list_of(std::size_t bytes) {
        if (one_list) { return free_[0]; }
        return free_.at(static_cast<std::size_t>(std::bit_width(rounded(bytes))));
    }

    alignas(4096) std::array<std::byte, capacity + 8192> bytes_{}; // some may be written past
    std::size_t used_ = first;
    bool exhausted_ = false;
    std::array<std::vector<void*>, 24> free_;
    std::mutex mutex_;
};

inline stock here;
inline stock there;

/// True in a thread that is not the first.
inline bool elsewhere() {
    static const std::thread::id first = std::this_thread::get_id();
    return std::this_thread::get_id() != first;
}

template <class Flaw>
struct planting {
    Flaw what;
    const char* name;
    const char* law;
};

/// Runs `check` with each flaw planted: what it finds must name the law.
template <class Flaw, std::size_t N, class Check>
void finds_each(const planting<Flaw> (&cases)[N], Flaw& planted, Check check) {
    for (const auto& [what, name, law] : cases) {
        BOOST_TEST_CONTEXT(name) {
            here.reset();
            there.reset();
            planted = what;
            const report found = check();
            planted = Flaw::none;
            BOOST_TEST(found.violates(law), found.text());
        }
    }
}

/// True if `found` has all of `laws` and nothing else.
inline bool is_exactly(const report& found, const std::vector<std::string_view>& laws) {
    return found.violations().size() == laws.size() &&
           std::all_of(laws.begin(), laws.end(),
                       [&](std::string_view law) { return found.violates(law); });
}

inline void expect_sound(const report& found) { BOOST_TEST(found.ok(), found.text()); }

} // namespace alloy::test
