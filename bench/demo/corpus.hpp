// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief The texts to index: found and read.

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace alloy::bench {

/// A text as it was read; its path is relative to the corpus.
struct text_file {
    std::string path;
    std::string text;
};

/// All text files below one directory, in the order of their paths.
struct corpus {
    std::filesystem::path root;
    std::vector<text_file> files;
    std::size_t bytes = 0;   ///< Of all texts together.
    std::size_t skipped = 0; ///< Files that could not be read, or are no text.
};

/// The standard headers of the compiler that built this program.
/// @throws std::runtime_error They are not on this machine.
[[nodiscard]] std::filesystem::path standard_headers();

/// Reads all files below `root`, or the one file that it is.
/// @throws std::runtime_error There is no such directory, or no text in it.
[[nodiscard]] corpus read_corpus(const std::filesystem::path& root);

} // namespace alloy::bench
