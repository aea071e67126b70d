// SPDX-License-Identifier: BSL-1.0
#pragma once

/// @file
/// @brief `alloy::bench::identifier_index`: the program whose containers the demo measures.
///
///     directory_  map, sorted ----.
///                                 v
///     names_      hash map: "size_t" -> vector of the uses:  o  o  o
///                                                            |  |  '---------------.
///                                                            |  '-------.          |
///                                                            v          v          v
///     files_      map: "bits/list.h" -> list of uses:      [ "size_t", 3 times ]  ...
///                                                            ^      ^         ^
///                                       list of mentions:  [ line 12 ] [ 40 ] [ 41 ] ...
///
/// An inverted index and a forward one, tied together: a *use* says that a name occurs in a file
/// and how often, a *mention* is one place in the text. A file comes and goes without a search:
/// each of its uses knows its position in the name's vector, and the last one there takes its
/// place. A name without a use goes too.

#include "source.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace alloy::bench {

/// Every identifier of a set of files, and where it stands.
///
/// @tparam Allocator Any standard allocator, with or without state; every container gets a copy.
template <class Allocator>
class identifier_index {
    template <class T>
    using rebound = typename std::allocator_traits<Allocator>::template rebind_alloc<T>;

public:
    struct use;
    struct mention;
    struct contents;

    using string = std::basic_string<char, std::char_traits<char>, rebound<char>>;
    using uses = std::vector<use*, rebound<use*>>;
    using name = std::pair<const string, uses>;
    using file = std::pair<const string, contents>;
    using strings = std::vector<string, rebound<string>>;

    /// A name occurs in a file.
    struct use {
        name* of;
        file* in;
        std::uint32_t position; ///< Among the uses of the name.
        std::uint32_t count;    ///< Of the mentions.
    };

    /// One place in a file's text.
    struct mention {
        use* of;
        std::uint32_t line;
        std::uint32_t offset;
    };

    /// What is known of a file.
    struct contents {
        explicit contents(const Allocator& allocator)
            : uses(rebound<use>(allocator)), mentions(rebound<mention>(allocator)) {}

        std::list<use, rebound<use>> uses;
        std::list<mention, rebound<mention>> mentions; ///< In the order of the text.
    };

    explicit identifier_index(const Allocator& allocator)
        : allocator_(allocator), names_(rebound<name>(allocator)),
          directory_(rebound<directory_entry>(allocator)), files_(rebound<file>(allocator)) {}

    /// Adds a file. @pre No file of that path is in the index.
    void add(const source& from) {
        file& into =
            *files_.emplace(string(from.path, rebound<char>(allocator_)), contents(allocator_))
                 .first;
        for (const token& each : from.tokens) {
            use& of = use_of(intern({from.spelling(each), each.hash}), into);
            ++of.count;
            into.second.mentions.push_back({&of, each.line, each.offset});
        }
    }

    /// Takes a file away, and every name that no other file has. @pre The file is in the index.
    void remove(std::string_view path) {
        const auto at = files_.find(path);
        for (const use& each : at->second.uses) { forget(each); }
        files_.erase(at);
    }

    /// The uses of a name, or null.
    [[nodiscard]] const uses* find(std::string_view text, std::uint64_t hash) const {
        const auto at = names_.find(spelling{text, hash});
        return at == names_.end() ? nullptr : &at->second;
    }

    /// The first `limit` names that begin with `prefix`, in alphabetical order.
    [[nodiscard]] strings complete(std::string_view prefix, std::size_t limit) const {
        strings found(rebound<string>{allocator_});
        for (auto at = directory_.lower_bound(prefix);
             at != directory_.end() && at->first.starts_with(prefix) && found.size() < limit;
             ++at) {
            found.push_back(string(at->first, rebound<char>(allocator_)));
        }
        return found;
    }

    /// Calls `visit(const name&)` for every name, in alphabetical order.
    template <class Visit>
    void for_each_name(Visit visit) const {
        for (const auto& [text, of] : directory_) { visit(std::as_const(*of)); }
    }

    /// Calls `visit(const file&)` for every file, in the order of the paths.
    template <class Visit>
    void for_each_file(Visit visit) const {
        for (const file& each : files_) { visit(each); }
    }

private:
    struct spelling {
        std::string_view text;
        std::uint64_t hash;
    };

    // Not noexcept: libstdc++ then keeps the hash in the node, as it does for std::string.
    struct hasher {
        using is_transparent = void;
        std::size_t operator()(const spelling& of) const { return of.hash; }
        std::size_t operator()(const string& of) const { return std::hash<std::string_view>{}(of); }
    };

    struct equal {
        using is_transparent = void;
        bool operator()(const string& a, const string& b) const { return a == b; }
        bool operator()(const spelling& a, const string& b) const { return b == a.text; }
        bool operator()(const string& a, const spelling& b) const { return a == b.text; }
    };

    using directory_entry = std::pair<const std::string_view, name*>;

    name& intern(const spelling& want) {
        auto at = names_.find(want);
        if (at == names_.end()) {
            at = names_
                     .emplace(string(want.text, rebound<char>(allocator_)),
                              uses(rebound<use*>(allocator_)))
                     .first;
            directory_.emplace(at->first, &*at);
        }
        return *at;
    }

    // Files are added one after the other, so only the last use can be of this file.
    static use& use_of(name& of, file& in) {
        uses& all = of.second;
        if (all.empty() || all.back()->in != &in) {
            const auto position = static_cast<std::uint32_t>(all.size());
            all.push_back(&in.second.uses.emplace_back(use{&of, &in, position, 0}));
        }
        return *all.back();
    }

    void forget(const use& gone) {
        name& of = *gone.of;
        uses& all = of.second;
        all[gone.position] = all.back();
        all[gone.position]->position = gone.position;
        all.pop_back();
        if (all.empty()) {
            directory_.erase(of.first);
            names_.erase(names_.find(of.first));
        }
    }

    Allocator allocator_;
    std::unordered_map<string, uses, hasher, equal, rebound<name>> names_;
    std::map<std::string_view, name*, std::less<>, rebound<directory_entry>> directory_;
    std::map<string, contents, std::less<>, rebound<file>> files_;
};

} // namespace alloy::bench
