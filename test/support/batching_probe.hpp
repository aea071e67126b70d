// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::test::batching_probe`: a probe that takes batches, and remembers them.

#include "probe.hpp"

#include <alloy/core/layout.hpp>

#include <cstddef>
#include <vector>

namespace alloy::test {

/// Blocks one by one, in the order that was asked for; what all of them took and gave is in one
/// list each.
class batching_probe : public probe {
public:
    explicit batching_probe(ledger& book) noexcept : probe(book) {}

    std::size_t allocate_batch(layout want, void** out, std::size_t n) noexcept {
        ++batches;
        for (std::size_t i = 0; i < n; ++i) {
            out[i] = allocate(want);
            if (out[i] == nullptr) { return i; }
            taken.push_back(out[i]);
        }
        return n;
    }
    void deallocate_batch(void* const* in, std::size_t n, layout given) noexcept {
        for (std::size_t i = 0; i < n; ++i) { deallocate(in[i], given); }
        returned.insert(returned.end(), in, in + n);
    }

    static void forget() noexcept {
        batches = 0;
        taken.clear();
        returned.clear();
    }

    static inline int batches = 0;
    static inline std::vector<void*> taken;
    static inline std::vector<void*> returned;
};

/// A source that batches, and has nothing to give.
struct empty_batches {
    static constexpr std::size_t max_align = any_align;
    static void* allocate(layout /*want*/) noexcept { return nullptr; }
    static void deallocate(void* /*at*/, layout /*given*/) noexcept {}
    static std::size_t allocate_batch(layout /*want*/, void** /*out*/, std::size_t /*n*/) noexcept {
        return 0;
    }
    static void deallocate_batch(void* const* /*in*/, std::size_t /*n*/,
                                 layout /*given*/) noexcept {}
};

} // namespace alloy::test
