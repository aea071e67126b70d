// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief LLVM's BumpPtrAllocator.

#include "support/kit.hpp"

#include <llvm/Support/Allocator.h>

#include <cstddef>

namespace alloy::bench {

template <class T>
class llvm_bump_allocator {
public:
    using value_type = T;

    explicit llvm_bump_allocator(llvm::BumpPtrAllocator* home) noexcept : home_(home) {}
    template <class Other>
    llvm_bump_allocator(
        const llvm_bump_allocator<Other>& same) noexcept // NOLINT: as allocators are
        : home_(same.home()) {}

    [[nodiscard]] T* allocate(std::size_t n) { return home_->Allocate<T>(n); }
    void deallocate(T* /*at*/, std::size_t /*n*/) noexcept {}

    [[nodiscard]] llvm::BumpPtrAllocator* home() const noexcept { return home_; }
    friend bool operator==(llvm_bump_allocator a, llvm_bump_allocator b) noexcept {
        return a.home_ == b.home_;
    }

private:
    llvm::BumpPtrAllocator* home_;
};

struct llvm_arena : llvm::BumpPtrAllocator {
    void reset() { Reset(); }
};
using llvm_bump = dropped<llvm_bump_allocator<std::byte>, llvm_arena>;

} // namespace alloy::bench
