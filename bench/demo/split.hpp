// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief Finds the identifiers of a text.

#include "source.hpp"

#include <string_view>
#include <vector>

namespace alloy::bench {

/// Appends every word of the text that has the form of an identifier, as a search in an editor
/// would find it: in code and in comments, keywords too; letters inside numbers do not count.
void split(std::string_view text, std::vector<token>& to);

} // namespace alloy::bench
