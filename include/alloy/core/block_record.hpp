// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::detail::block_record`: what a guard knows of a block, kept away from it.
///
///     | at | chain | later |   size   | log2 align |   who asked, who released   |
///                     |    '- released bit
///                     '- not null while it waits in quarantine
///
///     live  -->  in quarantine  -->  spent  -->  live: the next block at the same address

#include <alloy/core/address_table.hpp>
#include <alloy/core/layout.hpp>
#include <alloy/core/misuse.hpp>
#include <alloy/core/packed_layout.hpp>

namespace alloy::inline ALLOY_ABI::detail {

/// Of the block that began at an address last.
///
/// @tparam Quarantine Where it waits once it is released: `quarantine` or `no_quarantine`.
/// @tparam Origin     What is kept of its users: `origin` or `no_origin`.
template <class Quarantine, class Origin>
struct block_record : addressed, Quarantine::entry {
    packed_layout asked; ///< Released from when it came back.
    [[no_unique_address]] Origin from;

    /// True if it is neither live nor in quarantine.
    [[nodiscard]] bool spent() const noexcept { return asked.released() && !this->waits(); }

    /// Why it may not be released as `given`. @pre It may not.
    [[nodiscard]] misuse wrong_release(layout given) const noexcept {
        if (asked.released()) { return misuse::double_release; }
        return asked.unpacked().size != given.size ? misuse::wrong_size : misuse::wrong_align;
    }

    void tell(incident& what) const noexcept {
        what.known = asked.unpacked();
        from.tell(what);
    }
};

} // namespace alloy::inline ALLOY_ABI::detail
