// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief Who is measured: contenders.def, and which of it is on this machine.

#include "workload.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace alloy::bench {

enum class role : std::uint8_t { base, control, alloy, other };

[[nodiscard]] std::string_view name_of(role of);

struct contender {
    std::string_view name;
    std::string_view program; ///< peers_<program>, beside this program in peers/.
    std::string_view library; ///< Preloaded; or empty.
    bench::role role;
    breadth threads;
    blocks made_for;

    [[nodiscard]] bool takes_part_in(const cell& in) const noexcept {
        return (in.threads == 1 || threads == breadth::any) &&
               (made_for == blocks::any || made_for == in.what->asked);
    }
};

/// "any thread, aligned to 16": who may use its blocks, and what their addresses have in common.
[[nodiscard]] std::string terms_of(const contender& who, std::uint64_t alignment);

/// All of contenders.def, in its order; the first is the base of every ratio.
[[nodiscard]] std::span<const contender> contenders();

/// A contender with the files that it needs.
struct entrant {
    const contender* who;
    std::string program;
    std::string library; ///< Empty if none is preloaded.
};

struct roster {
    std::vector<entrant> present;     ///< The base first.
    std::vector<std::string> missing; ///< A sentence for each contender that cannot run.
};

/// Looks for programs beside this one, and for libraries where the loader would.
/// @param only Parts of names; if there are any, who has none of them is left out, but for the
/// base.
/// @throws std::runtime_error The base is missing.
[[nodiscard]] roster roster_of(const std::vector<std::string>& only);

} // namespace alloy::bench
