// SPDX-License-Identifier: BSL-1.0
// EXPECT-ERROR: operator new.* (is ambiguous|found in multiple base classes)
// EXPECT-ERROR: operator delete.* (is ambiguous|found in multiple base classes)
#include <alloy/adapt/pooled.hpp>
#include <alloy/source/new.hpp>

struct left : alloy::pooled<left, alloy::new_source> {};
struct right : alloy::pooled<right, alloy::new_source> {};
struct both : left, right {
#if defined(ALLOY_COMPILE_OK)
    using left::operator new;
    using left::operator delete;
#endif
};

both* make() { return new both; }
void end(both* at) { delete at; }
