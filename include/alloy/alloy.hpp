// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief All of alloy, and its table of contents, from the bottom up.

// The contract, and what every layer is made of.
#include <alloy/core/ability.hpp>
#include <alloy/core/around.hpp>
#include <alloy/core/checkpoint.hpp>
#include <alloy/core/extent.hpp>
#include <alloy/core/fact.hpp>
#include <alloy/core/handle.hpp>
#include <alloy/core/layout.hpp>
#include <alloy/core/policy.hpp>
#include <alloy/core/ranged.hpp>
#include <alloy/core/size_class.hpp>

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
#include <alloy/policy/pool16.hpp>

// Combinators: policies made of policies.
#include <alloy/compose/counted.hpp>
#include <alloy/compose/locked.hpp>
#include <alloy/compose/magazine.hpp>
#include <alloy/compose/single_threaded.hpp>
#include <alloy/compose/size_classes.hpp>

// What a program plugs in.
#include <alloy/adapt/allocator.hpp>
#include <alloy/adapt/shared.hpp>

// Named assemblies: start here.
#include <alloy/preset.hpp>
