// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief All of alloy, and its table of contents, from the bottom up.
///
/// What tests alone or one file of a program needs is left out: the conformance kit
/// (check/conforms.hpp) and the global operators (adapt/global_new.hpp).

// The contract, and what every layer is made of.
#include <alloy/core/ability.hpp>
#include <alloy/core/account.hpp>
#include <alloy/core/around.hpp>
#include <alloy/core/best_classes.hpp>
#include <alloy/core/checkpoint.hpp>
#include <alloy/core/extent.hpp>
#include <alloy/core/fact.hpp>
#include <alloy/core/guard_order.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/core/layout.hpp>
#include <alloy/core/link_code.hpp>
#include <alloy/core/misuse.hpp>
#include <alloy/core/mutex.hpp>
#include <alloy/core/no_alloc.hpp>
#include <alloy/core/per_thread.hpp>
#include <alloy/core/policy.hpp>
#include <alloy/core/ranged.hpp>
#include <alloy/core/relocate.hpp>
#include <alloy/core/size_class.hpp>
#include <alloy/core/type_name.hpp>

// Where memory enters the program.
#include <alloy/source/buffer.hpp>
#include <alloy/source/malloc.hpp>
#include <alloy/source/new.hpp>
#include <alloy/source/null.hpp>
#include <alloy/source/pages.hpp>
#include <alloy/source/resource.hpp>

// Strategies: which block to hand out.
#include <alloy/policy/bitmap.hpp>
#include <alloy/policy/buddy.hpp>
#include <alloy/policy/bump.hpp>
#include <alloy/policy/freelist.hpp>
#include <alloy/policy/lock_free_buddy.hpp>
#include <alloy/policy/lock_free_pool.hpp>
#include <alloy/policy/next_fit.hpp>
#include <alloy/policy/pool16.hpp>
#include <alloy/policy/slab.hpp>

// Combinators: policies made of policies.
#include <alloy/compose/affix.hpp>
#include <alloy/compose/aligned.hpp>
#include <alloy/compose/canaried.hpp>
#include <alloy/compose/checked.hpp>
#include <alloy/compose/counted.hpp>
#include <alloy/compose/delayed.hpp>
#include <alloy/compose/depot.hpp>
#include <alloy/compose/failing.hpp>
#include <alloy/compose/fallback.hpp>
#include <alloy/compose/growing.hpp>
#include <alloy/compose/hooked.hpp>
#include <alloy/compose/limited.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/compose/magazine.hpp>
#include <alloy/compose/measured.hpp>
#include <alloy/compose/passthrough.hpp>
#include <alloy/compose/quantize.hpp>
#include <alloy/compose/remote.hpp>
#include <alloy/compose/retaining.hpp>
#include <alloy/compose/retrying.hpp>
#include <alloy/compose/sealed.hpp>
#include <alloy/compose/segregate.hpp>
#include <alloy/compose/sharded.hpp>
#include <alloy/compose/shuffled.hpp>
#include <alloy/compose/single_threaded.hpp>
#include <alloy/compose/size_classes.hpp>
#include <alloy/compose/thread_cached.hpp>
#include <alloy/compose/watched.hpp>
#include <alloy/compose/wiped.hpp>
#include <alloy/compose/zeroed.hpp>

// What a program plugs in.
#include <alloy/adapt/allocator.hpp>
#include <alloy/adapt/c_heap.hpp>
#include <alloy/adapt/coroutine.hpp>
#include <alloy/adapt/default_init.hpp>
#include <alloy/adapt/inspecting_resource.hpp>
#include <alloy/adapt/monotonic_resource.hpp>
#include <alloy/adapt/object_pool.hpp>
#include <alloy/adapt/owner.hpp>
#include <alloy/adapt/pool_resource.hpp>
#include <alloy/adapt/pooled.hpp>
#include <alloy/adapt/release_all.hpp>
#include <alloy/adapt/resource.hpp>
#include <alloy/adapt/shared.hpp>
#include <alloy/adapt/vector.hpp>

// What a composition is, and where its bytes are.
#include <alloy/gauge/describe.hpp>
#include <alloy/gauge/doctor.hpp>
#include <alloy/gauge/observe.hpp>
#include <alloy/gauge/print.hpp>
#include <alloy/gauge/snapshot.hpp>

// Named assemblies: start here.
#include <alloy/hardening.hpp>
#include <alloy/hybrid.hpp>
#include <alloy/preset.hpp>
