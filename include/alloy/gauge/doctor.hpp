// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::doctor`: what is wrong with a composition, in one sentence, and what to try.
///
///     "Of 1048576 bytes, 61 % are cached."     "Call trim() when the load is over, ..."
///
/// It looks for the part that nobody asked for and that takes the largest share.

#include <alloy/gauge/snapshot.hpp>

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace alloy::inline ALLOY_ABI {

/// What the doctor says.
struct diagnosis {
    std::string finding;
    std::string_view advice;
    bool healthy = true; ///< Nothing takes a share worth a thought.
};

/// Looks at bytes as observe() found them. @throws std::bad_alloc.
[[nodiscard]] inline diagnosis doctor(const byte_split& bytes) {
    struct symptom {
        std::size_t bytes;
        std::size_t tolerable; ///< Percent of what is taken.
        std::string_view are;
        std::string_view advice;
    };
    const std::array symptoms{
        symptom{bytes.rounding, 12, "rounding",
                "Give the sizes that are asked for classes of their own: counted with gauge::sizes "
                "shows them, best_classes() chooses."},
        symptom{bytes.gaps, 12, "padding, affixes or dead blocks of an arena",
                "Reset or rewind the arena more often, or take a policy that uses blocks again."},
        symptom{bytes.metadata, 12, "metadata",
                "Take larger chunks, or guards with smaller margins."},
        symptom{bytes.cached, 40, "cached",
                "Call trim() when the load is over, or bound the cache."},
        symptom{bytes.trapped, 25, "free, but trapped beside live blocks",
                "Fill the lowest chunks first, as bitmap does, take smaller ones, or keep what "
                "lives long in a pool of its own."},
        symptom{bytes.fresh, 60, "not used so far", "Take smaller chunks, or a smaller range."},
    };
    if (bytes.taken == 0) { return {"Nothing is taken.", "There is nothing to do."}; }
    const symptom* worst = nullptr;
    for (const symptom& each : symptoms) {
        const bool bad = each.bytes / each.tolerable > bytes.taken / 100;
        if (bad && (worst == nullptr || each.bytes > worst->bytes)) { worst = &each; }
    }
    const auto percent = [&](std::size_t part) {
        return std::to_string(
            static_cast<int>(100 * static_cast<double>(part) / static_cast<double>(bytes.taken)));
    };
    const std::string of = "Of " + std::to_string(bytes.taken) + " bytes, ";
    if (worst == nullptr) {
        return {of + percent(bytes.requested) + " % are what was asked for.",
                "There is nothing to do."};
    }
    return {(of + percent(worst->bytes) + " % are ").append(worst->are).append("."), worst->advice,
            false};
}

/// Looks at a snapshot. @throws std::bad_alloc.
template <std::size_t Layers, std::size_t Bins>
[[nodiscard]] diagnosis doctor(const snapshot<Layers, Bins>& seen) {
    if (!seen.exact || !seen.counted) {
        return {"Not all bytes are known.",
                "Put a `counted` with gauge::bytes on top, and one above each source.", false};
    }
    return doctor(seen.bytes);
}

} // namespace alloy::inline ALLOY_ABI
