// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::bench::answers`: what a run found out, written byte by byte to be compared.
///
/// Goes through a buffer inside the object to a file, so that writing leaves the heap alone.

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace alloy::bench {

/// A sink of numbers and texts in a form that is the same whatever the allocator.
class answers {
public:
    /// Writes to an open file, which stays the caller's.
    explicit answers(int file) noexcept : file_(file) {}

    answers(const answers&) = delete;
    answers& operator=(const answers&) = delete;

    void number(std::uint64_t value);
    void text(std::string_view value); ///< Its length first.

    /// Hands over what is buffered. @return Bytes written so far.
    std::uint64_t flush();

private:
    void bytes(std::string_view from);

    int file_;
    std::size_t used_ = 0;
    std::uint64_t written_ = 0;
    std::array<char, 65536> buffer_{};
};

} // namespace alloy::bench
