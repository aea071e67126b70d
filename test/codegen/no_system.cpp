// SPDX-License-Identifier: BSL-1.0
// Compositions over regions of their own never ask the system for memory: they could not, since no
// code of theirs names anybody who does.
// EXPECT: serve has no symbol malloc
// EXPECT: no symbol [^A-Za-z_](m|c|re|v|pv|aligned_)alloc
// EXPECT: no symbol posix_memalign|_Zn[wa]
// EXPECT: no symbol mmap|mremap|madvise|brk|syscall
#include "support/fixed.hpp"

extern "C" bool serve(alloy::test::fixed& from) { return alloy::test::use_all(from); }
