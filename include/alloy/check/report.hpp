// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::report`: which laws were found broken, each with its first counterexample.
///
///     2 laws broken (seed 42)
///       alignment: a block for {size 64, align 64} is at 0x7f0010, which is no multiple of 64
///       equality: a copy differs from its original
///
/// It needs no test framework: `assert(r.ok())`, `return r.ok() ? 0 : 1` and
/// `BOOST_TEST(r.ok(), r.text())` all will do.

#include <alloy/core/layout.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace alloy::inline ALLOY_ABI {

/// A law, and how it was broken.
struct violation {
    std::string_view law;
    std::string how;
};

/// What a conformance check found.
///
/// @threads None.
class report {
public:
    report() = default;

    /// @param seed Of the random numbers in use; repeats the run.
    explicit report(std::uint64_t seed) : seed_(seed) {}

    /// True if no law is broken.
    [[nodiscard]] bool ok() const noexcept { return violations_.empty(); }

    /// True if `law` is broken.
    [[nodiscard]] bool violates(std::string_view law) const noexcept {
        return std::ranges::any_of(violations_,
                                   [&](const violation& each) { return each.law == law; });
    }

    /// The broken laws, in the order they were found.
    [[nodiscard]] const std::vector<violation>& violations() const noexcept { return violations_; }

    /// All of it, a line a law.
    [[nodiscard]] std::string text() const {
        std::string all = std::to_string(violations_.size()) + " laws broken";
        if (seed_) { all += " (seed " + std::to_string(*seed_) + ")"; }
        for (const violation& each : violations_) {
            all.append("\n  ").append(each.law).append(": ").append(each.how);
        }
        return all;
    }

    /// Notes that `law` is broken unless `holds`; `how` is the text, strings and numbers in a row.
    /// @return `holds`.
    template <class... Parts>
    bool expect(bool holds, std::string_view law, const Parts&... how) {
        if (!holds && !violates(law)) { violations_.push_back({law, (word(how) + ...)}); }
        return holds;
    }

    /// Adds what another check found.
    void add(const report& other) {
        for (const auto& [law, how] : other.violations_) { expect(false, law, how); }
    }

private:
    static std::string word(const std::string& text) { return text; }
    static std::string word(std::integral auto number) { return std::to_string(number); }
    static std::string word(layout of) {
        return "{size " + std::to_string(of.size) + ", align " + std::to_string(of.align) + "}";
    }
    static std::string word(const void* at) {
        std::string digits;
        for (std::size_t rest = detail::address(at); rest != 0 || digits.empty(); rest /= 16) {
            digits.insert(digits.begin(), "0123456789abcdef"[rest % 16]);
        }
        return "0x" + digits;
    }
    static std::string word(const char* text) { return text; }

    std::optional<std::uint64_t> seed_;
    std::vector<violation> violations_;
};

namespace detail {

/// A sanitizer's operator new ends the program where another throws.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool operator_new_throws = false;
#elif defined(__has_feature)
inline constexpr bool operator_new_throws =
    !(__has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||
      __has_feature(memory_sanitizer));
#else
inline constexpr bool operator_new_throws = true;
#endif

} // namespace detail

/// What a conformance check may ask for.
struct conformance_options {
    layout largest{1024, 64}; ///< No ordinary request exceeds it, in size or alignment; bytes.
    int steps = 20'000;       ///< Random operations.
    bool threads = false;     ///< The allocator may be used by many threads at once; a policy says
                              ///< so itself.
    bool huge = detail::operator_new_throws; ///< Ask for what no machine has.
};

} // namespace alloy::inline ALLOY_ABI
