// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief A corpus, split, in one file in memory that every run maps.
///
///     [ counts ][ record of each file ... ][ token ... ][ paths and texts ]
///
/// All runs see the same bytes, and none of them reads, splits or allocates before its clock
/// starts.

#include "corpus.hpp"
#include "source.hpp"
#include "support/file_handle.hpp"

#include <cstddef>
#include <vector>

namespace alloy::bench {

/// What write_image() made.
struct image {
    file_handle file;
    std::size_t identifiers;
};

/// Splits the texts. @throws std::runtime_error No text has an identifier.
[[nodiscard]] image write_image(const corpus& of);

/// The sources inside an image; they refer to the mapping.
[[nodiscard]] std::vector<source> read_image(const mapping& of);

} // namespace alloy::bench
