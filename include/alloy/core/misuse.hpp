// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::misuse`: what callers do wrong, and the one place where it is reported.
///
///     guard --> incident --> handler      at first: print to stderr, abort
///
/// Every guard reports here. The way there takes no lock and no memory: the heap may be what is
/// broken.

#include <alloy/core/layout.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <unistd.h>

namespace alloy::inline ALLOY_ABI {

/// The kinds of misuse that a guard can tell.
enum class misuse : unsigned char {
    double_release,      ///< The block was released before.
    foreign_release,     ///< No block begins there: another policy's, or inside one, or wild.
    wrong_size,          ///< Released with a size that it was not asked with.
    wrong_align,         ///< Released with another alignment.
    overflow,            ///< Bytes behind the block were written.
    underflow,           ///< Bytes in front of the block were written.
    write_after_release, ///< Bytes of the block were written after it came back.
    forged_link,         ///< The link inside a free block was written.
    late_request,        ///< Memory was asked for after `sealed` said that no more would be.
    precondition,        ///< Something else that the documentation forbids.
    leak                 ///< The block never came back.
};

/// The name of a kind, as it is printed.
[[nodiscard]] constexpr std::string_view name_of(misuse kind) noexcept {
    switch (kind) {
    case misuse::double_release:
        return "double release";
    case misuse::foreign_release:
        return "foreign release";
    case misuse::wrong_size:
        return "wrong size";
    case misuse::wrong_align:
        return "wrong alignment";
    case misuse::overflow:
        return "overflow";
    case misuse::underflow:
        return "underflow";
    case misuse::write_after_release:
        return "write after release";
    case misuse::forged_link:
        return "forged link";
    case misuse::late_request:
        return "late request";
    case misuse::precondition:
        return "broken precondition";
    case misuse::leak:
        return "leak";
    }
    return "misuse";
}

/// Words that nobody has said.
inline constexpr std::string_view unsaid;

/// One misuse, as far as the guard knows it.
struct incident {
    misuse kind;
    const void* at = nullptr;            ///< Where the block is, or is said to be.
    layout said{0, 1};                   ///< What the caller says of it; size 0 if nothing.
    layout known{0, 1};                  ///< What is known of it; size 0 if nothing.
    const void* where = nullptr;         ///< The first wrong byte, if one was found.
    const void* released_from = nullptr; ///< The caller that released it first, if it is kept.
    std::uint64_t seed = 0;              ///< Of the guard's random choices, to repeat them.
    const void* asked_from = nullptr;    ///< The caller that asked for it, if it is kept.
    std::string_view type = unsaid;      ///< Of the object that it was asked for, if that is kept.
    std::uint64_t blocks = 0;            ///< How many it concerns, if they are only counted.
    std::string_view what = unsaid;      ///< The promise that was broken, as it is written.
    std::string_view policy = unsaid;    ///< The composition from the guard on down.
};

/// Told of each incident, in the thread that found it. It must not use what reports; if it
/// returns, the guard does what keeps the heap whole: a wrong release is ignored.
using misuse_handler = void (*)(const incident&) noexcept;

namespace detail {

/// A line that is put together on the stack and written in one call.
class message {
public:
    message& operator<<(std::string_view text) noexcept {
        const std::size_t n = std::min(text.size(), line_.size() - 1 - used_);
        std::memcpy(line_.data() + used_, text.data(), n);
        used_ += n;
        return *this;
    }
    message& operator<<(const char* text) noexcept { return *this << std::string_view(text); }
    message& operator<<(std::uint64_t number) noexcept { return print(number, 10); }
    message& operator<<(const void* at) noexcept {
        *this << "0x";
        return print(reinterpret_cast<std::uintptr_t>(at), 16);
    }
    message& operator<<(layout asked) noexcept {
        return *this << std::uint64_t{asked.size} << " bytes aligned to "
                     << std::uint64_t{asked.align};
    }

    /// Puts it out, as well as it goes, and ends the line.
    void write_to_stderr() noexcept {
        line_[used_++] = '\n';
        const auto gone = ::write(STDERR_FILENO, line_.data(), used_);
        static_cast<void>(gone);
    }

private:
    message& print(std::uint64_t number, int base) noexcept {
        std::array<char, 20> digits; // NOLINT(cppcoreguidelines-pro-type-member-init)
        const auto* const end =
            std::to_chars(digits.data(), digits.data() + digits.size(), number, base).ptr;
        return *this << std::string_view(digits.data(),
                                         static_cast<std::size_t>(end - digits.data()));
    }

    std::array<char, 1024> line_; // NOLINT(cppcoreguidelines-pro-type-member-init)
    std::size_t used_ = 0;
};

/// Prints the incident in a line, and ends the program.
[[noreturn]] inline void abort_on(const incident& what) noexcept {
    message line;
    line << "alloy: " << name_of(what.kind);
    if (what.at != nullptr) { line << " at " << what.at; }
    if (!what.what.empty()) { line << ": " << what.what; }
    if (what.said.size != 0) {
        line << (what.kind == misuse::late_request ? ", for " : ", released as ") << what.said;
    }
    if (what.blocks != 0) {
        line << " of " << what.blocks << " blocks";
        if (what.known.size != 0) { line << ", " << std::uint64_t{what.known.size} << " bytes"; }
    } else if (what.known.size != 0) {
        line << ", a block of " << what.known;
    }
    if (!what.type.empty()) { line << " for " << what.type; }
    if (what.asked_from != nullptr) { line << ", asked for by " << what.asked_from; }
    if (what.where != nullptr) { line << ", first wrong byte at " << what.where; }
    if (what.released_from != nullptr) { line << ", released before by " << what.released_from; }
    if (what.seed != 0) { line << ", seed " << what.seed; }
    if (!what.policy.empty()) { line << ", in " << what.policy; }
    line.write_to_stderr();
    std::abort();
}

inline constinit std::atomic<misuse_handler> on_incident{abort_on};

/// Reports one. @threads Any.
[[gnu::noinline, gnu::cold]] inline void report_misuse(const incident& what) noexcept {
    on_incident.load(std::memory_order_acquire)(what);
}

/// Reports a promise that a caller broke; what would follow is undefined, so nothing does.
[[noreturn, gnu::noinline, gnu::cold]] inline void broken(const char* promise) noexcept {
    report_misuse({.kind = misuse::precondition, .what = promise});
    std::abort();
}

} // namespace detail

/// Sets what is told of every incident, in every thread; null brings the first one back.
/// @return The handler so far. @threads Any.
inline misuse_handler on_misuse(misuse_handler handler) noexcept {
    return detail::on_incident.exchange(handler != nullptr ? handler : detail::abort_on);
}

} // namespace alloy::inline ALLOY_ABI
