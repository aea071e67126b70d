// SPDX-License-Identifier: BSL-1.0
#include "statics.hpp"

namespace {

const alloy::test::eventful second(alloy::test::from_second, alloy::test::from_first);

} // namespace
