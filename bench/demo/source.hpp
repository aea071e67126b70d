// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::bench::source`: one text file, read and split; what the index is built from.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace alloy::bench {

/// One identifier where it stands in a text; hashed once, by whoever split the text.
struct token {
    std::uint64_t hash;   ///< `std::hash<std::string_view>` of the spelling.
    std::uint32_t offset; ///< Bytes from the beginning of the text.
    std::uint32_t length; ///< Bytes.
    std::uint32_t line;   ///< From 1.
};

/// A file's text and its identifiers in the order of the text; refers to memory of the corpus.
struct source {
    std::string_view path;
    std::string_view text;
    std::span<const token> tokens;

    [[nodiscard]] constexpr std::string_view spelling(const token& of) const noexcept {
        return text.substr(of.offset, of.length);
    }
};

/// The files of one corpus.
using sources = std::span<const source>;

} // namespace alloy::bench
