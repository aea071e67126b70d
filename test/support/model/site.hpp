// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::test::model::site`: a memory order as it is written in the source, and what can
/// be
///        wrong there.

#include <atomic>
#include <ostream>
#include <string_view>
#include <vector>

namespace alloy::test::model {

/// A line of source: what calls an operation has its own as a default argument.
struct source_line {
    unsigned line = 0;
    std::string_view file;

    static constexpr source_line current(const char* file = __builtin_FILE(),
                                         unsigned line = __builtin_LINE()) {
        return {line, file};
    }
    friend bool operator==(const source_line&, const source_line&) = default;
    friend std::ostream& operator<<(std::ostream& out, const source_line& each) {
        return out << each.file.substr(each.file.rfind('/') + 1) << ':' << each.line;
    }
};

constexpr std::string_view name_of(std::memory_order order) {
    switch (order) {
    case std::memory_order_relaxed:
        return "relaxed";
    case std::memory_order_release:
        return "release";
    case std::memory_order_acq_rel:
        return "acq_rel";
    case std::memory_order_seq_cst:
        return "seq_cst";
    default:
        return "acquire";
    }
}

enum class operation { load, store, modify, compare, compare_failed, fence };

constexpr std::string_view name_of(operation what) {
    switch (what) {
    case operation::load:
        return "load";
    case operation::store:
        return "store";
    case operation::modify:
        return "read-modify-write";
    case operation::compare:
        return "compare-and-swap";
    case operation::compare_failed:
        return "compare-and-swap that fails";
    default:
        return "fence";
    }
}

/// One order that the program gives; a compare-and-swap gives two.
struct site {
    source_line where;
    operation what = operation::load;
    std::memory_order order = std::memory_order_seq_cst;

    friend bool operator==(const site&, const site&) = default;
    friend std::ostream& operator<<(std::ostream& out, const site& each) {
        return out << each.where << ' ' << name_of(each.what) << ' ' << name_of(each.order);
    }
};

enum class fault {
    none,
    weak,  ///< Has a weaker order.
    lost,  ///< Writes nothing and reports success.
    blind, ///< A compare-and-swap that does not compare.
    torn,  ///< A read-modify-write that is a load and later a store.
};

/// What is otherwise than written.
struct change {
    site at;
    fault kind = fault::none;
    std::memory_order order = std::memory_order_relaxed; ///< Instead, if `weak`.

    friend std::ostream& operator<<(std::ostream& out, const change& each) {
        out << each.at << ": ";
        switch (each.kind) {
        case fault::none:
            return out << "as it is";
        case fault::weak:
            return out << "as " << name_of(each.order);
        case fault::lost:
            return out << "lost";
        case fault::blind:
            return out << "without comparing";
        default:
            return out << "not in one step";
        }
    }
};

/// `at` with each next weaker order.
[[nodiscard]] inline std::vector<change> weakened(const site& at) {
    const bool reads = at.what != operation::store;
    const bool writes = at.what != operation::load && at.what != operation::compare_failed;
    switch (at.order) {
    case std::memory_order_relaxed:
        return {};
    case std::memory_order_acq_rel:
        return {{at, fault::weak, std::memory_order_acquire},
                {at, fault::weak, std::memory_order_release}};
    case std::memory_order_seq_cst:
        return {{at, fault::weak,
                 !writes  ? std::memory_order_acquire
                 : !reads ? std::memory_order_release
                          : std::memory_order_acq_rel}};
    default:
        return {{at, fault::weak, std::memory_order_relaxed}};
    }
}

/// `at` broken in each way there is.
[[nodiscard]] inline std::vector<change> broken(const site& at) {
    switch (at.what) {
    case operation::compare:
        return {{at, fault::lost}, {at, fault::blind}, {at, fault::torn}};
    case operation::modify:
        return {{at, fault::lost}, {at, fault::torn}};
    case operation::load: // most are guesses, and what they read is as it is said to be
    case operation::compare_failed:
        return {};
    default:
        return {{at, fault::lost}};
    }
}

} // namespace alloy::test::model
