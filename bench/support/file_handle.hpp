// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief Owners of an open file and of its mapping, and files that live in memory only.

#include <cstddef>
#include <string_view>

namespace alloy::bench {

/// An open file, closed at the end.
class file_handle {
public:
    explicit file_handle(int file) noexcept : file_(file) {}
    file_handle(file_handle&& from) noexcept;
    file_handle& operator=(file_handle&& from) noexcept;
    ~file_handle();

    [[nodiscard]] int get() const noexcept { return file_; }

private:
    int file_;
};

/// A new, empty file without a name, which child processes inherit. Throws `std::system_error`.
[[nodiscard]] file_handle memory_file(const char* label);

/// Writes all of `bytes`. Throws `std::system_error`.
void write_all(int file, std::string_view bytes);

/// The whole of a file, readable until the end of the mapping.
class mapping {
public:
    /// Maps the file and brings all of it into memory. Throws `std::system_error`.
    explicit mapping(int file);
    mapping(mapping&& from) noexcept;
    mapping& operator=(mapping&& from) noexcept;
    ~mapping();

    [[nodiscard]] std::string_view bytes() const noexcept { return {at_, size_}; }

private:
    const char* at_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace alloy::bench
